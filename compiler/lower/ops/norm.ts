/**
 * Norms over the last axis.
 *
 * layer: LayerNorm with weight and bias (the bias is always given: some SDKs are wrong without one).
 * group: LayerNorm over each head; eight times as fast on HTP as GroupNorm, and more exact. (Weight and bias: split-group-norm.)
 * l2: L2Norm. Its epsilon bounds the *sum of squares* on HTP, the *norm* on the CPU backend; the host does as HTP for float16,
 * as CPU for float32.
 */
import { type Constant, elements } from "../../ir/constant.ts";
import { type Op, shapeOf, type Value } from "../../ir/ir.ts";
import { axisPositions } from "../layout.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnParam, QnnTensor } from "../qnn-graph.ts";

export function lowerNorm(value: Value, op: Extract<Op, { kind: "norm" }>, context: LowerContext): QnnTensor {
  const { builder } = context;
  const [x, weight, bias] = value.inputs as [Value, Value, Value];
  // A number per head lies in [1, H, 1, 1]: as a row, where it is a norm over heads.
  const isRow = axisPositions(x.axes, context.heads).at(-1) === context.dims(x).length - 1;
  const width = x.axes.at(-1)?.size ?? 1;
  const tensor = context.tensor(x, isRow ? undefined : [elements(shapeOf(x.axes)) / width, width]);
  const last = tensor.dims.length - 1;
  const extent = tensor.dims[last] ?? 1;
  const output = isRow ? context.outputs.get(value) : undefined;
  const result = (made: QnnTensor): QnnTensor => (isRow ? made : builder.reshape(made, context.dims(value), value));
  if (op.norm === "l2") {
    const eps = context.isFloat16 ? op.eps ** 2 : op.eps;
    const params: QnnParam[] = [
      { name: "epsilon", kind: "scalar", dtype: "float32", value: eps },
      { name: "axis", kind: "scalar", dtype: "uint32", value: last },
    ];
    return result(builder.node("L2Norm", [tensor], tensor.dims, value, params, output));
  }
  const params: QnnParam[] = [
    { name: "epsilon", kind: "scalar", dtype: "float32", value: op.eps },
    { name: "axes", kind: "tensor", dtype: "uint32", dims: [1], values: [last] },
  ];
  const vector = (v: Value): QnnTensor => context.tensor(v, [extent]);
  if (op.norm === "layer")
    return result(
      builder.node("LayerNorm", [tensor, vector(weight), vector(bias)], tensor.dims, value, params, output),
    );

  const fill = (n: number): Constant => ({ kind: "fill", value: n, shape: [extent] });
  const ones = builder.static(fill(1), [extent], "ones");
  const zeros = builder.static(fill(0), [extent], "zeros");
  return result(builder.node("LayerNorm", [tensor, ones, zeros], tensor.dims, value, params, output));
}
