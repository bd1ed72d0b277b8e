import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import {
  bytesOf,
  type LegacyStorage,
  legacyTorch,
  openingFails,
  pickle,
  ramp,
  readAllBits,
  type TensorEntry,
  tensorCode,
  tensorDict,
  useFolder,
} from "./write-files.ts";

const write = useFolder();
const files = new URL("files/", import.meta.url).pathname;
const { dict, int, list, none, op, text, tuple, call, global } = pickle;

/**
 * `legacy.pth` and `current.pth` were saved by torch 1.13 out of one dict, by torch.save(d, f,
 * _use_new_zipfile_serialization=False) and torch.save(d, f), where base = torch.arange(60, dtype=float16):
 *
 *     emb.weight  base.view(4, 15)           t    base.view(4, 15).t()        part  base[10:25:3]
 *     exp         base[3:4].expand(5)        f32  1.5 * torch.arange(15).view(3, 5)
 *     bf          torch.arange(6), bfloat16  step torch.tensor(7), int64
 */
test.each(["legacy.pth", "current.pth"])("what torch itself saved: %s", async (name) => {
  const checkpoint = await openCheckpoint(files + name);
  expect([...checkpoint.tensors.keys()]).toEqual(["emb.weight", "t", "part", "exp", "f32", "bf", "step"]);
  const half = (values: number[]): number[] => [...new Uint16Array(Float16(values))];
  const counted = Array.from({ length: 60 }, (_, i) => i);
  expect(readAllBits(checkpoint, "emb.weight")).toEqual(half(counted));
  expect(readAllBits(checkpoint, "t")).toEqual(half(counted.map((i) => (i % 4) * 15 + Math.floor(i / 4))));
  expect(checkpoint.tensors.get("t")!.shape).toEqual([15, 4]);
  expect(readAllBits(checkpoint, "part")).toEqual(half([10, 13, 16, 19, 22]));
  expect(readAllBits(checkpoint, "exp")).toEqual(half([3, 3, 3, 3, 3]));
  const floats = Float32Array.from({ length: 15 }, (_, i) => 1.5 * i);
  expect(readAllBits(checkpoint, "f32")).toEqual([...new Uint32Array(floats.buffer)]);
  expect(checkpoint.tensors.get("bf")).toMatchObject({ dtype: "bfloat16", shape: [6] });
  expect(readAllBits(checkpoint, "bf")).toEqual([0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0]);
  expect(checkpoint.tensors.get("step")).toMatchObject({ shape: [], unreadable: "int64" });
  checkpoint.close();
});

test("what torch itself saved: parameters, in a dict beside other things", async () => {
  const checkpoint = await openCheckpoint(`${files}legacy-wrapped.pth`);
  expect([...checkpoint.tensors.keys()]).toEqual(["w", "s"]);
  expect(readAllBits(checkpoint, "w")).toEqual([0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500]);
  checkpoint.close();
});

/** Small whole numbers as float16, the buffer of their bits. */
function Float16(values: readonly number[]): Uint16Array {
  return Uint16Array.from(values, (value) => {
    if (value === 0) return 0;
    const exponent = Math.floor(Math.log2(value));
    return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024);
  });
}

const one: TensorEntry = { name: "w", storage: "140", count: 6, shape: [2, 3], strides: [3, 1] };
const storage: LegacyStorage = { key: "140", count: 6, data: bytesOf(ramp(6)) };

test("the view of a storage that the reference carries", async () => {
  const view = (first: number, count: number): Buffer => tuple(text("9"), int(first), int(count));
  const entries: TensorEntry[] = [
    { ...one, view: none },
    { ...one, name: "row", shape: [3], strides: [1], view: view(3, 3) },
    { ...one, name: "two", shape: [2], strides: [1], offset: 1, view: view(2, 3) },
    { ...one, name: "column", shape: [2, 1], strides: [3, 1], offset: 1, view: view(1, 5) },
  ];
  const checkpoint = await openCheckpoint(write("views.pth", legacyTorch(tensorDict(entries), [storage])));
  expect(readAllBits(checkpoint, "w")).toEqual([0, 1, 2, 3, 4, 5]);
  expect(readAllBits(checkpoint, "row")).toEqual([3, 4, 5]);
  expect(readAllBits(checkpoint, "two")).toEqual([3, 4]);
  expect(readAllBits(checkpoint, "column")).toEqual([2, 5]);
  checkpoint.close();
});

test("storages of other tensors than the weights lie between: the optimizer's", async () => {
  const step = { ...one, name: "step", storage: "7", type: "LongStorage", count: 1, shape: [], strides: [] };
  const root = dict([
    [text("optimizer"), dict([[text("steps"), list(tensorCode(step))]])],
    [text("state_dict"), tensorDict([one])],
  ]);
  const storages = [{ key: "7", count: 1, data: Buffer.alloc(8) }, storage];
  const checkpoint = await openCheckpoint(write("training.pth", legacyTorch(root, storages)));
  expect(readAllBits(checkpoint, "w")).toEqual([0, 1, 2, 3, 4, 5]);
  checkpoint.close();
});

describe("damaged and hostile files", () => {
  const whole = legacyTorch(tensorDict([one]), [storage]);
  const withTensor = (change: Partial<TensorEntry>): Buffer =>
    legacyTorch(tensorDict([{ ...one, ...change }]), [storage]);
  const withStorages = (...storages: LegacyStorage[]): Buffer => legacyTorch(tensorDict([one]), storages);

  test.each<[string, () => Buffer, string, string]>([
    ["cut in the data", () => whole.subarray(0, -1), "checkpoint/truncated", 'storage "140" needs bytes'],
    ["cut in the table", () => whole.subarray(0, 150), "checkpoint/pickle", "ends inside a value"],
    [
      "cut after the magic number",
      () => whole.subarray(0, 15),
      "checkpoint/pickle",
      "the protocol's version, from byte 15",
    ],
    [
      "another protocol",
      () => legacyTorch(tensorDict([one]), [storage], int(1002)),
      "checkpoint/legacy-protocol",
      "Found 1002, expected 1001",
    ],
    [
      "a count that is not the table's",
      () => withStorages({ ...storage, count: 5 }),
      "checkpoint/pickle",
      "It has 5 elements there; the table of tensors says 6 of float16.",
    ],
    ["a negative count", () => withStorages({ ...storage, count: -1 }), "checkpoint/pickle", "It has -1 elements"],
    [
      "a storage listed twice",
      () => withStorages(storage, storage),
      "checkpoint/pickle",
      'Storage "140" is listed twice',
    ],
    [
      "a storage that nothing refers to",
      () => withStorages({ ...storage, key: "3" }),
      "checkpoint/pickle",
      'Storage "3" is listed, but nothing refers to it.',
    ],
    ["a storage that is not listed", () => withStorages(), "checkpoint/missing-storage", 'storage "140"'],
    [
      "one storage of two types",
      () => legacyTorch(tensorDict([one, { ...one, name: "v", type: "FloatStorage" }]), [storage]),
      "checkpoint/pickle",
      "as 6 elements of float16, and as 6 of float32",
    ],
    ["a huge storage", () => withTensor({ count: 2 ** 50 }), "checkpoint/truncated", 'storage "140" needs'],
    ["a shape beyond the storage", () => withTensor({ shape: [3, 3] }), "checkpoint/tensor-bounds", "needs element 8"],
    [
      "a tensor beyond its view, if not beyond the storage",
      () => withTensor({ view: tuple(text("9"), int(1), int(5)) }),
      "checkpoint/tensor-bounds",
      "needs element 5",
    ],
    [
      "a view beyond the storage",
      () => withTensor({ view: tuple(text("9"), int(4), int(3)) }),
      "checkpoint/pickle",
      'a view has elements 4 to 7 of storage "140", which has 6',
    ],
    ["a view of another form", () => withTensor({ view: int(4) }), "checkpoint/pickle", "is not (key, offset, size)"],
    [
      "a foreign global",
      () => legacyTorch(call(global("os", "system"), text("echo owned")), [storage]),
      "checkpoint/foreign-global",
      "refers to os.system",
    ],
    [
      "a list of storages that is none",
      () => Buffer.concat([whole.subarray(0, whole.indexOf("](X")), op("K\x01.")]),
      "checkpoint/pickle",
      "The list of storages is a number",
    ],
    [
      "a table without an end",
      () => Buffer.concat([whole.subarray(0, whole.indexOf("}(X\x01")), Buffer.alloc(17 * 2 ** 20, "N0")]),
      "checkpoint/pickle-limit",
      "opcodes",
    ],
  ])("%s", async (_, bytes, code, expected) => {
    const failure = await openingFails(write("hostile.pth", bytes()));
    expect(failure).toMatchObject({ code, text: expect.stringContaining(expected) });
  });
});
