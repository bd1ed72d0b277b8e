/**
 * Reads a .safetensors file: u64 length, that many bytes of JSON (name -> dtype, shape, data_offsets), then the data.
 * Format: github.com/huggingface/safetensors, README "Format"; like that library, data without gaps is demanded.
 */

import { isRecord, JsonError, parseBoundedJson } from "./bounded-json.ts";
import type { CheckpointDtype } from "./checkpoint.ts";
import { failInput, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { type StoredTensor, countElements, maximalTensors } from "./stored-tensor.ts";
import { denseStrides } from "./strided-read.ts";
import { failTooMany } from "./torch-table.ts";

/** Given the first bytes of a file: a length, whatever it is, then "{" (text would begin with it, or blanks). */
export function looksLikeSafetensors(head: Uint8Array): boolean {
  return head.length > 8 && head[8] === 0x7b && head[0] !== 0x7b && !head.subarray(0, 8).every((byte) => isBlank(byte));
}

const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/**
 * Diagnostics: checkpoint/truncated, safetensors-header, safetensors-tensor, safetensors-layout, no-tensors,
 * too-many-tensors.
 */
export function readSafetensors(file: CheckpointFile): StoredTensor[] {
  const { header, dataStart } = readHeader(file);
  const tensors: PlacedTensor[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") tensors.push(place(file, dataStart, name, entry));
  }
  if (tensors.length === 0) {
    failInput(file.path, "checkpoint/no-tensors", `there are no tensors in ${file.path}`, {
      hint: "save the weights with save_file(model.state_dict(), file)",
    });
  }
  checkLayout(file, dataStart, tensors);
  return tensors;
}

/** Releases have below 1 MB; the format's own limit is 100 MB. */
const maximalHeader = 8 * 2 ** 20;

function readHeader(file: CheckpointFile): { header: Record<string, unknown>; dataStart: number } {
  const length = Buffer.from(file.bytes(0, 8)).readBigUInt64LE();
  if (length > maximalHeader) failHeader(file, `a header of ${length} bytes, where at most ${maximalHeader} are read`);
  const dataStart = 8 + Number(length);
  if (dataStart > file.size) file.failTruncated(`its header alone takes ${length}`);
  let header: unknown;
  try {
    header = parseBoundedJson(file.bytes(8, Number(length)));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    failHeader(file, `a header with ${quote(error.message, 160).slice(1, -1)}`);
  }
  if (!isRecord(header)) failHeader(file, "a header that is not a JSON object");
  if (Object.keys(header).length > maximalTensors) failTooMany(file);
  return { header, dataStart };
}

interface PlacedTensor extends StoredTensor {
  /** In bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

const dtypes: ReadonlyMap<
  string,
  { readonly name: string; readonly bits: number; readonly readable?: CheckpointDtype }
> = new Map([
  ["F32", { name: "float32", bits: 32, readable: "float32" as const }],
  ["F16", { name: "float16", bits: 16, readable: "float16" as const }],
  ["BF16", { name: "bfloat16", bits: 16, readable: "bfloat16" as const }],
  ["F64", { name: "float64", bits: 64 }],
  ["I64", { name: "int64", bits: 64 }],
  ["U64", { name: "uint64", bits: 64 }],
  ["I32", { name: "int32", bits: 32 }],
  ["U32", { name: "uint32", bits: 32 }],
  ["I16", { name: "int16", bits: 16 }],
  ["U16", { name: "uint16", bits: 16 }],
  ["I8", { name: "int8", bits: 8 }],
  ["U8", { name: "uint8", bits: 8 }],
  ["BOOL", { name: "bool", bits: 8 }],
  ["C64", { name: "complex64", bits: 64 }],
  ["F8_E4M3", { name: "float8_e4m3", bits: 8 }],
  ["F8_E5M2", { name: "float8_e5m2", bits: 8 }],
  ["F8_E8M0", { name: "float8_e8m0", bits: 8 }],
  ["F4", { name: "float4", bits: 4 }],
]);

function place(file: CheckpointFile, dataStart: number, name: string, entry: unknown): PlacedTensor {
  const fail = (note: string): never =>
    failInput(file.path, "checkpoint/safetensors-tensor", `tensor ${quote(name)} is described wrongly`, {
      detail: name,
      notes: [`Found: ${note}.`],
      hint: damaged,
    });
  if (!isRecord(entry)) return fail("no JSON object under its name");
  const { dtype: code, shape, data_offsets: offsets } = entry;
  const dtype = typeof code === "string" ? dtypes.get(code) : undefined;
  if (dtype === undefined)
    return fail(`dtype ${quote(String(JSON.stringify(code)))}; known are ${[...dtypes.keys()].join(", ")}`);
  if (!isNaturals(shape) || shape.length > 16) return fail(`shape ${quote(String(JSON.stringify(shape)))}`);
  if (!isNaturals(offsets) || offsets.length !== 2)
    return fail(`data_offsets ${quote(String(JSON.stringify(offsets)))}`);
  const [begin, end] = offsets as [number, number];
  const count = countElements(shape);
  if (count === undefined) return fail(`shape [${shape.join(", ")}], which no file can hold`);
  if (end - begin !== (count * dtype.bits) / 8) {
    const bytes = (count * dtype.bits) / 8;
    return fail(
      `${end - begin} bytes of data (${begin} to ${end}) for shape [${shape.join(", ")}], which takes ${bytes}`,
    );
  }
  return {
    file,
    name,
    shape,
    strides: denseStrides(shape),
    dtype: dtype.readable ?? "float32",
    ...(dtype.readable === undefined ? { unreadable: dtype.name } : {}),
    fileOffset: dataStart + begin,
    bigEndian: false,
    begin,
    end,
  };
}

/** Every byte of the data belongs to exactly one tensor. */
function checkLayout(file: CheckpointFile, dataStart: number, tensors: readonly PlacedTensor[]): void {
  const dataSize = file.size - dataStart;
  const fail = (title: string, detail: string | undefined, note: string): never =>
    failInput(file.path, "checkpoint/safetensors-layout", title, {
      ...(detail === undefined ? {} : { detail }),
      notes: [note],
      hint: damaged,
    });
  let at = 0;
  for (const tensor of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const { name, begin, end } = tensor;
    if (end > dataSize)
      file.failTruncated(`tensor ${quote(name)} needs bytes ${dataStart + begin} to ${dataStart + end}`);
    if (begin < at)
      fail(
        `tensors of ${file.path} overlap`,
        name,
        `${quote(name)} starts at byte ${begin} of the data; the one before it ends at ${at}.`,
      );
    if (begin > at)
      fail(`the data of ${file.path} has a gap`, name, `Bytes ${at} to ${begin} of the data belong to no tensor.`);
    at = end;
  }
  if (at < dataSize) {
    fail(
      `the data of ${file.path} goes on after its tensors`,
      undefined,
      `The last tensor ends at byte ${at} of the data, which has ${dataSize}.`,
    );
  }
}

function failHeader(file: CheckpointFile, note: string): never {
  return failInput(file.path, "checkpoint/safetensors-header", `the header of ${file.path} is damaged`, {
    notes: [`Found: ${note}.`],
    hint: damaged,
  });
}

const damaged = "copy or download the file again; if it is as it was saved, save it anew with the safetensors library";

const isNaturals = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
