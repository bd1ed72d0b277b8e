/**
 * What both containers of torch.save share: the pickle that names the tensors, read as data, and each tensor's place
 * in the file as a view of its storage.
 */

import { type FailureDetails, failInput, failUnsupported, quote } from "./checkpoint-error.ts";
import type { ByteCursor } from "./byte-cursor.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { PickleError, type PickleValue, describe, isKind, readPickle } from "./pickle.ts";
import { type StoredTensor, countElements, maximalTensors } from "./stored-tensor.ts";
import { TorchError, TorchTensor, torchHost } from "./torch-globals.ts";

/** Of the pickle that names the tensors, in bytes; the largest releases have some 300 KB. */
export const maximalPickle = 16 * 2 ** 20;

/** One pickle; `entry` is what messages call it. Diagnostics: checkpoint/pickle, pickle-limit, foreign-global. */
export function readTable(input: ByteCursor, entry: string, host = torchHost()): PickleValue {
  try {
    return readPickle(input, host);
  } catch (error) {
    if (error instanceof TorchError) failTable(input.file, { detail: entry, notes: [`Found: ${error.message}.`] });
    if (error instanceof PickleError) failPickle(input.file, error, entry);
    throw error;
  }
}

/** The table of tensors does not say what torch writes. */
export function failTable(file: CheckpointFile, details: FailureDetails): never {
  return failInput(file.path, "checkpoint/pickle", `the table of tensors in ${file.path} is damaged`, {
    hint: "copy or download the file again; if it is as it was saved, load it in Python and save its tensors anew",
    ...details,
  });
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
        hint: "save the tensors alone, without what else the file holds: torch.save(model.state_dict(), file)",
      });
    case "malformed":
      return failTable(file, { detail, notes: [`Found: ${error.message}.`] });
  }
}

/** Trainers put the weights beside other things, under one of these names. */
const wrappers = ["state_dict", "model", "module", "model_state_dict"];

/** Diagnostics: checkpoint/no-tensors, tensor-name, too-many-tensors. */
export function findTensors(file: CheckpointFile, root: PickleValue): Map<string, TorchTensor> {
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
    hint: "save the weights alone: torch.save(model.state_dict(), file)",
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
        { hint: "save a dict from names to tensors, as model.state_dict() gives it" },
      );
    }
    tensors.set(name, value.value);
    if (tensors.size > maximalTensors) failTooMany(file);
  }
  return tensors;
}

export function failTooMany(file: CheckpointFile): never {
  return failUnsupported(file.path, "checkpoint/too-many-tensors", `${file.path} has too many tensors`, {
    notes: [`At most ${maximalTensors} are read; the largest models have a few thousand.`],
  });
}

/** Where a storage's data lie, in bytes, and how a file tells that they are as they were written. */
export interface StorageData {
  /** What messages call it: `entry "archive/data/3"`. */
  readonly title: string;
  readonly start: number;
  readonly size: number;
  readonly verify?: () => void;
}

/**
 * The view's place in the file, once it is certain to lie inside its storage, and the storage inside its data.
 * Diagnostics: checkpoint/short-storage, tensor-bounds.
 */
export function placeTensor(
  file: CheckpointFile,
  name: string,
  tensor: TorchTensor,
  data: StorageData,
  bigEndian: boolean,
): StoredTensor {
  const { storage, dtype, shape, strides, offset } = tensor;
  const needed = storage.wholeCount * storage.dtype.bytes;
  if (needed > data.size) {
    failInput(file.path, "checkpoint/short-storage", `the data of tensor ${quote(name)} is cut short`, {
      detail: name,
      notes: [
        `Its ${storage.wholeCount} ${storage.dtype.name} elements take ${needed} bytes; ${data.title} has ${data.size}.`,
      ],
      hint: "the file is damaged or made to mislead: copy or download it again",
    });
  }
  checkBounds(file, name, tensor);
  return {
    file,
    name,
    shape,
    strides,
    dtype: dtype.readable ?? "float32",
    ...(dtype.readable === undefined ? { unreadable: dtype.name } : {}),
    fileOffset: data.start + storage.start * storage.dtype.bytes + offset * dtype.bytes,
    bigEndian,
    ...(data.verify === undefined ? {} : { verify: data.verify }),
  };
}

/**
 * A view may repeat elements (stride 0, overlapping rows), and so claim more than its storage has: up to so many, where
 * no model needs a thousandth of them.
 */
const maximalRepeated = 2 ** 24;

function checkBounds(
  file: CheckpointFile,
  name: string,
  { storage, dtype, shape, strides, offset }: TorchTensor,
): void {
  const count = countElements(shape);
  const available = Math.floor((storage.count * storage.dtype.bytes) / dtype.bytes);
  const last = shape.reduce((index, extent, axis) => index + (extent - 1) * strides[axis]!, offset);
  if (count === 0) return;
  if (count !== undefined && count <= Math.max(available, maximalRepeated) && last < available) return;
  failInput(file.path, "checkpoint/tensor-bounds", `tensor ${quote(name)} does not fit its data`, {
    detail: name,
    notes: [
      `It has shape [${shape.join(", ")}], strides [${strides.join(", ")}] and offset ${offset}, and so needs ` +
        `element ${last} of storage ${quote(storage.key)}, which has ${available}` +
        `${last < available ? `, and repeats them to more than ${maximalRepeated}` : ""}.`,
    ],
    hint: "the file is damaged or made to mislead: copy or download it again",
  });
}
