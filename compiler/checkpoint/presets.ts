/**
 * The tensors of made-up checkpoints. A preset is a bundled spec and the dimensions of a public release: names and shapes
 * of the tensors follow from these, as they do from any spec and sizes of its dimensions. How the tensors' values are
 * spread is told by their names. Presets and spreads are data, `specs/presets.json`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { specsFolder } from "../build/project-paths.ts";
import { readSpecText } from "../build/spec-text.ts";
import { checkSpec } from "../check/check-spec.ts";
import { children } from "../check/labels.ts";
import { type CheckedModel, type CheckedPart, holds, type TypedExpr } from "../check/typed.ts";
import { DiagnosticError, hasErrors, internalError } from "../diagnostics/diagnostic.ts";
import { readSpec } from "../frontend/read-spec.ts";

/** How a tensor's values are spread. */
export type Spread =
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number };

export interface TensorPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly spread: Spread;
}

export interface Preset {
  /** `rwkv-7`: a bundled spec's file without its ending. */
  readonly spec: string;
  /** Every dimension that is not a product of others, the layers among them. */
  readonly dims: Readonly<Record<string, number>>;
  /** Where the release is, or where its dimensions are from. */
  readonly source: string;
}

/** One of normal [mean, deviation], uniform [low, high], and gains: outputs of about `gain` for inputs of about 1. */
interface SpreadRule {
  /** A regular expression that the tensor's name must match; the first rule that does counts. */
  readonly tensors: string;
  readonly normal?: readonly [number, number];
  readonly uniform?: readonly [number, number];
  /** Gain of a matrix stored [out, in]. */
  readonly columns?: number;
  /** Gain of matrices stored [..., in, out]. */
  readonly rows?: number;
}

interface PresetFile {
  readonly presets: Readonly<Record<string, Preset>>;
  readonly spreads: readonly SpreadRule[];
}

let known: PresetFile | undefined;
const presetFile = (): PresetFile =>
  (known ??= JSON.parse(readFileSync(join(specsFolder, "presets.json"), "utf8")) as PresetFile);

/** Preset names as the user writes them. */
export const presetNames = (): readonly string[] => Object.keys(presetFile().presets);

export const findPreset = (name: string): Preset | undefined =>
  Object.hasOwn(presetFile().presets, name) ? presetFile().presets[name] : undefined;

/** The first preset that has sizes for most of these dimensions, and the dimensions that it does not have. */
export function nearestPreset(dims: readonly string[]): { readonly name: string; readonly missing: readonly string[] } {
  const all = Object.entries(presetFile().presets).map(([name, preset]) => ({
    name,
    missing: dims.filter((dim) => !Object.hasOwn(preset.dims, dim)),
  }));
  return all.reduce((best, one) => (one.missing.length < best.missing.length ? one : best));
}

/** A spec that made-up tensors are for. */
export interface SizedSpec {
  readonly model: CheckedModel;
  /** Dimensions to be given: those that are no products of others. */
  readonly free: readonly string[];
  readonly layerDim: string;
}

/** The bundled spec of a preset. */
export const presetSpec = ({ spec }: Preset): SizedSpec => sizedSpec(join(specsFolder, `${spec}.rwkv.ts`));

/** Diagnostics: those of the reader and the checker, spec/encoding; missing: the file cannot be read. */
export function sizedSpec(path: string): SizedSpec {
  const read = readSpec(path, readSpecText);
  const checked = read.value && checkSpec(read.value);
  const diagnostics = [...read.diagnostics, ...(checked?.diagnostics ?? [])];
  if (!read.value || !checked?.value || hasErrors(diagnostics)) throw new DiagnosticError(diagnostics);
  const { value: model } = checked;
  const free = [...model.dims].flatMap(([name, factors]) => (factors ? [] : [name]));
  return { model, free, layerDim: read.value.layers.count.value };
}

/**
 * The tensors that a spec reads, each in the layers where an equation uses it. `dims`: sizes of the free dimensions.
 * `spread` tells how the values of a tensor are spread that `specs/presets.json` does not know.
 */
export function specTensors(
  { model, layerDim }: SizedSpec,
  dims: Readonly<Record<string, number>>,
  spread: (name: string, shape: readonly number[]) => Spread,
): TensorPlan[] {
  const { embedding, parts, head, dims: factors } = model;
  const sizeOf = (dim: string): number =>
    factors.get(dim)?.reduce((product, factor) => product * sizeOf(factor), 1) ?? dims[dim] ?? NaN;
  const plan = (part: CheckedPart, layer: number | null): TensorPlan[] => {
    const used = weightsUsed(part, layer);
    return [...part.weights].flatMap(([short, weight]) => {
      if (!used.has(short)) return [];
      const name = weight.tensor.replace("{layer}", String(layer));
      const shape = weight.shape.map(sizeOf);
      return [{ name, shape, spread: knownSpread(name, shape) ?? spread(name, shape) }];
    });
  };
  const plans = [plan(embedding, null)];
  for (let layer = 0; layer < sizeOf(layerDim); layer++) for (const part of parts) plans.push(plan(part, layer));
  return [...plans, plan(head, null)].flat();
}

/** Of tensors that no release has: norms near 1, other vectors near 0, matrices [out, in] that halve what they get. */
export function plainSpread(name: string, shape: readonly number[]): Spread {
  const inputs = shape.at(-1) ?? 1;
  if (shape.length > 1) return { kind: "normal", mean: 0, deviation: 0.5 / Math.sqrt(inputs) };
  return name.endsWith(".weight")
    ? { kind: "normal", mean: 1, deviation: 0.1 }
    : { kind: "normal", mean: 0, deviation: 0.3 };
}

/** The data are to know every tensor of the presets. */
export function noSpread(name: string): never {
  throw new DiagnosticError([
    internalError("checkpoint/preset-spread", `specs/presets.json does not say how ${name} is spread`),
  ]);
}

function weightsUsed(part: CheckedPart, layer: number | null): ReadonlySet<string> {
  const used = new Set<string>();
  const walk = (expr: TypedExpr): void => {
    if (expr.kind === "ref" && expr.ref.kind === "weight") used.add(expr.ref.name);
    children(expr).forEach(walk);
  };
  for (const { condition, expr } of part.equations) if (holds(condition, layer ?? 0)) walk(expr);
  return used;
}

function knownSpread(name: string, shape: readonly number[]): Spread | undefined {
  const rule = presetFile().spreads.find(({ tensors }) => new RegExp(tensors).test(name));
  if (rule?.normal) return { kind: "normal", mean: rule.normal[0], deviation: rule.normal[1] };
  if (rule?.uniform) return { kind: "uniform", low: rule.uniform[0], high: rule.uniform[1] };
  const inputs = rule?.columns === undefined ? shape.at(-2) : shape.at(-1);
  const gain = rule?.columns ?? rule?.rows;
  if (gain === undefined || inputs === undefined) return undefined;
  return { kind: "normal", mean: 0, deviation: gain / Math.sqrt(inputs) };
}
