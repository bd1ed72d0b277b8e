import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { bytesOf, pth, ramp, readAllBits, safetensors, seededRandom, tensorDict, useFolder } from "./write-files.ts";

const write = useFolder();

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
        expect(["input", "unsupported"]).toContain(kind);
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
  ["safetensors", soundSafetensors()],
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
