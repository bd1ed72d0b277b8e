/** Test support: specs read and checked, the bundled checkpoints with their reference outputs, constants in double. */
import { readFileSync } from "node:fs";
import { checkSpec } from "../../compiler/check/check-spec.ts";
import type { CheckedModel } from "../../compiler/check/typed.ts";
import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import { constantReader } from "../../compiler/emit/evaluate-constant.ts";
import { readSpecText } from "../../compiler/build/spec-text.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { constantKey, elements } from "../../compiler/ir/constant.ts";
import type { ConstantValues } from "../../compiler/ir/evaluate.ts";

export interface BundledModel {
  readonly model: CheckedModel;
  readonly constants: ConstantValues;
  /** What the reference implementation was given, and its outputs in fp32. */
  readonly tokens: readonly number[];
  /** [tokens][vocabulary] */
  readonly logits: readonly Float32Array[];
  /** After the last token: our path -> values. */
  readonly states: ReadonlyMap<string, Float32Array>;
}

export const bundledModels = [
  { name: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts" },
  { name: "rwkv7-random", spec: "specs/rwkv-7.rwkv.ts" },
  { name: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts" },
  { name: "rwkv5.2-overflow", spec: "specs/rwkv-5.2.rwkv.ts" },
  { name: "rwkv4-kjv", spec: "specs/rwkv-4.rwkv.ts" },
  { name: "rwkv6-kjv", spec: "specs/rwkv-6.rwkv.ts" },
] as const;

/** The spec's text as a checked model; mistakes in it fail the test, as the author would see them. */
export function checkedModel(path: string, text: string, checkpoint?: Checkpoint): CheckedModel {
  // Specs that it imports are read from where they are.
  const textOf = (file: string): string | undefined => (file === path ? text : readSpecText(file));
  const read = readSpec(path, textOf);
  const checked = read.value && checkSpec(read.value, checkpoint);
  const diagnostics = [...read.diagnostics, ...(checked?.diagnostics ?? [])];
  if (!checked?.value) throw new Error(renderDiagnostics(diagnostics, read.sources, { colour: false }));
  return checked.value;
}

export async function loadBundled({ name, spec }: (typeof bundledModels)[number]): Promise<BundledModel> {
  const folder = `models/${name}`;
  const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8")) as Manifest;
  const checkpoint = await openCheckpoint(`${folder}/model.pth`);
  const logits = floats(`${folder}/logits.f32.bin`);
  const state = floats(`${folder}/state.f32.bin`);
  return {
    model: checkedModel(spec, readFileSync(spec, "utf8"), checkpoint),
    constants: constantsOf(checkpoint),
    tokens: manifest.tokens,
    logits: manifest.tokens.map((_, t) => logits.subarray(t * manifest.vocab, (t + 1) * manifest.vocab)),
    states: new Map(
      manifest.state.tensors.map((t) => [ourName(t.name), state.subarray(t.offset, t.offset + elements(t.shape))]),
    ),
  };
}

interface Manifest {
  readonly tokens: number[];
  readonly vocab: number;
  readonly state: { readonly tensors: readonly { name: string; shape: number[]; offset: number }[] };
}

const ourName = (name: string): string =>
  name
    .replace(/att_xx$/, "timeMix.x_prev")
    .replace(/att_kv$/, "timeMix.S")
    .replace(/att_(aa|bb|pp)$/, "timeMix.$1")
    .replace(/ffn_xx$/, "channelMix.x_prev");

function floats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Constants as the emitter evaluates them, before they are rounded to the graph's type; each is evaluated once. */
export function constantsOf(checkpoint: Checkpoint): ConstantValues {
  const known = new Map<string, Float64Array>();
  return (constant) => {
    const key = constantKey(constant);
    const values = known.get(key) ?? new Float64Array(elements(constant.shape));
    if (!known.has(key)) constantReader(constant, checkpoint)(0, values);
    known.set(key, values);
    return values;
  };
}

/** Largest difference, as a part of the largest magnitude of `expected`. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(actual[i]! - expected[i]!);
    difference = Number.isNaN(apart) ? Infinity : Math.max(difference, apart);
    magnitude = Math.max(magnitude, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / magnitude;
}
