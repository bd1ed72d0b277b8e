/**
 * Writes constants into files, in pieces of about 2 MB: `weights.bin` in one pass, and the host's embedding table. The
 * sha256 is made on the way. Values that their dtype cannot hold are told as warnings.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { inputWarning, type Diagnostic } from "../diagnostics/diagnostic.ts";
import { elements, type Constant } from "../ir/constant.ts";
import type { HostEmbedding, QnnDtype } from "../lower/qnn-graph.ts";
import { bitsReader, makeBits } from "./constant-bits.ts";
import { constantReader } from "./evaluate-constant.ts";
import { type Encoding } from "../encodings/encoding.ts";
import type { RoundRows } from "../quantize/quantize-constant.ts";
import { dtypeBytes, scaleAlignment, type WeightEntry, weightsHeader, type WeightPlan } from "./plan-weights.ts";
import { writeQuantized } from "./write-quantized.ts";

export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly warnings: readonly Diagnostic[];
}

/** What the writer of quantized weights needs to know, and tells. */
export interface Quantizing {
  readonly roundingFor: (entry: WeightEntry) => RoundRows;
  readonly onEncoding: (tensor: string, encoding: Encoding) => void;
}

/** Called with the bytes of the file that have been written so far. */
export type OnBytes = (bytes: number) => void;

const pieceBytes = 2 ** 21;

export async function writeWeights(
  path: string,
  plan: WeightPlan,
  id: string,
  checkpoint: Checkpoint,
  onBytes: OnBytes = () => {},
  quantizing?: Quantizing,
): Promise<WrittenFile> {
  return writeFile(path, async (file) => {
    const warnings: Diagnostic[] = [];
    file.write(weightsHeader(plan, id));
    for (const entry of plan.entries) {
      file.padTo(entry.offset);
      const name = entry.names[0]!;
      if (entry.stored && quantizing) {
        const encoding = await writeQuantized(entry, checkpoint, quantizing.roundingFor(entry), {
          write: (bytes) => file.write(bytes),
          align: () => file.padTo(Math.ceil(file.position / scaleAlignment) * scaleAlignment),
          pause: () => {
            onBytes(file.position);
            return new Promise((resolve) => setImmediate(resolve));
          },
        });
        entry.names.forEach((each) => quantizing.onEncoding(each, encoding));
        continue;
      }
      warnings.push(...(await writeConstant(file, entry.constant, entry.dtype, name, checkpoint, onBytes)));
    }
    file.padTo(plan.bytes);
    return warnings;
  });
}

/** The rows of the table, without a header. */
export async function writeEmbedding(
  path: string,
  embedding: HostEmbedding,
  checkpoint: Checkpoint,
  onBytes: OnBytes = () => {},
): Promise<WrittenFile> {
  return writeFile(path, (file) =>
    writeConstant(file, embedding.table, embedding.dtype, "embedding", checkpoint, onBytes),
  );
}

async function writeFile(path: string, fill: (file: HashedFile) => Promise<Diagnostic[]>): Promise<WrittenFile> {
  const file = new HashedFile(path);
  try {
    const warnings = await fill(file);
    return { bytes: file.position, sha256: file.digest(), warnings };
  } finally {
    file.close();
  }
}

/** A file that is written from its start to its end. */
class HashedFile {
  position = 0;
  private readonly descriptor: number;
  private readonly hash = createHash("sha256");

  constructor(path: string) {
    this.descriptor = openSync(path, "wx");
  }

  write(bytes: Uint8Array): void {
    this.hash.update(bytes);
    for (let done = 0; done < bytes.length;) done += writeSync(this.descriptor, bytes, done);
    this.position += bytes.length;
  }

  padTo(position: number): void {
    if (position > this.position) this.write(new Uint8Array(position - this.position));
  }

  digest(): string {
    return this.hash.digest("hex");
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

async function writeConstant(
  file: HashedFile,
  constant: Constant,
  dtype: QnnDtype,
  name: string,
  checkpoint: Checkpoint,
  onBytes: OnBytes,
): Promise<Diagnostic[]> {
  const read = bitsReader(constant, dtype, checkpoint);
  const total = elements(constant.shape);
  const piece = makeBits(dtype, Math.min(total, wholeRows(constant.shape, pieceBytes / dtypeBytes[dtype])));
  let largest = 0;
  for (let start = 0; start < total; start += piece.length) {
    const bits = piece.subarray(0, Math.min(piece.length, total - start));
    read(start, bits);
    if (bits instanceof Uint16Array) largest = Math.max(largest, largestMagnitude16(bits));
    else if (dtype === "float32") largest = Math.max(largest, largestMagnitude32(bits as Uint32Array));
    file.write(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
    if (total > piece.length || start + bits.length === total) {
      onBytes(file.position);
      // Lets the C++ compiler's output and signals through.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  if (dtype === "float16" && (largest >= 0x7c00 || largest < 0x0400)) return judge(constant, dtype, name, checkpoint);
  if (dtype === "float32" && largest >= 0x7f800000) return judge(constant, dtype, name, checkpoint);
  return [];
}

/** The most whole rows in `limit` elements: norms work on rows. */
function wholeRows(shape: readonly number[], limit: number): number {
  const columns = shape.at(-1) ?? 1;
  return Math.max(1, Math.floor(limit / columns)) * columns;
}

function largestMagnitude16(bits: Uint16Array): number {
  let largest = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & 0x7fff;
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

function largestMagnitude32(bits: Uint32Array): number {
  let largest = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

const limits = { float16: { largest: 65520, normal: 2 ** -14 }, float32: { largest: 2 ** 128 - 2 ** 103, normal: 0 } };

/** Second look at a tensor whose stored form has infinities or nothing but numbers below the normal range. */
function judge(constant: Constant, dtype: "float16" | "float32", name: string, checkpoint: Checkpoint): Diagnostic[] {
  const read = constantReader(constant, checkpoint);
  const total = elements(constant.shape);
  const window = new Float64Array(Math.min(total, wholeRows(constant.shape, 2 ** 18)));
  const seen = { overflow: 0, notFinite: 0, largest: 0 };
  for (let start = 0; start < total; start += window.length) {
    const values = window.subarray(0, Math.min(window.length, total - start));
    read(start, values);
    for (const value of values) {
      const magnitude = Math.abs(value);
      if (!(magnitude < Infinity)) seen.notFinite++;
      else if (magnitude >= limits[dtype].largest) seen.overflow++;
      if (magnitude < Infinity && magnitude > seen.largest) seen.largest = magnitude;
    }
  }
  return describe(seen, total, dtype, name, checkpoint.source);
}

function describe(
  seen: { readonly overflow: number; readonly notFinite: number; readonly largest: number },
  total: number,
  dtype: "float16" | "float32",
  name: string,
  file: string,
): Diagnostic[] {
  const place = { file, detail: name };
  const warnings: Diagnostic[] = [];
  if (seen.overflow > 0) {
    const title = `${seen.overflow} of ${total} values of ${name} become infinite in ${dtype}`;
    const notes = [
      `The largest is ${seen.largest.toPrecision(6)}; ${dtype} ends at ${dtype === "float16" ? "65504" : "3.4e38"}.`,
    ];
    const hint = "scale the weight in the spec, or build with a wider precision";
    warnings.push(inputWarning("weights/overflow", title, { place, notes, hint }));
  }
  if (seen.notFinite > 0) {
    const title = `${seen.notFinite} of ${total} values of ${name} are infinite or NaN`;
    warnings.push(inputWarning("weights/not-finite", title, { place }));
  }
  if (seen.overflow === 0 && seen.notFinite === 0 && seen.largest > 0 && seen.largest < limits[dtype].normal) {
    const title = `all values of ${name} are below ${dtype}'s normal range`;
    const notes = [
      `The largest is ${seen.largest.toPrecision(6)}; below 6.1e-5 float16 has fewer than 11 bits, and 0 below 3e-8.`,
    ];
    warnings.push(inputWarning("weights/underflow", title, { place, notes }));
  }
  return warnings;
}
