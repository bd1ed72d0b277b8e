/** A row of a table for each token: what the host has looked up, or Gather along axis 0 with the tokens' ids as a one-dimensional index. */
import type { Value } from "../../ir/ir.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";

export function lowerGather(value: Value, context: LowerContext): QnnTensor {
  const rows = context.hostRows.get(value);
  if (rows) return context.builder.reshape(rows, context.dims(value), value);
  const [table, token] = value.inputs as [Value, Value];
  const dims = [token.axes[0]?.size ?? 1, ...table.axes.slice(1).map((a) => a.size)];
  const row = context.builder.node("Gather", [context.tensor(table), context.tensor(token)], dims, value, [
    { name: "axis", kind: "scalar", dtype: "int32", value: 0 },
  ]);
  return context.builder.reshape(row, context.dims(value), value);
}
