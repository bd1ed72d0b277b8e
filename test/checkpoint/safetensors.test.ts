import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import {
  bytesOf,
  diagnosticOf,
  openingFails,
  ramp,
  readAllBits,
  readValue,
  safetensors,
  type SafetensorsEntry,
  u32,
  useFolder,
} from "./write-files.ts";

const write = useFolder();
const model = new URL("../../models/rwkv7-random/model.safetensors", import.meta.url).pathname;

test("a real file holds what Python's struct finds in it", async () => {
  const checkpoint = await openCheckpoint(model);
  expect(checkpoint.source).toBe("model.safetensors");
  expect(checkpoint.tensors.size).toBe(72);
  expect(checkpoint.tensors.get("blocks.0.att.x_r")).toMatchObject({ shape: [1, 1, 128], dtype: "float16" });
  expect(readValue(checkpoint, "head.weight", 0)).toBe(0.20654296875);
  expect(readValue(checkpoint, "head.weight", 12800)).toBe(0.171142578125);
  expect(readValue(checkpoint, "head.weight", 38399)).toBe(-0.0711669921875);
  checkpoint.close();
});

test("all three dtypes, at odd places in the file, in any order in the header", async () => {
  const header = {
    __metadata__: { format: "pt" },
    f16: { dtype: "F16", shape: [2, 3], data_offsets: [17, 29] },
    flag: { dtype: "BOOL", shape: [1], data_offsets: [0, 1] },
    f32: { dtype: "F32", shape: [4], data_offsets: [1, 17] },
    nothing: { dtype: "F32", shape: [0, 7], data_offsets: [17, 17] },
    bf16: { dtype: "BF16", shape: [], data_offsets: [29, 31] },
  } satisfies Record<string, SafetensorsEntry | object>;
  const floats = Float32Array.of(1, -2, 3e38, 1e-40);
  const data = Buffer.concat([Buffer.of(1), bytesOf(floats), bytesOf(ramp(6)), bytesOf(Uint16Array.of(0xbfc0))]);
  const checkpoint = await openCheckpoint(write("mixed.safetensors", safetensors(header, data)));
  const out = new Float32Array(4);
  readFloat32(checkpoint, checkpoint.tensors.get("f32")!, 0, out);
  expect(out).toEqual(floats);
  expect(readAllBits(checkpoint, "f16")).toEqual([0, 1, 2, 3, 4, 5]);
  expect(readAllBits(checkpoint, "nothing")).toEqual([]);
  expect(readValue(checkpoint, "bf16", 0)).toBe(-1.5);
  const flag = checkpoint.tensors.get("flag")!;
  expect(flag.unreadable).toBe("bool");
  const failure = await diagnosticOf(() => checkpoint.readBits(flag, 0, new Uint32Array(1)));
  expect(failure).toMatchObject({ code: "checkpoint/unsupported-dtype", title: 'tensor "flag" is bool' });
  checkpoint.close();
});

test("a name that means something to JavaScript", async () => {
  const text = '{"__proto__":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}';
  const checkpoint = await openCheckpoint(write("proto.safetensors", safetensors(text, Buffer.of(5, 0))));
  expect(readAllBits(checkpoint, "__proto__")).toEqual([5]);
  checkpoint.close();
});

describe("damaged files", () => {
  const sound: SafetensorsEntry = { dtype: "F16", shape: [2, 2], data_offsets: [0, 8] };
  const data = bytesOf(ramp(4));
  const header = (change: Record<string, unknown>): Buffer => safetensors({ w: { ...sound, ...change } }, data);
  const two = (a: [number, number], b: [number, number], size: number): Buffer => {
    const entry = (offsets: [number, number]) => ({
      dtype: "I8",
      shape: [offsets[1] - offsets[0]],
      data_offsets: offsets,
    });
    return safetensors({ a: entry(a), b: entry(b) }, Buffer.alloc(size));
  };

  test.each<[string, () => Buffer, string, string]>([
    ["cut in the header", () => header({}).subarray(0, 20), "checkpoint/truncated", "its header alone takes"],
    ["cut in the data", () => header({}).subarray(0, -1), "checkpoint/truncated", 'tensor "w" needs bytes'],
    [
      "a huge header",
      () => Buffer.concat([u32(0xffffffff), u32(3), Buffer.from("{")]),
      "checkpoint/safetensors-header",
      "a header of 17179869183 bytes",
    ],
    ["a header that is not JSON", () => safetensors('{"w":', data), "checkpoint/safetensors-header", "not JSON"],
    [
      "a header that is not UTF-8",
      () => Buffer.concat([u32(4), u32(0), Buffer.from('{"\xff"', "latin1")]),
      "checkpoint/safetensors-header",
      "not JSON",
    ],
    [
      "a deeply nested header",
      () => safetensors(`{"w":${"[".repeat(5_000_000)}`, data),
      "checkpoint/safetensors-header",
      "nested more than 16 deep",
    ],
    [
      "one name twice",
      () => safetensors(`{"w":${JSON.stringify(sound)},"\\u0077":${JSON.stringify(sound)}}`, data),
      "checkpoint/safetensors-header",
      'the key \\"w\\" twice',
    ],
    ["NaN", () => safetensors('{"w":NaN}', data), "checkpoint/safetensors-header", "not JSON"],
    [
      "a header of 2^60 bytes",
      () => Buffer.concat([u32(0), u32(2 ** 28), Buffer.from("{")]),
      "checkpoint/safetensors-header",
      "a header of 1152921504606846976 bytes",
    ],
    ["no tensors", () => safetensors({ __metadata__: {} }, Buffer.alloc(0)), "checkpoint/no-tensors", "no tensors"],
    [
      "an entry that is no object",
      () => safetensors({ w: [1] }, data),
      "checkpoint/safetensors-tensor",
      "no JSON object",
    ],
    [
      "an unknown dtype",
      () => header({ dtype: "F17" }),
      "checkpoint/safetensors-tensor",
      'dtype "\\"F17\\""; known are F32',
    ],
    ["no dtype", () => header({ dtype: undefined }), "checkpoint/safetensors-tensor", 'dtype "undefined"'],
    ["no shape", () => header({ shape: undefined }), "checkpoint/safetensors-tensor", 'shape "undefined"'],
    ["a negative extent", () => header({ shape: [-2, -2] }), "checkpoint/safetensors-tensor", 'shape "[-2,-2]"'],
    ["a fractional extent", () => header({ shape: [2.5] }), "checkpoint/safetensors-tensor", 'shape "[2.5]"'],
    [
      "a shape too large to count",
      () => header({ shape: [2 ** 40, 2 ** 40] }),
      "checkpoint/safetensors-tensor",
      "which no file can hold",
    ],
    ["one offset", () => header({ data_offsets: [0] }), "checkpoint/safetensors-tensor", 'data_offsets "[0]"'],
    [
      "a negative offset",
      () => header({ data_offsets: [-8, 0] }),
      "checkpoint/safetensors-tensor",
      'data_offsets "[-8,0]"',
    ],
    [
      "offsets that go back",
      () => header({ data_offsets: [8, 0] }),
      "checkpoint/safetensors-tensor",
      "-8 bytes of data (8 to 0) for shape [2, 2], which takes 8",
    ],
    [
      "a range of another size",
      () => header({ data_offsets: [0, 6] }),
      "checkpoint/safetensors-tensor",
      "6 bytes of data",
    ],
    [
      "a range beyond the file",
      () => header({ data_offsets: [8, 16] }),
      "checkpoint/truncated",
      'tensor "w" needs bytes',
    ],
    ["overlapping tensors", () => two([0, 5], [4, 8], 8), "checkpoint/safetensors-layout", "overlap"],
    ["one range twice", () => two([0, 4], [0, 4], 4), "checkpoint/safetensors-layout", "overlap"],
    [
      "a gap",
      () => two([0, 3], [4, 8], 8),
      "checkpoint/safetensors-layout",
      "Bytes 3 to 4 of the data belong to no tensor",
    ],
    [
      "bytes after the last",
      () => two([0, 4], [4, 8], 9),
      "checkpoint/safetensors-layout",
      "ends at byte 8 of the data",
    ],
  ])("%s", async (_, bytes, code, text) => {
    const failure = await openingFails(write("bad.safetensors", bytes()));
    expect(failure).toMatchObject({ code, kind: "input", text: expect.stringContaining(text) });
  });
});
