/** `rwkvc diff`: what differs between two specs or artefacts, in what they say and in what they cost. */
import { statSync } from "node:fs";

import type { Command } from "commander";

import { readSpecText } from "../build/spec-text.ts";
import type { SpecDifference } from "../diff/diff-specs.ts";
import { DiagnosticError, hasErrors, usageError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import type { SpecAst } from "../frontend/ast.ts";
import type { Soc } from "../targets/targets.ts";
import { BuildError } from "./build-model.ts";
import { specNamed } from "./bundled.ts";
import { type CommandLine, defineCommand, runs } from "./command.ts";
import {
  artefactCosts,
  type CostOptions,
  type CostRow,
  costRows,
  type Costs,
  type Estimated,
  estimates,
  optionsOf,
  specCosts,
  usualOptions,
} from "./diff-numbers.ts";
import { parseEstimatingSoc } from "./estimate.ts";
import { assertSpecFile } from "./front-end.ts";
import { openArtefact } from "./model-run.ts";
import { table } from "./text.ts";

interface DiffFlags {
  readonly weights?: string;
  readonly otherWeights?: string;
  readonly sizes?: string;
  readonly soc?: string;
}

export function diffCommand(line: CommandLine): Command {
  const command = defineCommand("diff", "what differs between two specs or artefacts", [
    "rwkvc diff rwkv-7 my-model.rwkv.ts",
    "rwkvc diff rwkv-7 my-model.rwkv.ts --sizes v7-0.4B,L=12",
    "rwkvc diff rwkv-7 my-model.rwkv.ts --weights a.pth --other-weights b.pth --soc QCS9100",
    "rwkvc diff out/one out/another --json",
  ])
    .argument("<one>", "spec file, name of a bundled spec, or artefact folder")
    .argument("<another>", "the same; its changes against <one> are shown")
    .option("--weights <checkpoint>", "of specs: what they cost with these; of both, or of the first")
    .option("--other-weights <checkpoint>", "of the second spec, if it needs its own")
    .option(
      "--sizes <sizes>",
      "instead of weights: sizes of the dimensions, a preset's or L=2,D=64,... (default: the smallest preset that fits)",
    )
    .option("--soc <name>", "with Qualcomm's estimate of the time a token takes, for example QCS9100");
  return runs(line, command, async (session, flags: DiffFlags, one: string, another: string) => {
    const soc = flags.soc === undefined ? undefined : parseEstimatingSoc(flags.soc);
    const sides = [await openSide(one), await openSide(another)] as const;
    const weights = await chooseWeights(flags, sides);
    const { diffSpecs } = await import("../diff/diff-specs.ts");
    const difference = diffSpecs(sides[0].ast, sides[1].ast);
    const costs = "why" in weights ? undefined : await costsOf(sides, weights.of, soc);
    const times = soc && !("why" in weights) ? await estimates(session, toEstimate(sides, weights.of), soc) : undefined;
    const compared: Compared = { sides, difference, weights, costs, soc, times };
    return { json: await asJson(compared), text: await asText(compared) };
  });
}

interface OpenSide {
  /** As the user named it. */
  readonly given: string;
  readonly ast: SpecAst;
  /** Of a spec. */
  readonly file?: string;
  /** Of an artefact. */
  readonly folder?: string;
  readonly manifest?: Manifest;
}

type Sides = readonly [OpenSide, OpenSide];

/** A spec's mistakes are told: what is compared is what the specs mean. */
async function openSide(given: string): Promise<OpenSide> {
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory()) {
    const { manifest } = await openArtefact(given);
    const { artefactSpec } = await import("../ranges/artefact-spec.ts");
    return { given, ast: artefactSpec(given, manifest).ast, folder: given, manifest };
  }
  const file = specNamed(given);
  assertSpecFile(file);
  const [{ readSpec }, { checkSpec }] = await Promise.all([
    import("../frontend/read-spec.ts"),
    import("../check/check-spec.ts"),
  ]);
  const read = readSpec(file, readSpecText);
  const diagnostics = [...read.diagnostics, ...(read.value ? checkSpec(read.value).diagnostics : [])];
  if (!read.value || hasErrors(diagnostics)) throw new BuildError(diagnostics, read.sources);
  return { given, ast: read.value, file };
}

type BothWeights = readonly [string | undefined, string | undefined];

type Weights =
  | {
      /** A checkpoint for each side that is a spec. */
      readonly of: BothWeights;
      /** Whose sizes they are. */
      readonly sizes: string | undefined;
    }
  /** Costs cannot be compared. */
  | { readonly why: string };

/** Diagnostics: usage/weights. */
async function chooseWeights({ weights, otherWeights, sizes }: DiffFlags, sides: Sides): Promise<Weights> {
  const fail = (title: string): never => {
    throw new DiagnosticError([usageError("usage/weights", title)]);
  };
  const [left, right] = sides;
  const isGiven = weights !== undefined || otherWeights !== undefined || sizes !== undefined;
  if (left.folder !== undefined && right.folder !== undefined) {
    if (isGiven) fail("--weights and --sizes go with specs; artefacts have their weights");
    return { of: [undefined, undefined], sizes: undefined };
  }
  if (!isGiven) return defaultSizes(sides);
  if (sizes !== undefined) {
    if (weights !== undefined || otherWeights !== undefined) fail("--sizes stands for weights: give one or the other");
    return madeUp(sides, sizes);
  }
  if (left.file !== undefined && weights === undefined) fail("the first spec has no --weights");
  const own = left.file === undefined ? undefined : weights;
  return { of: [own, right.file === undefined ? undefined : (otherWeights ?? weights)], sizes: undefined };
}

function madeUp([left, right]: Sides, sizes: string): Weights {
  const of = ({ file }: OpenSide): string | undefined => file && `random:1:${file}:${sizes}`;
  return { of: [of(left), of(right)], sizes };
}

/** The artefact's, if one is an artefact; else those of the first preset that knows all of both specs' dimensions. */
async function defaultSizes(sides: Sides): Promise<Weights> {
  const { nearestPreset, sizedSpec } = await import("../checkpoint/presets.ts");
  const free = [...new Set(sides.flatMap(({ file }) => (file === undefined ? [] : sizedSpec(file).free)))];
  const manifest = sides.find((side) => side.manifest)?.manifest;
  const lacking = (known: readonly string[]): string[] => free.filter((dim) => !known.includes(dim));
  if (manifest) {
    const missing = lacking(Object.keys(manifest.dims));
    if (missing.length > 0) return { why: `no size is known of ${missing.join(", ")}; --weights or --sizes gives it` };
    return madeUp(sides, free.map((dim) => `${dim}=${manifest.dims[dim]}`).join(","));
  }
  const { name, missing } = nearestPreset(free);
  if (missing.length === 0) return madeUp(sides, name);
  const example = [name, ...missing.map((dim) => `${dim}=...`)].join(",");
  return { why: `no preset has a size for ${missing.join(", ")}; --weights, or --sizes ${example}` };
}

async function costsOf(sides: Sides, weights: BothWeights, soc: Soc | undefined): Promise<readonly [Costs, Costs]> {
  const built = sides.find((side) => side.manifest);
  // Beside an artefact a spec is compiled as that was.
  const options = built ? optionsOf(built.manifest!, built.ast.policies.length > 0) : usualOptions(soc);
  const of = ({ file, manifest }: OpenSide, checkpoint: string | undefined, how: CostOptions) =>
    manifest ? artefactCosts(manifest) : specCosts(file!, checkpoint!, how);
  return [await of(sides[0], weights[0], options), await of(sides[1], weights[1], options)];
}

function toEstimate([left, right]: Sides, weights: BothWeights): readonly [Estimated, Estimated] {
  const of = ({ file, folder }: OpenSide, checkpoint: string | undefined): Estimated =>
    folder !== undefined ? { artefact: folder } : { spec: file!, weights: checkpoint! };
  return [of(left, weights[0]), of(right, weights[1])];
}

interface Compared {
  readonly sides: Sides;
  readonly difference: SpecDifference;
  readonly weights: Weights;
  readonly costs: readonly [Costs, Costs] | undefined;
  readonly soc: Soc | undefined;
  readonly times: Awaited<ReturnType<typeof estimates>> | undefined;
}

const isChanged = ({ one, another }: CostRow): boolean => one !== another;

async function asJson({ sides, difference, weights, costs, soc, times }: Compared): Promise<object> {
  const [{ isSame }, { placed }] = await Promise.all([
    import("../diff/diff-specs.ts"),
    import("../diff/describe-diff.ts"),
  ]);
  const about = ({ given, ast, file, folder }: OpenSide): object => ({
    given,
    kind: folder === undefined ? "spec" : "artefact",
    name: ast.name.value,
    ...(file !== undefined && { file }),
  });
  return {
    one: about(sides[0]),
    another: about(sides[1]),
    same: isSame(difference) && !(costs && costRows(...costs).some(isChanged)),
    ...placed(difference, sourcesOf(sides)),
    costs: costs ? { one: costs[0], another: costs[1] } : "why" in weights ? { why: weights.why } : null,
    estimate: times ? { soc: soc!.name, ...times } : null,
  };
}

const sourcesOf = ([left, right]: Sides) => ({ left: left.ast.sources, right: right.ast.sources });

async function asText({ sides, difference, weights, costs, soc, times }: Compared): Promise<string> {
  const [{ isSame }, { describeDifference }] = await Promise.all([
    import("../diff/diff-specs.ts"),
    import("../diff/describe-diff.ts"),
  ]);
  const [left, right] = sides;
  const rows = costs ? costRows(...costs) : [];
  if (isSame(difference) && !rows.some(isChanged)) return `No difference between ${left.given} and ${right.given}.\n`;
  const said = isSame(difference) ? ["The specs say the same."] : describeDifference(difference, sourcesOf(sides));
  const timed: CostRow[] =
    times && "microseconds" in times
      ? [{ name: `us a token, estimated for ${soc!.name}`, one: times.microseconds[0], another: times.microseconds[1] }]
      : [];
  const shown = [...rows.filter((row) => isChanged(row) || row.isAlwaysShown === true), ...timed];
  const cost =
    "why" in weights
      ? [`cost: not compared, ${weights.why}`]
      : [costTitle(weights.sizes, costs!), ...tableLines(shown), ...noTimes(times)];
  return [`--- ${left.given}`, `+++ ${right.given}`, ...said, ...cost, ""].join("\n");
}

/** What both sides have in common. */
function costTitle(sizes: string | undefined, [one, another]: readonly [Costs, Costs]): string {
  const common = [
    ...(sizes === undefined ? [] : [`at ${sizes}`]),
    ...(one.precision === another.precision ? [one.precision] : []),
    ...(one.target === another.target ? [one.target] : []),
  ];
  return common.length > 0 ? `cost (${common.join(", ")})` : "cost";
}

function tableLines(rows: readonly CostRow[]): string[] {
  const cells = rows.map(({ name, one, another, write = String }) => {
    const written = (value: string | number | undefined): string =>
      value === undefined ? "none" : typeof value === "number" ? write(value) : value;
    return [`  ${name}`, written(one), "->", written(another), change(one, another)];
  });
  return table(cells).trimEnd().split("\n");
}

const noTimes = (times: Compared["times"]): string[] =>
  times === undefined
    ? ["  time on the NPU: not asked for; --soc QCS9100 asks Qualcomm's library for its estimate"]
    : "why" in times
      ? [`  time on the NPU: not known, ${times.why}`]
      : [];

function change(one: unknown, another: unknown): string {
  if (one === another) return "(the same)";
  if (typeof one !== "number" || typeof another !== "number" || one === 0) return "";
  const percent = (100 * (another - one)) / one;
  return `(${another > one ? "+" : ""}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)} %)`;
}
