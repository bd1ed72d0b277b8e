/**
 * Writes small checkpoint files, sound and unsound: zip archives and pickles are put together by hand, so that each
 * part can be made wrong. Written from the formats' descriptions, not from the readers.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";

import { afterAll, expect } from "vitest";

import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import { type Diagnostic, DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";

/** A folder that is gone after the test file; returns the path of the file written into it. */
export function useFolder(): (name: string, bytes: Uint8Array | string) => string {
  const folder = mkdtempSync(join(tmpdir(), "rwkvc-checkpoint-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name, bytes) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
}

// Zip (APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12, 4.3.16).

export interface ZipPart {
  readonly name: string;
  readonly data: Uint8Array;
  /** Where they differ from the truth. */
  readonly localName?: string;
  readonly method?: number;
  readonly flags?: number;
  readonly claimedSize?: number;
  readonly claimedStoredSize?: number;
  readonly claimedHeader?: number;
  readonly checksum?: number;
  readonly localMethod?: number;
}

export function zip(parts: readonly ZipPart[], claimedEntries = parts.length): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const add = (piece: Buffer): void => {
    pieces.push(piece);
    at += piece.length;
  };
  for (const part of parts) {
    const header = at;
    const localName = Buffer.from(part.localName ?? part.name);
    // Padding to 64 bytes as torch does it: an extra field "FB" in the local header alone.
    const padding = 63 - ((header + 30 + localName.length + 4 + 63) % 64);
    const size = part.claimedSize ?? part.data.length;
    const sizes = [part.claimedStoredSize ?? size, size];
    const common = (method = part.method ?? 0): Buffer[] => [
      ...[u16(part.flags ?? 0), u16(method), u32(0), u32(part.checksum ?? crc32(part.data)), ...sizes.map(u32)],
    ];
    const lengths = [u16(localName.length), u16(4 + padding)];
    add(Buffer.concat([u32(0x04034b50), u16(0), ...common(part.localMethod), ...lengths, localName]));
    add(Buffer.concat([Buffer.from("FB"), u16(padding), Buffer.alloc(padding, "Z")]));
    add(Buffer.from(part.data));
    const name = Buffer.from(part.name);
    directory.push(
      Buffer.concat([u32(0x02014b50), u16(0), u16(0), ...common(), u16(name.length), u16(0), u16(0), u16(0), u16(0)]),
      Buffer.concat([u32(0), u32(part.claimedHeader ?? header), name]),
    );
  }
  const central = Buffer.concat(directory);
  const end = [u32(0x06054b50), u32(0), u16(claimedEntries), u16(claimedEntries), u32(central.length), u32(at), u16(0)];
  return Buffer.concat([...pieces, central, ...end]);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

// Pickle (CPython, Lib/pickletools.py).

type Code = Buffer;

const op = (code: string, ...args: Buffer[]): Code => Buffer.concat([Buffer.from(code, "latin1"), ...args]);

export const pickle = {
  op,
  none: op("N"),
  int: (value: number): Code =>
    value >= 0 && value < 2 ** 31 ? op("J", u32(value)) : op("\x8a", Buffer.from([8]), int64(BigInt(value))),
  text: (value: string): Code => op("X", u32(Buffer.byteLength(value)), Buffer.from(value)),
  global: (module: string, name: string): Code => op("c", Buffer.from(`${module}\n${name}\n`)),
  tuple: (...items: Code[]): Code => op("(", ...items, op("t")),
  list: (...items: Code[]): Code => op("](", ...items, op("e")),
  dict: (entries: readonly (readonly [Code, Code])[]): Code => op("}(", ...entries.flat(), op("u")),
  call: (callee: Code, ...args: Code[]): Code => op("", callee, pickle.tuple(...args), op("R")),
  file: (root: Code): Buffer => op("\x80\x02", root, op(".")),
};

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

export interface TensorEntry {
  readonly name: string;
  readonly storage: string;
  readonly type?: string;
  /** Of the whole storage, in elements. */
  readonly count: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** What older files say of the part of the storage that is meant: (key, first element, number of elements), or None. */
  readonly view?: Code;
}

/** The call that a tensor is in a pickle. */
export function tensorCode(entry: TensorEntry): Code {
  const { storage, type = "HalfStorage", count, offset = 0, shape, strides, view } = entry;
  const { int, text, tuple, global } = pickle;
  const reference = [text("storage"), global("torch", type), text(storage), text("cpu"), int(count)];
  const id = tuple(...reference, ...(view === undefined ? [] : [view]));
  const ints = (values: readonly number[]): Code => tuple(...values.map(int));
  const hooks = pickle.call(global("collections", "OrderedDict"));
  const rebuild = global("torch._utils", "_rebuild_tensor_v2");
  return pickle.call(rebuild, op("", id, op("Q")), int(offset), ints(shape), ints(strides), op("\x89"), hooks);
}

export const tensorDict = (entries: readonly TensorEntry[]): Code =>
  pickle.dict(entries.map((entry) => [pickle.text(entry.name), tensorCode(entry)] as const));

/** A whole .pth: `root` is the pickle's value, `storages` the data by key. */
export function pth(root: Code, storages: Readonly<Record<string, Uint8Array>>, more: readonly ZipPart[] = []): Buffer {
  const data = Object.entries(storages).map(([key, bytes]) => ({ name: `saved-as/data/${key}`, data: bytes }));
  const version = { name: "saved-as/version", data: Buffer.from("3\n") };
  return zip([{ name: "saved-as/data.pkl", data: pickle.file(root) }, ...more, ...data, version]);
}

/** Protocol 2's number of ten bytes that begins a file of torch.save before 1.6. */
const legacyMagic = op("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");

export interface LegacyStorage {
  readonly key: string;
  /** In elements, as the file says. */
  readonly count: number;
  readonly data: Uint8Array;
}

/** A whole file as torch.save wrote it before 1.6: five pickles, then the storages. */
export function legacyTorch(root: Code, storages: readonly LegacyStorage[], version = pickle.int(1001)): Buffer {
  const { int, text, list, dict, file } = pickle;
  const system = dict([
    [text("protocol_version"), int(1001)],
    [text("little_endian"), op("\x88")],
  ]);
  const keys = list(...storages.map(({ key }) => text(key)));
  const data = storages.flatMap(({ count, data }) => [int64(BigInt(count)), Buffer.from(data)]);
  return Buffer.concat([...[legacyMagic, version, system, root, keys].map((code) => file(code)), ...data]);
}

// Safetensors.

export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

export function safetensors(header: Readonly<Record<string, unknown>> | string, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  return Buffer.concat([u32(text.length), u32(0), text, data]);
}

// Reading back.

export function bytesOf(array: Uint16Array | Uint32Array | Float32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** The numbers 0, 1, 2, ... as bit patterns. */
export const ramp = (length: number): Uint16Array => Uint16Array.from({ length }, (_, i) => i);

export function readAllBits(checkpoint: Checkpoint, name: string): number[] {
  const tensor = checkpoint.tensors.get(name)!;
  const count = tensor.shape.reduce((n, extent) => n * extent, 1);
  const out = tensor.dtype === "float32" ? new Uint32Array(count) : new Uint16Array(count);
  checkpoint.readBits(tensor, 0, out);
  return [...out];
}

export function readValue(checkpoint: Checkpoint, name: string, index: number): number {
  const out = new Float32Array(1);
  readFloat32(checkpoint, checkpoint.tensors.get(name)!, index, out);
  return out[0]!;
}

/** The one diagnostic that an action fails with. */
export async function diagnosticOf(action: () => unknown): Promise<Diagnostic> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    expect(error.diagnostics).toHaveLength(1);
    return error.diagnostics[0]!;
  }
  throw new Error("nothing failed");
}

/** The one diagnostic that opening a file fails with; its text has the folder taken out. */
export async function openingFails(path: string): Promise<{ code: string; kind: string; text: string }> {
  const { code, kind, title, place, notes = [], hint } = await diagnosticOf(() => openCheckpoint(path));
  const lines = [title, ...(place?.detail === undefined ? [] : [`at ${place.detail}`]), ...notes];
  const text = [...lines, ...(hint === undefined ? [] : [`hint: ${hint}`])].join("\n");
  return { code, kind, text: text.replaceAll(/\S*rwkvc-checkpoint-\w+\//g, "") };
}

/** Small and quick, the same everywhere (Mulberry32 by Tommy Ettinger, public domain): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
