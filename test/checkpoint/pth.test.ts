import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { readFloat16, readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import {
  bytesOf,
  diagnosticOf,
  openingFails,
  pickle,
  pth,
  ramp,
  readAllBits,
  readValue,
  seededRandom,
  type TensorEntry,
  tensorCode,
  tensorDict,
  useFolder,
  type ZipPart,
  zip,
} from "./write-files.ts";

const write = useFolder();
const models = new URL("../../models/", import.meta.url).pathname;

/**
 * Taken from the files by Python's zipfile and pickle and plain struct: how many tensors there are, the SHA-256 of all
 * their data in the order of the dict, and some elements.
 */
const facts = {
  "rwkv7-kjv": {
    tensors: 135,
    dtype: "bfloat16",
    sha256: "3b1c200c17e5fa2d7e30dc4a813a4e34f32c1535f768fbb57574ef9a6093cd76",
    elements: [
      ["emb.weight", [256, 128], { 0: 0.005157470703125, 10922: -0.064453125, 32767: -0.000514984130859375 }],
      ["blocks.1.att.key.weight", [128, 128], { 0: -0.25390625, 5461: -0.1552734375, 16383: 0.03515625 }],
      ["blocks.0.ln0.bias", [128], { 0: 0.10205078125, 42: 0.1748046875, 127: -0.12890625 }],
    ],
  },
  "rwkv5.2-kjv": {
    tensors: 94,
    dtype: "bfloat16",
    sha256: "17f2b3c3814964fa4cede2628f174e23d114c0a95d19e5a3eadcad2c7b27ccdf",
    elements: [
      ["emb.weight", [256, 128], { 0: 0.005157470703125, 10922: 0.0164794921875, 32767: -0.000514984130859375 }],
      ["head.weight", [256, 128], { 0: 0.08447265625, 10922: -0.00335693359375, 32767: -0.10888671875 }],
    ],
  },
  "rwkv5.2-overflow": {
    tensors: 270,
    dtype: "bfloat16",
    sha256: "9b237ded793b28bbf4fc1f08e0f9be774fc84215d28c3c8da758054d7738b477",
    elements: [
      ["blocks.1.att.key.weight", [256, 256], { 0: 3.515625, 21845: -1.59375, 65535: 0.5625 }],
      ["blocks.0.ln0.bias", [256], { 0: 127, 85: -151, 255: -66 }],
    ],
  },
  "rwkv7-random": {
    tensors: 72,
    dtype: "float16",
    sha256: "6d5a089ec13b5265b7c695472730205890ac3683538b56564554568ec684a71f",
    elements: [
      ["emb.weight", [300, 128], { 0: -0.41015625, 12800: -0.3388671875, 38399: 0.0721435546875 }],
      ["blocks.1.att.key.weight", [128, 128], { 0: -0.03497314453125, 5461: 0.019500732421875 }],
    ],
  },
} as const;

describe.each(Object.entries(facts))("the real file %s", (name, { tensors, dtype, sha256, elements }) => {
  test("holds what Python finds in it", async () => {
    const checkpoint = await openCheckpoint(`${models}${name}/model.pth`);
    expect(checkpoint.source).toBe("model.pth");
    expect(checkpoint.tensors.size).toBe(tensors);
    const hash = createHash("sha256");
    for (const tensor of checkpoint.tensors.values()) {
      expect(tensor.dtype).toBe(dtype);
      hash.update(bytesOf(Uint16Array.from(readAllBits(checkpoint, tensor.name))));
    }
    expect(hash.digest("hex")).toBe(sha256);
    for (const [tensor, shape, values] of elements) {
      expect(checkpoint.tensors.get(tensor)!.shape).toEqual(shape);
      for (const [index, value] of Object.entries(values)) {
        expect(readValue(checkpoint, tensor, Number(index))).toBe(value);
      }
    }
    checkpoint.close();
  });
});

test("both containers of one model hold the same tensors", async () => {
  const one = await openCheckpoint(`${models}rwkv7-random/model.pth`);
  const other = await openCheckpoint(`${models}rwkv7-random/model.safetensors`);
  expect([...other.tensors.keys()].sort()).toEqual([...one.tensors.keys()].sort());
  for (const [name, { shape, dtype }] of one.tensors) {
    expect(other.tensors.get(name)).toMatchObject({ name, shape, dtype });
    expect(readAllBits(other, name)).toEqual(readAllBits(one, name));
  }
  one.close();
  other.close();
});

/** Row-major elements of a view, one by one. */
function gather(storage: ArrayLike<number>, { offset = 0, shape, strides }: TensorEntry): number[] {
  const walk = (axis: number, at: number): number[] =>
    axis === shape.length
      ? [storage[at]!]
      : Array.from({ length: shape[axis]! }, (_, i) => walk(axis + 1, at + i * strides[axis]!)).flat();
  return walk(0, offset);
}

describe("views of a shared storage", () => {
  const count = 240;
  const view = (name: string, shape: number[], strides: number[], offset = 0): TensorEntry => ({
    name,
    storage: "7",
    count,
    offset,
    shape,
    strides,
  });
  const views = [
    view("all", [240], [1]),
    view("offset", [3, 4], [4, 1], 100),
    view("transposed", [12, 20], [1, 12]),
    view("columns", [20, 5], [12, 1], 3),
    view("every third", [80], [3]),
    view("permuted", [4, 3, 20], [20, 80, 1]),
    view("inner axis", [20, 3], [12, 4], 1),
    view("expanded", [4, 12], [0, 1], 24),
    view("expanded inwards", [12, 4], [1, 0]),
    view("four axes", [2, 3, 4, 10], [10, 80, 20, 1]),
    view("ones", [1, 12, 1, 20], [999, 1, 77, 12]),
    view("scalar", [], [], 17),
    view("nothing", [0, 5], [5, 1], 239),
  ];

  test.each(views)("$name", async (entry) => {
    const storage = ramp(count).map((i) => i + 1000);
    const path = write("views.pth", pth(tensorDict([entry]), { 7: bytesOf(storage) }));
    const checkpoint = await openCheckpoint(path);
    const tensor = checkpoint.tensors.get(entry.name)!;
    const expected = gather(storage, entry);
    expect(tensor).toMatchObject({ shape: entry.shape, dtype: "float16" });
    expect(readAllBits(checkpoint, entry.name)).toEqual(expected);
    // Every piece of it.
    for (let start = 0; start < expected.length; start += 1 + (start % 7)) {
      for (const length of [1, 2, 13, 50, expected.length - start].filter((n) => start + n <= expected.length)) {
        const out = new Uint16Array(length);
        checkpoint.readBits(tensor, start, out);
        expect([...out]).toEqual(expected.slice(start, start + length));
      }
    }
    checkpoint.close();
  });

  // Larger than the reader's scratch array: transposed, sliced and strided rows take other ways than small ones.
  const large: TensorEntry[] = [
    { name: "transposed", storage: "0", count: 1_200_000, shape: [1200, 1000], strides: [1, 1200] },
    { name: "sliced", storage: "0", count: 1_200_000, offset: 7, shape: [1000, 50], strides: [1200, 1] },
    { name: "narrow", storage: "0", count: 1_200_000, offset: 5, shape: [1000, 3], strides: [1200, 2] },
    { name: "coarse", storage: "0", count: 1_200_000, shape: [400_000], strides: [3] },
    { name: "far apart", storage: "0", count: 1_200_000, shape: [300], strides: [4000] },
    { name: "expanded", storage: "0", count: 1_200_000, shape: [3, 600_000], strides: [0, 2] },
  ];

  test.each(large)("large and $name", async (entry) => {
    const random = seededRandom(3);
    const storage = Uint16Array.from({ length: entry.count }, () => random() * 0x10000);
    const checkpoint = await openCheckpoint(write("large.pth", pth(tensorDict([entry]), { 0: bytesOf(storage) })));
    const tensor = checkpoint.tensors.get(entry.name)!;
    const expected = Uint16Array.from(gather(storage, entry));
    for (const [from, to] of [
      [0, 1],
      [0.3, 0.9001],
      [0.5, 0.5003],
    ] as const) {
      const start = Math.floor(from * expected.length);
      const out = new Uint16Array(Math.floor(to * expected.length) - start);
      checkpoint.readBits(tensor, start, out);
      expect(bytesOf(out).equals(bytesOf(expected.slice(start, start + out.length)))).toBe(true);
    }
    checkpoint.close();
  });
});

const one: TensorEntry = { name: "w", storage: "0", count: 4, shape: [2, 2], strides: [2, 1] };
const data = bytesOf(Uint16Array.of(0x3c00, 0x4000, 0x7bff, 0xbc00));

describe("what trainers write", () => {
  const { text, int, dict, op, call, global, list, tuple, file, none } = pickle;
  const inner = tensorDict([one]);
  const read = async (root: Buffer, more: readonly ZipPart[] = []): Promise<number[]> => {
    const checkpoint = await openCheckpoint(write("odd.pth", pth(root, { 0: data }, more)));
    const bits = readAllBits(checkpoint, "w");
    checkpoint.close();
    return bits;
  };
  const bits = [0x3c00, 0x4000, 0x7bff, 0xbc00];

  test("a dict around the weights, with other things beside them", async () => {
    const settings = dict([[text("lr"), op("G", Buffer.from("3f50624dd2f1a9fc", "hex"))]]);
    const root = dict([
      [text("epoch"), int(3)],
      [text("config"), settings],
      [text("betas"), list(op("\x88"), none, tuple(int(1), global("torch", "float32")))],
      [text("state_dict"), inner],
    ]);
    expect(await read(root)).toEqual(bits);
    expect(await read(dict([[text("model"), dict([[text("module"), inner]])]]))).toEqual(bits);
  });

  test("an OrderedDict that has attributes (state_dict with _metadata)", async () => {
    const ordered = call(global("collections", "OrderedDict"));
    const metadata = dict([[text("_metadata"), call(global("collections", "OrderedDict"))]]);
    expect(await read(op("", ordered, op("("), text("w"), tensorCode(one), op("u"), metadata, op("b")))).toEqual(bits);
  });

  test("an OrderedDict made of pairs, parameters, memoized strings, frames", async () => {
    const parameter = call(global("torch._utils", "_rebuild_parameter"), tensorCode(one), op("\x88"), none);
    const pairs = list(list(op("", text("w"), op("q\x05"), op("0"), op("h\x05")), parameter));
    const root = op("\x95", Buffer.alloc(8), call(global("collections", "OrderedDict"), pairs));
    expect(await read(root)).toEqual(bits);
  });

  test("newer protocols: STACK_GLOBAL, MEMOIZE, short strings", async () => {
    const short = (value: string): Buffer => op("\x8c", Buffer.from([value.length]), Buffer.from(value));
    const ordered = op("", short("collections"), short("OrderedDict"), op("\x93\x94)\x81"));
    expect(await read(op("", ordered, short("w"), op("\x94"), tensorCode(one), op("s")))).toEqual(bits);
  });

  test("byte order: both are read", async () => {
    const order = (value: string): ZipPart => ({ name: "saved-as/byteorder", data: Buffer.from(value) });
    expect(await read(inner, [order("little")])).toEqual(bits);
    expect(await read(inner, [order("big")])).toEqual(bits.map((b) => ((b & 0xff) << 8) | (b >>> 8)));
    expect(await openingFails(write("order.pth", pth(inner, { 0: data }, [order("middle")])))).toMatchObject({
      code: "checkpoint/byte-order",
      text: expect.stringContaining('Found "middle", expected "little" or "big".'),
    });
  });

  test("float32 tensors, and float16 out of them", async () => {
    const values = Float32Array.of(1.5, -65504, 65520, 1e-9);
    const entry = { ...one, type: "FloatStorage" };
    const checkpoint = await openCheckpoint(write("f32.pth", pth(tensorDict([entry]), { 0: bytesOf(values) })));
    const tensor = checkpoint.tensors.get("w")!;
    expect(tensor).toMatchObject({ dtype: "float32", shape: [2, 2] });
    const floats = new Float32Array(3);
    readFloat32(checkpoint, tensor, 1, floats);
    expect(floats).toEqual(values.subarray(1));
    const halves = new Uint16Array(4);
    expect(readFloat16(checkpoint, tensor, 0, halves)).toBe(1);
    expect([...halves]).toEqual([0x3e00, 0xfbff, 0x7c00, 0]);
    checkpoint.close();
  });

  test("float8, in an untyped storage: listed by its own dtype; float16 in one is read", async () => {
    const rebuild = global("torch._utils", "_rebuild_tensor_v3");
    const tensor = (dtype: string, offset: number, extent: number): Buffer => {
      const type = global("torch.storage", "UntypedStorage");
      const id = tuple(text("storage"), type, text("0"), text("cpu"), int(8));
      const view = [int(offset), tuple(int(extent)), tuple(int(1))];
      return call(rebuild, op("", id, op("Q")), ...view, op("\x89"), none, global("torch", dtype));
    };
    const root = dict([
      [text("tiny"), tensor("float8_e4m3fn", 1, 7)],
      [text("w"), tensor("float16", 1, 3)],
    ]);
    const checkpoint = await openCheckpoint(write("untyped.pth", pth(root, { 0: data })));
    expect(checkpoint.tensors.get("tiny")).toMatchObject({ shape: [7], unreadable: "float8_e4m3fn" });
    expect(readAllBits(checkpoint, "w")).toEqual(bits.slice(1));
    checkpoint.close();
    const beyond = write("untyped.pth", pth(dict([[text("w"), tensor("float16", 1, 4)]]), { 0: data }));
    expect(await openingFails(beyond)).toMatchObject({ code: "checkpoint/tensor-bounds" });
  });

  test("a flipped bit of a weight is noticed when a tensor of its storage is read", async () => {
    const whole = pth(tensorDict([one, { ...one, name: "v", storage: "1" }]), { 0: data, 1: data });
    whole[whole.indexOf(data) + 5]! ^= 0x10;
    const checkpoint = await openCheckpoint(write("flipped.pth", whole));
    expect(readAllBits(checkpoint, "v")).toEqual(bits);
    const read = () => checkpoint.readBits(checkpoint.tensors.get("w")!, 0, new Uint16Array(1));
    for (const again of [read, read]) {
      expect(await diagnosticOf(again)).toMatchObject({
        code: "checkpoint/checksum",
        kind: "input",
        place: { detail: "saved-as/data/0" },
        notes: [expect.stringMatching(/^The 8 bytes of entry .* have the CRC-32 \w{8}; the archive says \w{8}\.$/)],
      });
    }
    checkpoint.close();
  });

  test("no checksums, as torch writes them when it is told not to compute any", async () => {
    const table = { name: "a/data.pkl", data: file(inner), checksum: 0 };
    const path = write("unchecked.pth", zip([table, { name: "a/data/0", data, checksum: 0 }]));
    const checkpoint = await openCheckpoint(path);
    expect(readAllBits(checkpoint, "w")).toEqual(bits);
    checkpoint.close();
  });

  test("tensors of other dtypes are listed; reading one fails", async () => {
    const step: TensorEntry = { name: "step", storage: "1", type: "LongStorage", count: 1, shape: [], strides: [] };
    const path = write("int.pth", pth(tensorDict([one, step]), { 0: data, 1: Buffer.alloc(8) }));
    const checkpoint = await openCheckpoint(path);
    expect(readAllBits(checkpoint, "w")).toEqual(bits);
    const tensor = checkpoint.tensors.get("step")!;
    expect(tensor).toMatchObject({ shape: [], unreadable: "int64" });
    const failure = await diagnosticOf(() => checkpoint.readBits(tensor, 0, new Uint32Array(1)));
    expect(failure).toMatchObject({ code: "checkpoint/unsupported-dtype", kind: "unsupported" });
    expect(failure.title).toBe('tensor "step" is int64');
    checkpoint.close();
  });
});

describe("reads that the caller got wrong", () => {
  const open = () => openCheckpoint(write("reads.pth", pth(tensorDict([one]), { 0: data })));

  test.each([
    ["beyond the end", 3, new Uint16Array(2), "checkpoint/read-range"],
    ["before the start", -1, new Uint16Array(1), "checkpoint/read-range"],
    ["at no whole element", 0.5, new Uint16Array(1), "checkpoint/read-range"],
    ["into another type", 0, new Uint32Array(1), "checkpoint/read-type"],
  ] as const)("%s", async (_, start, out, code) => {
    const checkpoint = await open();
    const failure = await diagnosticOf(() => checkpoint.readBits(checkpoint.tensors.get("w")!, start, out));
    expect(failure).toMatchObject({ code, kind: "internal" });
    checkpoint.close();
  });

  test("of a tensor that is not there, and after closing", async () => {
    const checkpoint = await open();
    const stranger = { name: "x", shape: [1], dtype: "float16" } as const;
    const missing = await diagnosticOf(() => checkpoint.readBits(stranger, 0, new Uint16Array(1)));
    expect(missing.code).toBe("checkpoint/no-such-tensor");
    checkpoint.close();
    checkpoint.close();
    expect((await diagnosticOf(() => readAllBits(checkpoint, "w"))).code).toBe("checkpoint/closed");
  });
});

describe("hostile and damaged files", () => {
  const { text, int, dict, op, call, global, list, tuple, file, none } = pickle;
  const whole = pth(tensorDict([one]), { 0: data });
  const root = (code: Buffer): Buffer => pth(code, { 0: data });
  const raw = (bytes: Buffer): Buffer => zip([{ name: "a/data.pkl", data: bytes }]);
  const withTensor = (change: Partial<TensorEntry>): Buffer => root(tensorDict([{ ...one, ...change }]));
  const table = { name: "a/data.pkl", data: file(tensorDict([one])) };
  const storage = { name: "a/data/0", data };
  const repeated = (unit: string, times: number): Buffer => Buffer.from(unit.repeat(times), "latin1");
  const doubling = op("", list(int(1)), ...Array.from({ length: 60 }, () => op("2\x86")));

  test.each<[string, () => Buffer, string, string | RegExp]>([
    ["cut in the data", () => whole.subarray(0, 200), "checkpoint/truncated", "cut short"],
    ["cut in the directory", () => whole.subarray(0, -30), "checkpoint/truncated", "ends with its directory"],
    ["an empty archive", () => zip([]), "checkpoint/no-pickle", "It holds no entries"],
    ["another zip", () => zip([{ name: "word/document.xml", data }]), "checkpoint/no-pickle", '"word/document.xml"'],
    ["two tables", () => zip([table, { ...table, name: "b/data.pkl" }]), "checkpoint/no-pickle", "2 entries named"],
    [
      "a TorchScript program",
      () => zip([table, { name: "a/constants.pkl", data }]),
      "checkpoint/torchscript",
      "TorchScript program",
    ],
    [
      "compressed entries",
      () => zip([table, { ...storage, method: 8 }]),
      "checkpoint/compressed",
      '"a/data/0" is compr',
    ],
    ["encrypted entries", () => zip([table, { ...storage, flags: 1 }]), "checkpoint/encrypted", "encrypted"],
    [
      "strongly encrypted entries",
      () => zip([table, { ...storage, flags: 0x40 }]),
      "checkpoint/encrypted",
      "encrypted",
    ],
    ["a path upwards", () => zip([table, { ...storage, name: "../../etc/passwd" }]), "checkpoint/zip", "relative path"],
    ["an absolute path", () => zip([table, { ...storage, name: "/etc/passwd" }]), "checkpoint/zip", "absolute path"],
    ["a backslash", () => zip([table, { ...storage, name: "a\\data" }]), "checkpoint/zip", "invalid characters"],
    ["one name twice", () => zip([table, storage, storage]), "checkpoint/zip", "two entries named"],
    ["another local name", () => zip([table, { ...storage, localName: "a/data/1" }]), "checkpoint/zip", "another name"],
    [
      "a huge entry",
      () => zip([table, { ...storage, claimedSize: 0xfffffff0 }]),
      "checkpoint/truncated",
      "claims 4294967280",
    ],
    [
      "an entry of two sizes",
      () => zip([table, { ...storage, claimedStoredSize: 4 }]),
      "checkpoint/zip",
      "two sizes, 4 and 8",
    ],
    [
      "an entry past the end",
      () => zip([table, { ...storage, claimedHeader: 1e9 }]),
      "checkpoint/truncated",
      "1000000000",
    ],
    [
      "an entry at no header",
      () => zip([table, { ...storage, claimedHeader: 7 }]),
      "checkpoint/zip",
      "no entry at byte 7",
    ],
    [
      "a header that says compressed where the directory does not",
      () => zip([table, { ...storage, localMethod: 8 }]),
      "checkpoint/zip",
      "compressed or encrypted by its own header",
    ],
    ["a damaged table", () => zip([{ ...table, checksum: 1 }, storage]), "checkpoint/checksum", "says 00000001"],
    ["too many entries", () => zip([table], 60_000), "checkpoint/zip", "claims 60000 entries"],
    ["more entries than there are", () => zip([table, storage], 3), "checkpoint/zip", "leads beyond the end"],
    [
      "overlapping entries",
      () => zip([table, { ...storage, claimedSize: 200 }, { name: "a/x", data: Buffer.alloc(300) }]),
      "checkpoint/zip-overlap",
      "made to mislead",
    ],

    [
      "a foreign global",
      () => root(call(global("posix", "system"), text("echo owned"))),
      "checkpoint/foreign-global",
      /refers to posix\.system\n.*nothing of it was executed/s,
    ],
    [
      "a foreign global by STACK_GLOBAL",
      () => root(op("", text("builtins"), text("eval"), op("\x93"))),
      "checkpoint/foreign-global",
      "builtins.eval",
    ],
    [
      "a foreign global hidden in a tensor's hooks",
      () => root(dict([[text("w"), call(global("torch._utils", "_rebuild_tensor_v2"), global("os", "popen"))]])),
      "checkpoint/foreign-global",
      "os.popen",
    ],
    ["INST, which calls as it reads", () => raw(op("\x80\x02(ios\nsystem\n.")), "checkpoint/pickle", "opcode 0x69"],
    ["OBJ", () => raw(op("\x80\x02(o.")), "checkpoint/pickle", "opcode 0x6f"],
    ["EXT1", () => raw(op("\x80\x02\x82\x01.")), "checkpoint/pickle", "opcode 0x82"],
    ["a call of something uncallable", () => root(call(text("print"))), "checkpoint/pickle", "a string is called"],
    [
      "a call of a storage type",
      () => root(call(global("torch", "HalfStorage"))),
      "checkpoint/pickle",
      "HalfStorage is",
    ],
    ["attributes on a list", () => root(op("", list(), dict([]), op("b"))), "checkpoint/pickle", "attributes are set"],
    ["no pickle", () => raw(Buffer.alloc(0)), "checkpoint/pickle", "ends inside a value"],
    ["protocol 9", () => raw(op("\x80\x09N.")), "checkpoint/pickle", "protocol 9"],
    ["a cut pickle", () => raw(file(tensorDict([one])).subarray(0, 50)), "checkpoint/pickle", "ends inside a value"],
    ["a string longer than the file", () => raw(op("X\xff\xff\xff\xff")), "checkpoint/pickle", "ends inside"],
    ["a 64-bit length", () => raw(op("\x8d" + "\xff".repeat(8))), "checkpoint/pickle", "ends inside"],
    ["a string that is not UTF-8", () => raw(op("X\x01\0\0\0\xff.")), "checkpoint/pickle", "not UTF-8"],
    ["a long integer", () => raw(op("\x8b\0\0\0\x20")), "checkpoint/pickle-limit", "integer of 536870912 bytes"],
    ["a stack that underflows", () => raw(op("\x85.")), "checkpoint/pickle", "missing on the stack"],
    ["a mark used as a value", () => raw(op("N(\x85.")), "checkpoint/pickle", "missing on the stack"],
    ["no mark", () => raw(op("Nt.")), "checkpoint/pickle", "a mark is missing"],
    ["an unknown memo", () => raw(op("h\x01.")), "checkpoint/pickle", "memo index 1"],
    ["a huge memo index", () => raw(op("Nr\xff\xff\xff\xff.")), "checkpoint/pickle-limit", "memo index 4294967295"],
    ["an endless stack", () => raw(repeated("N", 3e6)), "checkpoint/pickle-limit", "values on the stack"],
    ["endless marks", () => raw(repeated("(", 3e6)), "checkpoint/pickle-limit", "marks on the stack"],
    ["endless opcodes", () => raw(repeated("N0", 5e6)), "checkpoint/pickle-limit", "opcodes"],
    ["a name without an end", () => raw(op("c", repeated("a", 1e5))), "checkpoint/pickle", "a name without an end"],
    ["a key without a value", () => raw(op("}(Nu.")), "checkpoint/pickle", "a key without a value"],
    [
      "deep nesting",
      () => raw(op("", repeated("]", 1), repeated("\x85", 2e6), op("."))),
      "checkpoint/pickle-limit",
      "values of more than 67108864 bytes",
    ],
    ["doubling references", () => root(doubling), "checkpoint/no-tensors", "is a tuple"],
    [
      "a dict that contains itself",
      () => raw(op("}q\x01", text("model"), op("h\x01s."))),
      "checkpoint/no-tensors",
      'with the keys "model"',
    ],
    ["a table of more than 16 MB", () => raw(Buffer.alloc(17 * 2 ** 20)), "checkpoint/pickle-limit", "17825792 bytes"],

    ["no tensors", () => root(dict([[text("a"), int(1)]])), "checkpoint/no-tensors", 'a dict with the keys "a"'],
    ["None", () => root(none), "checkpoint/no-tensors", "The checkpoint is None"],
    ["a tensor alone", () => root(tensorCode(one)), "checkpoint/no-tensors", "The checkpoint is a tensor"],
    ["a tensor named by a number", () => root(dict([[int(1), tensorCode(one)]])), "checkpoint/tensor-name", "a number"],
    ["storage that is missing", () => withTensor({ storage: "9" }), "checkpoint/missing-storage", '"saved-as/data/9"'],
    [
      "storage that leads elsewhere",
      () => withTensor({ storage: "../version" }),
      "checkpoint/missing-storage",
      '"saved-as/data/../version"',
    ],
    ["storage that is too short", () => withTensor({ count: 5 }), "checkpoint/short-storage", "take 10 bytes; entry"],
    ["huge storage", () => withTensor({ count: 2 ** 50 }), "checkpoint/short-storage", "1125899906842624 float16"],
    ["a shape beyond the storage", () => withTensor({ shape: [2, 3] }), "checkpoint/tensor-bounds", "needs element 4"],
    ["an offset beyond it", () => withTensor({ offset: 1 }), "checkpoint/tensor-bounds", "needs element 4"],
    ["strides beyond it", () => withTensor({ strides: [2 ** 40, 1] }), "checkpoint/tensor-bounds", "strides [1099511"],
    [
      "a shape too large to count",
      () => withTensor({ shape: [2 ** 40, 2 ** 40], strides: [0, 0] }),
      "checkpoint/tensor-bounds",
      "does not fit",
    ],
    [
      "a huge tensor out of one element",
      () => withTensor({ shape: [2 ** 40], strides: [0] }),
      "checkpoint/tensor-bounds",
      "shape [1099511627776]",
    ],
    ["fewer strides than extents", () => withTensor({ strides: [1] }), "checkpoint/pickle", "2 extents and 1 strides"],
    ["a negative extent", () => withTensor({ shape: [-1, 2] }), "checkpoint/pickle", "size is -1"],
    ["a negative stride", () => withTensor({ strides: [-2, 1] }), "checkpoint/pickle", "stride is -2"],
    ["a negative offset", () => withTensor({ offset: -4 }), "checkpoint/pickle", "offset is -4"],
    [
      "many axes",
      () => withTensor({ shape: Array(99).fill(1), strides: Array(99).fill(1) }),
      "checkpoint/pickle",
      "has 99 axes",
    ],
    [
      "an unknown storage type",
      () => withTensor({ type: "WeirdStorage" }),
      "checkpoint/foreign-global",
      "torch.WeirdSt",
    ],
    [
      "a storage reference of another form",
      () => root(op("", tuple(int(1)), op("Q"))),
      "checkpoint/pickle",
      "(storage, type",
    ],
    [
      "a storage whose type is text",
      () => root(op("", tuple(text("storage"), text("HalfStorage"), text("0"), text("cpu"), int(4)), op("Q"))),
      "checkpoint/pickle",
      "type is a string",
    ],
    [
      "a tensor without a storage",
      () => root(call(global("torch._utils", "_rebuild_tensor_v2"), int(1))),
      "checkpoint/pickle",
      "made without a storage",
    ],
    [
      "a parameter without a tensor",
      () => root(call(global("torch._utils", "_rebuild_parameter"), int(1))),
      "checkpoint/pickle",
      "made without a tensor",
    ],
    [
      "an OrderedDict of a number",
      () => root(call(global("collections", "OrderedDict"), int(1))),
      "checkpoint/pickle",
      "made of a number",
    ],
  ])("%s", async (_, bytes, code, expected) => {
    const failure = await openingFails(write("hostile.pth", bytes()));
    expect(failure).toMatchObject({
      code,
      text: expect.stringMatching(expected instanceof RegExp ? expected : literal(expected)),
    });
    expect(failure.kind).toBe(/compressed|encrypted|torchscript/.test(code) ? "unsupported" : "input");
  });

  test("names that would act on a terminal are shown escaped", async () => {
    const name = "w\x1b[2J\n\u202egnp";
    const path = write("escape.pth", withTensor({ name, storage: "9" }));
    const { detail } = (await diagnosticOf(() => openCheckpoint(path))).place!;
    expect(detail).toBe("w\\u{1b}[2J\\u{a}\\u{202e}gnp");
    const evil = write("escape.pth", root(call(global("o\x1b[2Js", "system"))));
    expect((await openingFails(evil)).text).toContain("refers to o\\u{1b}[2Js.system");
  });

  test("the text of a whole diagnostic", async () => {
    const path = write("evil.pth", root(call(global("posix", "system"), text("echo owned"))));
    expect((await openingFails(path)).text).toMatchInlineSnapshot(`
      "evil.pth refers to posix.system
      at saved-as/data.pkl, byte 2
      A checkpoint is read as data: tensors, and the dicts around them. Loading this file in Python would import and call posix.system; here nothing of it was executed.
      hint: if you trust the file, load it in Python and save its tensors alone; if not, do not load it"
    `);
  });
});

const literal = (text: string): RegExp => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
