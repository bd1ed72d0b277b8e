/**
 * a * m + b * (1 - m)  ->  b + (a - b) * m
 *
 * The paper's token shift takes three vector operations and a constant per mix; this form takes two, and all mixes of a
 * part share one difference. Exact in real arithmetic; in floating point it rounds once less.
 */
import { elementwise } from "../ir/elementwise.ts";
import { type IrGraph, rewrite, scalarOf, type Value } from "../ir/ir.ts";

export function fuseTokenShift(graph: IrGraph): IrGraph {
  const differences = new Map<Value, Map<Value, Value>>();
  const difference = (a: Value, b: Value, like: Value): Value => {
    const of = differences.get(a) ?? new Map<Value, Value>();
    differences.set(a, of);
    const known = of.get(b) ?? elementwise("sub", a, b, like);
    of.set(b, known);
    return known;
  };
  return rewrite(graph, (value) => {
    if (!isSame(value, "add")) return undefined;
    const [left, right] = value.inputs as [Value, Value];
    for (const [kept, mixed] of [
      [right, left],
      [left, right],
    ] as const) {
      if (!isSame(kept, "mul") || !isSame(mixed, "mul")) continue;
      for (const [b, rest] of pairs(kept)) {
        const m = oneMinus(rest);
        if (!m) continue;
        for (const [a, weight] of pairs(mixed)) {
          if (weight !== m && !sameConstant(weight, m)) continue;
          return elementwise("add", b, elementwise("mul", difference(a, b, value), m, value), value);
        }
      }
    }
    return undefined;
  });
}

/** An element-wise operation whose operands have the result's axes, in order. */
const isSame = (v: Value, op: string): boolean =>
  v.op.kind === "binary" &&
  v.op.op === op &&
  v.op.left.join() === v.op.out.join() &&
  v.op.right.join() === v.op.out.join();

const pairs = (v: Value): readonly (readonly [Value, Value])[] => {
  const [a, b] = v.inputs as [Value, Value];
  return [
    [a, b],
    [b, a],
  ];
};

/** m, when v is 1 - m. */
function oneMinus(v: Value): Value | undefined {
  const [one, m] = v.inputs;
  return v.op.kind === "binary" && v.op.op === "sub" && one && scalarOf(one) === 1 ? m : undefined;
}

function sameConstant(a: Value, b: Value): boolean {
  return (
    a.op.kind === "constant" &&
    b.op.kind === "constant" &&
    JSON.stringify(a.op.constant) === JSON.stringify(b.op.constant)
  );
}
