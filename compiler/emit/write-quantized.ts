/**
 * Quantized constants in `weights.bin`: the values, then, aligned, their scales (`plan-weights.ts` has the sizes,
 * runtime-cpp/model/tensor_storage.cc reads them).
 */
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import type { Encoding } from "../encodings/encoding.ts";
import { elements } from "../ir/constant.ts";
import type { FixedPointDtype, QnnDtype, StoredScales } from "../lower/qnn-graph.ts";
import {
  bfloat16Bits,
  forWindows,
  onGrid,
  pack4,
  type QuantizedRows,
  type ReadValues,
  type RoundRows,
  type Stored,
  tensorGrid,
} from "../quantize/quantize-constant.ts";
import { constantReader } from "./evaluate-constant.ts";
import type { WeightEntry } from "./plan-weights.ts";

export interface QuantizedOutput {
  readonly write: (bytes: Uint8Array) => void;
  /** Zeros up to a multiple of 64 bytes from where the entry starts. */
  readonly align: () => void;
  /** Called between windows. */
  readonly pause: () => Promise<void>;
}

export const isFixedPoint = (dtype: QnnDtype): dtype is FixedPointDtype => dtype.includes("fixed");

/** Rows that are rounded at once hold about this many elements. */
const windowElements = 2 ** 20;

/** Gives the encoding that the constant has got. Fails with weights/not-finite, behind values that are not it. */
export async function writeQuantized(
  entry: WeightEntry,
  checkpoint: Checkpoint,
  round: RoundRows,
  output: QuantizedOutput,
): Promise<Encoding> {
  const dtype = entry.dtype as FixedPointDtype;
  const stored = entry.stored!;
  const total = elements(entry.dims);
  const { read, expectFinite } = finiteReader(entry, total, checkpoint);
  if (stored.per === "tensor") {
    const grid = tensorGrid(dtype, total, read);
    expectFinite();
    forWindows(total, read, (values) => output.write(bytesOf(onGrid(values, grid, dtype))));
    output.align();
    const header = Buffer.alloc(8);
    header.writeFloatLE(grid.scale, 0);
    header.writeInt32LE(grid.offset, 4);
    output.write(header);
    const bits = { ufixed16: 16, sfixed16: 16, sfixed32: 32, sfixed4: 4, sfixed8: 8 }[dtype];
    const symmetric = dtype !== "ufixed16";
    return { kind: "integer", bits, symmetric, scales: [grid.scale], offsets: [grid.offset] };
  }
  const [channels, inputs] = entry.dims as [number, number];
  const bits = dtype === "sfixed4" ? 4 : 8;
  // An even number, so that no window ends in the middle of a packed pair.
  const rowsAtOnce = 2 * Math.max(1, Math.floor(windowElements / inputs / 2));
  const parts: QuantizedRows[] = [];
  for (let row = 0; row < channels; row += rowsAtOnce) {
    const rows = new Float64Array(Math.min(rowsAtOnce, channels - row) * inputs);
    read(row * inputs, rows);
    const part = round(rows, inputs, bits, stored);
    output.write(bits === 4 ? pack4(part.values) : bytesOf(part.values));
    parts.push({ ...part, values: new Int8Array(0) });
    await output.pause();
  }
  expectFinite();
  output.align();
  const scales = parts.flatMap((part) => [...part.scales]);
  output.write(bytesOf(Uint16Array.from(scales, bfloat16Bits)));
  const blockScales = parts.flatMap((part) => [...(part.blockScales ?? [])]);
  if (stored.per === "blocks") output.write(Uint8Array.from(blockScales));
  return encodingOf(bits, stored, scales, blockScales);
}

/**
 * Reads 0 for what is no number of float32, and counts that: floats can hold such a weight, on integers it would silently become
 * something else.
 */
function finiteReader({ constant, names }: WeightEntry, total: number, checkpoint: Checkpoint) {
  const readAny = constantReader(constant, checkpoint);
  let bad = 0;
  const read: ReadValues = (start, out) => {
    readAny(start, out);
    for (let i = 0; i < out.length; i++) {
      if (Math.abs(out[i]!) <= largestFloat) continue;
      out[i] = 0;
      bad++;
    }
  };
  const expectFinite = (): void => {
    if (bad === 0) return;
    throw new DiagnosticError([
      inputError("weights/not-finite", `${bad} of ${total} values of ${names[0]!} are infinite or NaN`, {
        place: { file: checkpoint.source, detail: names[0]! },
        notes: ["Integers have no place for them."],
        hint: "build with float weights (`--precision fp16`), or mend the checkpoint",
      }),
    ]);
  };
  return { read, expectFinite };
}

const largestFloat = 2 ** 128 - 2 ** 104;

function encodingOf(bits: 4 | 8, stored: StoredScales, scales: number[], blockScales: number[]): Encoding {
  return stored.per === "blocks"
    ? { kind: "blocks", bits: 4, block: stored.block, scales, blockScales }
    : { kind: "integer", bits, symmetric: true, scales, offsets: scales.map(() => 0) };
}

const bytesOf = (values: Stored): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
