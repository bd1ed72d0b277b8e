/**
 * One element along an axis. All slices of a value along the same axis are made by one Split, when the first of them is
 * asked for.
 */
import type { Op, Value } from "../../ir/ir.ts";
import { axisPositions } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnParam, QnnTensor } from "../qnn-graph.ts";

export function lowerSlice(value: Value, op: Extract<Op, { kind: "slice" }>, context: LowerContext): QnnTensor {
  const arg = value.inputs[0] as Value;
  const tensor = context.tensor(arg);
  const at = axisPositions(arg.axes, context.heads)[op.axis] ?? 0;
  const extent = arg.axes[op.axis]?.size ?? 1;
  const siblings = context.usersOf(arg).filter((u) => u.op.kind === "slice" && u.op.axis === op.axis);
  const part = tensor.dims.map((d, i) => (i === at ? 1 : d));
  if (extent === 1) return context.builder.reshape(tensor, context.dims(value), value);
  const nameOf = (index: number): string =>
    siblings.find((s) => s.op.kind === "slice" && s.op.index === index)?.name ?? `${arg.name}.${index}`;
  const params: QnnParam[] = [
    { name: "axis", kind: "scalar", dtype: "uint32", value: at },
    {
      name: "split_index",
      kind: "tensor",
      dtype: "uint32",
      dims: [extent - 1],
      values: Array.from({ length: extent - 1 }, (_, i) => i + 1),
    },
  ];
  const outputs = Array.from({ length: extent }, (_, i) => ({ name: nameOf(i), dims: part }));
  const made = context.builder.nodeWithOutputs("Split", [tensor], outputs, arg, params);
  for (const sibling of siblings) {
    const own = sibling.op.kind === "slice" ? made[sibling.op.index] : undefined;
    if (own && sibling !== value)
      context.tensors.set(sibling, context.builder.reshape(own, context.dims(sibling), sibling));
  }
  return context.builder.reshape(made[op.index] as QnnTensor, context.dims(value), value);
}
