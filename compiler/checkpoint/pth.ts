/**
 * Reads the zip container of torch.save: `<stem>/data.pkl` names the tensors as views of storages, `<stem>/data/<key>`
 * hold the storages. The pickle is interpreted as data (pickle.ts); nothing in it is executed.
 */

import type { Checkpoint } from "./checkpoint.ts";
import { failInput, failUnsupported, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { PickleError, type PickleValue, describe, isKind, readPickle } from "./pickle.ts";
import { type StoredTensor, countElements, storedCheckpoint } from "./stored-tensor.ts";
import { TorchError, TorchTensor, torchHost } from "./torch-globals.ts";
import { type ZipEntry, readZipDirectory } from "./zip-directory.ts";

/**
 * Diagnostics: those of zip-directory.ts; checkpoint/torchscript, no-pickle, byte-order, pickle, pickle-limit,
 * foreign-global, no-tensors, tensor-name, missing-storage, short-storage, tensor-bounds.
 */
export async function openPth(file: CheckpointFile, source: string): Promise<Checkpoint> {
  const entries = await readZipDirectory(file);
  const archive = findArchive(file, entries);
  const root = readRoot(file, archive.pickle);
  const tensors = [...findTensors(file, root)].map(([name, tensor]) => store(file, archive, name, tensor));
  return storedCheckpoint(file, source, tensors);
}

interface Archive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** What precedes `data.pkl`: the file's stem when it was saved, and a slash. */
  readonly prefix: string;
  readonly pickle: ZipEntry;
  readonly bigEndian: boolean;
}

/** Of `data.pkl`; the largest releases have some 300 KB. */
const maximalPickle = 64 * 2 ** 20;

function findArchive(file: CheckpointFile, entries: ReadonlyMap<string, ZipEntry>): Archive {
  const pickles = [...entries.values()].filter(({ name }) => /^(.*\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    const some = [...entries.keys()].slice(0, 5).map((name) => quote(name));
    const found = entries.size === 0 ? "no entries" : `${entries.size} entries: ${some.join(", ")}`;
    return failInput(file.path, "checkpoint/no-pickle", `${file.path} is a zip archive, but not one of torch.save`, {
      notes: [`It has ${pickles.length} entries named "data.pkl", where one is expected. It holds ${found}.`],
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
  });
}

function readRoot(file: CheckpointFile, entry: ZipEntry): PickleValue {
  try {
    return readPickle(file.bytes(entry.start, entry.size), torchHost);
  } catch (error) {
    const detail = entry.name;
    if (error instanceof TorchError) {
      failInput(file.path, "checkpoint/pickle", `the table of tensors in ${file.path} is damaged`, {
        detail,
        notes: [`Found: ${error.message}.`],
      });
    }
    if (error instanceof PickleError) failPickle(file, error, detail);
    throw error;
  }
}

function failPickle(file: CheckpointFile, error: PickleError, entry: string): never {
  const detail = `${entry}, byte ${error.offset}`;
  switch (error.reason) {
    case "foreign-global":
      return failInput(file.path, "checkpoint/foreign-global", `${file.path} refers to ${error.message}`, {
        detail,
        notes: [
          "A checkpoint is read as data: tensors, and the dicts around them. Loading this file in Python would " +
            `import and call ${error.message}; here nothing of it was executed.`,
        ],
        hint: "if you trust the file, load it in Python and save its tensors alone; if not, do not load it",
      });
    case "limit":
      return failInput(file.path, "checkpoint/pickle-limit", `the table of tensors in ${file.path} is too large`, {
        detail,
        notes: [`Found: ${error.message}.`],
      });
    case "malformed":
      return failInput(file.path, "checkpoint/pickle", `the table of tensors in ${file.path} is damaged`, {
        detail,
        notes: [`Found: ${error.message}.`],
      });
  }
}

/** Trainers put the weights beside other things, under one of these names. */
const wrappers = ["state_dict", "model", "module", "model_state_dict"];

function findTensors(file: CheckpointFile, root: PickleValue): Map<string, TorchTensor> {
  const seen = new Set<PickleValue>();
  let dict = root;
  while (isKind(dict, "dict") && !seen.has(dict)) {
    seen.add(dict);
    const tensors = tensorsOf(file, dict.entries);
    if (tensors.size > 0) return tensors;
    const { entries } = dict;
    dict =
      wrappers.map((name) => entries.get(name)).find((inner) => inner !== undefined && isKind(inner, "dict")) ?? null;
  }
  const keys = isKind(root, "dict") ? [...root.entries.keys()].slice(0, 8) : [];
  const found = keys.map((key) => (typeof key === "string" ? quote(key) : describe(key))).join(", ");
  return failInput(file.path, "checkpoint/no-tensors", `there are no tensors in ${file.path}`, {
    notes: [
      `The checkpoint is ${describe(root)}${found === "" ? "" : ` with the keys ${found}`}. Expected: a dict from ` +
        `names to tensors, or one that holds such a dict as ${wrappers.map((name) => `"${name}"`).join(", ")}.`,
    ],
  });
}

function tensorsOf(file: CheckpointFile, entries: ReadonlyMap<PickleValue, PickleValue>): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of entries) {
    if (!isKind(value, "host") || !(value.value instanceof TorchTensor)) continue;
    if (typeof name !== "string") {
      failInput(
        file.path,
        "checkpoint/tensor-name",
        `a tensor in ${file.path} is named by ${describe(name)}, not a string`,
      );
    }
    tensors.set(name, value.value);
  }
  return tensors;
}

/** The view's place in the file, once it is certain to lie inside its storage, and the storage inside the file. */
function store(file: CheckpointFile, archive: Archive, name: string, tensor: TorchTensor): StoredTensor {
  const { storage, shape, strides, offset } = tensor;
  const entry = archive.entries.get(`${archive.prefix}data/${storage.key}`);
  if (entry === undefined) {
    return failInput(file.path, "checkpoint/missing-storage", `the data of tensor ${quote(name)} is missing`, {
      detail: name,
      notes: [`It refers to entry ${quote(`${archive.prefix}data/${storage.key}`)}, which is not in the archive.`],
    });
  }
  const needed = storage.count * storage.dtype.bytes;
  if (needed > entry.size) {
    failInput(file.path, "checkpoint/short-storage", `the data of tensor ${quote(name)} is cut short`, {
      detail: name,
      notes: [
        `Its ${storage.count} ${storage.dtype.name} elements take ${needed} bytes; ` +
          `entry ${quote(entry.name)} has ${entry.size}.`,
      ],
    });
  }
  checkBounds(file, name, tensor);
  return {
    name,
    shape,
    strides,
    dtype: storage.dtype.readable ?? "float32",
    ...(storage.dtype.readable === undefined ? { unreadable: storage.dtype.name } : {}),
    fileOffset: entry.start + offset * storage.dtype.bytes,
    bigEndian: archive.bigEndian,
  };
}

/** More elements than any tensor has: a view with stride 0 can claim them out of a single one. */
const maximalElements = 2 ** 34;

function checkBounds(file: CheckpointFile, name: string, { storage, shape, strides, offset }: TorchTensor): void {
  const count = countElements(shape);
  const last = shape.reduce((index, extent, axis) => index + (extent - 1) * strides[axis]!, offset);
  if (count === 0 || (count !== undefined && count <= maximalElements && last < storage.count)) return;
  failInput(file.path, "checkpoint/tensor-bounds", `tensor ${quote(name)} does not fit its data`, {
    detail: name,
    notes: [
      `It has shape [${shape.join(", ")}], strides [${strides.join(", ")}] and offset ${offset}, and so needs ` +
        `element ${last} of storage ${quote(storage.key)}, which has ${storage.count}.`,
    ],
  });
}
