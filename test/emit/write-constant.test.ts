/** The streaming evaluation and writing of constants, held against a plain evaluator. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Checkpoint, CheckpointDtype, TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import { float16ToFloat32, floatToBits } from "../../compiler/checkpoint/float16.ts";
import { bitsReader, makeBits } from "../../compiler/emit/constant-bits.ts";
import { constantReader } from "../../compiler/emit/evaluate-constant.ts";
import { planWeights, weightsId } from "../../compiler/emit/plan-weights.ts";
import { writeEmbedding, writeWeights } from "../../compiler/emit/write-constant.ts";
import { writeQuantized } from "../../compiler/emit/write-quantized.ts";
import { elements, type Constant } from "../../compiler/ir/constant.ts";
import type { QnnDtype, QnnGraph, QnnTensor, StoredScales } from "../../compiler/lower/qnn-graph.ts";
import { roundingFor } from "../../compiler/quantize/round-weight.ts";
import { evaluatePlainly } from "./fixtures/evaluate-constant-plainly.ts";
import { tinyCheckpoint, tinyGraph } from "./fixtures/tiny-graph.ts";

/** Numbers from a seed: [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function checkpointOf(tensors: readonly TensorInfo[], value: (name: string, i: number) => number): Checkpoint {
  return {
    source: "test",
    tensors: new Map(tensors.map((info) => [info.name, info])),
    readBits(info, start, out) {
      for (let i = 0; i < out.length; i++) out[i] = floatToBits(value(info.name, start + i), info.dtype);
    },
    close() {},
  };
}

/** The float16 number nearest to a float64 value (floatToBits rounds to float32 first). */
function roundedOnce(value: number, dtype: "float16" | "float32"): number {
  const bits = floatToBits(value, dtype);
  if (dtype === "float32" || !Number.isFinite(float16ToFloat32(bits))) return bits;
  const distance = (b: number) => Math.abs(float16ToFloat32(b) - value);
  return [bits, bits - 1, bits + 1]
    .filter((b) => b >= 0 && distance(b) <= distance(bits))
    .sort((a, b) => distance(a) - distance(b) || (a & 1) - (b & 1))[0]!;
}

const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

/** A random expression of the wanted shape, and the tensors that it reads. */
function randomConstant(
  random: () => number,
  shape: readonly number[],
  depth: number,
  tensors: TensorInfo[],
): Constant {
  const sub = (wanted: readonly number[]) => randomConstant(random, wanted, depth - 1, tensors);
  const rows = ["layerNorm", "stack", "columns"] as const;
  const kind =
    depth === 0
      ? pick(random, ["tensor", "tensor", "fill"])
      : pick(random, ["unary", "binary", "binary", "transpose", "reshape", ...(shape.length > 0 ? rows : [])]);
  switch (kind) {
    case "fill":
      return { kind, shape, value: pick(random, [0.5, -1, 3, 0.25]) };
    case "unary":
      return {
        kind,
        shape,
        op: pick(random, ["neg", "sigmoid", "tanh", "relu", "silu", "abs", "square", "exp"] as const),
        arg: sub(shape),
      };
    case "binary": {
      const stretched = shape.map((extent) => (random() < 0.4 ? 1 : extent)).slice(random() < 0.3 ? 1 : 0);
      const [left, right] = random() < 0.5 ? [sub(shape), sub(stretched)] : [sub(stretched), sub(shape)];
      return { kind, shape, op: pick(random, ["add", "sub", "mul", "max", "min"] as const), left, right };
    }
    case "layerNorm": {
      const last = [shape.at(-1)!];
      return { kind, shape, eps: 1e-3, arg: sub(shape), weight: sub(last), bias: sub(last) };
    }
    case "transpose": {
      const perm = shape.map((_, i) => i).sort(() => random() - 0.5);
      const source: number[] = [];
      perm.forEach((axis, k) => (source[axis] = shape[k]!));
      return { kind, shape, perm, arg: sub(source) };
    }
    case "reshape":
      return { kind, shape, arg: sub(random() < 0.5 ? [elements(shape)] : [...shape].reverse()) };
    case "stack": {
      const first = Math.floor(random() * (shape[0]! + 1));
      const parts = [first, shape[0]! - first].filter((extent) => extent > 0);
      return { kind, shape, args: parts.map((extent) => sub([extent, ...shape.slice(1)])) };
    }
    case "columns": {
      const first = Math.floor(random() * (shape.at(-1)! + 1));
      const parts = [first, shape.at(-1)! - first].filter((extent) => extent > 0);
      return { kind, shape, args: parts.map((extent) => sub([...shape.slice(0, -1), extent])) };
    }
    default: {
      const name = `t${tensors.length}`;
      tensors.push({ name, shape, dtype: pick(random, ["float32", "float16", "bfloat16"] as CheckpointDtype[]) });
      return { kind: "tensor", tensor: name, shape };
    }
  }
}

function randomCase(seed: number): { constant: Constant; checkpoint: Checkpoint; random: () => number } {
  const random = generator(seed);
  const tensors: TensorInfo[] = [];
  const shape = Array.from({ length: 1 + Math.floor(random() * 4) }, () => 1 + Math.floor(random() * 6));
  const constant = randomConstant(random, shape, 1 + Math.floor(random() * 3), tensors);
  const value = (name: string, i: number) => Math.sin(1 + i * 12.9898 + name.length * 78.233 + seed) * 3;
  return { constant, checkpoint: checkpointOf(tensors, value), random };
}

describe("constantReader", () => {
  it("gives what the plain evaluator gives, in whatever pieces", () => {
    for (let seed = 1; seed <= 400; seed++) {
      const { constant, checkpoint, random } = randomCase(seed);
      const expected = evaluatePlainly(constant, checkpoint);
      const read = constantReader(constant, checkpoint);
      for (let start = 0; start < expected.length;) {
        const out = new Float64Array(Math.min(expected.length - start, 1 + Math.floor(random() * 40)));
        read(start, out);
        out.forEach((got, i) => {
          const want = expected[start + i]!;
          const good = Math.abs(got - want) <= 1e-9 * (1 + Math.abs(want));
          expect(
            good,
            `seed ${seed}, element ${start + i}: ${got}, expected ${want}\n${JSON.stringify(constant)}`,
          ).toBe(true);
        });
        start += out.length;
      }
    }
  });
});

describe("bitsReader", () => {
  it("rounds once, to nearest even", () => {
    // Rounded to float32 first, the 2^-40 would be lost and the tie go the wrong way.
    const cases: [number, number][] = [
      [1 + 2 ** -11, 0x3c00],
      [1 + 2 ** -11 + 2 ** -40, 0x3c01],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 3 * 2 ** -11 - 2 ** -40, 0x3c01],
      [2 ** -25, 0],
      [2 ** -25 + 2 ** -60, 1],
      [-(2 ** -25) - 2 ** -60, 0x8001],
      [65519.999999999, 0x7bff],
      [-65520, 0xfc00],
    ];
    for (const [value, expected] of cases) {
      const bits = makeBits("float16", 1);
      bitsReader(
        { kind: "fill", value, shape: [1] },
        "float16",
        checkpointOf([], () => 0),
      )(0, bits);
      expect(bits[0], String(value)).toBe(expected);
    }
  });

  const large = [300, 256];
  for (const source of ["float32", "float16", "bfloat16"] as const) {
    for (const dtype of ["float16", "float32"] as const) {
      it(`takes large ${source} tensors to ${dtype} as the plain way does`, () => {
        const info: TensorInfo = { name: "w", shape: large, dtype: source };
        const checkpoint = checkpointOf([info], (_, i) => Math.sin(i) * 10 ** ((i % 11) - 5));
        const w: Constant = { kind: "tensor", tensor: "w", shape: large };
        const half: Constant = { kind: "fill", value: 0.5, shape: [1, 1] };
        const scaled: Constant = { kind: "binary", op: "mul", left: w, right: half, shape: large };
        const cases: Constant[] = [
          w,
          scaled,
          { kind: "unary", op: "sigmoid", arg: scaled, shape: large },
          { kind: "transpose", arg: scaled, perm: [1, 0], shape: [256, 300] },
          {
            kind: "transpose",
            arg: { kind: "reshape", arg: w, shape: [4, 75, 256] },
            perm: [0, 2, 1],
            shape: [4, 256, 75],
          },
          {
            kind: "transpose",
            arg: { kind: "reshape", arg: w, shape: [300, 16, 16] },
            perm: [1, 0, 2],
            shape: [16, 300, 16],
          },
          { kind: "stack", args: [w, scaled], shape: [600, 256] },
        ];
        for (const constant of cases) {
          const expected = evaluatePlainly(constant, checkpoint);
          const bits = makeBits(dtype, expected.length);
          const read = bitsReader(constant, dtype, checkpoint);
          for (let start = 0; start < bits.length; start += 40000) read(start, bits.subarray(start, start + 40000));
          const wrong = expected.findIndex((value, i) => bits[i] !== roundedOnce(value, dtype));
          expect(wrong, `${constant.kind}: element ${wrong}: ${expected[wrong]}`).toBe(-1);
        }
      });
    }
  }
});

describe("files", () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "rwkvc-weights-"))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("weights.bin: header, aligned entries, equal data once, hash made on the way", async () => {
    const graph = tinyGraph("float32");
    const plan = planWeights([graph]);
    const checkpoint = tinyCheckpoint();
    const id = weightsId(plan, checkpoint);
    const path = join(folder, "weights.bin");
    const written = await writeWeights(path, plan, id, checkpoint);
    const file = readFileSync(path);
    expect(file.length).toBe(plan.bytes);
    expect(written).toMatchObject({
      bytes: plan.bytes,
      sha256: createHash("sha256").update(file).digest("hex"),
      warnings: [],
    });
    expect(file.subarray(0, 8).toString("latin1")).toBe("RWKVCWTS");
    expect(file.subarray(24, 56).toString("hex")).toBe(id);
    for (const entry of plan.entries) {
      expect(entry.offset % (entry.bytes >= 4096 ? 4096 : 64)).toBe(0);
      const expected = evaluatePlainly(entry.constant, checkpoint);
      const stored = new Float32Array(new Uint8Array(file.subarray(entry.offset, entry.offset + entry.bytes)).buffer);
      expect([...stored]).toEqual(expected.map(Math.fround));
    }
    expect(weightsId(plan, tinyCheckpoint(2))).not.toBe(id);
  });

  const graphOf = (...constants: Constant[]): QnnGraph => {
    const graph = tinyGraph("float16");
    const [node] = graph.nodes;
    const inputs = constants.map<QnnTensor>((constant, i) => ({
      name: `c${i}`,
      kind: "STATIC",
      dtype: "float16",
      dims: constant.shape,
      constant,
    }));
    return { ...graph, nodes: [{ ...node!, inputs }] };
  };

  it("stores what is only reshaped once", () => {
    const w: Constant = { kind: "tensor", tensor: "w", shape: [2, 3] };
    const plan = planWeights([
      graphOf(w, { kind: "reshape", arg: w, shape: [6] }, { kind: "fill", value: 1, shape: [2] }),
    ]);
    expect(plan.entries.map((entry) => entry.names)).toEqual([["c0", "c1"], ["c2"]]);
  });

  it("warns of what float16 cannot hold", async () => {
    const shape = [3];
    const values: Record<string, number[]> = {
      big: [1, 7e4, -1e6],
      tiny: [1e-6, 0, 2e-7],
      bad: [1, NaN, Infinity],
      good: [1, 2, 1e-7],
    };
    const infos = Object.keys(values).map<TensorInfo>((name) => ({ name, shape, dtype: "float32" }));
    const checkpoint = checkpointOf(infos, (name, i) => values[name]![i]!);
    const plan = planWeights([
      graphOf(...infos.map<Constant>(({ name }) => ({ kind: "tensor", tensor: name, shape }))),
    ]);
    const { warnings } = await writeWeights(join(folder, "warn.bin"), plan, "00".repeat(32), checkpoint);
    expect(warnings.map(({ code, title }) => `${code}: ${title}`)).toEqual([
      "weights/overflow: 2 of 3 values of c0 become infinite in float16",
      "weights/underflow: all values of c1 are below float16's normal range",
      "weights/not-finite: 2 of 3 values of c2 are infinite or NaN",
    ]);
  });

  const quantized = async (
    values: readonly number[],
    dims: readonly number[],
    dtype: QnnDtype,
    stored: StoredScales,
  ) => {
    const checkpoint = checkpointOf([{ name: "w", shape: dims, dtype: "float32" }], (_, i) => values[i]!);
    const tensor: QnnTensor = {
      ...{ name: "w", kind: "STATIC", dtype, dims, stored },
      constant: { kind: "tensor", tensor: "w", shape: dims },
    };
    const plan = planWeights([graphOf(tensor.constant!)]);
    const entry = { ...plan.entries[0]!, dtype, dims, stored, names: ["w"] };
    const bytes: number[] = [];
    const encoding = await writeQuantized(entry, checkpoint, roundingFor(entry, { compensate: false }), {
      write: (part) => void bytes.push(...part),
      align: () => {},
      pause: () => Promise.resolve(),
    });
    return { encoding, bytes };
  };
  const kinds: readonly (readonly [QnnDtype, StoredScales])[] = [
    ["sfixed8", { per: "channels" }],
    ["sfixed4", { per: "channels" }],
    ["sfixed4", { per: "blocks", block: 16 }],
    ["ufixed16", { per: "tensor" }],
    ["sfixed16", { per: "tensor" }],
    ["sfixed32", { per: "tensor" }],
  ];
  const dims = [3, 32];

  it.each(kinds)(
    "%s %o: channels of zeros, of one value, of next to nothing have finite scales",
    async (dtype, stored) => {
      const rows = [0, 0.75, 1e-42];
      for (const values of [rows.flatMap((v) => Array<number>(32).fill(v)), Array<number>(96).fill(0)]) {
        const { encoding } = await quantized(values, dims, dtype, stored);
        if (encoding.kind === "float") throw new Error("integers were asked for");
        for (const scale of encoding.scales) expect(scale > 0 && Number.isFinite(Math.fround(scale))).toBe(true);
      }
      const { bytes } = await quantized(Array<number>(96).fill(0), dims, dtype, stored);
      // All of it is 0, or the code of 0.
      expect(bytes.slice(0, 48)).toEqual(Array<number>(48).fill(0));
    },
  );

  it.each(kinds)("%s %o: what is not finite is refused, by its name", async (dtype, stored) => {
    const values = Array.from({ length: 96 }, (_, i) => (i === 40 ? NaN : i === 70 ? -Infinity : i / 96));
    await expect(quantized(values, dims, dtype, stored)).rejects.toMatchObject({
      diagnostics: [
        {
          code: "weights/not-finite",
          severity: "error",
          title: "2 of 96 values of w are infinite or NaN",
          place: { file: "test", detail: "w" },
        },
      ],
    });
  });

  it("embedding.bin: the table's rows and nothing else", async () => {
    const shape = [70, 1000];
    const row = [1000];
    const infos = [{ name: "emb", shape, dtype: "bfloat16" as const }];
    const checkpoint = checkpointOf(infos, (_, i) => Math.cos(i));
    const table: Constant = {
      kind: "layerNorm",
      shape,
      eps: 1e-5,
      arg: { kind: "tensor", tensor: "emb", shape },
      weight: { kind: "fill", value: 2, shape: row },
      bias: { kind: "fill", value: 0.5, shape: row },
    };
    const path = join(folder, "embedding.bin");
    const { bytes } = await writeEmbedding(path, { table, dtype: "float32" }, checkpoint);
    expect(bytes).toBe(4 * 70 * 1000);
    const stored = new Float32Array(new Uint8Array(readFileSync(path)).buffer);
    const reference = evaluatePlainly(
      { ...table, shape: [2, 1000], arg: { kind: "tensor", tensor: "emb", shape: [2, 1000] } },
      checkpoint,
    );
    reference.forEach((value, i) => expect(stored[i]).toBeCloseTo(value, 5));
  });
});
