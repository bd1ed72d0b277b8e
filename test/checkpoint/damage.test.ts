import { truncateSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import {
  bytesOf,
  legacyTorch,
  pickle,
  pth,
  ramp,
  readAllBits,
  safetensors,
  seededRandom,
  tensorDict,
  useFolder,
} from "./write-files.ts";

const write = useFolder();
const { int, none, text, tuple } = pickle;

function soundPth(): Buffer {
  const tensors = [
    { name: "emb.weight", storage: "0", count: 60, shape: [4, 15], strides: [15, 1] },
    { name: "transposed", storage: "0", count: 60, shape: [15, 4], strides: [1, 15] },
    { name: "part", storage: "0", count: 60, offset: 10, shape: [5], strides: [3] },
    { name: "float32", storage: "1", type: "FloatStorage", count: 15, shape: [3, 5], strides: [5, 1] },
    { name: "steps", storage: "2", type: "LongStorage", count: 1, shape: [], strides: [] },
  ];
  const storages = { 0: bytesOf(ramp(60)), 1: bytesOf(new Float32Array(15).fill(1.5)), 2: Buffer.alloc(8) };
  return pth(tensorDict(tensors), storages, [{ name: "saved-as/byteorder", data: Buffer.from("little") }]);
}

function soundSafetensors(): Buffer {
  const header = {
    __metadata__: { format: "pt" },
    "emb.weight": { dtype: "BF16", shape: [4, 15], data_offsets: [0, 120] },
    float32: { dtype: "F32", shape: [3, 5], data_offsets: [120, 180] },
    steps: { dtype: "I64", shape: [], data_offsets: [180, 188] },
  };
  return safetensors(header, Buffer.alloc(188, 7));
}

function soundLegacy(): Buffer {
  const tensors = [
    { name: "emb.weight", storage: "94", count: 60, shape: [4, 15], strides: [15, 1], view: none },
    {
      name: "transposed",
      storage: "94",
      count: 60,
      shape: [15, 2],
      strides: [1, 15],
      view: tuple(text("9"), int(30), int(30)),
    },
    { name: "float32", storage: "31", type: "FloatStorage", count: 15, shape: [3, 5], strides: [5, 1] },
    { name: "steps", storage: "7", type: "LongStorage", count: 1, shape: [], strides: [] },
  ];
  return legacyTorch(tensorDict(tensors), [
    { key: "31", count: 15, data: bytesOf(new Float32Array(15).fill(1.5)) },
    { key: "7", count: 1, data: Buffer.alloc(8) },
    { key: "94", count: 60, data: bytesOf(ramp(60)) },
  ]);
}

/** The file that it names is there, and sound. */
function soundIndex(): Buffer {
  write("shard.safetensors", soundSafetensors());
  const names = ["emb.weight", "float32", "steps"];
  const weightMap = Object.fromEntries(names.map((name) => [name, "shard.safetensors"]));
  return Buffer.from(JSON.stringify({ metadata: { total_size: 188 }, weight_map: weightMap }));
}

type Damage = (bytes: Buffer, random: () => number) => Buffer;

const below = (random: () => number, n: number): number => Math.floor(random() * n);

const flipBits: Damage = (bytes, random) => {
  const damaged = Buffer.from(bytes);
  for (let i = below(random, 4); i >= 0; i--) damaged[below(random, bytes.length)]! ^= 1 << below(random, 8);
  return damaged;
};

const setBytes: Damage = (bytes, random) => {
  const damaged = Buffer.from(bytes);
  const value = [0, 0xff, 0x80, 0x2e, below(random, 256)][below(random, 5)]!;
  const at = below(random, bytes.length);
  damaged.subarray(at, at + 1 + below(random, 8)).fill(value);
  return damaged;
};

const cut: Damage = (bytes, random) => bytes.subarray(0, below(random, bytes.length));

const dropInside: Damage = (bytes, random) => {
  const at = below(random, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 16))]);
};

const repeatInside: Damage = (bytes, random) => {
  const [at, length] = [below(random, bytes.length), 1 + below(random, 100)];
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
};

const damages: Record<string, Damage> = { flipBits, setBytes, cut, dropInside, repeatInside };

/** Codes of the failures on the way; anything thrown but an input error comes out. */
async function readEverything(path: string): Promise<string[]> {
  const codes: string[] = [];
  const attempt = async <T>(action: () => T): Promise<Awaited<T> | undefined> => {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      for (const { kind, code } of error.diagnostics) {
        // "missing": an index that names another file.
        expect(["input", "unsupported", "missing"]).toContain(kind);
        codes.push(code);
      }
      return undefined;
    }
  };
  const checkpoint = await attempt(() => openCheckpoint(path));
  for (const name of checkpoint?.tensors.keys() ?? []) await attempt(() => readAllBits(checkpoint!, name));
  checkpoint?.close();
  return codes;
}

describe.each([
  ["pth", soundPth()],
  ["legacy.pth", soundLegacy()],
  ["safetensors", soundSafetensors()],
  ["index.json", soundIndex()],
])("a damaged .%s gives diagnostics and nothing else", (extension, sound) => {
  test("undamaged, only the int64 tensor cannot be read", async () => {
    expect(await readEverything(write(`sound.${extension}`, sound))).toEqual(["checkpoint/unsupported-dtype"]);
  });

  test.each(Object.entries(damages))("%s", async (name, damage) => {
    const random = seededRandom(extension.length * 1000 + name.length);
    for (let round = 0; round < 200; round++) {
      const bytes = damage(sound, random);
      try {
        await readEverything(write(`damaged.${extension}`, bytes));
      } catch (error) {
        throw new Error(`round ${round}, bytes ${bytes.toString("base64")}`, { cause: error });
      }
    }
  });
});

test("every single bit of a small .pth: noticed, or without effect on what is read", async () => {
  const tensors = [{ name: "w", storage: "0", count: 3, shape: [3], strides: [1] }];
  const sound = pth(tensorDict(tensors), { 0: bytesOf(ramp(3)) });
  const silent: number[] = [];
  for (let bit = 0; bit < 8 * sound.length; bit += 3) {
    const bytes = Buffer.from(sound);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const path = write("bit.pth", bytes);
    if ((await readEverything(path)).length > 0) continue;
    const checkpoint = await openCheckpoint(path);
    const [info] = [...checkpoint.tensors.values()];
    if (info?.name !== "w" || String(readAllBits(checkpoint, "w")) !== "0,1,2") silent.push(bit);
    checkpoint.close();
  }
  expect(silent).toEqual([]);
});

test("a file that shrinks while it is read", async () => {
  const path = write("shrinks.safetensors", soundSafetensors());
  const checkpoint = await openCheckpoint(path);
  truncateSync(path, 300);
  const codes: string[] = [];
  for (const name of ["emb.weight", "float32"]) {
    try {
      readAllBits(checkpoint, name);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      codes.push(...error.diagnostics.map(({ code }) => code));
    }
  }
  checkpoint.close();
  expect(codes).toEqual(["checkpoint/truncated", "checkpoint/truncated"]);
});
