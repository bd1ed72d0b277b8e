/** One model in every container and form that a checkpoint comes in: the same logits, to the bit. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { runOracle } from "../../compiler/oracle/run-oracle.ts";
import {
  bytesOf,
  legacyTorch,
  pth,
  readAllBits,
  safetensors,
  type TensorEntry,
  tensorDict,
} from "../checkpoint/write-files.ts";
import { checkedModel } from "../ir/bundled-model.ts";

const spec = "specs/rwkv-7.rwkv.ts";
const folder = mkdtempSync(join(tmpdir(), "rwkvc-containers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tensor of 16-bit elements. */
interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bits: Uint16Array;
}

/** float16. */
let tensors: Tensor[];
let expected: number[];

beforeAll(async () => {
  const checkpoint = await openCheckpoint("models/rwkv7-random/model.pth");
  tensors = [...checkpoint.tensors.values()].map(({ name, shape }: TensorInfo) => ({
    name,
    shape,
    bits: Uint16Array.from(readAllBits(checkpoint, name)),
  }));
  checkpoint.close();
  expected = await logitsOf("models/rwkv7-random/model.pth");
});

async function logitsOf(path: string): Promise<number[]> {
  const checkpoint = await openCheckpoint(path);
  const model = checkedModel(spec, readFileSync(spec, "utf8"), checkpoint);
  const { logits } = runOracle(model, checkpoint, [1, 2, 299]);
  checkpoint.close();
  return logits.flatMap((values) => [...values]);
}

function written(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

const strides = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));

const entryOf = ({ name, shape, bits }: Tensor, i: number): TensorEntry => {
  return { name, storage: String(i), count: bits.length, shape, strides: strides(shape) };
};

function asSafetensors(some: readonly Tensor[]): Buffer {
  let at = 0;
  const header = some.map(({ name, shape, bits }): [string, object] => {
    const begin = at;
    at += bits.byteLength;
    return [name, { dtype: "F16", shape, data_offsets: [begin, at] }];
  });
  return safetensors(Object.fromEntries(header), Buffer.concat(some.map(({ bits }) => bytesOf(bits))));
}

function transposed({ name, shape, bits }: Tensor): Tensor {
  const [rows, columns] = shape as [number, number];
  const turned = bits.map((_, i) => bits[(i % rows) * columns + Math.floor(i / rows)]!);
  return { name, shape: [columns, rows], bits: turned };
}

test("the container of torch before 1.6", async () => {
  const storages = tensors.map(({ bits }, i) => ({ key: String(i), count: bits.length, data: bytesOf(bits) }));
  const path = written("legacy.pth", legacyTorch(tensorDict(tensors.map(entryOf)), storages));
  expect(await logitsOf(path)).toEqual(expected);
});

test("all tensors in one storage, matrices as transposed views", async () => {
  let offset = 0;
  const parts: Buffer[] = [];
  const total = tensors.reduce((count, { bits }) => count + bits.length, 0);
  const entries = tensors.map((tensor): TensorEntry => {
    const { name, shape, bits } = tensor;
    const isMatrix = shape.length === 2;
    parts.push(bytesOf(isMatrix ? transposed(tensor).bits : bits));
    const view = {
      name,
      storage: "0",
      count: total,
      offset,
      shape,
      strides: isMatrix ? [1, shape[0]!] : strides(shape),
    };
    offset += bits.length;
    return view;
  });
  const path = written("views.pth", pth(tensorDict(entries), { 0: Buffer.concat(parts) }));
  expect(await logitsOf(path)).toEqual(expected);
});

test("three files and an index", async () => {
  const weightMap: Record<string, string> = {};
  const inFolder = join(folder, "shards");
  mkdirSync(inFolder);
  for (const part of [0, 1, 2]) {
    const some = tensors.filter((_, i) => i % 3 === part);
    const name = `model-0000${part + 1}-of-00003.safetensors`;
    for (const tensor of some) weightMap[tensor.name] = name;
    writeFileSync(join(inFolder, name), asSafetensors(some));
  }
  writeFileSync(join(inFolder, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
  expect(await logitsOf(inFolder)).toEqual(expected);
});

test("flash-linear-attention's names, low-rank matrices transposed", async () => {
  const renamed = tensors.map((tensor): Tensor => {
    const lora = /^blocks\.(\d+)\.att\.([wavg])([012])$/.exec(tensor.name);
    if (lora) {
      const name = `model.layers.${lora[1]}.attn.${lora[2]}_lora.lora.${["2.bias", "0.weight", "2.weight"][Number(lora[3])]}`;
      return { ...(lora[3] === "0" ? tensor : transposed(squeezed(tensor))), name };
    }
    const name = tensor.name
      .replace(/^blocks\./, "model.layers.")
      .replace(/^emb\./, "model.embeddings.")
      .replace(/^ln_out\./, "model.norm.")
      .replace(/^head\./, "lm_head.")
      .replace(".ln0.", ".pre_norm.")
      .replace(".ln1.", ".attn_norm.")
      .replace(".ln2.", ".ffn_norm.")
      .replace(/\.att\.(receptance|key|value|output|ln_x)\./, (_, part: string) => {
        const names = { receptance: "r_proj", key: "k_proj", value: "v_proj", output: "o_proj", ln_x: "g_norm" };
        return `.attn.${names[part as keyof typeof names]}.`;
      })
      .replace(".att.", ".attn.");
    return { ...tensor, name };
  });
  expect(await logitsOf(written("fla.safetensors", asSafetensors(renamed)))).toEqual(expected);
});

const squeezed = (tensor: Tensor): Tensor => ({ ...tensor, shape: tensor.shape.filter((extent) => extent > 1) });

test("layer 0 without v0, v1 and v2, which it does not use", async () => {
  const some = tensors.filter(({ name }) => !/^blocks\.0\.att\.v[012]$/.test(name));
  expect(await logitsOf(written("without.safetensors", asSafetensors(some)))).toEqual(expected);
  const zeros = ["v0", "v1", "v2"].map((name): Tensor => ({
    name: `blocks.0.att.${name}`,
    shape: [1],
    bits: new Uint16Array(1),
  }));
  expect(await logitsOf(written("with.safetensors", asSafetensors([...some, ...zeros])))).toEqual(expected);
});

test("a tied head: no head.weight, the embedding in its place", async () => {
  const others = tensors.filter(({ name }) => name !== "head.weight");
  const embedding = tensors.find(({ name }) => name === "emb.weight")!;
  const copied = await logitsOf(
    written("copied.safetensors", asSafetensors([...others, { ...embedding, name: "head.weight" }])),
  );
  expect(await logitsOf(written("tied.safetensors", asSafetensors(others)))).toEqual(copied);
  expect(copied).not.toEqual(expected);
});
