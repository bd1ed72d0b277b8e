/**
 * Magnitudes of a run, gathered by equation. In: the statistics of every tensor, and which tensor belongs to which
 * equation. Out: one entry per step of an equation and layer, in the order of computation.
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
  /** Which step on the way to the equation's value, or that itself (`Origin.step`); undefined for what no equation computes by itself. */
  readonly step: number | undefined;
  /** Largest magnitude in any tensor of that step, as the graph stores it. */
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
  for (const [tensor, equation, layer, step] of graph?.tensors ?? []) {
    const found = byName.get(tensor);
    if (!found || inputs.has(tensor)) continue;
    const key = `${equation} ${layer} ${step}`;
    const stored = found.notFinite > 0 ? Infinity : (found.largest ?? 0);
    const before = ranges.get(key);
    const notFinite = found.notFinite + (before?.notFinite ?? 0);
    if (before && before.stored >= stored) {
      ranges.set(key, { ...before, notFinite });
      continue;
    }
    const entry = json.equations[equation]!;
    ranges.set(key, {
      ...{ path: pathOf(entry, layer), equation, layer, step, tensor, notFinite, stored },
      token: (found.notFinite > 0 ? found.firstNotFiniteAt : found.largestAt) ?? 0,
    });
  }
  return [...ranges.values()];
}

/** For each equation of the spec the step and layer in which it is largest, the largest first. */
export const worstLayers = (ranges: readonly EquationRange[]): readonly EquationRange[] =>
  largestOfEach(ranges, ({ equation }) => equation).sort((a, b) => b.stored - a.stored);

/** For each equation and layer the step in which it is largest, in the order of computation. */
export const worstSteps = (ranges: readonly EquationRange[]): readonly EquationRange[] =>
  largestOfEach(ranges, ({ equation, layer }) => `${equation} ${layer}`);

function largestOfEach(ranges: readonly EquationRange[], group: (range: EquationRange) => unknown): EquationRange[] {
  const worst = new Map<unknown, EquationRange>();
  for (const range of ranges) {
    const before = worst.get(group(range));
    if (!before || range.stored > before.stored) worst.set(group(range), range);
  }
  return [...worst.values()];
}
