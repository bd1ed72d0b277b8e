/**
 * The allow-list of what a torch checkpoint's pickle may name, and what each means here: storages, tensors and the
 * containers around them. Formats: torch/_utils.py (`_rebuild_tensor_v2`) and torch/serialization.py (`persistent_id`).
 */

import type { CheckpointDtype } from "./checkpoint.ts";
import type { PickleGlobal, PickleHost, PickleValue } from "./pickle.ts";
import { describe, isKind } from "./pickle.ts";

/** One `data/<key>` entry, as the pickle declares it. */
export class TorchStorage {
  constructor(
    readonly key: string,
    readonly dtype: StorageDtype,
    /** In elements. */
    readonly count: number,
  ) {}
}

/** A view of a storage; offset and strides in elements. Numbers are checked to be integers, not against each other. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

export interface StorageDtype {
  readonly name: string;
  readonly bytes: number;
  readonly readable?: CheckpointDtype;
}

/** An argument that is not what torch writes; the caller makes a diagnostic of it. */
export class TorchError extends Error {}

export const torchHost: PickleHost = {
  findGlobal: (path) => globals.get(path),
  persistentLoad: loadStorage,
};

const storages: Readonly<Record<string, StorageDtype>> = {
  FloatStorage: { name: "float32", bytes: 4, readable: "float32" },
  HalfStorage: { name: "float16", bytes: 2, readable: "float16" },
  BFloat16Storage: { name: "bfloat16", bytes: 2, readable: "bfloat16" },
  DoubleStorage: { name: "float64", bytes: 8 },
  LongStorage: { name: "int64", bytes: 8 },
  IntStorage: { name: "int32", bytes: 4 },
  ShortStorage: { name: "int16", bytes: 2 },
  CharStorage: { name: "int8", bytes: 1 },
  ByteStorage: { name: "uint8", bytes: 1 },
  BoolStorage: { name: "bool", bytes: 1 },
  ComplexFloatStorage: { name: "complex64", bytes: 8 },
  ComplexDoubleStorage: { name: "complex128", bytes: 16 },
};

const storageOfGlobal = new Map<string, StorageDtype>(
  Object.entries(storages).map(([name, dtype]) => [`torch.${name}`, dtype]),
);

const dtypeNames = [...Object.values(storages).map((dtype) => dtype.name), "half", "float", "double", "long", "int"];

const nameOnly = (path: string): PickleGlobal => ({ kind: "global", path });
const callable = (path: string, make: NonNullable<PickleGlobal["make"]>): PickleGlobal => ({
  kind: "global",
  path,
  make,
});

const globals = new Map<string, PickleGlobal>(
  [
    ...[...storageOfGlobal.keys()].map(nameOnly),
    // Settings saved beside the weights: names and small values that nothing reads.
    ...dtypeNames.map((name) => nameOnly(`torch.${name}`)),
    callable("torch.Size", (args) => args[0] ?? null),
    callable("torch.device", () => null),
    callable("collections.OrderedDict", makeDict),
    callable("torch._utils._rebuild_tensor", rebuildTensor),
    callable("torch._utils._rebuild_tensor_v2", rebuildTensor),
    // (tensor, requires_grad, backward_hooks)
    callable("torch._utils._rebuild_parameter", ([tensor]) => tensorValue(tensor)),
    callable("torch.nn.parameter.Parameter", ([tensor]) => tensorValue(tensor)),
  ].map((global) => [global.path, global]),
);

/** Nothing, or one list of pairs (Python 2 and `collections.OrderedDict.__reduce__` of old versions). */
function makeDict([pairs]: readonly PickleValue[]): PickleValue {
  const entries = new Map<PickleValue, PickleValue>();
  if (pairs !== undefined) {
    if (!isKind(pairs, "list")) throw new TorchError(`an OrderedDict is made of ${describe(pairs)}`);
    for (const pair of pairs.items) {
      if (!(isKind(pair, "tuple") || isKind(pair, "list")) || pair.items.length !== 2) {
        throw new TorchError("an OrderedDict is made of something other than pairs");
      }
      entries.set(pair.items[0]!, pair.items[1]!);
    }
  }
  return { kind: "dict", entries };
}

/** ("storage", storage type, key, location, number of elements) */
function loadStorage(id: PickleValue): PickleValue {
  if (!isKind(id, "tuple") || id.items[0] !== "storage" || id.items.length < 5) {
    throw new TorchError("a storage's reference is not (storage, type, key, location, size)");
  }
  const [, type, key, , count] = id.items;
  const dtype = isKind(type!, "global") ? storageOfGlobal.get(type.path) : undefined;
  if (dtype === undefined) throw new TorchError(`a storage's type is ${describe(type!)}`);
  if (typeof key !== "string") throw new TorchError("a storage's key is not a string");
  return { kind: "host", value: new TorchStorage(key, dtype, naturalNumber(count!, "a storage's size")) };
}

/** (storage, storage_offset, size, stride, ...): what follows says nothing about the data. */
function rebuildTensor([storage, offset, size, stride]: readonly PickleValue[]): PickleValue {
  if (storage === undefined || !isKind(storage, "host") || !(storage.value instanceof TorchStorage)) {
    throw new TorchError("a tensor is made without a storage");
  }
  const shape = naturalNumbers(size, "a tensor's size");
  const strides = naturalNumbers(stride, "a tensor's stride");
  if (shape.length !== strides.length) {
    throw new TorchError(`a tensor has ${shape.length} extents and ${strides.length} strides`);
  }
  const start = naturalNumber(offset ?? null, "a tensor's storage offset");
  return { kind: "host", value: new TorchTensor(storage.value, start, shape, strides) };
}

function tensorValue(value: PickleValue | undefined): PickleValue {
  if (value !== undefined && isKind(value, "host") && value.value instanceof TorchTensor) return value;
  throw new TorchError("a parameter is made without a tensor");
}

function naturalNumbers(value: PickleValue | undefined, what: string): number[] {
  if (value === undefined || !(isKind(value, "tuple") || isKind(value, "list"))) {
    throw new TorchError(`${what} is not a tuple`);
  }
  if (value.items.length > maximalRank) throw new TorchError(`${what} has ${value.items.length} axes`);
  return value.items.map((item) => naturalNumber(item, what));
}

const maximalRank = 16;

function naturalNumber(value: PickleValue, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TorchError(
    `${what} is ${typeof value === "number" || typeof value === "bigint" ? value : describe(value)}`,
  );
}
