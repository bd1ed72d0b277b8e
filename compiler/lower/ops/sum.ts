/** Sum over axes: ReduceSum with the axes kept as 1, so that a number per head broadcasts over its channels. */
import type { Op, Value } from "../../ir/ir.ts";
import { axisPositions } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";

export function lowerSum(value: Value, op: Extract<Op, { kind: "sum" }>, context: LowerContext): QnnTensor {
  const arg = value.inputs[0] as Value;
  const tensor = context.tensor(arg);
  const positions = axisPositions(arg.axes, context.heads);
  const axes = op.arg.flatMap((l, i) => (op.out.includes(l) ? [] : [positions[i] ?? 0]));
  const dims = tensor.dims.map((d, i) => (axes.includes(i) ? 1 : d));
  const made = context.builder.node("ReduceSum", [tensor], dims, value, [
    { name: "axes", kind: "tensor", dtype: "uint32", dims: [axes.length], values: axes },
    { name: "keep_dims", kind: "scalar", dtype: "bool8", value: true },
  ]);
  const order = op.arg.filter((l) => op.out.includes(l));
  if (order.join() === op.out.join())
    return context.builder.reshape(made, context.dims(value), value, context.outputs.get(value));
  const sizes = order.map((l) => arg.axes[op.arg.indexOf(l)]?.size ?? 1);
  const perm = op.out.map((l) => order.indexOf(l));
  return context.transposed(context.builder.reshape(made, sizes, value), perm, context.dims(value), value);
}
