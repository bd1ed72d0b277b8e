/**
 * Sums of products.
 *
 * Weight times activation: FullyConnected. It takes the weight as checkpoints store it ([out, in], so nothing is transposed),
 * and a vector in any layout; on HTP it costs what Conv2d 1x1 and MatMul cost.
 * Activation times activation: MatMul, one product per head; which operand is transposed follows from where
 * the summed axis lies, so a Transpose is needed only for orders of axes that no MatMul reads or writes.
 */
import type { Constant } from "../../ir/constant.ts";
import { type Labels, type Op, tokenDim, type Value } from "../../ir/ir.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnParam, QnnTensor } from "../qnn-graph.ts";
import { lowerBinary } from "./binary.ts";
import { lowerSum } from "./sum.ts";

type Contract = Extract<Op, { kind: "contract" }>;

export function lowerContract(value: Value, op: Contract, context: LowerContext): QnnTensor {
  const linear = linearOf(value);
  if (linear) return lowerLinear(value, linear, context);
  const [left, right] = value.inputs as [Value, Value];
  if (weighsEachToken(op)) return lowerWeighted(value, op, context);
  const a = withoutLonely({ value: left, labels: op.left }, [...op.right, ...op.out], context);
  const b = withoutLonely({ value: right, labels: op.right }, [...op.left, ...op.out], context);
  const own = op.out.filter((l) => !(op.left.includes(l) && op.right.includes(l)));
  // A vector comes first, so that the result is a row; of two matrices, the one with the result's rows.
  const leftFirst = own.length < 2 ? !own.some((l) => op.left.includes(l)) : op.left.includes(own[0] ?? "");
  return leftFirst ? matMul(value, a, b, op.out, context) : matMul(value, b, a, op.out, context);
}

/** The tokens' values have all axes of a weight without tokens, more than which it has none: r[t,h,j] r_k[h,j] -> [t,h]. */
function weighsEachToken({ left, right, out }: Contract): boolean {
  const covers = (a: Labels, b: Labels): boolean =>
    a[0] === tokenDim && b[0] !== tokenDim && b.every((l) => a.includes(l));
  return out[0] === tokenDim && (covers(left, right) || covers(right, left));
}

/** Product and sum: as a MatMul it would need the tokens' axis moved between the others. */
function lowerWeighted(value: Value, op: Contract, context: LowerContext): QnnTensor {
  const out = op.left[0] === tokenDim ? op.left : op.right;
  const [left, right] = value.inputs as [Value, Value];
  const axes = (op.left[0] === tokenDim ? left : right).axes;
  const multiply = { kind: "binary", op: "mul", left: op.left, right: op.right, out } as const;
  const product: Value = { ...value, op: multiply, axes };
  context.tensors.set(product, lowerBinary(product, multiply, context));
  const sum = { kind: "sum", arg: out, out: op.out } as const;
  return lowerSum({ ...value, op: sum, inputs: [product] }, sum, context);
}

/** A sum over axes that only this operand has is taken before the product. */
function withoutLonely({ value, labels }: Operand, wanted: Labels, context: LowerContext): Operand {
  const kept = labels.filter((l) => wanted.includes(l));
  if (kept.length === labels.length) return { value, labels };
  const op = { kind: "sum", arg: labels, out: kept } as const;
  const summed: Value = {
    ...value,
    op,
    inputs: [value],
    axes: value.axes.filter((_, i) => kept.includes(labels[i] ?? "")),
  };
  context.tensors.set(summed, lowerSum(summed, op, context));
  return { value: summed, labels: kept };
}

/** A weight times a vector, or the vectors of all tokens: what becomes FullyConnected. */
export interface Linear {
  readonly weight: Constant;
  /** [out, in], as checkpoints store it; otherwise [in, out]. */
  readonly asStored: boolean;
  readonly vector: Value;
}

export function linearOf({ op, inputs }: Value): Linear | undefined {
  const [left, right] = inputs;
  const rows = op.kind === "contract" && op.out[0] === tokenDim ? 1 : 0;
  if (op.kind !== "contract" || op.out.length !== rows + 1 || !left || !right) return undefined;
  const out = op.out[rows] ?? "";
  const ways = [
    { matrix: left, labels: op.left, vector: right, inner: op.right },
    { matrix: right, labels: op.right, vector: left, inner: op.left },
  ];
  for (const { matrix, labels, vector, inner } of ways) {
    if (matrix.op.kind !== "constant" || labels.length !== 2 || inner.length !== rows + 1) continue;
    if (rows === 1 && inner[0] !== tokenDim) continue;
    const found = [`${out} ${inner[rows]}`, `${inner[rows]} ${out}`].indexOf(labels.join(" "));
    if (found >= 0) return { weight: matrix.op.constant, asStored: found === 0, vector };
  }
  return undefined;
}

function lowerLinear(value: Value, { weight, asStored, vector }: Linear, context: LowerContext): QnnTensor {
  const [rows, columns] = weight.shape as [number, number];
  const name = weight.kind === "tensor" ? weight.tensor : `${value.name}.weight`;
  const weights = asStored
    ? context.builder.static(weight, [rows, columns], name)
    : context.builder.static(
        { kind: "transpose", arg: weight, perm: [1, 0], shape: [columns, rows] },
        [columns, rows],
        name,
      );
  const tokens = value.axes.length === 2 ? (value.axes[0]?.size ?? 1) : 1;
  const outDims = [tokens, asStored ? rows : columns];
  const wanted = context.dims(value);
  const output = outDims.join() === wanted.join() ? context.outputs.get(value) : undefined;
  const inputs = [vectorTensor(vector, context), weights];
  const result = context.builder.node("FullyConnected", inputs, outDims, value, [], output);
  return context.builder.reshape(result, wanted, value);
}

/** A regrouped vector is read as it was before: FullyConnected flattens its input to rows anyway. */
function vectorTensor(x: Value, context: LowerContext): QnnTensor {
  const [source] = x.inputs;
  if (x.op.kind === "regroup" && source && context.tensors.has(source)) return context.tensor(source);
  return context.tensor(x);
}

/** A value and the labels of its axes. */
export interface Operand {
  readonly value: Value;
  readonly labels: Labels;
}

/**
 * One matrix product per combination of the labels that all three have: first [batch, rows, inner] x second [batch, inner, columns].
 * An operand without rows (columns, inner) is a row or column vector. Labels that stand for one extent are merged.
 */
export function matMul(value: Value, first: Operand, second: Operand, out: Labels, context: LowerContext): QnnTensor {
  const shared = first.labels.filter((l) => second.labels.includes(l));
  const batch = out.filter((l) => shared.includes(l));
  const inner = shared.filter((l) => !out.includes(l));
  const rows = out.filter((l) => !shared.includes(l) && first.labels.includes(l));
  const columns = out.filter((l) => !shared.includes(l) && second.labels.includes(l));
  const a = matrix(first, batch, rows, inner, context);
  const b = matrix(second, batch, inner, columns, context);
  const params: QnnParam[] = [
    { name: "transpose_in0", kind: "scalar", dtype: "bool8", value: a.transposed },
    { name: "transpose_in1", kind: "scalar", dtype: "bool8", value: b.transposed },
  ];
  const natural = [...a.tensor.dims.slice(0, -2), extent(first, rows), extent(second, columns)];
  const output = context.outputs.get(value);
  const wanted = context.dims(value);
  const order = [...batch, ...rows, ...columns];
  const inOrder = order.join() === out.join();
  const inPlace = inOrder && natural.join() === wanted.join();
  const result = context.builder.node(
    "MatMul",
    [a.tensor, b.tensor],
    natural,
    value,
    params,
    inPlace ? output : undefined,
  );
  if (inPlace) return result;
  if (inOrder) return context.builder.reshape(result, wanted, value, output);
  const perm = out.map((l) => order.indexOf(l));
  const sizes = order.map((l) => value.axes[out.indexOf(l)]?.size ?? 1);
  return context.transposed(context.builder.reshape(result, sizes, value), perm, wanted, value);
}

interface Matrix {
  readonly tensor: QnnTensor;
  /** Laid out [batch, second, first]. */
  readonly transposed: boolean;
}

const extent = ({ value, labels }: Operand, list: Labels): number =>
  list.reduce((n, l) => n * (value.axes[labels.indexOf(l)]?.size ?? 1), 1);

/** The operand as [batch, first, second] or [batch, second, first], whichever it is; a vector in its row form, [batch, 1, n]. */
function matrix(operand: Operand, batch: Labels, first: Labels, second: Labels, context: LowerContext): Matrix {
  const { value, labels } = operand;
  const isVector = first.length === 0 || second.length === 0;
  const swapped = [...batch, ...second, ...first];
  const transposed = isVector ? first.length > 0 : labels.join() === swapped.join();
  const order = transposed ? swapped : [...batch, ...first, ...second];
  // Tokens and heads stay apart, as they lie in the values that are multiplied.
  const ofTokens = batch[0] === tokenDim && batch.length > 1 ? 1 : 0;
  const lead = batch.length
    ? [ofTokens ? extent(operand, batch.slice(0, 1)) : 1, extent(operand, batch.slice(ofTokens))]
    : [];
  const [m, n] = [extent(operand, first), extent(operand, second)];
  const dims = isVector ? [...lead, 1, m * n] : transposed ? [...lead, n, m] : [...lead, m, n];
  return {
    tensor: context.arranged(
      value,
      order.map((l) => labels.indexOf(l)),
      dims,
    ),
    transposed,
  };
}
