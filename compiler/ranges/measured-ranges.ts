/**
 * Magnitudes of a run, gathered by equation. In: the statistics of every tensor, and which tensor belongs to which
 * equation. Out: one entry per equation and layer, in the order of computation.
 */
import { type EquationsJson, pathOf } from "../emit/equations.ts";

/** What `rwkv-run trace --stats` reports of a tensor. */
export interface TensorStatistics {
  readonly name: string;
  /** Of the finite values; absent when there were none. */
  readonly largest?: number;
  /** Position of the token. */
  readonly largestAt?: number;
  readonly notFinite: number;
  readonly firstNotFiniteAt?: number;
}

export interface EquationRange {
  /** `blocks.3.timeMix.k` */
  readonly path: string;
  /** Place in `EquationsJson.equations`. */
  readonly equation: number;
  readonly layer: number | null;
  /** Largest magnitude in any tensor of the equation, steps on the way included, as the graph stores it. */
  readonly stored: number;
  /** Where `stored` was: tensor and position of the token. */
  readonly tensor: string;
  readonly token: number;
  /** Values that were inf or NaN; `stored` is infinite when there are any. */
  readonly notFinite: number;
}

export function equationRanges(
  json: EquationsJson,
  graphName: string,
  statistics: readonly TensorStatistics[],
  /** Tensors that no equation computes: states as they were before the token. */
  inputs: ReadonlySet<string>,
): readonly EquationRange[] {
  const graph = json.graphs.find(({ name }) => name === graphName);
  const byName = new Map(statistics.map((entry) => [entry.name, entry]));
  const ranges = new Map<string, EquationRange>();
  for (const [tensor, equation, layer] of graph?.tensors ?? []) {
    const found = byName.get(tensor);
    if (!found || inputs.has(tensor)) continue;
    const key = `${equation} ${layer}`;
    const stored = found.notFinite > 0 ? Infinity : (found.largest ?? 0);
    const before = ranges.get(key);
    const notFinite = found.notFinite + (before?.notFinite ?? 0);
    if (before && before.stored >= stored) {
      ranges.set(key, { ...before, notFinite });
      continue;
    }
    const entry = json.equations[equation]!;
    ranges.set(key, {
      ...{ path: pathOf(entry, layer), equation, layer, tensor, notFinite, stored },
      token: (found.notFinite > 0 ? found.firstNotFiniteAt : found.largestAt) ?? 0,
    });
  }
  return [...ranges.values()];
}

/** For each equation of the spec the layer in which it is largest, the largest first. */
export function worstLayers(ranges: readonly EquationRange[]): readonly EquationRange[] {
  const worst = new Map<number, EquationRange>();
  for (const range of ranges) {
    const before = worst.get(range.equation);
    if (!before || range.stored > before.stored) worst.set(range.equation, range);
  }
  return [...worst.values()].sort((a, b) => b.stored - a.stored);
}
