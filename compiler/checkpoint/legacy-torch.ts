/**
 * Reads what torch.save wrote before torch 1.6, and writes still when it is told to: five pickles one after another
 * (a magic number, the protocol's version, facts of the machine, the tensors, the list of storage keys), then the
 * storages in the order of that list, each as its number of elements (u64) and its elements, all little-endian.
 * Format: torch/serialization.py (`_legacy_save`). The pickles are interpreted as data; nothing in them is executed.
 */

import { ByteCursor } from "./byte-cursor.ts";
import { failInput, failUnsupported, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { describe, isKind, type PickleValue } from "./pickle.ts";
import type { StoredTensor } from "./stored-tensor.ts";
import { torchHost, type TorchStorage } from "./torch-globals.ts";
import { failTable, findTensors, maximalPickle, placeTensor, readTable, type StorageData } from "./torch-table.ts";

/** PROTO 2, LONG1 of ten bytes, 0x1950a86a20f9469cfc6c. */
const magic = Buffer.from("80028a0a6cfc9c46f9206aa85019", "hex");

/** Given the first bytes of a file. */
export const looksLikeLegacyTorch = (head: Uint8Array): boolean => magic.equals(head.subarray(0, magic.length));

/** Diagnostics: those of torch-table.ts; checkpoint/truncated, legacy-protocol, missing-storage. */
export function readLegacyTorch(file: CheckpointFile): StoredTensor[] {
  let at = 0;
  const declared = new Map<string, TorchStorage>();
  const host = torchHost((storage) => declare(file, declared, storage));
  const next = (what: string): PickleValue => {
    const input = new ByteCursor(file, at, maximalPickle);
    const value = readTable(input, `${what}, from byte ${at}`, host);
    at += input.offset;
    return value;
  };
  next("the magic number");
  const version = next("the protocol's version");
  if (version !== 1001) {
    failUnsupported(file.path, "checkpoint/legacy-protocol", `${file.path} has an unknown version of torch's format`, {
      notes: [`Found ${typeof version === "number" ? version : describe(version)}, expected 1001.`],
      hint: "load it in Python and save it again: torch.save(torch.load(f), g)",
    });
  }
  next("the facts of the machine");
  const tensors = findTensors(file, next("the table of tensors"));
  const storages = findStorages(file, next("the list of storages"), at, declared);
  return [...tensors].map(([name, tensor]) => {
    const data = storages.get(tensor.storage.key);
    if (data !== undefined) return placeTensor(file, name, tensor, data, false);
    return failInput(file.path, "checkpoint/missing-storage", `the data of tensor ${quote(name)} is missing`, {
      detail: name,
      notes: [`It refers to storage ${quote(tensor.storage.key)}, which the file does not hold.`],
      hint: "the file is damaged or made to mislead: copy or download it again",
    });
  });
}

/** All that refer to a storage have to say the same of it: where the next one begins depends on it. */
function declare(file: CheckpointFile, declared: Map<string, TorchStorage>, storage: TorchStorage): void {
  const { key, dtype, wholeCount } = storage;
  const other = declared.get(key);
  if (other !== undefined && (other.dtype !== dtype || other.wholeCount !== wholeCount)) {
    failTable(file, {
      notes: [
        `Storage ${quote(key)} is described in two ways: as ${other.wholeCount} elements of ${other.dtype.name}, ` +
          `and as ${wholeCount} of ${dtype.name}.`,
      ],
    });
  }
  declared.set(key, storage);
}

function findStorages(
  file: CheckpointFile,
  keys: PickleValue,
  start: number,
  declared: ReadonlyMap<string, TorchStorage>,
): ReadonlyMap<string, StorageData> {
  if (!isKind(keys, "list")) failTable(file, { notes: [`The list of storages is ${describe(keys)}.`] });
  const storages = new Map<string, StorageData>();
  let at = start;
  for (const key of keys.items) {
    if (typeof key !== "string") failTable(file, { notes: [`A storage's key is ${describe(key)}, not a string.`] });
    if (storages.has(key)) failTable(file, { notes: [`Storage ${quote(key)} is listed twice.`] });
    const storage = declared.get(key);
    if (storage === undefined) {
      // Its element size is unknown, and with it where the next storage begins.
      failTable(file, { notes: [`Storage ${quote(key)} is listed, but nothing refers to it.`] });
    }
    const { dtype, wholeCount: count } = storage;
    const title = `storage ${quote(key)}`;
    const needed = 8 + count * dtype.bytes;
    if (at + needed > file.size) file.failTruncated(`${title} needs bytes ${at} to ${at + needed}`);
    const found = Buffer.from(file.bytes(at, 8)).readBigInt64LE();
    if (found !== BigInt(count)) {
      failTable(file, {
        detail: `${title}, byte ${at}`,
        notes: [`It has ${found} elements there; the table of tensors says ${count} of ${dtype.name}.`],
      });
    }
    storages.set(key, { title, start: at + 8, size: count * dtype.bytes });
    at += needed;
  }
  return storages;
}
