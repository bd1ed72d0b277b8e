/**
 * Consecutive elements along axis 0. All such parts of a value are made by one Split, cut wherever one of them starts or ends,
 * when the first of them is asked for.
 */
import type { Value } from "../../ir/ir.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnParam, QnnTensor } from "../qnn-graph.ts";

export function lowerRows(value: Value, context: LowerContext): QnnTensor {
  const { builder, tensors } = context;
  const arg = value.inputs[0] as Value;
  const tensor = context.tensor(arg);
  const total = arg.axes[0]?.size ?? 1;
  const parts = context.usersOf(arg).flatMap((user) => (user.op.kind === "rows" ? [{ user, ...rangeOf(user) }] : []));
  const cuts = [...new Set(parts.flatMap((part) => [part.start, part.end]))]
    .filter((cut) => cut > 0 && cut < total)
    .sort((a, b) => a - b);
  if (cuts.length === 0) return tensor;
  const params: QnnParam[] = [
    { name: "axis", kind: "scalar", dtype: "uint32", value: 0 },
    { name: "split_index", kind: "tensor", dtype: "uint32", dims: [cuts.length], values: cuts },
  ];
  const starts = [0, ...cuts];
  const outputs = starts.map((start, i) => ({
    name: `${arg.name}.from${start}`,
    dims: [(cuts[i] ?? total) - start, ...tensor.dims.slice(1)],
  }));
  const made = builder.nodeWithOutputs("Split", [tensor], outputs, arg, params);
  for (const { user, start, end } of parts) {
    const pieces = made.filter((_, i) => (starts[i] ?? 0) >= start && (starts[i] ?? 0) < end);
    const [only] = pieces as [QnnTensor];
    tensors.set(
      user,
      pieces.length === 1
        ? only
        : builder.node("Concat", pieces, context.dims(user), user, [
            { name: "axis", kind: "scalar", dtype: "uint32", value: 0 },
          ]),
    );
  }
  return context.tensor(value);
}

function rangeOf(value: Value): { readonly start: number; readonly end: number } {
  const start = value.op.kind === "rows" ? value.op.start : 0;
  return { start, end: start + (value.axes[0]?.size ?? 1) };
}
