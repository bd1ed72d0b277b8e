/**
 * Rounds the weights of a linear layer so that its outputs, not its weights, err little: an error made in one weight is made good by the
 * weights of its row that are still to be rounded, as far as their inputs go together.
 *
 * For a row w and H = X^T X the error of the outputs is (w - q)^T H (w - q). With H = R R^T and U = R^-1, both upper triangular:
 * rounding input after input, e = (w_j - q_j) / U_jj and then w_k -= e U_jk for all k > j leaves of the free weights those that make the
 * error least, and the whole error is the sum of the e^2. (Second-order pruning and quantization: Hassibi and Stork 1993, Frantar et al.
 * 2023.)
 */
import type { Factored, FactoredGroup } from "./factor-second-order.ts";
import { leastStored, mostStored, nearestStored, rowScales, type WeightGrid } from "./weight-grid.ts";

/** Rows that are rounded together: each row of U is read once for all of them. */
const rowsAtOnce = 8;

/**
 * `rows`: finite weights [out][inputs], a window of a matrix will do; `grid` is for these rows. A row that the compensation does not
 * help (since weights were clipped) is rounded to the nearest: no row errs more than by that. Gives stored values, [out][inputs].
 */
export function quantizeWithCompensation(
  rows: Float32Array | Float64Array,
  factored: Factored,
  grid: WeightGrid,
): Int8Array {
  const inputs = factored.size;
  const out = rows.length / inputs;
  const stored = new Int8Array(rows.length);
  const scales = new Float64Array(rowsAtOnce * inputs);
  for (let from = 0; from < out; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, out - from);
    for (let r = 0; r < count; r++) rowScales(grid, from + r, inputs, scales.subarray(r * inputs, (r + 1) * inputs));
    for (const group of factored.groups)
      roundGroup({ rows, stored, scales, inputs, from, count, bits: grid.bits }, group);
  }
  return stored;
}

interface Rows {
  readonly rows: Float32Array | Float64Array;
  readonly stored: Int8Array;
  /** [count][inputs] */
  readonly scales: Float64Array;
  readonly inputs: number;
  readonly from: number;
  readonly count: number;
  readonly bits: number;
}

function roundGroup(
  { rows, stored, scales, inputs, from, count, bits }: Rows,
  { inputs: order, factor }: FactoredGroup,
): void {
  const n = order.length;
  const [least, most] = [leastStored(bits), mostStored(bits)];
  // In the group's order: weights as they are compensated, and errors of rounding to the nearest as U^-T acts on them.
  const weights = new Float64Array(count * n);
  const plain = new Float64Array(count * n);
  const steps = new Float64Array(count * n);
  const chosen = new Int8Array(count * n);
  const nearest = new Int8Array(count * n);
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < n; i++) {
      const [at, input] = [r * n + i, order[i]!];
      const weight = rows[(from + r) * inputs + input]!;
      const step = scales[r * inputs + input]!;
      steps[at] = step;
      weights[at] = weight;
      nearest[at] = nearestStored(weight / step, least, most);
      plain[at] = weight - step * nearest[at];
    }
  }
  const errors = new Float64Array(count);
  const plainErrors = new Float64Array(count);
  for (let j = 0; j < n; j++) {
    const row = j * n;
    const pivot = factor[row + j]!;
    for (let r = 0; r < count; r++) {
      const at = r * n;
      const weight = weights[at + j]!;
      const step = steps[at + j]!;
      const value = nearestStored(weight / step, least, most);
      chosen[at + j] = value;
      const error = (weight - step * value) / pivot;
      const plainError = plain[at + j]! / pivot;
      errors[r]! += error * error;
      plainErrors[r]! += plainError * plainError;
      for (let k = j + 1; k < n; k++) {
        const u = factor[row + k]!;
        weights[at + k]! -= error * u;
        plain[at + k]! -= plainError * u;
      }
    }
  }
  for (let r = 0; r < count; r++) {
    const better = errors[r]! < plainErrors[r]! ? chosen : nearest;
    for (let i = 0; i < n; i++) stored[(from + r) * inputs + order[i]!] = better[r * n + i]!;
  }
}
