/** `rwkvc ranges`: how large an artefact's values get, held against float16's range, and the policy that mends it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { readSpecText } from "../build/spec-text.ts";
import { readEquations } from "../build/read-equations.ts";
import type { CheckedModel } from "../check/typed.ts";
import { DiagnosticError, inputError, usageError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import { type EquationRange, equationRanges, type TensorStatistics } from "../ranges/measured-ranges.ts";
import type { Policy } from "../ranges/policy.ts";
import { isQuantized } from "../targets/targets.ts";
import { type BackendName, backendOption } from "./backends.ts";
import { type CommandLine, defineCommand, runs, type Session } from "./command.ts";
import { decimal, integer } from "./flags.ts";
import { checkOutputs } from "./output-files.ts";
import { type OpenArtefact, openArtefact, prepareRun, readReport, runNative, withScratch } from "./model-run.ts";
import { describeRanges, type RangesResult } from "./ranges-report.ts";
import { tokenizerOption } from "./tokenizer.ts";
import { checkTokenFlags, type TokenFlags, verifyTokens } from "./given-tokens.ts";
import { isPrecision, ownSpec, writeToSpec } from "./write-to-spec.ts";

/** The largest finite float16. */
const float16Max = 65504;

interface RangesFlags extends TokenFlags {
  readonly limit: number;
  readonly backend?: BackendName;
  readonly headroom: number;
  /** true: into the file that the artefact's spec came from. */
  readonly write?: string | true;
}

export function rangesCommand(line: CommandLine): Command {
  const command = defineCommand("ranges", "the largest values per equation, and policies that keep them in float16", [
    "rwkvc ranges out/model --text book.txt",
    "rwkvc ranges out/model --text book.txt --headroom 4 --write specs/mine.rwkv.ts",
  ])
    .argument("<artefact>", "folder that `rwkvc build` wrote, at fp16 or fp32")
    .option("--text <file>", "the text to read")
    .option(...tokenizerOption)
    .option("--tokens <file>", "token ids separated by white space; - reads standard input")
    .option("--limit <n>", "read the first n tokens", integer("--limit", { min: 1 }), 1024)
    .option(
      "--headroom <x>",
      "how many times larger values may get on other texts than on this one",
      decimal("--headroom", { min: 1, max: float16Max }),
      2,
    )
    .option("--write [spec]", "write the suggested policies into the spec; default: the file that the artefact is of")
    .option(...backendOption);
  return runs(line, command, async (session, flags: RangesFlags, folder: string) => {
    checkTokenFlags(flags);
    if (flags.text === undefined && flags.tokens === undefined) {
      throw new DiagnosticError([
        usageError("usage/missing-option", "ranges needs --text or --tokens: magnitudes are those of a text"),
      ]);
    }
    const artefact = await openArtefact(folder);
    const { precision } = artefact.manifest;
    if (isQuantized(precision)) {
      // Conversions and fused steps stand in equations whose values they are not.
      throw new DiagnosticError([
        usageError("usage/precision", `ranges measures float builds, and this one is ${precision}`, {
          hint: "values are as large in any build: measure one at fp16 or fp32",
        }),
      ]);
    }
    const { artefactModel } = await import("../ranges/artefact-spec.ts");
    const model = artefactModel(folder, artefact.manifest);
    const specFile = flags.write === undefined ? undefined : await fileToWrite(artefact, flags.write);
    const measured = await withScratch((scratch) => measure(artefact, flags, scratch, session));
    const result: RangesResult = {
      ...measured,
      ...(await suggest(model, artefact.manifest, measured.ranges, flags.headroom)),
      model,
      artefact,
    };
    const written = specFile === undefined ? undefined : await writeTo(specFile, result);
    return describeRanges(result, {
      ...{ headroom: flags.headroom, limit: float16Max, written },
      isCut: measured.tokens === flags.limit,
    });
  });
}

async function measure(artefact: OpenArtefact, flags: RangesFlags, scratch: string, session: Session) {
  const { manifest, folder } = artefact;
  const ids = await verifyTokens(flags, artefact, session);
  const equations = await readEquations(folder);
  const prepared = await prepareRun(artefact, flags.backend, session.io.env, { composed: true });
  const [tokens, report] = [join(scratch, "tokens.txt"), join(scratch, "ranges.json")];
  writeFileSync(tokens, `${ids.join(" ")}\n`);
  const args = ["trace", ...prepared.args, "--tokens", tokens, "--stats", "--report", report];
  // In float16 nothing is seen beyond its own range. HTP has nothing wider.
  if (prepared.backend !== "htp") args.push("--wide");
  session.progress.update(`running ${ids.length} tokens ...`);
  await runNative(session, "rwkv-run", args);
  const { graph, tensors } = readReport<{ graph: string; tensors: TensorStatistics[] }>(report);
  const described = manifest.graphs.find(({ name }) => name === graph);
  // A state of all layers is split into those of each, `blocks.3.timeMix.S_in`.
  const inputs = new Set([
    ...(described?.inputs ?? []).map(({ name }) => name),
    ...(described?.states ?? []).flatMap(({ input, slices }) => [input, ...slices.map(({ name }) => `${name}_in`)]),
  ]);
  return {
    ranges: equationRanges(equations, graph, tensors, inputs),
    equations,
    tokens: ids.length,
    why: prepared.qnn.why,
  };
}

/** `magnitudes`: the ranges as the spec means them, without the factors of the policies that the artefact was built with. */
async function suggest(model: CheckedModel, manifest: Manifest, ranges: readonly EquationRange[], headroom: number) {
  const [{ scalingOf }, { suggestPolicies }] = await Promise.all([
    import("../ranges/spec-scaling.ts"),
    import("../ranges/suggest-policies.ts"),
  ]);
  const present = model.policies.map((policy): Policy =>
    policy.kind === "scale"
      ? { kind: "scale", value: `${policy.part}.${policy.value}`, by: policy.by }
      : { kind: "rescaleHidden", every: policy.every, by: policy.by },
  );
  const stored = ranges.map(({ path, step, stored: largest }) => ({ name: path, step, largest }));
  const scaling = scalingOf(model, stored);
  const applied = scaling.factors(manifest.policies.length > 0 ? present : []) ?? [];
  const magnitudes = stored.map((range, i) => ({ ...range, largest: range.largest / (applied[i] ?? 1) }));
  const { policies, left } = suggestPolicies(magnitudes, present, scaling, float16Max / headroom);
  return {
    ...{ magnitudes, present, policies, left: left.map((at) => ranges[at]!) },
    factors: scaling.factors(policies) ?? [],
  };
}

/** Diagnostics: ranges/no-spec, ranges/other-spec, ranges/bundled-spec, spec/not-found, usage/out-in-artefact. */
async function fileToWrite({ folder, manifest }: OpenArtefact, given: string | true): Promise<string> {
  const { findSpecFile, isSameModel } = await import("../ranges/artefact-spec.ts");
  if (given === true) {
    const found = findSpecFile(folder, manifest);
    if ("file" in found) return ownFile(found.file, folder);
    throw new DiagnosticError([
      usageError("ranges/no-spec", `the spec that ${folder} was built from is not to be found`, {
        notes: [`Found: ${found.problem}. Its text at that time: ${join(folder, manifest.spec.path)}.`],
        hint: "build the artefact again, or name the spec: --write path/to/spec.rwkv.ts",
      }),
    ]);
  }
  checkOutputs([["--write", given]], { files: [], artefact: folder });
  if (readSpecText(given) === undefined)
    throw new DiagnosticError([inputError("spec/not-found", `${given} cannot be read`, { place: { file: given } })]);
  if (isSameModel(folder, manifest, given, readSpecText)) return ownFile(given, folder);
  throw new DiagnosticError([
    inputError("ranges/other-spec", `${given} is not the spec that ${folder} was built from`, {
      place: { file: given },
      notes: [
        `More than its policies differs from ${join(folder, manifest.spec.path)}: what is measured need not hold for it.`,
      ],
      hint: "build an artefact from it, and measure that",
    }),
  ]);
}

const ownFile = (file: string, artefact: string): string => ownSpec(file, "ranges", `rwkvc ranges ${artefact} ...`);

/** Gives the file when it was changed. Diagnostics: ranges/cannot-write. */
async function writeTo(file: string, { policies, present }: RangesResult): Promise<string | undefined> {
  if (JSON.stringify(policies) === JSON.stringify(present)) return undefined;
  // What the spec says of precision stays.
  await writeToSpec(file, "ranges", (all) => [...policies, ...all.filter(isPrecision)]);
  return file;
}
