/**
 * Rows times the rows of a matrix, in double precision, piece by piece: the matrix is kept whole, of the rows only those that a piece
 * touches are read.
 */
import type { Reader } from "./evaluate-constant.ts";

/** `rows` gives rows of `inner` elements, `matrix` is [columns, inner]; the result has rows of `columns` elements. */
export function productReader(rows: Reader, matrix: Reader, columns: number, inner: number): Reader {
  let weights: Float64Array | undefined;
  let operands = new Float64Array(0);
  let results = new Float64Array(0);
  return (start, out) => {
    if (!weights) matrix(0, (weights = new Float64Array(columns * inner)));
    const first = Math.floor(start / columns);
    const count = Math.ceil((start + out.length) / columns) - first;
    if (operands.length < count * inner) operands = new Float64Array(count * inner);
    rows(first * inner, operands.subarray(0, count * inner));
    const isWhole = first * columns === start && count * columns === out.length;
    if (!isWhole && results.length < count * columns) results = new Float64Array(count * columns);
    const target = isWhole ? out : results;
    multiply(operands, count, weights, columns, inner, target);
    if (!isWhole) out.set(target.subarray(start - first * columns, start - first * columns + out.length));
  };
}

/** Four rows by four at a time: an element that is read serves four sums. */
function multiply(
  x: Float64Array,
  count: number,
  w: Float64Array,
  columns: number,
  inner: number,
  out: Float64Array,
): void {
  for (let i = 0; i < count; i += 4) {
    for (let j = 0; j < columns; j += 4) {
      if (i + 4 <= count && j + 4 <= columns) multiplyBlock(x, i, w, j, columns, inner, out);
      else {
        for (let r = i; r < Math.min(count, i + 4); r++)
          for (let c = j; c < Math.min(columns, j + 4); c++) {
            let sum = 0;
            for (let k = 0; k < inner; k++) sum += x[r * inner + k]! * w[c * inner + k]!;
            out[r * columns + c] = sum;
          }
      }
    }
  }
}

function multiplyBlock(
  x: Float64Array,
  i: number,
  w: Float64Array,
  j: number,
  columns: number,
  inner: number,
  out: Float64Array,
): void {
  let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [s20, s21, s22, s23, s30, s31, s32, s33] = [0, 0, 0, 0, 0, 0, 0, 0];
  const [p0, q0] = [i * inner, j * inner];
  const [p1, p2, p3] = [p0 + inner, p0 + 2 * inner, p0 + 3 * inner];
  const [q1, q2, q3] = [q0 + inner, q0 + 2 * inner, q0 + 3 * inner];
  for (let k = 0; k < inner; k++) {
    const [x0, x1, x2, x3] = [x[p0 + k]!, x[p1 + k]!, x[p2 + k]!, x[p3 + k]!];
    const [w0, w1, w2, w3] = [w[q0 + k]!, w[q1 + k]!, w[q2 + k]!, w[q3 + k]!];
    s00 += x0 * w0;
    s01 += x0 * w1;
    s02 += x0 * w2;
    s03 += x0 * w3;
    s10 += x1 * w0;
    s11 += x1 * w1;
    s12 += x1 * w2;
    s13 += x1 * w3;
    s20 += x2 * w0;
    s21 += x2 * w1;
    s22 += x2 * w2;
    s23 += x2 * w3;
    s30 += x3 * w0;
    s31 += x3 * w1;
    s32 += x3 * w2;
    s33 += x3 * w3;
  }
  const at = i * columns + j;
  out.set([s00, s01, s02, s03], at);
  out.set([s10, s11, s12, s13], at + columns);
  out.set([s20, s21, s22, s23], at + 2 * columns);
  out.set([s30, s31, s32, s33], at + 3 * columns);
}
