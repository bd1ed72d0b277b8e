/**
 * A checkpoint in several files: an index (JSON with a `weight_map` from tensor to file name) beside the files that it
 * names, .safetensors or .pth. Format: Hugging Face's `model.safetensors.index.json`, `pytorch_model.bin.index.json`.
 * Index and files have to say the same: each tensor of each file is in the index, under that file, and the other way
 * round.
 */

import { dirname, join } from "node:path";

import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { isRecord, JsonError, parseBoundedJson } from "./bounded-json.ts";
import { failInput, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { maximalTensors, type StoredTensor } from "./stored-tensor.ts";

/** Given the first bytes of a file: an object of JSON that has one of the keys of an index. */
export function looksLikeIndex(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString("latin1");
  return /^\s*\{\s*"/.test(text) && /"(weight_map|metadata)"\s*:/.test(text);
}

const maximalIndex = 8 * 2 ** 20;

/** Each is an open file. The largest releases have some dozens. */
const maximalShards = 500;

/**
 * Opens the files by `open`, which closes them in the end. Diagnostics: checkpoint/index, index-path, missing-shard,
 * index-mismatch; those of opening and reading the files.
 */
export async function readShards(
  index: CheckpointFile,
  open: (path: string) => CheckpointFile,
  readTensors: (file: CheckpointFile) => Promise<StoredTensor[]>,
): Promise<StoredTensor[]> {
  const expected = readIndex(index);
  const byFile = group(expected);
  if (byFile.size > maximalShards) failIndex(index, `${byFile.size} files`);
  const tensors: StoredTensor[] = [];
  for (const [name, listed] of byFile) {
    const file = openShard(index, open, name, listed);
    const found = await readTensors(file);
    compare(index, file, name, listed, found, expected);
    tensors.push(...found);
  }
  return tensors;
}

/** Tensor -> file name, in the order of the index. */
function readIndex(index: CheckpointFile): ReadonlyMap<string, string> {
  if (index.size > maximalIndex) failIndex(index, `${index.size} bytes, where at most ${maximalIndex} are read`);
  let root: unknown;
  try {
    root = parseBoundedJson(index.bytes(0, index.size));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    failIndex(index, quote(error.message, 160).slice(1, -1));
  }
  if (!isRecord(root) || !isRecord(root["weight_map"])) failIndex(index, 'no object "weight_map"');
  const entries = Object.entries(root["weight_map"]);
  if (entries.length === 0) failIndex(index, 'an empty "weight_map"');
  if (entries.length > maximalTensors)
    failIndex(index, `${entries.length} tensors; at most ${maximalTensors} are read`);
  return new Map(entries.map(([tensor, name]) => [tensor, checkName(index, tensor, name)]));
}

/** A plain file name: whatever leads to another folder is not followed. */
function checkName(index: CheckpointFile, tensor: string, name: unknown): string {
  if (typeof name === "string" && /^[^/\\\0]+$/.test(name) && name !== "." && name !== ".." && !/^\w:/.test(name)) {
    return name;
  }
  const found = typeof name === "string" ? quote(name) : quote(String(JSON.stringify(name)));
  return failInput(index.path, "checkpoint/index-path", `the index ${index.path} leads outside its folder`, {
    detail: tensor,
    notes: [
      `For tensor ${quote(tensor)} it names ${found}. Expected: the name of a file beside the index, without any path.`,
    ],
    hint: "put all files of the checkpoint into one folder and name them in the index as they are called there",
  });
}

function group(expected: ReadonlyMap<string, string>): Map<string, string[]> {
  const byFile = new Map<string, string[]>();
  for (const [tensor, name] of expected) {
    const listed = byFile.get(name);
    if (listed === undefined) byFile.set(name, [tensor]);
    else listed.push(tensor);
  }
  return byFile;
}

function openShard(
  index: CheckpointFile,
  open: (path: string) => CheckpointFile,
  name: string,
  listed: readonly string[],
): CheckpointFile {
  try {
    return open(join(dirname(index.path), name));
  } catch (error) {
    if (!(error instanceof DiagnosticError) || error.diagnostics[0]?.code !== "checkpoint/not-found") throw error;
    return failInput(index.path, "checkpoint/missing-shard", `a file of the checkpoint ${index.path} is missing`, {
      detail: name,
      notes: [
        `The index says that ${quote(name)}, beside it, holds ${countOf(listed, "tensor")}: ${some(listed)}. ` +
          "There is no such file.",
      ],
      hint: "download all files that the index names into the folder of the index",
    });
  }
}

function compare(
  index: CheckpointFile,
  file: CheckpointFile,
  name: string,
  listed: readonly string[],
  found: readonly StoredTensor[],
  expected: ReadonlyMap<string, string>,
): void {
  const held = new Set(found.map((tensor) => tensor.name));
  const absent = listed.filter((tensor) => !held.has(tensor));
  const foreign = [...held].filter((tensor) => expected.get(tensor) !== name);
  if (absent.length === 0 && foreign.length === 0) return;
  const elsewhere = foreign[0] === undefined ? undefined : expected.get(foreign[0]);
  const notes = [
    absent.length > 0
      ? `By the index ${quote(name)} holds ${some(absent)}, and it does not.`
      : elsewhere === undefined
        ? `${quote(name)} holds ${some(foreign)}, which the index does not name.`
        : `${quote(name)} holds ${some(foreign)}, for which the index names ${quote(elsewhere)}.`,
  ];
  failInput(file.path, "checkpoint/index-mismatch", `${index.path} and ${file.path} contradict each other`, {
    detail: absent[0] ?? foreign[0]!,
    notes,
    hint: "index and files are of different versions, or the index was edited: download all of them again",
  });
}

function failIndex(index: CheckpointFile, note: string): never {
  return failInput(index.path, "checkpoint/index", `the index ${index.path} is damaged`, {
    notes: [
      `Found: ${note}. Expected: {"weight_map": {"TENSOR": "FILE", ...}}, at most ${maximalShards} different files.`,
    ],
    hint: "download the index again",
  });
}

const countOf = (items: readonly unknown[], what: string): string =>
  `${items.length} ${what}${items.length === 1 ? "" : "s"}`;

const some = (names: readonly string[]): string =>
  names
    .slice(0, 3)
    .map((name) => quote(name))
    .join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
