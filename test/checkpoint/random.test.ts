import { describe, expect, test } from "vitest";

import type { Checkpoint, TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { findPreset, presetNames } from "../../compiler/checkpoint/presets.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import { checkedModel } from "../ir/bundled-model.ts";
import { specText } from "../ir/tiny-model.ts";
import { openingFails } from "./write-files.ts";

const count = ({ shape }: TensorInfo): number => shape.reduce((n, extent) => n * extent, 1);
const total = ({ tensors }: Checkpoint): number => [...tensors.values()].reduce((n, tensor) => n + count(tensor), 0);

function bits(checkpoint: Checkpoint, name: string, start: number, length: number): Uint16Array {
  const out = new Uint16Array(length);
  checkpoint.readBits(checkpoint.tensors.get(name)!, start, out);
  return out;
}

function floats(checkpoint: Checkpoint, name: string, length: number): Float32Array {
  const out = new Float32Array(length);
  readFloat32(checkpoint, checkpoint.tensors.get(name)!, 0, out);
  return out;
}

// As published, in the papers or as the size of the file: two bytes an element.
const published: Readonly<Record<string, number>> = {
  "v4-169M": 169_342_464,
  "v4-430M": 430_397_440,
  "v4-1.5B": 1_515_106_304,
  "v4-3B": 2_984_627_200,
  "v4-7B": 7_392_649_216,
  "v5.2-0.4B": 461_721_600,
  "v5.2-1.5B": 1_577_754_624,
  "v5.2-3B": 3_062_999_040,
  "v5.2-7B": 7_518_044_160,
  "v6-1.6B": 1_599_873_024,
  "v6-3B": 3_099_863_040,
  "v6-7B": 7_635_746_816,
  "v7-0.1B": 191_034_624,
  "v7-0.4B": 450_767_872,
  "v7-1.5B": 1_527_404_544,
  "v7-2.9B": 2_947_735_040,
  "v7a-0.1B": 1_007_289_600,
};

/** "0.4B", "82M" at the end of a name. */
const named = (preset: string): number => {
  const [, digits, unit] = /([\d.]+)([MB])$/.exec(preset)!;
  return Number(digits) * (unit === "M" ? 1e6 : 1e9);
};

test.each(presetNames())("%s has the release's size, and fits its spec", async (preset) => {
  const checkpoint = await openCheckpoint(`random:1:${preset}`);
  expect(checkpoint.source).toBe(`random:1:${preset}`);
  const elements = total(checkpoint);
  if (published[preset] !== undefined) expect(elements).toBe(published[preset]);
  else {
    // The names of some count the embedding or the head, or neither.
    const table = count(checkpoint.tensors.get("emb.weight")!);
    expect(elements).toBeGreaterThan(0.95 * named(preset));
    expect(elements - 2 * table).toBeLessThan(1.05 * named(preset));
  }
  expect(new Set([...checkpoint.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["bfloat16"]));
  const path = `specs/${findPreset(preset)!.spec}.rwkv.ts`;
  const model = checkedModel(path, specText(path), checkpoint);
  const { dims } = findPreset(preset)!;
  expect(Object.fromEntries(Object.keys(dims).map((dim) => [dim, model.sizes.get(dim)]))).toEqual(dims);
});

/** Shapes as the official files have them but for extents of 1, with each dimension's number in place of the small model's. */
const translated = (shape: readonly number[], dims: ReadonlyMap<number, number>): number[] =>
  shape.filter((extent) => extent !== 1).map((extent) => dims.get(extent) ?? extent);

test.each([
  // Width 128, 2 heads, ffn 512 or 448, vocabulary 256, LoRA ranks 32 and 64 (also the head size).
  [
    "rwkv7-kjv",
    "v7-1.5B",
    [
      [128, 2048],
      [2, 32],
      [512, 8192],
      [256, 65536],
    ],
  ],
  [
    "rwkv4-kjv",
    "v4-169M",
    [
      [128, 768],
      [512, 3072],
      [256, 50277],
    ],
  ],
  [
    "rwkv6-kjv",
    "v6-1.6B",
    [
      [128, 2048],
      [2, 32],
      [448, 7168],
      [256, 65536],
    ],
  ],
  [
    "rwkv5.2-kjv",
    "v5.2-abc-82M",
    [
      [128, 512],
      [2, 8],
      [448, 1792],
      [256, 128],
    ],
  ],
] as const)("names and shapes are those of a real file: %s", async (model, preset, dims) => {
  const real = await openCheckpoint(new URL(`../../models/${model}/model.pth`, import.meta.url).pathname);
  const made = await openCheckpoint(`random:1:${preset}`);
  const early = (name: string): boolean => !/^blocks\.([4-9]|\d\d)/.test(name);
  const isLora = (name: string): boolean => /\.att\.[wavg][12]$/.test(name);
  expect([...made.tensors.keys()].filter(early).sort()).toEqual([...real.tensors.keys()].sort());
  for (const { name, shape } of real.tensors.values()) {
    if (!isLora(name)) expect([name, made.tensors.get(name)!.shape]).toEqual([name, translated(shape, new Map(dims))]);
  }
  real.close();
});

test("LoRA factors are stored [in, out], with the release's ranks", async () => {
  const { tensors } = await openCheckpoint("random:1:v7-1.5B");
  const shapes = ["w1", "w2", "a1", "a2", "v1", "v2", "g1", "g2"].map(
    (name) => tensors.get(`blocks.3.att.${name}`)!.shape,
  );
  expect(shapes).toEqual([
    [2048, 96],
    [96, 2048],
    [2048, 96],
    [96, 2048],
    [2048, 64],
    [64, 2048],
    [2048, 256],
    [256, 2048],
  ]);
  expect(tensors.has("blocks.0.att.v1")).toBe(false);
});

describe("values", () => {
  test("depend on seed, name and index alone, wherever a read starts", async () => {
    const checkpoint = await openCheckpoint("random:7:v7-0.1B");
    const whole = bits(checkpoint, "head.weight", 0, 5000);
    for (const [start, length] of [
      [0, 1],
      [1, 1],
      [1, 2],
      [2, 1],
      [333, 1000],
      [334, 1001],
      [4999, 1],
      [5000, 0],
    ] as const) {
      expect(bits(checkpoint, "head.weight", start, length)).toEqual(whole.slice(start, start + length));
    }
    const again = await openCheckpoint("random:7:v7-0.1B");
    expect(bits(again, "head.weight", 0, 5000)).toEqual(whole);
    expect(bits(await openCheckpoint("random:8:v7-0.1B"), "head.weight", 0, 5000)).not.toEqual(whole);
    expect(bits(await openCheckpoint("random:007:v7-0.1B"), "head.weight", 0, 5000)).toEqual(whole);
    // A change to the generator changes every made-up checkpoint: to be done knowingly.
    expect([...whole.subarray(0, 8)]).toMatchInlineSnapshot(`
      [
        15384,
        15570,
        15732,
        48422,
        48393,
        15806,
        48222,
        15381,
      ]
    `);
  });

  test("of different tensors are no shifted copies of each other", async () => {
    const checkpoint = await openCheckpoint("random:1:v7-0.1B");
    const first = bits(checkpoint, "blocks.0.att.key.weight", 0, 20_000);
    const second = bits(checkpoint, "blocks.1.att.key.weight", 0, 20_000);
    const pairs = (values: Uint16Array): Set<number> => {
      const triples = new Set<number>();
      for (let i = 0; i + 2 < values.length; i++)
        triples.add((values[i]! * 2 ** 16 + values[i + 1]!) * 2 ** 16 + values[i + 2]!);
      return triples;
    };
    const seen = pairs(first);
    expect([...pairs(second)].filter((triple) => seen.has(triple)).length).toBeLessThan(20);
  });

  test("are spread as the plan says, independently of their neighbours", async () => {
    const checkpoint = await openCheckpoint("random:3:v7-0.1B");
    const n = 400_000;
    const values = floats(checkpoint, "blocks.2.att.key.weight", n);
    const deviation = 0.5 / Math.sqrt(768);
    const mean = values.reduce((sum, x) => sum + x, 0) / n;
    const moment = (k: number): number => values.reduce((sum, x) => sum + (x / deviation) ** k, 0) / n;
    const withNext = (lag: number): number =>
      values.subarray(lag).reduce((sum, x, i) => sum + (x * values[i]!) / deviation ** 2, 0) / n;
    // Within five standard errors of a normal distribution.
    const standardError = 1 / Math.sqrt(n);
    expect(Math.abs(mean / deviation)).toBeLessThan(5 * standardError);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2) * standardError);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96) * standardError);
    for (const lag of [1, 2, 3, 768]) expect(Math.abs(withNext(lag))).toBeLessThan(5 * standardError);
  });

  test.each([
    ["v7-0.1B", "blocks.5.ln1.weight", 1, 0.1],
    ["v7-0.1B", "blocks.5.att.x_k", 0.5, 1 / Math.sqrt(12)],
    ["v7-0.1B", "blocks.5.att.w0", -2.75, 6.5 / Math.sqrt(12)],
    ["v7-0.1B", "emb.weight", 0, 0.05],
    ["v5.2-0.4B", "blocks.5.att.time_decay", -3.2, 5.6 / Math.sqrt(12)],
  ])("of %s, %s: about %d, %d to either side", async (preset, name, mean, deviation) => {
    const checkpoint = await openCheckpoint(`random:1:${preset}`);
    const values = floats(checkpoint, name, Math.min(50_000, count(checkpoint.tensors.get(name)!)));
    const average = values.reduce((sum, x) => sum + x, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - average) ** 2, 0) / values.length);
    expect(Math.abs(average - mean)).toBeLessThan(0.15 * deviation);
    expect(Math.abs(spread / deviation - 1)).toBeLessThan(0.1);
  });

  test("are finite and moderate in every tensor", async () => {
    for (const preset of presetNames()) {
      const checkpoint = await openCheckpoint(`random:1:${preset}`);
      for (const tensor of checkpoint.tensors.values()) {
        const values = floats(checkpoint, tensor.name, Math.min(200, count(tensor)));
        expect(values.every((value) => Math.abs(value) < 8)).toBe(true);
      }
    }
  });
});

test("a large model is read in pieces without being held", async () => {
  const checkpoint = await openCheckpoint("random:1:v7-1.5B");
  const out = new Uint16Array(2 ** 20);
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = used();
  let most = 0;
  let elements = 0;
  for (const tensor of checkpoint.tensors.values()) {
    // Three pieces of each: its start, its middle, its end.
    const size = count(tensor);
    const piece = out.subarray(0, Math.min(out.length, size));
    for (const start of [0, Math.floor((size - piece.length) / 2), size - piece.length]) {
      checkpoint.readBits(tensor, start, piece);
      elements += piece.length;
    }
    most = Math.max(most, used() - before);
  }
  expect(elements).toBeGreaterThan(5e8);
  expect(most).toBeLessThan(64 * 2 ** 20);
});

describe("sources that name none", () => {
  test.each([
    ["random:1:v9-7B", 'there is no preset "v9-7B"; presets are v'],
    ["random:1", "Expected random:SEED:PRESET"],
    ["random:", "Expected random:SEED:PRESET"],
    ["random:-1:v7-0.1B", "a whole number of up to 15 digits"],
    ["random:1.5:v7-0.1B", "a whole number"],
    ["random:1234567890123456:v7-0.1B", "a whole number"],
    ["random:1:v7-0.1B ", 'there is no preset "v7-0.1B "'],
    ["random:1:constructor", 'there is no preset "constructor"'],
  ])("%s", async (source, text) => {
    const failure = await openingFails(source);
    expect(failure).toMatchObject({
      code: "checkpoint/random-source",
      kind: "usage",
      text: expect.stringContaining(text),
    });
  });

  test("a slip is told", async () => {
    expect(await openingFails("random:12:v7-0.1b")).toMatchObject({
      text: expect.stringContaining("did you mean random:12:v7-0.1B?"),
    });
  });
});

describe("for any spec", () => {
  const small = "L=2,V=11,D=6,H=2,N=3,F=5,Rw=1,Ra=2,Rv=3,Rg=4";
  const variant = "docs/variants/rwkv-7b.rwkv.ts";

  test("all tensors that it declares, in the layers where they are used", async () => {
    const source = `random:1:${variant}:${small}`;
    const checkpoint = await openCheckpoint(source);
    const model = checkedModel(variant, specText(variant), checkpoint);
    expect(Object.fromEntries(model.sizes)).toMatchObject({ L: 2, V: 11, D: 6, A: 6, H: 2, N: 3, Rg: 4 });
    const shapes = ["att.b1", "att.b2", "att.x_s"].map((name) => checkpoint.tensors.get(`blocks.1.${name}`)!.shape);
    expect(shapes).toEqual([[6, 4], [4, 6], [6]]);
    expect(checkpoint.tensors.has("blocks.0.att.v0")).toBe(false);
    expect(floats(checkpoint, "blocks.1.att.b1", 24).every((value) => Math.abs(value) < 2)).toBe(true);
  });

  test("a preset's sizes, some changed", async () => {
    const { tensors } = await openCheckpoint(`random:1:${variant}:v7-0.1B,L=1,V=256`);
    expect(tensors.get("head.weight")!.shape).toEqual([256, 768]);
    expect(tensors.has("blocks.1.ln1.weight")).toBe(false);
    const bundled = await openCheckpoint("random:1:v7-0.1B");
    const same = await openCheckpoint("random:1:specs/rwkv-7.rwkv.ts:v7-0.1B");
    expect([...same.tensors]).toEqual([...bundled.tensors]);
    expect(bits(same, "head.weight", 5, 100)).toEqual(bits(bundled, "head.weight", 5, 100));
  });

  test.each([
    ["no sizes", "", "L, V, D, H, N, F, Rw, Ra, Rv, Rg as well, and no size"],
    ["one missing", `:${small.replace(",Rg=4", "")}`, "has Rg as well, and no size is given for it"],
    ["an unknown dimension", `:${small},Q=3`, 'has no dimension "Q"'],
    ["a dimension that follows", `:${small},A=6`, "A follows from H N"],
    ["no number", `:${small},L=two`, 'L must be a whole number from 1 to 1024, not "two"'],
    ["none", `:${small},D=0`, "D must be a whole number from 1"],
    ["too many layers", `:${small},L=1025`, "L must be a whole number from 1 to 1024"],
    ["too large", `:${small},D=99999999`, "D must be a whole number"],
    ["a size twice", ":L=2,L=3", "L is given twice"],
    ["an unknown preset", ":v7-0.1b", '"v7-0.1b" is neither DIM=N nor a preset'],
  ])("%s", async (_what, sizes, text) => {
    expect(await openingFails(`random:1:${variant}${sizes}`)).toMatchObject({
      code: "checkpoint/random-source",
      text: expect.stringContaining(text),
    });
  });

  test("a spec that is not there", async () => {
    expect(await openingFails("random:1:nowhere.rwkv.ts:L=1")).toMatchObject({ code: "spec/missing-file" });
  });
});
