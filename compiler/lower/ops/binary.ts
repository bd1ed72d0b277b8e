/**
 * Element-wise functions of two operands. Each operand gets 1 where the result has an axis that it lacks.
 *
 * A product in which *both* operands would be broadcast (v[h,i] * k[h,j]) is an outer product and becomes a MatMul with
 * an inner extent of 1: HTP computes Multiply(Reshape(a), Reshape(b)) wrongly, without an error, when the reshapes
 * broadcast against each other. MatMul is exact (one rounding) and three times as fast.
 */
import type { BinaryOp } from "../../check/typed.ts";
import { type Labels, type Op, scalarOf, tokenDim, type Value } from "../../ir/ir.ts";
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

/** Each operand has an axis that the other lacks. (The axis of tokens is not one: a constant has none.) */
function isOuter(op: Extract<Op, { kind: "binary" }>): boolean {
  const lacks = (a: Labels, b: Labels): boolean => a.some((l) => l !== tokenDim && !b.includes(l));
  return lacks(op.left, op.right) && lacks(op.right, op.left);
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
  const perm = order.map((l) => labels.indexOf(l));
  const asItIs = perm.every((p, i) => p === i) && sameBroadcast(context.dims(input), dims);
  return asItIs ? context.tensor(input) : context.arranged(input, perm, dims);
}

/** Leading ones do not matter to broadcasting. */
const strip = (dims: readonly number[]): string =>
  dims
    .slice(
      Math.max(
        0,
        dims.findIndex((d) => d !== 1),
      ),
    )
    .join();
const sameBroadcast = (a: readonly number[], b: readonly number[]): boolean =>
  a.length <= b.length && strip(a) === strip(b);

function lowerOuter(value: Value, op: Extract<Op, { kind: "binary" }>, context: LowerContext): QnnTensor {
  const [left, right] = value.inputs as [Value, Value];
  const [a, b] = [
    { value: left, labels: op.left },
    { value: right, labels: op.right },
  ];
  const rows = op.out.find((l) => !(op.left.includes(l) && op.right.includes(l))) ?? "";
  return op.left.includes(rows) ? matMul(value, a, b, op.out, context) : matMul(value, b, a, op.out, context);
}
