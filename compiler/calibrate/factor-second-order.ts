/**
 * The second-order statistics H = X^T X of a linear layer's inputs, made ready for rounding with compensation: H with damping is
 * R R^T with R upper triangular, and rounding needs U = R^-1, row by row.
 *
 * Inputs come in the order of their magnitudes, the largest first: their errors can be made good by most others. Where there are very
 * many, they are taken in groups, see `inputBlocks`.
 */
import { inputBlocks, mostInputs } from "./input-blocks.ts";
import type { SecondOrder } from "./statistics.ts";

export interface FactoredGroup {
  /** Inputs, in the order in which they are rounded. */
  readonly inputs: Int32Array;
  /** [n][n], upper triangular, with positive diagonal. */
  readonly factor: Float64Array;
}

export interface Factored {
  readonly size: number;
  readonly groups: readonly FactoredGroup[];
}

export interface FactorOptions {
  /** What is added to the diagonal, as a share of its mean: the statistics are those of a short text. */
  readonly damping?: number;
  /** Inputs of the largest group. */
  readonly most?: number;
}

export const defaultDamping = 0.01;

/** Whatever H is, of a positive semidefinite matrix with roundings: where it is degenerate it is damped until it is not. */
export function factorSecondOrder({ size, values }: SecondOrder, options: FactorOptions = {}): Factored {
  const { damping = defaultDamping, most = mostInputs } = options;
  const diagonal = Float64Array.from({ length: size }, (_, i) => positive(values[i * size + i]!));
  const mean = diagonal.reduce((sum, value) => sum + value, 0) / size;
  const groups: FactoredGroup[] = [];
  for (const [from, to] of inputBlocks(size, Math.ceil(size / most))) {
    const inputs = Int32Array.from({ length: to - from }, (_, i) => from + i);
    inputs.sort((a, b) => diagonal[b]! - diagonal[a]! || a - b);
    groups.push({ inputs, factor: factorGroup(values, size, inputs, mean, damping) });
  }
  return { size, groups };
}

const positive = (value: number): number => (value > 0 && value < Infinity ? value : 0);

function factorGroup(
  values: Float32Array,
  size: number,
  inputs: Int32Array,
  mean: number,
  damping: number,
): Float64Array {
  const n = inputs.length;
  // Of inputs that were always 0 nothing is known: they are rounded to the nearest.
  for (let added = mean > 0 ? damping * mean : 1; ; added = Math.max(10 * added, 1e-6 * mean)) {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      const row = inputs[i]! * size;
      for (let j = i; j < n; j++) {
        const value = values[row + inputs[j]!]!;
        matrix[i * n + j] = Number.isFinite(value) ? value : 0;
      }
      matrix[i * n + i] = positive(values[row + inputs[i]!]!) + added;
    }
    if (factorUpper(matrix, n)) return invertUpper(matrix, n);
  }
}

/**
 * H = R R^T in place, R upper triangular, from the last column to the first; only the upper triangle is read. False where H is not
 * positive definite.
 */
function factorUpper(matrix: Float64Array, n: number): boolean {
  for (let j = n - 1; j >= 0; j--) {
    const rowJ = j * n;
    // R[j][j]^2 = H[j][j] - sum over k > j of R[j][k]^2
    let pivot = matrix[rowJ + j]!;
    for (let k = j + 1; k < n; k++) pivot -= matrix[rowJ + k]! * matrix[rowJ + k]!;
    if (!(pivot > 0) || pivot === Infinity) return false;
    const root = Math.sqrt(pivot);
    matrix[rowJ + j] = root;
    for (let i = 0; i < j; i++) {
      const rowI = i * n;
      matrix[rowI + j] = (matrix[rowI + j]! - dot(matrix, rowI, rowJ, j + 1, n)) / root;
    }
  }
  return true;
}

/** The sum over k from `from` to `to` of two rows' products: four sums, so that additions need not wait for each other. */
function dot(matrix: Float64Array, rowA: number, rowB: number, from: number, to: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let k = from;
  for (; k + 3 < to; k += 4) {
    a += matrix[rowA + k]! * matrix[rowB + k]!;
    b += matrix[rowA + k + 1]! * matrix[rowB + k + 1]!;
    c += matrix[rowA + k + 2]! * matrix[rowB + k + 2]!;
    d += matrix[rowA + k + 3]! * matrix[rowB + k + 3]!;
  }
  for (; k < to; k++) a += matrix[rowA + k]! * matrix[rowB + k]!;
  return a + b + (c + d);
}

/** R^-1 of an upper triangular R, upper triangular too: rows from the last to the first. */
function invertUpper(matrix: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = n - 1; i >= 0; i--) {
    const rowI = i * n;
    const pivot = 1 / matrix[rowI + i]!;
    // row i of R * U is row i of 1: U[i] = (e_i - sum over k > i of R[i][k] U[k]) / R[i][i]
    for (let k = i + 1; k < n; k++) {
      const factor = -matrix[rowI + k]! * pivot;
      const rowK = k * n;
      if (factor !== 0) for (let j = k; j < n; j++) inverse[rowI + j]! += factor * inverse[rowK + j]!;
    }
    inverse[rowI + i] = pivot;
  }
  return inverse;
}
