/**
 * Evaluates a constant expression piece by piece in float64: a reader gives any run of consecutive elements, and keeps no
 * more than a few windows of memory, whatever the size of the tensors below.
 *
 * Readers are called with growing positions (a window after the other); other orders are right but may be slow.
 */
import type { BinaryOp, UnaryOp } from "../check/typed.ts";
import type { Checkpoint, TensorInfo } from "../checkpoint/checkpoint.ts";
import { readFloat32 } from "../checkpoint/read-floats.ts";
import { DiagnosticError, internalError } from "../diagnostics/diagnostic.ts";
import { elements, type Constant } from "../ir/constant.ts";
import { columnsReader } from "./join-columns.ts";
import { transposeReader } from "./transpose-strips.ts";

/** Elements `start` to `start + out.length` of the constant, row-major. */
export type Reader<T = Float64Array> = (start: number, out: T) => void;

/** An operand up to this many elements is evaluated once and kept when it is broadcast. */
const keptElements = 2 ** 20;
/** float64 values of a transposed strip: 16 MB. */
const stripElements = 2 ** 21;

export function constantReader(constant: Constant, checkpoint: Checkpoint): Reader {
  switch (constant.kind) {
    case "tensor":
      return tensorReader(findTensor(constant, checkpoint), checkpoint);
    case "fill":
      return (_, out) => out.fill(constant.value);
    case "identity":
      return identityReader(constant.shape.at(-1)!);
    case "unary":
      return unaryReader(constant.op, constantReader(constant.arg, checkpoint));
    case "binary":
      return binaryReader(constant, checkpoint);
    case "layerNorm":
      return layerNormReader(constant, checkpoint);
    case "transpose": {
      const { arg, perm } = constant;
      const make = (n: number): Float64Array => new Float64Array(n);
      return transposeReader(constantReader(arg, checkpoint), arg.shape, perm, make, stripElements);
    }
    case "reshape":
      return constantReader(constant.arg, checkpoint);
    case "part": {
      const read = constantReader(constant.arg, checkpoint);
      const from = constant.index * elements(constant.shape);
      return (start, out) => read(from + start, out);
    }
    case "stack":
      return stackReader(
        constant.args.map((arg) => elements(arg.shape)),
        constant.args.map((arg) => constantReader(arg, checkpoint)),
      );
    case "columns":
      return columnsReader<Float64Array>(
        constant.args.map((arg) => arg.shape.at(-1)!),
        constant.args.map((arg) => constantReader(arg, checkpoint)),
        (n) => new Float64Array(n),
      );
  }
}

export function findTensor(constant: Extract<Constant, { kind: "tensor" }>, checkpoint: Checkpoint): TensorInfo {
  const info = checkpoint.tensors.get(constant.tensor);
  if (info && elements(info.shape) === elements(constant.shape)) return info;
  const found = info ? `it is [${info.shape.join(", ")}]` : "it is not there";
  throw new DiagnosticError([
    internalError("emit/checkpoint-tensor", `tensor ${constant.tensor} of the checkpoint does not fit`, {
      place: { file: checkpoint.source, detail: constant.tensor },
      notes: [`Expected [${constant.shape.join(", ")}], but ${found}; the checker should have refused this.`],
    }),
  ]);
}

/** A scratch array that grows to what is asked for. */
function scratch<T extends Float64Array | Float32Array>(make: (n: number) => T): (n: number) => T {
  let kept = make(0);
  return (n) => {
    if (kept.length < n) kept = make(n);
    return kept.subarray(0, n) as T;
  };
}

const float64Scratch = () => scratch((n) => new Float64Array(n));

function tensorReader(info: TensorInfo, checkpoint: Checkpoint): Reader {
  const buffer = scratch((n) => new Float32Array(n));
  return (start, out) => {
    const values = buffer(out.length);
    readFloat32(checkpoint, info, start, values);
    out.set(values);
  };
}

/** n x n matrices, one or several. */
function identityReader(n: number): Reader {
  return (start, out) => {
    for (let i = 0; i < out.length; i++) out[i] = ((start + i) % (n * n)) % (n + 1) === 0 ? 1 : 0;
  };
}

export const unaryFunctions: Readonly<Record<UnaryOp, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => (x < 0 ? 0 : x),
  silu: (x) => x / (1 + Math.exp(-x)),
  sqrt: Math.sqrt,
  abs: Math.abs,
  square: (x) => x * x,
};

export const binaryFunctions: Readonly<Record<BinaryOp, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: (x, y) => Math.max(x, y),
  min: (x, y) => Math.min(x, y),
};

function unaryReader(op: UnaryOp, read: Reader): Reader {
  const f = unaryFunctions[op];
  return (start, out) => {
    read(start, out);
    for (let i = 0; i < out.length; i++) out[i] = f(out[i]!);
  };
}

/** The operands are laid out as runs of the result, then combined element by element. */
function binaryReader(constant: Extract<Constant, { kind: "binary" }>, checkpoint: Checkpoint): Reader {
  const f = binaryFunctions[constant.op];
  const left = broadcastReader(constant.left, constant.shape, checkpoint);
  const right = broadcastReader(constant.right, constant.shape, checkpoint);
  const buffer = float64Scratch();
  return (start, out) => {
    const y = buffer(out.length);
    left(start, out);
    right(start, y);
    for (let i = 0; i < out.length; i++) out[i] = f(out[i]!, y[i]!);
  };
}

/** `constant` stretched to `shape`. */
function broadcastReader(constant: Constant, shape: readonly number[], checkpoint: Checkpoint): Reader {
  const size = elements(constant.shape);
  const read = constantReader(constant, checkpoint);
  if (constant.kind === "fill" || size === elements(shape)) return read;
  const source = size <= keptElements ? keptReader(read, size) : read;
  const strides = broadcastStrides(constant.shape, shape);
  const columns = shape.at(-1)!;
  const stretched = strides.at(-1) === 0;
  return (start, out) => {
    const single = new Float64Array(1);
    for (let done = 0; done < out.length;) {
      const row = Math.floor((start + done) / columns);
      const column = start + done - row * columns;
      const count = Math.min(columns - column, out.length - done);
      const base = offsetOfRow(row, shape, strides);
      if (stretched) {
        source(base, single);
        out.fill(single[0]!, done, done + count);
      } else {
        source(base + column, out.subarray(done, done + count));
      }
      done += count;
    }
  };
}

/** Evaluated whole at its first use. */
function keptReader(read: Reader, size: number): Reader {
  let values: Float64Array | undefined;
  return (start, out) => {
    if (!values) read(0, (values = new Float64Array(size)));
    out.set(values.subarray(start, start + out.length));
  };
}

/** Elements of `from` between neighbours along each axis of `to`; 0 where `from` is stretched. */
function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let stride = 1;
  for (let i = 1; i <= from.length; i++) {
    const extent = from[from.length - i]!;
    if (extent !== 1) strides[to.length - i] = stride;
    stride *= extent;
  }
  return strides;
}

/** Where a row (all axes but the last, counted row-major) begins. */
function offsetOfRow(row: number, shape: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    const extent = shape[axis]!;
    offset += (row % extent) * strides[axis]!;
    row = Math.floor(row / extent);
  }
  return offset;
}

/** y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axis; the variance divides by n, as PyTorch's does. */
function layerNormReader(constant: Extract<Constant, { kind: "layerNorm" }>, checkpoint: Checkpoint): Reader {
  const { arg, eps } = constant;
  const columns = arg.shape.at(-1)!;
  const read = constantReader(arg, checkpoint);
  let affine: { weight: Float64Array; bias: Float64Array } | undefined;
  const whole = (part: Constant) => {
    const values = new Float64Array(columns);
    broadcastReader(part, [columns], checkpoint)(0, values);
    return values;
  };
  const rows = (start: number, out: Float64Array) => {
    affine ??= { weight: whole(constant.weight), bias: whole(constant.bias) };
    read(start, out);
    for (let row = 0; row < out.length; row += columns)
      normalizeRow(out, row, columns, eps, affine.weight, affine.bias);
  };
  const buffer = float64Scratch();
  return (start, out) => {
    const first = start - (start % columns);
    const end = Math.ceil((start + out.length) / columns) * columns;
    if (first === start && end === start + out.length) return rows(start, out);
    const covering = buffer(end - first);
    rows(first, covering);
    out.set(covering.subarray(start - first, start - first + out.length));
  };
}

function normalizeRow(
  values: Float64Array,
  from: number,
  n: number,
  eps: number,
  weight: Float64Array,
  bias: Float64Array,
): void {
  let sum = 0;
  for (let i = from; i < from + n; i++) sum += values[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = from; i < from + n; i++) {
    const d = values[i]! - mean;
    squares += d * d;
  }
  const factor = 1 / Math.sqrt(squares / n + eps);
  for (let i = 0; i < n; i++) values[from + i] = (values[from + i]! - mean) * factor * weight[i]! + bias[i]!;
}

/** One operand after the other. */
export function stackReader<T extends { readonly length: number; subarray(from: number, to: number): T }>(
  sizes: readonly number[],
  readers: readonly Reader<T>[],
): Reader<T> {
  return (start, out) => {
    let begin = 0;
    sizes.forEach((size, i) => {
      const from = Math.max(start, begin);
      const to = Math.min(start + out.length, begin + size);
      if (from < to) readers[i]!(from - begin, out.subarray(from - start, to - start));
      begin += size;
    });
  };
}
