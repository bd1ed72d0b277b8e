/** Values side by side along an axis that all have. */
import type { Op, Value } from "../../ir/ir.ts";
import { axisPositions } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";

export function lowerConcat(value: Value, op: Extract<Op, { kind: "concat" }>, context: LowerContext): QnnTensor {
  const at = axisPositions(value.axes, context.heads)[op.axis] ?? 0;
  const inputs = value.inputs.map((v) => context.tensor(v));
  return context.builder.node(
    "Concat",
    inputs,
    context.dims(value),
    value,
    [{ name: "axis", kind: "scalar", dtype: "uint32", value: at }],
    context.outputs.get(value),
  );
}
