/**
 * Test support: small models of any spec and any sizes. The checkpoint is made up from what the spec declares: a tensor's
 * values depend on its name and the seed alone.
 */
import { readFileSync } from "node:fs";
import type { CheckedModel, CheckedPart } from "../../compiler/check/typed.ts";
import type { Checkpoint, TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import type { ConstantValues } from "../../compiler/ir/evaluate.ts";
import { checkedModel, constantsOf } from "./bundled-model.ts";

export interface TinyModel {
  readonly model: CheckedModel;
  readonly constants: ConstantValues;
}

/** Every dimension that is not a product, and the layers under their dimension's name. */
export type Sizes = Readonly<Record<string, number>>;

export const specText = (path: string): string => readFileSync(path, "utf8");

export const tinyCheckpoint = (path: string, text: string, sizes: Sizes, seed = 1): Checkpoint =>
  madeUpCheckpoint(checkedModel(path, text), sizes, seed);

export function tinyModel(path: string, text: string, sizes: Sizes, seed = 1): TinyModel {
  const checkpoint = tinyCheckpoint(path, text, sizes, seed);
  return { model: checkedModel(path, text, checkpoint), constants: constantsOf(checkpoint) };
}

function madeUpCheckpoint(model: CheckedModel, sizes: Sizes, seed: number): Checkpoint {
  const size = (dim: string): number =>
    sizes[dim] ?? model.dims.get(dim)?.reduce((product, factor) => product * size(factor), 1) ?? NaN;
  const tensors = new Map<string, TensorInfo>();
  const add = (part: CheckedPart, layers: number): void => {
    for (const { tensor, shape } of part.weights.values()) {
      for (let layer = 0; layer < layers; layer++) {
        const name = tensor.replace("{layer}", String(layer));
        tensors.set(name, { name, shape: shape.map(size), dtype: "float32" });
      }
    }
  };
  add(model.embedding, 1);
  for (const part of model.parts) add(part, size("L"));
  add(model.head, 1);
  return {
    source: "tiny",
    tensors,
    readBits(info, start, out) {
      const floats = new Float32Array(out.buffer, out.byteOffset, out.length);
      const random = randomNumbers(`${seed} ${info.name}`);
      for (let i = 0; i < start; i++) random();
      for (let i = 0; i < floats.length; i++) floats[i] = typical(info, random());
    },
    close: () => undefined,
  };
}

/** Matrices keep magnitudes; norms' weights are about 1; the rest is about 0. */
function typical({ name, shape }: TensorInfo, uniform: number): number {
  const symmetric = 2 * uniform - 1;
  if (/ln.*\.weight$/.test(name)) return 1 + 0.3 * symmetric;
  return shape.length > 1 ? symmetric * Math.sqrt(3 / shape.at(-1)!) : symmetric;
}

/** Numbers in [0, 1) from a text: mulberry32 (public domain), seeded by FNV-1a. */
export function randomNumbers(text: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
