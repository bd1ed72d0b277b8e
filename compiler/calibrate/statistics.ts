/**
 * Reads what `rwkv-run calibrate` wrote: a histogram of each tensor, and X^T X of the inputs of linear layers. A matrix is read
 * when it is asked for: all of them together are larger than memory.
 *
 * The file: "RWKVCS01", u32 length of a JSON header, the header; float64 counts [tensors][bins]; float32 upper triangles of the
 * matrices' blocks, row after row. Little endian.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { isRecord } from "../checkpoint/bounded-json.ts";
import { DiagnosticError, inputError, missingError } from "../diagnostics/diagnostic.ts";
import type { Histogram } from "./histogram.ts";
import { inputBlocks } from "./input-blocks.ts";

export interface SecondOrder {
  /** Inputs of the linear layer. */
  readonly size: number;
  /** X^T X, [size][size], symmetric; 0 between inputs of different blocks (`inputBlocks`). */
  readonly values: Float32Array;
}

export interface Statistics {
  readonly file: string;
  /** That were run. */
  readonly tokens: number;
  readonly histograms: readonly Histogram[];
  /** Of tensors with a matrix: its rows, which are the inputs of the linear layers that read the tensor. */
  readonly secondOrderSizes: ReadonlyMap<string, number>;
  /** Of the tensor that a linear layer reads; undefined where none was gathered. Diagnostics: calibrate/bad-statistics. */
  readonly secondOrder: (tensorName: string) => SecondOrder | undefined;
}

interface Header {
  readonly tokens: number;
  readonly bins: number;
  readonly tensors: readonly Omit<Histogram, "counts">[];
  readonly secondOrder: readonly { readonly name: string; readonly size: number; readonly blocks: number }[];
}

const magic = "RWKVCS01";
const longestHeader = 256 * 2 ** 20;

/** Diagnostics (DiagnosticError): calibrate/no-statistics, calibrate/bad-statistics. */
export function openStatistics(file: string): Statistics {
  return withFile(file, (fd) => {
    const start = readAt(file, fd, 0, 12);
    if (start.toString("latin1", 0, 8) !== magic) bad(file, "it does not begin as such a file does");
    const length = start.readUInt32LE(8);
    if (length > longestHeader) bad(file, "its header is longer than any can be");
    const header = parseHeader(file, readAt(file, fd, 12, length).toString());
    const { tokens, bins, tensors } = header;
    const counts = readAt(file, fd, 12 + length, 8 * bins * tensors.length);
    const histograms = tensors.map((tensor, i) => {
      const bytes = counts.subarray(8 * bins * i, 8 * bins * (i + 1));
      return { ...tensor, counts: new Float64Array(Uint8Array.from(bytes).buffer) };
    });
    const places = new Map<string, Matrix>();
    let at = 12 + length + counts.length;
    for (const { name, size, blocks } of header.secondOrder) {
      const ranges = inputBlocks(size, blocks);
      const bytes = 4 * ranges.reduce((sum, [from, to]) => sum + triangleOf(to - from), 0);
      places.set(name, { size, ranges, at, bytes });
      at += bytes;
    }
    if (fstatSync(fd).size !== at) bad(file, `it has ${fstatSync(fd).size} bytes, and its header speaks of ${at}`);
    const secondOrder = (name: string): SecondOrder | undefined => {
      const place = places.get(name);
      if (!place) return undefined;
      const bytes = withFile(file, (opened) => readAt(file, opened, place.at, place.bytes));
      const triangles = new Float32Array(bytes.buffer);
      if (!triangles.every(Number.isFinite)) bad(file, `${name} has values that are not finite`);
      const values = unfold(triangles, place);
      // Sums of squares.
      for (let i = 0; i < place.size; i++)
        if (values[i * place.size + i]! < 0) bad(file, `the square of ${name}[${i}] is negative`);
      return { size: place.size, values };
    };
    const secondOrderSizes = new Map([...places].map(([name, { size }]) => [name, size]));
    return { file, tokens, histograms, secondOrderSizes, secondOrder };
  });
}

const triangleOf = (size: number): number => (size * (size + 1)) / 2;

interface Matrix {
  readonly size: number;
  readonly ranges: readonly (readonly [from: number, to: number])[];
  /** Place in the file. */
  readonly at: number;
  readonly bytes: number;
}

function unfold(triangles: Float32Array, { size, ranges }: Matrix): Float32Array {
  const values = new Float32Array(size * size);
  let at = 0;
  for (const [from, to] of ranges) {
    for (let i = from; i < to; i++) {
      for (let j = i; j < to; j++) values[i * size + j] = values[j * size + i] = triangles[at++]!;
    }
  }
  return values;
}

function parseHeader(file: string, text: string): Header {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return bad(file, "its header is not JSON");
  }
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isTensor = (value: unknown): boolean =>
    isRecord(value) &&
    typeof value.name === "string" &&
    ["low", "high"].every((key) => Number.isFinite(value[key])) &&
    ["finite", "notFinite", "zeros"].every((key) => isCount(value[key])) &&
    Number.isInteger(value.exponent);
  const isMatrix = (value: unknown): boolean =>
    isRecord(value) &&
    typeof value.name === "string" &&
    isCount(value.size) &&
    (value.size as number) <= 2 ** 16 &&
    isCount(value.blocks) &&
    (value.blocks as number) <= 64;
  const isHeader =
    isRecord(json) &&
    isCount(json.tokens) &&
    isCount(json.bins) &&
    (json.bins as number) <= 2 ** 16 &&
    Array.isArray(json.tensors) &&
    json.tensors.every(isTensor) &&
    Array.isArray(json.secondOrder) &&
    json.secondOrder.every(isMatrix);
  return isHeader ? (json as unknown as Header) : bad(file, "its header is damaged");
}

function withFile<T>(file: string, body: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    throw new DiagnosticError([
      missingError("calibrate/no-statistics", `${file} cannot be read`, {
        place: { file },
        hint: "`rwkvc calibrate` writes it beside the encodings",
      }),
    ]);
  }
  try {
    return body(fd);
  } finally {
    closeSync(fd);
  }
}

function readAt(file: string, fd: number, position: number, length: number): Buffer {
  if (position + length > fstatSync(fd).size) bad(file, "it is cut off");
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let at = 0; at < length;) {
    const got = readSync(fd, bytes, at, length - at, position + at);
    if (got === 0) bad(file, "it is cut off");
    at += got;
  }
  return bytes;
}

function bad(file: string, problem: string): never {
  throw new DiagnosticError([
    inputError("calibrate/bad-statistics", `${file} is no whole file of calibration statistics`, {
      place: { file },
      notes: [`Found: ${problem}.`],
      hint: "calibrate again",
    }),
  ]);
}
