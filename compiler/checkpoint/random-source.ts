/**
 * What follows `random:`, read into the tensors to be made up:
 *
 *     random:SEED:PRESET                      a release's dimensions
 *     random:SEED:SPEC.rwkv.ts:SIZES          any spec's declared tensors; SIZES are `PRESET` and `DIM=N`, with commas between
 */
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { didYouMean, suggest } from "../diagnostics/suggest.ts";
import { quote } from "./checkpoint-error.ts";
import {
  findPreset,
  noSpread,
  plainSpread,
  type Preset,
  presetNames,
  presetSpec,
  type SizedSpec,
  sizedSpec,
  specTensors,
  type TensorPlan,
} from "./presets.ts";

export interface RandomSource {
  readonly seed: number;
  readonly plans: readonly TensorPlan[];
  /** For people. */
  readonly about: string;
}

/** No release comes near; more would only fill the memory. */
const largest = { layers: 1024, size: 2 ** 24 };

/** Diagnostics: checkpoint/random-source, and those of the spec. */
export function parseRandom(source: string): RandomSource {
  const [, digits, rest = ""] = /^random:(\d{1,15}):(.*)$/s.exec(source) ?? [];
  if (digits === undefined) return fail(source, "");
  const seed = Number(digits);
  const preset = findPreset(rest);
  if (preset) {
    return {
      seed,
      plans: specTensors(presetSpec(preset), preset.dims, noSpread),
      about: `made up for specs/${preset.spec}.rwkv.ts: ${sizesText(preset.dims)}\n  ${preset.source}`,
    };
  }
  const [, file, sizes = ""] = /^(.*\.rwkv\.ts)(?::(.*))?$/s.exec(rest) ?? [];
  if (file === undefined) {
    const nearest = suggest(rest, presetNames());
    return fail(source, `there is no preset ${quote(rest)}; `, nearest && `did you mean random:${digits}:${nearest}?`);
  }
  const spec = sizedSpec(file);
  const dims = readSizes(source, file, sizes, spec);
  return { seed, plans: specTensors(spec, dims, plainSpread), about: `made up for ${file}: ${sizesText(dims)}` };
}

const sizesText = (dims: Preset["dims"]): string =>
  Object.entries(dims)
    .map(([dim, size]) => `${dim}=${size}`)
    .join(" ");

function readSizes(source: string, file: string, text: string, spec: SizedSpec): Preset["dims"] {
  const sizes = new Map<string, number>();
  const given = new Set<string>();
  for (const word of text.split(",").filter((one) => one !== "")) {
    const [, dim, digits] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    if (dim === undefined) {
      const preset = findPreset(word);
      if (!preset) {
        return badSizes(source, `${quote(word)} is neither DIM=N nor a preset`, didYouMean(word, presetNames()));
      }
      // A preset may be of another spec: what the two share is taken.
      for (const [name, size] of Object.entries(preset.dims)) if (spec.free.includes(name)) sizes.set(name, size);
      continue;
    }
    const size = /^\d{1,9}$/.test(digits!) ? Number(digits) : NaN;
    const limit = dim === spec.layerDim ? largest.layers : largest.size;
    if (!spec.free.includes(dim)) {
      const factors = spec.model.dims.get(dim);
      const why = factors ? `${dim} follows from ${factors.join(" ")}` : `${file} has no dimension ${quote(dim)}`;
      return badSizes(source, why, didYouMean(dim, spec.free));
    }
    if (!(size >= 1 && size <= limit)) {
      return badSizes(source, `${dim} must be a whole number from 1 to ${limit}, not ${quote(digits!)}`);
    }
    if (given.has(dim)) return badSizes(source, `${dim} is given twice`);
    given.add(dim);
    sizes.set(dim, size);
  }
  const missing = spec.free.filter((dim) => !sizes.has(dim));
  if (missing.length > 0) {
    const hint = `${source.replace(/[:,]$/, "")}${text === "" ? ":" : ","}${missing.map((dim) => `${dim}=...`).join(",")}`;
    return badSizes(
      source,
      `${file} has ${missing.join(", ")} as well, and no size is given for ${them(missing)}`,
      hint,
    );
  }
  return Object.fromEntries(spec.free.map((dim) => [dim, sizes.get(dim)!]));
}

const them = (names: readonly string[]): string => (names.length === 1 ? "it" : "them");

function badSizes(source: string, why: string, hint?: string): never {
  throw new DiagnosticError([
    usageError("checkpoint/random-source", `${quote(source)} does not name a random checkpoint`, {
      notes: [`${why}.`],
      hint: hint ?? "sizes are a preset's, or given one by one: v7-0.1B,L=2",
    }),
  ]);
}

function fail(source: string, found: string, hint?: string): never {
  throw new DiagnosticError([
    usageError("checkpoint/random-source", `${quote(source)} does not name a random checkpoint`, {
      notes: [
        `Expected random:SEED:PRESET, with a whole number of up to 15 digits and a preset; ${found}presets are ` +
          `${presetNames().join(", ")}.`,
        "For any spec: random:SEED:SPEC.rwkv.ts:SIZES, with sizes of its dimensions such as L=2,D=64, or a preset's.",
      ],
      hint: hint ?? "for example random:1:v7-0.1B",
    }),
  ]);
}
