/**
 * The allow-list of what a torch checkpoint's pickle may name, and what each means here: storages, tensors and the
 * containers around them. Formats: torch/_utils.py (`_rebuild_tensor_v2`) and torch/serialization.py (`persistent_id`).
 */

import type { CheckpointDtype } from "./checkpoint.ts";
import type { PickleGlobal, PickleHost, PickleValue } from "./pickle.ts";
import { describe, isKind } from "./pickle.ts";

/** Elements that lie in the file one after another under a key, or a part of them, as the pickle declares it. */
export class TorchStorage {
  constructor(
    readonly key: string,
    readonly dtype: StorageDtype,
    /** Of the whole, in elements. */
    readonly wholeCount: number,
    /** The part's first element. */
    readonly start: number,
    /** Of the part, in elements. */
    readonly count: number,
  ) {}
}

/** A view of a storage; offset and strides in elements. Numbers are checked to be integers, not against each other. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: StorageDtype,
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

/** `onStorage` is told of every storage that is referred to. */
export const torchHost = (onStorage: (storage: TorchStorage) => void = () => undefined): PickleHost => ({
  findGlobal: (path) => globals.get(path),
  persistentLoad: (id) => {
    const value = loadStorage(id);
    onStorage(value);
    return { kind: "host", value };
  },
});

/** By the name of torch's storage class; the others have only a dtype, and lie in untyped storages. */
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
  QInt8Storage: { name: "qint8", bytes: 1 },
  QUInt8Storage: { name: "quint8", bytes: 1 },
  QInt32Storage: { name: "qint32", bytes: 4 },
};

const untyped: StorageDtype = { name: "bytes", bytes: 1 };

const storageOfGlobal = new Map<string, StorageDtype>([
  ...Object.entries(storages).map(([name, dtype]): [string, StorageDtype] => [`torch.${name}`, dtype]),
  ["torch.storage.UntypedStorage", untyped],
  ["torch.storage._UntypedStorage", untyped],
  ["torch.UntypedStorage", untyped],
]);

const dtypeOfGlobal = new Map<string, StorageDtype>(
  [
    ...Object.values(storages),
    { name: "uint16", bytes: 2 },
    { name: "uint32", bytes: 4 },
    { name: "uint64", bytes: 8 },
    { name: "float8_e4m3fn", bytes: 1 },
    { name: "float8_e4m3fnuz", bytes: 1 },
    { name: "float8_e5m2", bytes: 1 },
    { name: "float8_e5m2fnuz", bytes: 1 },
    { name: "float8_e8m0fnu", bytes: 1 },
  ].map((dtype) => [`torch.${dtype.name}`, dtype]),
);

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
    ...[...dtypeOfGlobal.keys(), ...["half", "float", "double", "long", "int"].map((name) => `torch.${name}`)].map(
      nameOnly,
    ),
    callable("torch.Size", (args) => args[0] ?? null),
    callable("torch.device", () => null),
    callable("collections.OrderedDict", makeDict),
    callable("torch._utils._rebuild_tensor", rebuildTensor),
    callable("torch._utils._rebuild_tensor_v2", rebuildTensor),
    // What lies in an untyped storage: (storage, offset, size, stride, requires_grad, hooks, dtype, ...)
    callable("torch._utils._rebuild_tensor_v3", rebuildTensorOfDtype),
    // (storage, offset, size, stride, quantizer, ...)
    callable("torch._utils._rebuild_qtensor", rebuildTensor),
    // A quantizer: per_tensor_affine or per_channel_affine, scales and zero points; such tensors are not read.
    nameOnly("torch.per_tensor_affine"),
    nameOnly("torch.per_channel_affine"),
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

/** ("storage", storage type, key, location, number of elements), and a view as the format before torch 1.6 has it. */
function loadStorage(id: PickleValue): TorchStorage {
  if (!isKind(id, "tuple") || id.items[0] !== "storage" || id.items.length < 5) {
    throw new TorchError("a storage's reference is not (storage, type, key, location, size)");
  }
  const [, type, key, , count, view] = id.items;
  const dtype = isKind(type!, "global") ? storageOfGlobal.get(type.path) : undefined;
  if (dtype === undefined) throw new TorchError(`a storage's type is ${describe(type!)}`);
  if (typeof key !== "string") throw new TorchError("a storage's key is not a string");
  const whole = naturalNumber(count!, "a storage's size");
  const [start, length] = view === undefined || view === null ? [0, whole] : readView(view, key, whole);
  return new TorchStorage(key, dtype, whole, start, length);
}

/** (key of the view, first element, number of elements) */
function readView(view: PickleValue, key: string, whole: number): [number, number] {
  if (!isKind(view, "tuple") || view.items.length !== 3) {
    throw new TorchError(`the view of storage "${key}" is not (key, offset, size)`);
  }
  const start = naturalNumber(view.items[1]!, "the offset of a storage's view");
  const length = naturalNumber(view.items[2]!, "the size of a storage's view");
  if (start + length > whole) {
    throw new TorchError(`a view has elements ${start} to ${start + length} of storage "${key}", which has ${whole}`);
  }
  return [start, length];
}

/** (storage, storage_offset, size, stride, ...): what follows says nothing about the data. */
function rebuildTensor([storage, offset, size, stride]: readonly PickleValue[]): PickleValue {
  const value = storageValue(storage);
  return makeTensor(value, value.dtype, offset, size, stride);
}

function rebuildTensorOfDtype(args: readonly PickleValue[]): PickleValue {
  const [storage, offset, size, stride, , , type] = args;
  const value = storageValue(storage);
  const dtype = type !== undefined && isKind(type, "global") ? dtypeOfGlobal.get(type.path) : undefined;
  if (dtype === undefined) throw new TorchError(`a tensor's dtype is ${describe(type ?? null)}`);
  if (value.dtype.bytes !== 1)
    throw new TorchError(`a tensor's dtype is given twice, the second time as ${dtype.name}`);
  return makeTensor(value, dtype, offset, size, stride);
}

function storageValue(storage: PickleValue | undefined): TorchStorage {
  if (storage !== undefined && isKind(storage, "host") && storage.value instanceof TorchStorage) return storage.value;
  throw new TorchError("a tensor is made without a storage");
}

function makeTensor(
  storage: TorchStorage,
  dtype: StorageDtype,
  offset: PickleValue | undefined,
  size: PickleValue | undefined,
  stride: PickleValue | undefined,
): PickleValue {
  const shape = naturalNumbers(size, "a tensor's size");
  const strides = naturalNumbers(stride, "a tensor's stride");
  if (shape.length !== strides.length) {
    throw new TorchError(`a tensor has ${shape.length} extents and ${strides.length} strides`);
  }
  const start = naturalNumber(offset ?? null, "a tensor's storage offset");
  return { kind: "host", value: new TorchTensor(storage, dtype, start, shape, strides) };
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
