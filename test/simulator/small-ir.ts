/** Test support: tensor IR by hand, with axes as `"H=2 N=16"` and weights by value. Labels are the axes' names. */
import type { BinaryOp } from "../../compiler/check/typed.ts";
import type { Checkpoint, TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import { float16ToFloat32, float32ToBits, float32ToFloat16 } from "../../compiler/checkpoint/float16.ts";
import { elements } from "../../compiler/ir/constant.ts";
import {
  constantValue,
  type IrAxis,
  type IrUnary,
  type Op,
  type Origin,
  scalar,
  shapeOf,
  type Value,
} from "../../compiler/ir/ir.ts";

export const specFile = "small.rwkv.ts";
export const specText = "small\n";
export const origin: Origin = {
  span: { file: specFile, start: 0, end: 5 },
  text: "small",
  part: "mix",
  layer: 0,
};

export const half = (x: number): number => float16ToFloat32(float32ToFloat16(x));

const axesOf = (text: string): IrAxis[] =>
  text
    .split(" ")
    .filter(Boolean)
    .map((word) => {
      const [dim, size] = word.split("=");
      return { dim: dim!, size: Number(size) };
    });
const names = (value: Value): string[] => value.axes.map((a) => a.dim);

let count = 0;
const make = (op: Op, inputs: readonly Value[], axes: readonly IrAxis[]): Value => ({
  op,
  inputs,
  axes,
  name: `blocks.0.mix.v${count++}`,
  origin,
});

/** Axes of a result, by name, from the operands'. */
function axesFrom(out: readonly string[], ...from: readonly Value[]): IrAxis[] {
  const known = new Map(from.flatMap((v) => v.axes.map((a) => [a.dim, a] as const)));
  return out.map((dim) => known.get(dim)!);
}

export const input = (name: string, axes: string): Value =>
  make({ kind: "state", state: `blocks.0.mix.${name}` }, [], axesOf(axes));
export const token = (): Value => make({ kind: "token" }, [], []);
export const number = (value: number): Value => scalar(value, { name: "number", origin });
export const unary = (op: IrUnary, a: Value): Value => make({ kind: "unary", op }, [a], a.axes);
export function binary(op: BinaryOp, a: Value, b: Value): Value {
  const [left, right] = [names(a), names(b)];
  const out = [...new Set([...left, ...right])];
  return make({ kind: "binary", op, left, right, out }, [a, b], axesFrom(out, a, b));
}
export function contract(a: Value, b: Value, out: string): Value {
  const labels = out.split(" ").filter(Boolean);
  const op = { kind: "contract", left: names(a), right: names(b), out: labels } as const;
  return make(op, [a, b], axesFrom(labels, a, b));
}
export function sum(a: Value, out: string): Value {
  const labels = out.split(" ").filter(Boolean);
  return make({ kind: "sum", arg: names(a), out: labels }, [a], axesFrom(labels, a));
}
export const regroup = (a: Value, axes: string): Value => make({ kind: "regroup" }, [a], axesOf(axes));
export const slice = (a: Value, index: number): Value => make({ kind: "slice", axis: 0, index }, [a], a.axes.slice(1));
export const norm = (kind: "layer" | "group" | "l2", eps: number, ...inputs: readonly Value[]): Value =>
  make({ kind: "norm", norm: kind, eps }, inputs, inputs[0]!.axes);
export const gather = (table: Value, at: Value): Value => make({ kind: "gather" }, [table, at], table.axes.slice(1));

/** Weights by value, as a checkpoint. They are fp16 numbers, so that nothing is lost when they are written. */
export class Weights implements Checkpoint {
  readonly source = "small";
  readonly tensors = new Map<string, TensorInfo>();
  private readonly values = new Map<string, Float64Array>();

  add(name: string, axes: string, values: (index: number) => number): Value {
    const shape = shapeOf(axesOf(axes));
    this.tensors.set(name, { name, shape, dtype: "float32" });
    this.values.set(
      name,
      Float64Array.from({ length: elements(shape) }, (_, i) => half(values(i))),
    );
    return constantValue({ kind: "tensor", tensor: name, shape }, axesOf(axes), { name, origin });
  }

  readBits(info: TensorInfo, start: number, out: Uint16Array | Uint32Array): void {
    const values = this.values.get(info.name)!;
    for (let i = 0; i < out.length; i++) out[i] = float32ToBits(values[start + i]!);
  }

  close(): void {}
}
