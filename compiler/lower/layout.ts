/**
 * Where a value's axes lie in a QNN tensor.
 *
 * A vector is one row [1, D]; several rows are [R, D]; values of heads are [1, H, M, N] with M rows of N per head (M = 1 for a
 * vector per head, so that MatMul works on it directly, and [1, H, 1, 1] for a number per head). A head axis is one over
 * which activations are multiplied independently. Measured on the HTP compiler: FullyConnected takes either form as it is,
 * so only a split or merge of heads (A = H N) costs a Reshape.
 *
 * Values of several tokens have the axis of tokens in place of the leading 1: [T, D], [T, H, 1, N]. One token's value is then a
 * Split of them along axis 0, and has the form that it has in a graph for one token.
 */
import { type IrAxis, type IrGraph, isConstant, tokenDim, topological } from "../ir/ir.ts";

/** Dimensions that count independent products of activations ("H"). */
export function headDims(graph: IrGraph): ReadonlySet<string> {
  const heads = new Set<string>();
  for (const { op, inputs } of topological(graph)) {
    if (op.kind === "norm" && op.norm !== "layer")
      for (const { dim } of inputs[0]?.axes.slice(0, -1) ?? []) if (dim !== tokenDim) heads.add(dim);
    if (op.kind !== "contract" || inputs.some(isConstant)) continue;
    const batch = op.left.filter((l) => op.right.includes(l) && op.out.includes(l));
    for (const label of batch) {
      const axis = inputs[0]?.axes[op.left.indexOf(label)];
      if (axis && axis.dim !== tokenDim) heads.add(axis.dim);
    }
  }
  return heads;
}

/** QNN dims of a value with these axes. */
export function qnnDims(axes: readonly IrAxis[], heads: ReadonlySet<string>): readonly number[] {
  const sizes = axes.map((a) => a.size);
  if (axes.length === 0) return [1];
  if (axes[0]?.dim === tokenDim) return [axes[0].size, ...innerDims(axes.slice(1), heads)];
  if (axes[0] && heads.has(axes[0].dim)) {
    if (axes.length === 1) return [1, sizes[0] ?? 1, 1, 1];
    if (axes.length === 2) return [1, sizes[0] ?? 1, 1, sizes[1] ?? 1];
    return [1, ...sizes];
  }
  return axes.length === 1 ? [1, ...sizes] : sizes;
}

/** Dims of one token's value behind the axis of tokens: without the leading 1. */
function innerDims(axes: readonly IrAxis[], heads: ReadonlySet<string>): readonly number[] {
  const dims = qnnDims(axes, heads);
  return axes.length === 1 || (axes[0] && heads.has(axes[0].dim)) ? dims.slice(1) : dims;
}

/** Position of each axis in `qnnDims`. */
export function axisPositions(axes: readonly IrAxis[], heads: ReadonlySet<string>): readonly number[] {
  if (axes[0]?.dim === tokenDim) {
    const inner = axes.slice(1);
    const shift = qnnDims(inner, heads).length - innerDims(inner, heads).length - 1;
    return [0, ...axisPositions(inner, heads).map((position) => position - shift)];
  }
  if (axes[0] && heads.has(axes[0].dim)) return axes.length === 2 ? [1, 3] : axes.map((_, i) => i + 1);
  return axes.length === 1 ? [1] : axes.map((_, i) => i);
}

/**
 * How a state crosses the graph's boundary: [1, H, 8, N N / 8], whose long rows the HTP writes 3 to 10 times as fast as [1, H, N, N].
 * Other states keep their inner form.
 */
export function wireDims(dims: readonly number[]): readonly number[] {
  const [one, heads, rows, columns] = dims;
  if (dims.length !== 4 || !heads || !rows || !columns || rows === 1 || (rows * columns) % 8 !== 0) return dims;
  return [one ?? 1, heads, 8, (rows * columns) / 8];
}
