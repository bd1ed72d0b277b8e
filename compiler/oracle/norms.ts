/** The three norms, over the last axis, in double precision. */
import type { TypedExpr } from "../check/typed.ts";
import { binary } from "./elementwise.ts";
import type { Tensor } from "./tensor.ts";

type Norm = Extract<TypedExpr, { kind: "norm" }>;

/**
 * layer, group: (x - mean) / sqrt(variance + eps) * weight + bias, where the variance divides by the number of elements as
 * PyTorch's norms do. l2: x / max(|x|, eps).
 */
export function norm(kind: Norm["norm"], arg: Tensor, eps: number, weight?: Tensor, bias?: Tensor): Tensor {
  const width = arg.sizes.at(-1)!;
  const data = Float64Array.from(arg.data);
  for (let at = 0; at < data.length; at += width) {
    const row = data.subarray(at, at + width);
    if (kind === "l2") divideByLength(row, eps);
    else standardise(row, eps);
  }
  const normed: Tensor = { ...arg, data };
  return weight && bias ? binary("add", binary("mul", normed, weight), bias) : normed;
}

function divideByLength(row: Float64Array, eps: number): void {
  let squares = 0;
  for (const x of row) squares += x * x;
  const length = Math.max(Math.sqrt(squares), eps);
  for (let i = 0; i < row.length; i++) row[i]! /= length;
}

function standardise(row: Float64Array, eps: number): void {
  let total = 0;
  for (const x of row) total += x;
  const mean = total / row.length;
  let squares = 0;
  for (const x of row) squares += (x - mean) ** 2;
  const deviation = Math.sqrt(squares / row.length + eps);
  for (let i = 0; i < row.length; i++) row[i] = (row[i]! - mean) / deviation;
}
