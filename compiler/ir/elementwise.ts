/** Makes element-wise values for passes; an operand without axes is a number for all elements. */
import type { BinaryOp } from "../check/typed.ts";
import type { Value } from "./ir.ts";

/** `left op right` in place of `like`: its axes, name and origin. Operands have like's axes in order, or none. */
export function elementwise(op: BinaryOp, left: Value, right: Value, like: Value): Value {
  const labels = like.axes.map((_, i) => String(i));
  const of = (v: Value): readonly string[] => (v.axes.length === 0 ? [] : labels);
  return {
    op: { kind: "binary", op, left: of(left), right: of(right), out: labels },
    inputs: [left, right],
    axes: like.axes,
    name: like.name,
    origin: like.origin,
  };
}
