/** Sums of products in double precision: matrix times vector, state reads, and any other product of two operands. */
import { countOf, extentOf, type Loop, nest, strideOf, type Tensor } from "./tensor.ts";

/**
 * out[labels] = sum over `over` of left * right; a label that an operand lacks broadcasts it.
 *
 * The innermost loop runs along the last axis of the larger operand, whose elements are neighbours in memory: a dot product
 * if that axis is summed, else a row that is added to the result.
 */
export function contract(left: Tensor, right: Tensor, labels: readonly string[], over: readonly string[]): Tensor {
  const sizes = labels.map((label) => extentOf(label, [left, right]));
  const out = new Float64Array(countOf(sizes));
  const result: Tensor = { labels, sizes, data: out };
  const [wide, narrow] = left.data.length > right.data.length ? [left, right] : [right, left];
  const all = [...labels, ...over];
  const inner = wide.labels.at(-1) ?? all.at(-1);
  const loops = all
    .filter((label) => label !== inner)
    .map((label): Loop => {
      const steps = [wide, narrow, result].map((tensor) => strideOf(tensor, label)) as [number, number, number];
      return { extent: extentOf(label, [left, right]), steps };
    });
  const count = inner === undefined ? 1 : extentOf(inner, [left, right]);
  const step = inner === undefined ? 0 : strideOf(narrow, inner);
  const factors = doubles(narrow.data);
  if (inner !== undefined && labels.includes(inner)) {
    const along = strideOf(result, inner);
    nest(loops, (w, n, o) => addRow(wide.data, w, factors, n, step, out, o, along, count));
  } else {
    const product = dotOf(wide.data, factors, step, count);
    nest(loops, (w, n, o) => (out[o]! += product(w, n)));
  }
  return result;
}

/** Sum over axes of one operand. */
export function sum(arg: Tensor, labels: readonly string[], over: readonly string[]): Tensor {
  return contract(arg, { labels: [], sizes: [], data: Float64Array.of(1) }, labels, over);
}

const doubles = (data: Tensor["data"]): Float64Array => (data instanceof Float64Array ? data : Float64Array.from(data));

/** The dot product as a function of where the operands start. Each has one kind of array only: the compiler of JavaScript rewards it. */
function dotOf(
  wide: Tensor["data"],
  narrow: Float64Array,
  step: number,
  count: number,
): (from: number, at: number) => number {
  if (step !== 1) return (from, at) => stridedDot(wide, from, narrow, at, step, count);
  return wide instanceof Float64Array
    ? (from, at) => doubleDot(wide, from, narrow, at, count)
    : (from, at) => singleDot(wide, from, narrow, at, count);
}

/** Four partial sums: a single one would wait for each addition. */
function singleDot(a: Float32Array, from: number, b: Float64Array, at: number, count: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    s0 += a[from + i]! * b[at + i]!;
    s1 += a[from + i + 1]! * b[at + i + 1]!;
    s2 += a[from + i + 2]! * b[at + i + 2]!;
    s3 += a[from + i + 3]! * b[at + i + 3]!;
  }
  for (; i < count; i++) s0 += a[from + i]! * b[at + i]!;
  return s0 + s1 + (s2 + s3);
}

function doubleDot(a: Float64Array, from: number, b: Float64Array, at: number, count: number): number {
  let s0 = 0;
  let s1 = 0;
  let i = 0;
  for (; i + 1 < count; i += 2) {
    s0 += a[from + i]! * b[at + i]!;
    s1 += a[from + i + 1]! * b[at + i + 1]!;
  }
  for (; i < count; i++) s0 += a[from + i]! * b[at + i]!;
  return s0 + s1;
}

function stridedDot(a: Tensor["data"], from: number, b: Float64Array, at: number, step: number, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++, at += step) total += a[from + i]! * b[at]!;
  return total;
}

function addRow(
  a: Tensor["data"],
  from: number,
  b: Float64Array,
  at: number,
  step: number,
  out: Float64Array,
  to: number,
  along: number,
  count: number,
): void {
  for (let i = 0; i < count; i++, at += step, to += along) out[to]! += a[from + i]! * b[at]!;
}
