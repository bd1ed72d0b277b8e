/** One file per IR operation. */
import type { Value } from "../../ir/ir.ts";
import type { LowerContext } from "../lower.ts";
import type { QnnTensor } from "../qnn-graph.ts";
import { lowerBinary } from "./binary.ts";
import { lowerContract } from "./contract.ts";
import { lowerGather } from "./gather.ts";
import { lowerNorm } from "./norm.ts";
import { lowerRows } from "./rows.ts";
import { lowerSlice } from "./slice.ts";
import { lowerConcat } from "./concat.ts";
import { lowerSum } from "./sum.ts";
import { lowerTranspose } from "./transpose.ts";
import { lowerUnary } from "./unary.ts";

export function lowerValue(value: Value, context: LowerContext): QnnTensor {
  switch (value.op.kind) {
    case "unary":
      return lowerUnary(value, value.op, context);
    case "binary":
      return lowerBinary(value, value.op, context);
    case "contract":
      return lowerContract(value, value.op, context);
    case "sum":
      return lowerSum(value, value.op, context);
    case "norm":
      return lowerNorm(value, value.op, context);
    case "gather":
      return lowerGather(value, context);
    case "regroup":
      return context.builder.reshape(context.tensor(value.inputs[0] as Value), context.dims(value), value);
    case "transpose":
      return lowerTranspose(value, value.op.perm, context);
    case "slice":
      return lowerSlice(value, value.op, context);
    case "rows":
      return lowerRows(value, context);
    case "concat":
      return lowerConcat(value, value.op, context);
    case "token":
    case "constant":
    case "state":
      throw new Error(`lower: ${value.op.kind} ${value.name} is no node`);
  }
}
