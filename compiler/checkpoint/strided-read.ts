/**
 * Reads a range of a tensor that lies in a file as a strided view of a flat storage: contiguous ranges by one
 * positional read into the caller's array, others by reading the rows (or, for transposed views, the columns) that
 * hold them and picking the elements out.
 */

import { endianness } from "node:os";

import type { CheckpointFile } from "./checkpoint-file.ts";

export type Bits = Uint16Array | Uint32Array;

export interface StridedTensor {
  readonly shape: readonly number[];
  /** In elements, one for each axis, none negative. */
  readonly strides: readonly number[];
  /** Of element 0, in bytes from the start of the file. */
  readonly fileOffset: number;
  readonly bigEndian: boolean;
}

/** Row-major strides of a dense tensor, in elements. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Elements `start` to `start + out.length` in row-major order; the caller has checked that they exist. */
export function readStrided(file: CheckpointFile, tensor: StridedTensor, start: number, out: Bits): void {
  if (out.length === 0) return;
  const axes = mergeAxes(tensor);
  const reader: Reader = { file, fileOffset: tensor.fileOffset, swap: tensor.bigEndian !== hostIsBigEndian };
  readRange(reader, axes, 0, start, out);
}

const hostIsBigEndian = endianness() === "BE";

/** Elements read at once for picking: 2 MiB or less in bytes. */
const scratchLength = 2 ** 19;

interface Axis {
  readonly extent: number;
  readonly stride: number;
}

interface Reader {
  readonly file: CheckpointFile;
  readonly fileOffset: number;
  readonly swap: boolean;
}

/** Drops axes of extent 1 and joins neighbours that lie as one: [2, 3, 4] with strides [12, 4, 1] is [24] with [1]. */
function mergeAxes({ shape, strides }: StridedTensor): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((extent, i) => {
    if (extent === 1) return;
    const stride = strides[i]!;
    const outer = axes.at(-1);
    const joins = outer !== undefined && outer.stride === stride * extent;
    if (joins) axes[axes.length - 1] = { extent: outer.extent * extent, stride };
    else axes.push({ extent, stride });
  });
  return axes.length === 0 ? [{ extent: 1, stride: 1 }] : axes;
}

/** `start`: a row-major index into `axes`; `base`: the storage index of their element 0. */
function readRange(reader: Reader, axes: readonly Axis[], base: number, start: number, out: Bits): void {
  const [outer, ...rest] = axes as [Axis, ...Axis[]];
  if (rest.length === 0) {
    readRun(reader, { out, position: 0, step: 1 }, base + start * outer.stride, outer.stride, out.length);
    return;
  }
  const inner = rest.reduce((n, axis) => n * axis.extent, 1);
  let done = 0;
  while (done < out.length) {
    const row = Math.floor((start + done) / inner);
    const column = (start + done) % inner;
    const rowBase = base + row * outer.stride;
    const wholeRows = column === 0 ? Math.floor((out.length - done) / inner) : 0;
    if (wholeRows > 0 && rest.length === 1) {
      const block = out.subarray(done, done + wholeRows * inner) as Bits;
      readBlock(reader, { extent: wholeRows, stride: outer.stride }, rest[0]!, rowBase, block);
      done += block.length;
    } else {
      const piece = out.subarray(done, done + Math.min(inner - column, out.length - done)) as Bits;
      readRange(reader, rest, rowBase, column, piece);
      done += piece.length;
    }
  }
}

/** A whole matrix: `rows` by `columns`, row-major into `out`. */
function readBlock(reader: Reader, rows: Axis, columns: Axis, base: number, out: Bits): void {
  const width = columns.extent;
  const rowSpan = (width - 1) * columns.stride + 1;
  const blockSpan = (rows.extent - 1) * rows.stride + rowSpan;
  if (blockSpan > scratchLength && rows.stride < columns.stride) {
    // Transposed and large: along the columns, which are the dense direction of the storage.
    for (let column = 0; column < width; column++) {
      const target = { out, position: column, step: width };
      readRun(reader, target, base + column * columns.stride, rows.stride, rows.extent);
    }
    return;
  }
  // As many rows at a time as fit, unless they lie far apart.
  const fits = rows.stride === 0 ? rows.extent : Math.floor((scratchLength - rowSpan) / rows.stride) + 1;
  const atOnce = rowSpan > scratchLength || rows.stride > 16 * rowSpan ? 1 : Math.max(1, fits);
  for (let row = 0; row < rows.extent; row += atOnce) {
    const count = Math.min(atOnce, rows.extent - row);
    const rowBase = base + row * rows.stride;
    if (count === 1) {
      readRun(reader, { out, position: row * width, step: 1 }, rowBase, columns.stride, width);
    } else {
      const scratch = newBits(out, (count - 1) * rows.stride + rowSpan);
      readDense(reader, rowBase, scratch);
      let position = row * width;
      for (let r = 0; r < count; r++) {
        for (let c = 0; c < width; c++) out[position++] = scratch[r * rows.stride + c * columns.stride]!;
      }
    }
  }
}

interface Target {
  readonly out: Bits;
  readonly position: number;
  readonly step: number;
}

/** `count` elements that lie `stride` apart in the storage, to places `step` apart in the array. */
function readRun(reader: Reader, { out, position, step }: Target, base: number, stride: number, count: number): void {
  if (stride === 1 && step === 1) {
    readDense(reader, base, out.subarray(position, position + count) as Bits);
    return;
  }
  // Elements far apart are read one by one.
  const fits = stride === 0 ? count : Math.floor((scratchLength - 1) / stride) + 1;
  const atOnce = stride > 2048 ? 1 : Math.min(count, fits);
  const scratch = newBits(out, (atOnce - 1) * stride + 1);
  for (let i = 0; i < count; i += atOnce) {
    const n = Math.min(atOnce, count - i);
    readDense(reader, base + i * stride, scratch.subarray(0, (n - 1) * stride + 1) as Bits);
    for (let j = 0; j < n; j++) out[position + (i + j) * step] = scratch[j * stride]!;
  }
}

function readDense(reader: Reader, start: number, out: Bits): void {
  const bytes = Buffer.from(out.buffer, out.byteOffset, out.byteLength);
  reader.file.read(bytes, reader.fileOffset + start * out.BYTES_PER_ELEMENT);
  if (!reader.swap) return;
  if (out.BYTES_PER_ELEMENT === 2) bytes.swap16();
  else bytes.swap32();
}

function newBits(like: Bits, length: number): Bits {
  return like.BYTES_PER_ELEMENT === 2 ? new Uint16Array(length) : new Uint32Array(length);
}
