/**
 * Sums of products.
 *
 * Weight times activation: FullyConnected. It takes the weight as checkpoints store it ([out, in], so nothing is transposed),
 * and a vector in any layout; on HTP it costs what Conv2d 1x1 and MatMul cost.
 * Activation times activation: MatMul, one product per head; which operand is transposed follows from where
 * the summed axis lies, so no Transpose is needed.
 */
import { isConstant, type Labels, type Op, type Value } from "../../ir/ir.ts";
import { qnnDims } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnParam, QnnTensor } from "../qnn-graph.ts";

export function lowerContract(value: Value, op: Extract<Op, { kind: "contract" }>, context: LowerContext): QnnTensor {
  const [left, right] = value.inputs as [Value, Value];
  const linear = isConstant(left) ? lowerLinear(value, left, op.left, right, op.right, op.out, context) : isConstant(right) ? lowerLinear(value, right, op.right, left, op.left, op.out, context) : undefined;
  if (linear) return linear;
  const summed = op.left.filter((l) => op.right.includes(l) && !op.out.includes(l));
  const batch = op.left.filter((l) => op.right.includes(l) && op.out.includes(l));
  const own = op.out.filter((l) => !batch.includes(l));
  // A vector comes first, so that the result is a row; of two matrices, the one with the result's rows.
  const leftFirst = own.length < 2 ? !own.some((l) => op.left.includes(l)) : op.left.includes(own[0] ?? "");
  const [first, second, firstLabels, secondLabels] = leftFirst ? [left, right, op.left, op.right] : [right, left, op.right, op.left];
  return matMul(value, { first, second, firstLabels, secondLabels, out: op.out, inner: summed[0] ?? null }, context);
}

/** A weight times a vector: what becomes FullyConnected. */
export function isLinear(value: Value): boolean {
  const { op, inputs } = value;
  if (op.kind !== "contract" || op.out.length !== 1) return false;
  const ranks = inputs.map((v) => v.axes.length).sort().join();
  return ranks === "1,2" && inputs.some((v) => isConstant(v) && v.axes.length === 2);
}

/** weight [out, in] times a vector, or undefined if the weight is no matrix of that kind. */
function lowerLinear(value: Value, weight: Value, weightLabels: Labels, x: Value, xLabels: Labels, out: Labels, context: LowerContext): QnnTensor | undefined {
  const [inner] = xLabels;
  if (weight.op.kind !== "constant" || weightLabels.length !== 2 || xLabels.length !== 1 || out.length !== 1 || inner === undefined) return undefined;
  if (!weightLabels.includes(inner) || weightLabels.includes(out[0] ?? "") === false) return undefined;
  const { constant } = weight.op;
  const [rows, columns] = constant.shape as [number, number];
  const asStored = weightLabels[1] === inner;
  const name = constant.kind === "tensor" ? constant.tensor : `${value.name}.weight`;
  const matrix = asStored
    ? context.builder.static(constant, [rows, columns], name)
    : context.builder.static({ kind: "transpose", arg: constant, perm: [1, 0], shape: [columns, rows] }, [columns, rows], name);
  const vector = vectorTensor(x, context);
  const outDims = [1, asStored ? rows : columns];
  const result = context.builder.node("FullyConnected", [vector, matrix], outDims, value, [], context.outputs.get(value));
  return context.builder.reshape(result, context.dims(value), value);
}

/** A regrouped vector is read as it was before: FullyConnected flattens its input anyway. */
function vectorTensor(x: Value, context: LowerContext): QnnTensor {
  const [source] = x.inputs;
  if (x.op.kind === "regroup" && source && context.tensors.has(source)) return context.tensor(source);
  return context.tensor(x);
}

interface Product {
  readonly first: Value;
  readonly second: Value;
  readonly firstLabels: Labels;
  readonly secondLabels: Labels;
  readonly out: Labels;
  /** The summed label; null for an outer product. */
  readonly inner: string | null;
}

/**
 * One matrix product per combination of shared labels: first [batch, rows, inner] x second [batch, inner, columns].
 * Operands without a rows (columns) axis are row (column) vectors.
 */
export function matMul(value: Value, product: Product, context: LowerContext): QnnTensor {
  const { first, second, firstLabels, secondLabels, out, inner } = product;
  const batch = firstLabels.filter((l) => secondLabels.includes(l) && out.includes(l));
  const a = matrix(first, firstLabels, batch, inner, context);
  const b = matrix(second, secondLabels, batch, inner, context);
  // [.., rows, inner]: transposed when inner comes first. A vector's row form is [1, n].
  const transposeA = a.isVector ? inner === null : a.innerFirst;
  const transposeB = b.isVector ? inner !== null : !b.innerFirst;
  const rows = a.isVector && inner !== null ? 1 : a.free;
  const columns = b.isVector && inner !== null ? 1 : b.free;
  const batchDims = a.tensor.dims.slice(0, -2);
  const natural = [...batchDims, rows, columns];
  const params: QnnParam[] = [
    { name: "transpose_in0", kind: "scalar", dtype: "bool8", value: transposeA },
    { name: "transpose_in1", kind: "scalar", dtype: "bool8", value: transposeB },
  ];
  const output = context.outputs.get(value);
  const wanted = context.dims(value);
  const inPlace = natural.join() === wanted.join();
  const result = context.builder.node("MatMul", [a.tensor, b.tensor], natural, value, params, inPlace ? output : undefined);
  return inPlace ? result : context.builder.reshape(result, wanted, value, output);
}

interface Matrix {
  readonly tensor: QnnTensor;
  readonly isVector: boolean;
  /** The summed axis is the second to last. */
  readonly innerFirst: boolean;
  /** Extent of the axis that stays. */
  readonly free: number;
}

function matrix(value: Value, labels: Labels, batch: Labels, inner: string | null, context: LowerContext): Matrix {
  const own = labels.filter((l) => !batch.includes(l));
  const size = (l: string | undefined): number => value.axes[labels.indexOf(l ?? "")]?.size ?? 1;
  const vectorDims = [...qnnDims(value.axes.slice(0, batch.length), context.heads).slice(0, batch.length + 1), 1, size(own[0])];
  if (own.length <= 1) {
    const dims = batch.length === 1 ? [1, size(batch[0]), 1, size(own[0])] : batch.length === 0 ? [1, size(own[0])] : vectorDims;
    return { tensor: context.tensor(value, dims), isVector: true, innerFirst: false, free: size(own[0]) };
  }
  const free = own.find((l) => l !== inner);
  return { tensor: context.tensor(value), isVector: false, innerFirst: own[0] === inner, free: size(free) };
}

