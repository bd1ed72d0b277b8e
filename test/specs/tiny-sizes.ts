/** Sizes of the dimensions that bundled specs declare, small enough to read what comes of them. A new dimension gets a line here. */
import type { Sizes } from "../ir/tiny-model.ts";

export const tinySizes: Sizes = {
  /** Layers, vocabulary, width, channel mix. */
  ...{ L: 2, V: 11, D: 8, F: 12 },
  /** Time mix: all heads, their number, a head. */
  ...{ A: 8, H: 2, N: 4 },
  /** Shifts that are mixed together. */
  C: 5,
  /** Ranks of small projections. */
  ...{ Rm: 2, Rw: 3, Ra: 5, Rv: 2, Rg: 6 },
  /** A token's gate matrix. */
  ...{ I: 3, J: 4 },
};
