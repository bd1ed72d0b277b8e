/**
 * A constant in the bits of the dtype in which it is stored, piece by piece.
 *
 * Nearly all of a model's bytes are tensors of the checkpoint, perhaps scaled, transposed or stacked. They never become
 * numbers: an element-wise function of a 16-bit tensor is a table of 65536 entries. Everything else is evaluated in float64
 * and rounded once (to nearest, ties to even).
 */
import type { Checkpoint, CheckpointDtype } from "../checkpoint/checkpoint.ts";
import { convertFloat32ToFloat16, bfloat16ToFloat32, float16ToFloat32 } from "../checkpoint/float16.ts";
import { constantKey, elements, type Constant } from "../ir/constant.ts";
import type { QnnDtype } from "../lower/qnn-graph.ts";
import {
  binaryFunctions,
  constantReader,
  findTensor,
  stackReader,
  unaryFunctions,
  type Reader,
} from "./evaluate-constant.ts";
import { columnsReader } from "./join-columns.ts";
import { transposeReader } from "./transpose-strips.ts";

/** Uint16Array for float16, Uint8Array for bool8, Uint32Array for all else. */
export type Bits = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
export type BitsReader = (start: number, out: Bits) => void;

/** Elements of a transposed strip: 32 MB of float16. */
const stripElements = 2 ** 24;
/** Below this a table costs more than it saves. */
const tableElements = 2 ** 16;

export function makeBits(dtype: QnnDtype, count: number): Bits {
  if (dtype === "float16") return new Uint16Array(count);
  return dtype === "bool8" ? new Uint8Array(count) : new Uint32Array(count);
}

export function bitsReader(constant: Constant, dtype: QnnDtype, checkpoint: Checkpoint): BitsReader {
  switch (constant.kind) {
    case "reshape":
      return bitsReader(constant.arg, dtype, checkpoint);
    case "stack":
      return stackReader<Bits>(
        constant.args.map((arg) => elements(arg.shape)),
        constant.args.map((arg) => bitsReader(arg, dtype, checkpoint)),
      );
    case "columns":
      return columnsReader<Bits>(
        constant.args.map((arg) => arg.shape.at(-1)!),
        constant.args.map((arg) => bitsReader(arg, dtype, checkpoint)),
        (n) => makeBits(dtype, n),
      );
    case "transpose": {
      const read = bitsReader(constant.arg, dtype, checkpoint);
      const make = (n: number) => makeBits(dtype, n) as Uint16Array;
      const strips = transposeReader(
        read as (start: number, out: Uint16Array) => void,
        constant.arg.shape,
        constant.perm,
        make,
        stripElements,
      );
      return strips as BitsReader;
    }
    default:
      return fastReader(constant, dtype, checkpoint) ?? roundingReader(constantReader(constant, checkpoint), dtype);
  }
}

/** A reader that needs no arithmetic, where there is one. */
function fastReader(constant: Constant, dtype: QnnDtype, checkpoint: Checkpoint): BitsReader | undefined {
  if (dtype !== "float16" && dtype !== "float32") return undefined;
  const tensor = onlyTensor(constant);
  if (!tensor || elements(tensor.shape) < tableElements) return undefined;
  const info = findTensor(tensor, checkpoint);
  const identity = withoutReshape(constant).kind === "tensor";
  if (identity && info.dtype === dtype) return (start, out) => checkpoint.readBits(info, start, out as Uint16Array);
  if (info.dtype !== "float32") {
    const table = tableFor(constant, tensor, info.dtype, dtype);
    let buffer = new Uint16Array(0);
    return (start, out) => {
      if (buffer.length < out.length) buffer = new Uint16Array(out.length);
      const source = buffer.subarray(0, out.length);
      checkpoint.readBits(info, start, source);
      if (out instanceof Uint16Array) lookUp16(source, table as Uint16Array, out);
      else lookUp32(source, table as Uint32Array, out as Uint32Array);
    };
  }
  if (!identity) return undefined;
  let buffer = new Uint32Array(0);
  return (start, out) => {
    if (buffer.length < out.length) buffer = new Uint32Array(out.length);
    const source = buffer.subarray(0, out.length);
    checkpoint.readBits(info, start, source);
    convertFloat32ToFloat16(source, out as Uint16Array);
  };
}

// Two functions with equal bodies: each is compiled for one kind of array.
function lookUp16(source: Uint16Array, table: Uint16Array, out: Uint16Array): void {
  for (let i = 0; i < out.length; i++) out[i] = table[source[i]!]!;
}

function lookUp32(source: Uint16Array, table: Uint32Array, out: Uint32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = table[source[i]!]!;
}

/** The one tensor that each element of the constant is a function of, in the same order. */
function onlyTensor(constant: Constant): Extract<Constant, { kind: "tensor" }> | undefined {
  switch (constant.kind) {
    case "tensor":
      return constant;
    case "unary":
    case "reshape":
      return onlyTensor(constant.arg);
    case "binary": {
      const { left, right, shape } = constant;
      const inner = right.kind === "fill" ? left : left.kind === "fill" ? right : undefined;
      return inner && elements(inner.shape) === elements(shape) ? onlyTensor(inner) : undefined;
    }
    default:
      return undefined;
  }
}

const withoutReshape = (constant: Constant): Constant =>
  constant.kind === "reshape" ? withoutReshape(constant.arg) : constant;

const tables = new Map<string, Uint16Array | Uint32Array>();
const keptTables = 32;

/** Entry `b`: the constant's element where the tensor's has the bits `b`. */
function tableFor(
  constant: Constant,
  tensor: Extract<Constant, { kind: "tensor" }>,
  source: Exclude<CheckpointDtype, "float32">,
  dtype: "float16" | "float32",
): Uint16Array | Uint32Array {
  // The key of the function: shapes and the tensor's name do not matter.
  const key = `${source} ${dtype} ${constantKey(generic(constant))}`;
  const known = tables.get(key);
  if (known) return known;
  const decode = source === "bfloat16" ? bfloat16ToFloat32 : float16ToFloat32;
  const read: Reader = (_, out) => {
    for (let bits = 0; bits < 0x10000; bits++) out[bits] = applyTo(constant, tensor, decode(bits));
  };
  const table = makeBits(dtype, 0x10000) as Uint16Array | Uint32Array;
  roundingReader(read, dtype)(0, table as Bits);
  if (tables.size >= keptTables) tables.clear();
  tables.set(key, table);
  return table;
}

function generic(constant: Constant): Constant {
  switch (constant.kind) {
    case "unary":
      return { ...constant, shape: [], arg: generic(constant.arg) };
    case "binary":
      return { ...constant, shape: [], left: generic(constant.left), right: generic(constant.right) };
    case "reshape":
      return generic(constant.arg);
    case "fill":
      return { ...constant, shape: [] };
    default:
      return { kind: "tensor", tensor: "", shape: [] };
  }
}

function applyTo(constant: Constant, tensor: Constant, x: number): number {
  switch (constant.kind) {
    case "unary":
      return unaryFunctions[constant.op](applyTo(constant.arg, tensor, x));
    case "binary":
      return binaryFunctions[constant.op](applyTo(constant.left, tensor, x), applyTo(constant.right, tensor, x));
    case "reshape":
      return applyTo(constant.arg, tensor, x);
    case "fill":
      return constant.value;
    default:
      return x;
  }
}

/** float64 values rounded to the stored dtype. */
function roundingReader(read: Reader, dtype: QnnDtype): BitsReader {
  let values = new Float64Array(0);
  return (start, out) => {
    if (values.length < out.length) values = new Float64Array(out.length);
    const window = values.subarray(0, out.length);
    read(start, window);
    round(window, dtype, out);
  };
}

function round(values: Float64Array, dtype: QnnDtype, out: Bits): void {
  switch (dtype) {
    case "float16":
      return roundToFloat16(values, out as Uint16Array);
    case "float32":
      return new Float32Array(out.buffer, out.byteOffset, out.length).set(values);
    case "int32":
      return new Int32Array(out.buffer, out.byteOffset, out.length).set(values);
    case "uint32":
      return out.set(values);
    case "bool8":
      for (let i = 0; i < out.length; i++) out[i] = values[i] ? 1 : 0;
      return;
    case "ufixed16":
    case "sfixed4":
    case "sfixed8":
    case "sfixed16":
    case "sfixed32":
      // They have scales, which write-quantized.ts finds.
      throw new Error(`${dtype} is not made by rounding alone`);
  }
}

let singles = new Float32Array(0);
let singleBits = new Uint32Array(0);

/**
 * Through float32, "rounded to odd" there: where float32 is inexact, the neighbour nearer to zero with its last bit set. Then
 * the second rounding gives what one rounding would (float32 has more than two bits more than float16).
 */
function roundToFloat16(values: Float64Array, out: Uint16Array): void {
  if (singles.length < values.length) {
    singles = new Float32Array(values.length);
    singleBits = new Uint32Array(singles.buffer);
  }
  singles.set(values);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const single = singles[i]!;
    if (single === value || value !== value) continue;
    const bits = singleBits[i]!;
    if ((bits & 0x7fffffff) === 0x7f800000) continue;
    singleBits[i] = (Math.abs(single) > Math.abs(value) ? bits - 1 : bits) | 1;
  }
  convertFloat32ToFloat16(singleBits.subarray(0, values.length), out);
}
