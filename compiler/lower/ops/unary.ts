/** Element-wise functions of one operand: one QNN op each, dtype and dims as the operand's. */
import type { IrUnary, Op, Value } from "../../ir/ir.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";

const types: Readonly<Record<IrUnary, string>> = {
  neg: "ElementWiseNeg",
  exp: "ElementWiseExp",
  log: "ElementWiseLog",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  relu: "Relu",
  sqrt: "ElementWiseSquareRoot",
  abs: "ElementWiseAbs",
};

export function lowerUnary(value: Value, op: Extract<Op, { kind: "unary" }>, context: LowerContext): QnnTensor {
  const arg = context.tensor(value.inputs[0] as Value);
  return context.builder.node(types[op.op], [arg], arg.dims, value, [], context.outputs.get(value));
}
