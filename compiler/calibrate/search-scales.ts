/**
 * Scales of weights: for each output channel the clipping whose grid errs least, in the mean of squares, each input weighted by
 * how large it gets. A few large weights then do not coarsen the grid of all others.
 */
import { leastStored, mostStored, nearestStored, type WeightGrid } from "./weight-grid.ts";

export interface ScaleSearch {
  readonly bits: 4 | 8;
  /** Inputs of a block with an integer scale of its own (LPBQ); it divides the inputs. */
  readonly block?: 16 | 32 | 64;
  /** [inputs]: the mean square of each input, the diagonal of X^T X up to a factor; all alike when absent. */
  readonly importance?: Float32Array | Float64Array;
}

/** Shares of the largest magnitude that the grid may reach: with 8 bits little is won by clipping. */
const shares: Readonly<Record<4 | 8, readonly number[]>> = {
  8: Array.from({ length: 8 }, (_, i) => 1 - 0.02 * i),
  4: Array.from({ length: 25 }, (_, i) => 1 - 0.025 * i),
};
/** Of a channel of zeros: any would do. */
const scaleOfNothing = 2 ** -20;
const mostBlockScale = 16;

/** `rows`: finite weights [out][inputs]. The result's scales are float32 values. */
export function searchScales(rows: Float32Array | Float64Array, inputs: number, search: ScaleSearch): WeightGrid {
  const out = rows.length / inputs;
  const { bits, block, importance } = search;
  const scales = new Float64Array(out);
  if (block === undefined) {
    for (let row = 0; row < out; row++)
      scales[row] =
        bestScale({ rows, from: row * inputs, count: inputs, importance, first: 0, bits }) || scaleOfNothing;
    return { bits, scales };
  }
  const count = inputs / block;
  const blockScales = new Uint8Array(out * count);
  const best = new Float64Array(count);
  for (let row = 0; row < out; row++) {
    const part = (b: number): Part => ({
      ...{ rows, from: row * inputs + b * block, count: block, importance, first: b * block, bits },
    });
    for (let b = 0; b < count; b++) best[b] = bestScale(part(b));
    const scale = Math.fround(best.reduce((a, b) => Math.max(a, b), 0) / mostBlockScale);
    scales[row] = scale > 0 ? scale : scaleOfNothing;
    for (let b = 0; b < count; b++) blockScales[row * count + b] = bestMultiple(part(b), scales[row]!, best[b]!);
  }
  return { bits, scales, blocks: { size: block, scales: blockScales } };
}

/** Weights that share a scale. */
interface Part {
  readonly rows: Float32Array | Float64Array;
  readonly from: number;
  readonly count: number;
  readonly importance: ScaleSearch["importance"];
  /** Its first input. */
  readonly first: number;
  readonly bits: 4 | 8;
}

/** 0 for a part of zeros. */
function bestScale(part: Part): number {
  const { rows, from, count, bits } = part;
  let [low, high] = [0, 0];
  for (let i = from; i < from + count; i++) {
    if (rows[i]! < low) low = rows[i]!;
    else if (rows[i]! > high) high = rows[i]!;
  }
  const whole = Math.max(low / leastStored(bits), high / mostStored(bits));
  let [best, least] = [0, Infinity];
  for (const share of shares[bits]) {
    const scale = Math.fround(whole * share);
    if (!(scale > 0)) continue;
    const error = squaredErrorOf(part, scale, least);
    if (error < least) [best, least] = [scale, error];
  }
  return best;
}

/** Which multiple of the channel's scale, from 1 to 16; `wanted` is tried first, since it makes the others end early. */
function bestMultiple(part: Part, scale: number, wanted: number): number {
  const start = Math.min(Math.max(Math.round(wanted / scale), 1), mostBlockScale);
  let [best, least] = [start, squaredErrorOf(part, scale * start, Infinity)];
  for (let multiple = 1; multiple <= mostBlockScale; multiple++) {
    const error = multiple === start ? Infinity : squaredErrorOf(part, scale * multiple, least);
    if (error < least) [best, least] = [multiple, error];
  }
  return best;
}

/** Given up, as Infinity, once it is no better than `limit`. */
function squaredErrorOf({ rows, from, count, importance, first, bits }: Part, scale: number, limit: number): number {
  const [lowest, highest] = [leastStored(bits), mostStored(bits)];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = rows[from + i]!;
    const error = value - scale * nearestStored(value / scale, lowest, highest);
    sum += importance ? importance[first + i]! * error * error : error * error;
    if (sum >= limit) return Infinity;
  }
  return sum;
}
