/** Functions of the equations, element by element in double precision. Operands meet by label. */
import type { BinaryOp, UnaryOp } from "../check/typed.ts";
import { countOf, extentOf, type Loop, nest, strideOf, type Tensor } from "./tensor.ts";

const unaryFunctions: Readonly<Record<UnaryOp, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => (x < 0 ? 0 : x),
  silu: (x) => x / (1 + Math.exp(-x)),
  sqrt: Math.sqrt,
  abs: Math.abs,
  square: (x) => x * x,
};

export function unary(op: UnaryOp, arg: Tensor): Tensor {
  const f = unaryFunctions[op];
  const data = new Float64Array(arg.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(arg.data[i]!);
  return { ...arg, data };
}

/** Result axes: the left's, then those that only the right has. */
export function binary(op: BinaryOp, left: Tensor, right: Tensor): Tensor {
  const labels = [...left.labels, ...right.labels.filter((label) => !left.labels.includes(label))];
  const sizes = labels.map((label) => extentOf(label, [left, right]));
  const data = new Float64Array(countOf(sizes));
  const inner = labels.at(-1);
  const row: Row = {
    count: sizes.at(-1) ?? 1,
    left: { data: left.data, step: inner === undefined ? 0 : strideOf(left, inner) },
    right: { data: right.data, step: inner === undefined ? 0 : strideOf(right, inner) },
    out: data,
  };
  const loops = labels.slice(0, -1).map((label, i): Loop => {
    return {
      extent: sizes[i]!,
      steps: [strideOf(left, label), strideOf(right, label), countOf(sizes.slice(i + 1))],
    };
  });
  nest(loops, (l, r, o) => combineRow(op, row, l, r, o));
  return { labels, sizes, data };
}

interface Row {
  readonly count: number;
  readonly left: { readonly data: Tensor["data"]; readonly step: number };
  readonly right: { readonly data: Tensor["data"]; readonly step: number };
  readonly out: Float64Array;
}

/** One loop per operation: the states of large models have millions of elements. */
function combineRow(op: BinaryOp, { count, left, right, out }: Row, l: number, r: number, o: number): void {
  const x = left.data;
  const y = right.data;
  const ls = left.step;
  const rs = right.step;
  switch (op) {
    case "add":
      for (let i = 0; i < count; i++, l += ls, r += rs) out[o + i] = x[l]! + y[r]!;
      return;
    case "sub":
      for (let i = 0; i < count; i++, l += ls, r += rs) out[o + i] = x[l]! - y[r]!;
      return;
    case "mul":
      for (let i = 0; i < count; i++, l += ls, r += rs) out[o + i] = x[l]! * y[r]!;
      return;
    case "div":
      for (let i = 0; i < count; i++, l += ls, r += rs) out[o + i] = x[l]! / y[r]!;
      return;
    case "max":
      for (let i = 0; i < count; i++, l += ls, r += rs) out[o + i] = Math.max(x[l]!, y[r]!);
      return;
    case "min":
      for (let i = 0; i < count; i++, l += ls, r += rs) out[o + i] = Math.min(x[l]!, y[r]!);
      return;
  }
}
