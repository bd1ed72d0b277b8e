/** The range of everything that was seen: nothing is clipped. */
import type { Histogram } from "./histogram.ts";
import type { ValueRange } from "./range.ts";

export const minMaxRange = ({ low, high }: Histogram): ValueRange => ({
  low: Math.min(low, 0),
  high: Math.max(high, 0),
});
