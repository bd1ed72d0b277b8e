/**
 * group_norm(x, weight, bias)  ->  group_norm(x) * weight + bias
 *
 * QNN's LayerNorm normalises one head's row, whose weight cannot differ from head to head. Exact.
 */
import { reshape } from "./fold-constants.ts";
import { constantValue, type IrGraph, rewrite, shapeOf, type Value } from "../ir/ir.ts";

export function splitGroupNorm(graph: IrGraph): IrGraph {
  return rewrite(graph, (value) => {
    const [x, weight, bias] = value.inputs;
    if (value.op.kind !== "norm" || value.op.norm !== "group" || !x || !weight || !bias) return undefined;
    const normed: Value = { ...value, inputs: [x] };
    return elementwise("add", elementwise("mul", normed, weight, value), bias, value);
  });
}

function elementwise(op: "add" | "mul", left: Value, right: Value, like: Value): Value {
  const labels = like.axes.map((_, i) => String(i));
  const operand =
    right.op.kind === "constant"
      ? constantValue(reshape(right.op.constant, shapeOf(like.axes)), like.axes, right)
      : ({ ...right, op: { kind: "regroup" }, inputs: [right], axes: like.axes } as Value);
  return { ...like, op: { kind: "binary", op, left: labels, right: labels, out: labels }, inputs: [left, operand] };
}
