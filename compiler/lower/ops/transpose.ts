/** Axes in another order. Constants are transposed when they are written. */
import type { Value } from "../../ir/ir.ts";
import { axisPositions } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";

export function lowerTranspose(value: Value, perm: readonly number[], context: LowerContext): QnnTensor {
  const arg = value.inputs[0] as Value;
  const tensor = context.tensor(arg);
  const positions = axisPositions(arg.axes, context.heads);
  const moved = tensor.dims.map((_, i) => i);
  perm.forEach((from, to) => (moved[positions[to] ?? 0] = positions[from] ?? 0));
  const made = context.builder.node(
    "Transpose",
    [tensor],
    moved.map((p) => tensor.dims[p] ?? 1),
    value,
    [{ name: "perm", kind: "tensor", dtype: "uint32", dims: [moved.length], values: moved }],
  );
  return context.builder.reshape(made, context.dims(value), value, context.outputs.get(value));
}
