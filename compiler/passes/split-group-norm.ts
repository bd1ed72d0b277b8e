/**
 * group_norm(x, weight, bias)  ->  group_norm(x) * weight + bias
 *
 * QNN's LayerNorm normalises one head's row, whose weight cannot differ from head to head. Exact.
 */
import { reshape } from "./fold-constants.ts";
import { elementwise } from "../ir/elementwise.ts";
import { constantValue, type IrGraph, rewrite, shapeOf, type Value } from "../ir/ir.ts";

export function splitGroupNorm(graph: IrGraph): IrGraph {
  return rewrite(graph, (value) => {
    const [x, weight, bias] = value.inputs;
    if (value.op.kind !== "norm" || value.op.norm !== "group" || !x || !weight || !bias) return undefined;
    const normed: Value = { ...value, inputs: [x] };
    return elementwise("add", elementwise("mul", normed, byHeads(weight, value), value), byHeads(bias, value), value);
  });
}

/** Weight or bias by heads: a constant of that shape, or a regrouped value. */
const byHeads = (v: Value, like: Value): Value =>
  v.op.kind === "constant"
    ? constantValue(reshape(v.op.constant, shapeOf(like.axes)), like.axes, v)
    : { ...v, op: { kind: "regroup" }, inputs: [v], axes: like.axes };
