/**
 * The layout of `weights.bin`: which static tensor lies where. Made before anything is written, so that the C++ and the
 * weights can be made at the same time.
 *
 * In: the graphs' STATIC tensors. Out: entries in the order in which the graphs first use them; equal data (same constant,
 * same dtype, same kind of scales) is stored once. Every entry is aligned to 64 bytes, a large one to a page.
 */
import { createHash } from "node:crypto";

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { constantKey, elements, tensorsOf, type Constant } from "../ir/constant.ts";
import type { QnnDtype, QnnGraph, QnnTensor, StoredScales } from "../lower/qnn-graph.ts";

export interface WeightEntry {
  readonly constant: Constant;
  readonly dtype: QnnDtype;
  readonly stored?: StoredScales;
  /** Name of the activations that a quantized weight is multiplied with; see QnnTensor. */
  readonly multiplies?: string;
  /** As the graph has it. */
  readonly dims: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
  /** Tensors that hold it, in order of first use; the first one names it in messages. */
  readonly names: readonly string[];
}

export interface WeightPlan {
  readonly entries: readonly WeightEntry[];
  /** By `dataKey`. */
  readonly byData: ReadonlyMap<string, WeightEntry>;
  /** Size of the file. */
  readonly bytes: number;
}

export const weightsHeaderBytes = 64;
const alignment = 64;
const pageBytes = 4096;
/** From here on an entry starts on a page; below, the file would be a good part of nothing. */
const pagedBytes = 2 ** 20;

export const dtypeBytes: Readonly<Record<QnnDtype, number>> = {
  float16: 2,
  float32: 4,
  int32: 4,
  uint32: 4,
  bool8: 1,
  ufixed16: 2,
  sfixed4: 1 / 2,
  sfixed8: 1,
  sfixed16: 2,
  sfixed32: 4,
};

/** Of a tensor's values, without the scales. */
export const valueBytes = (dtype: QnnDtype, shape: readonly number[]): number =>
  Math.ceil(elements(shape) * dtypeBytes[dtype]);

/** Of a constant's values and, behind them, aligned, its scales: see `StoredScales`. */
export function storedBytes({ dtype, dims, stored }: Pick<QnnTensor, "dtype" | "dims" | "stored">): number {
  const values = valueBytes(dtype, dims);
  return stored ? roundUp(values, scaleAlignment) + scaleBytes(dims, stored) : values;
}

export const scaleAlignment = 64;

/** tensor: float32 scale, int32 offset; channels: bfloat16 each; blocks: a byte for each besides. */
export function scaleBytes([channels = 1, inputs = 1]: readonly number[], stored: StoredScales): number {
  if (stored.per === "tensor") return 8;
  return 2 * channels + (stored.per === "blocks" ? channels * (inputs / stored.block) : 0);
}

export function planWeights(graphs: readonly QnnGraph[]): WeightPlan {
  const entries: WeightEntry[] = [];
  const byData = new Map<string, WeightEntry>();
  const namesOf = new Map<WeightEntry, string[]>();
  let end = weightsHeaderBytes;
  for (const tensor of staticTensors(graphs)) {
    const key = dataKey(tensor);
    let entry = byData.get(key);
    if (!entry) {
      const bytes = storedBytes(tensor);
      const offset = roundUp(end, bytes >= pagedBytes ? pageBytes : alignment);
      const names: string[] = [];
      const { dtype, dims, stored, multiplies } = tensor;
      const quantized = { ...(stored && { stored }), ...(multiplies !== undefined && { multiplies }) };
      entry = { constant: tensor.constant!, dtype, dims, ...quantized, offset, bytes, names };
      entries.push(entry);
      namesOf.set(entry, names);
      byData.set(key, entry);
      end = offset + bytes;
    }
    const names = namesOf.get(entry)!;
    if (!names.includes(tensor.name)) names.push(tensor.name);
  }
  return { entries, byData, bytes: roundUp(end, alignment) };
}

/** Where a static tensor of the planned graphs lies. */
export const weightOf = (plan: WeightPlan, tensor: QnnTensor): WeightEntry => plan.byData.get(dataKey(tensor))!;

function* staticTensors(graphs: readonly QnnGraph[]): Generator<QnnTensor> {
  for (const graph of graphs) {
    for (const node of graph.nodes) for (const input of node.inputs) if (input.kind === "STATIC") yield input;
  }
}

/** Reshaping changes no data, but what has a scale of its own does. */
function dataKey({ constant, dtype, stored, dims }: Pick<QnnTensor, "constant" | "dtype" | "stored" | "dims">): string {
  let inner = constant!;
  while (inner.kind === "reshape") inner = inner.arg;
  const scales = stored && stored.per !== "tensor" ? ` ${JSON.stringify(stored)} ${dims.join()}` : "";
  return `${dtype}${scales} ${constantKey(inner)}`;
}

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

/**
 * 64 hexadecimal digits that tell one `weights.bin` from another: the layout, and a sample of every checkpoint tensor that
 * goes into it. Known before the file is written (the library is compiled meanwhile); the file's own sha256 is in the
 * manifest.
 */
export function weightsId(plan: WeightPlan, checkpoint: Checkpoint): string {
  const hash = createHash("sha256");
  const tensors = new Set<string>();
  for (const entry of plan.entries) {
    hash.update(`${entry.offset} ${dataKey(entry)}\n`);
    for (const { tensor } of tensorsOf(entry.constant)) tensors.add(tensor);
  }
  for (const name of tensors) {
    const info = checkpoint.tensors.get(name);
    if (!info) continue;
    const size = elements(info.shape);
    const count = Math.min(size, 64);
    const bits = info.dtype === "float32" ? new Uint32Array(count) : new Uint16Array(count);
    hash.update(`${name} ${info.dtype} [${info.shape.join(",")}]\n`);
    for (const start of size > count ? [0, Math.floor((size - count) / 2), size - count] : [0]) {
      checkpoint.readBits(info, start, bits);
      hash.update(bits);
    }
  }
  return hash.digest("hex");
}

/** The 64 bytes in front of the entries (`struct WeightsHeader` in runtime-cpp/model/weights.h). */
export function weightsHeader(plan: WeightPlan, id: string): Buffer {
  const header = Buffer.alloc(weightsHeaderBytes);
  header.write("RWKVCWTS", 0, "latin1");
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(weightsHeaderBytes, 12);
  header.writeBigUInt64LE(BigInt(plan.bytes), 16);
  header.write(id, 24, "hex");
  return header;
}
