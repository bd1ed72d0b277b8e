/**
 * Element-wise functions of two operands. Each operand gets 1 where the result has an axis that it lacks.
 *
 * A product in which *both* operands would be broadcast (v[h,i] * k[h,j]) is an outer product and becomes a MatMul with
 * an inner extent of 1: HTP computes Multiply(Reshape(a), Reshape(b)) wrongly, without an error, when the reshapes
 * broadcast against each other. MatMul is exact (one rounding) and three times as fast.
 */
import type { BinaryOp } from "../../check/typed.ts";
import { isConstant, type Labels, type Op, scalarOf, shapeOf, type Value } from "../../ir/ir.ts";
import { axisPositions } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";
import { matMul } from "./contract.ts";

const types: Readonly<Record<BinaryOp, string>> = {
  add: "ElementWiseAdd",
  sub: "ElementWiseSubtract",
  mul: "ElementWiseMultiply",
  div: "ElementWiseDivide",
  max: "ElementWiseMaximum",
  min: "ElementWiseMinimum",
};

export function lowerBinary(value: Value, op: Extract<Op, { kind: "binary" }>, context: LowerContext): QnnTensor {
  const [left, right] = value.inputs as [Value, Value];
  if (op.op === "mul" && isOuter(op)) return lowerOuter(value, op, context);
  const inputs = [operand(left, op.left, value, op.out, context), operand(right, op.right, value, op.out, context)];
  return context.builder.node(types[op.op], inputs, context.dims(value), value, [], context.outputs.get(value));
}

/** Each operand has an axis that the other lacks. */
function isOuter(op: Extract<Op, { kind: "binary" }>): boolean {
  return op.left.some((l) => !op.right.includes(l)) && op.right.some((l) => !op.left.includes(l));
}

/** The operand's tensor in dims that broadcast to the result's. */
function operand(input: Value, labels: Labels, result: Value, out: Labels, context: LowerContext): QnnTensor {
  if (scalarOf(input) !== undefined) return context.tensor(input);
  const positions = axisPositions(result.axes, context.heads);
  const dims = context.dims(result).map(() => 1);
  const order = out.filter((l) => labels.includes(l));
  out.forEach((label, i) => {
    const at = labels.indexOf(label);
    if (at >= 0) dims[positions[i] ?? 0] = input.axes[at]?.size ?? 1;
  });
  const inOrder = order.every((l, i) => l === labels[i]);
  if (inOrder) return sameBroadcast(context.dims(input), dims) ? context.tensor(input) : context.tensor(input, dims);
  const tensor = context.tensor(input);
  const perm = order.map((l) => labels.indexOf(l));
  const ordered = { ...input, op: { kind: "transpose" as const, perm }, inputs: [input], axes: perm.map((p) => input.axes[p] ?? { dim: "", size: 1 }) };
  const moved = isConstant(input)
    ? context.builder.static({ kind: "transpose", arg: input.op.constant, perm, shape: shapeOf(ordered.axes) }, dims, input.name)
    : context.builder.node("Transpose", [tensor], shapeOf(ordered.axes), input, [
        { name: "perm", kind: "tensor", dtype: "uint32", dims: [perm.length], values: perm },
      ]);
  return context.builder.reshape(moved, dims, input);
}

/** Leading ones do not matter to broadcasting. */
const strip = (dims: readonly number[]): string => dims.slice(Math.max(0, dims.findIndex((d) => d !== 1))).join();
const sameBroadcast = (a: readonly number[], b: readonly number[]): boolean => a.length <= b.length && strip(a) === strip(b);

function lowerOuter(value: Value, op: Extract<Op, { kind: "binary" }>, context: LowerContext): QnnTensor {
  const [left, right] = value.inputs as [Value, Value];
  const batch = op.left.filter((l) => op.right.includes(l));
  const rows = op.out.find((l) => !batch.includes(l)) ?? "";
  const [first, second, firstLabels, secondLabels] = op.left.includes(rows) ? [left, right, op.left, op.right] : [right, left, op.right, op.left];
  return matMul(value, { first, second, firstLabels, secondLabels, out: op.out, inner: null }, context);
}
