/**
 * Reads the zip container of torch.save: `<stem>/data.pkl` names the tensors as views of storages, `<stem>/data/<key>`
 * hold the storages. The pickle is interpreted as data (pickle.ts); nothing in it is executed.
 */

import { ByteCursor } from "./byte-cursor.ts";
import { failInput, failUnsupported, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { StoredTensor } from "./stored-tensor.ts";
import type { TorchTensor } from "./torch-globals.ts";
import { findTensors, maximalPickle, placeTensor, readTable } from "./torch-table.ts";
import { checksumOnce, verifyChecksum } from "./zip-checksum.ts";
import { type ZipEntry, readZipDirectory } from "./zip-directory.ts";

/**
 * Diagnostics: those of zip-directory.ts and torch-table.ts; checkpoint/torchscript, no-pickle, byte-order,
 * missing-storage, checksum. A storage's checksum is compared when a tensor of it is first read.
 */
export async function readPth(file: CheckpointFile): Promise<StoredTensor[]> {
  const entries = await readZipDirectory(file);
  const archive = findArchive(file, entries);
  verifyChecksum(file, archive.pickle);
  const root = readTable(new ByteCursor(file, archive.pickle.start, archive.pickle.size), archive.pickle.name);
  const checks = new Map<ZipEntry, () => void>();
  return [...findTensors(file, root)].map(([name, tensor]) => {
    const entry = storageEntry(file, archive, name, tensor);
    const verify = checks.get(entry) ?? checksumOnce(file, entry);
    checks.set(entry, verify);
    const data = { title: `entry ${quote(entry.name)}`, start: entry.start, size: entry.size, verify };
    return placeTensor(file, name, tensor, data, archive.bigEndian);
  });
}

interface Archive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** What precedes `data.pkl`: the file's stem when it was saved, and a slash. */
  readonly prefix: string;
  readonly pickle: ZipEntry;
  readonly bigEndian: boolean;
}

function findArchive(file: CheckpointFile, entries: ReadonlyMap<string, ZipEntry>): Archive {
  const pickles = [...entries.values()].filter(({ name }) => /^(.*\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    const some = [...entries.keys()].slice(0, 5).map((name) => quote(name));
    const found = entries.size === 0 ? "no entries" : `${entries.size} entries: ${some.join(", ")}`;
    return failInput(file.path, "checkpoint/no-pickle", `${file.path} is a zip archive, but not one of torch.save`, {
      notes: [`It has ${pickles.length} entries named "data.pkl", where one is expected. It holds ${found}.`],
      hint: "name the checkpoint itself; if it is packed inside this archive, unpack it first",
    });
  }
  const prefix = pickle.name.slice(0, -"data.pkl".length);
  if (entries.has(`${prefix}constants.pkl`)) {
    failUnsupported(file.path, "checkpoint/torchscript", `${file.path} is a TorchScript program, not a checkpoint`, {
      hint: "save the weights alone: torch.save(model.state_dict(), file)",
    });
  }
  if (pickle.size > maximalPickle) {
    failInput(file.path, "checkpoint/pickle-limit", `the table of tensors in ${file.path} is too large`, {
      detail: pickle.name,
      notes: [`It has ${pickle.size} bytes; at most ${maximalPickle} are read.`],
      hint: "save the tensors alone, without what else the file holds: torch.save(model.state_dict(), file)",
    });
  }
  return { entries, prefix, pickle, bigEndian: readByteOrder(file, entries.get(`${prefix}byteorder`)) };
}

/** Files from before torch 2.1 have no such entry; they are little-endian wherever RWKV checkpoints are made. */
function readByteOrder(file: CheckpointFile, entry: ZipEntry | undefined): boolean {
  if (entry === undefined) return false;
  const text = Buffer.from(file.bytes(entry.start, Math.min(entry.size, 16))).toString("latin1");
  if (text === "little" || text === "big") return text === "big";
  return failInput(file.path, "checkpoint/byte-order", `${file.path} has an unknown byte order`, {
    detail: entry.name,
    notes: [`Found ${quote(text)}, expected "little" or "big".`],
    hint: "the file is damaged: copy or download it again",
  });
}

function storageEntry(file: CheckpointFile, archive: Archive, name: string, { storage }: TorchTensor): ZipEntry {
  const path = `${archive.prefix}data/${storage.key}`;
  const entry = archive.entries.get(path);
  if (entry !== undefined) return entry;
  return failInput(file.path, "checkpoint/missing-storage", `the data of tensor ${quote(name)} is missing`, {
    detail: name,
    notes: [`It refers to entry ${quote(path)}, which is not in the archive.`],
    hint: "the file is damaged or made to mislead: copy or download it again",
  });
}
