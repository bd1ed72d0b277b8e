/** `rwkvc estimate`: Qualcomm's own estimate of the time on the NPU, per graph. */
import { statSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { DiagnosticError, inputError, missingError, usageError } from "../diagnostics/diagnostic.ts";
import type { Estimate, Manifest } from "../emit/manifest.ts";
import { locateQnn } from "../qnn/locate.ts";
import { type Soc, socs } from "../targets/targets.ts";
import { encodingsForBuild } from "./build-encodings.ts";
import { buildModel } from "./build-model.ts";
import { type CommandLine, defineCommand, runs, type Session } from "./command.ts";
import type { CompileReport } from "./context-build.ts";
import { findContexts } from "./contexts.ts";
import { describeEstimates } from "./estimate-text.ts";
import { graphKey } from "./graph-key.ts";
import { modelLibrary, openArtefact, readReport, runNative, withScratch } from "./model-run.ts";
import { chooseTarget, parseSoc } from "./target-options.ts";

/** The SoC that estimates are asked for when an artefact's own has none. */
const estimatingSoc = "QCS9100";

export type Estimates = Record<string, Estimate>;

export function estimateCommand(line: CommandLine): Command {
  const command = defineCommand("estimate", "Qualcomm's estimate of the time on the NPU, per graph", [
    "rwkvc estimate out/kjv",
    "rwkvc estimate out/kjv --soc QCS9100 --json",
    "rwkvc estimate specs/rwkv-7.rwkv.ts --weights random:1:v7-0.4B",
  ])
    .argument("<what>", "artefact folder, or spec file with --weights")
    .option("--weights <checkpoint>", "with a spec: .pth or .safetensors file, or random:SEED:PRESET")
    .option("--precision <name>", "with a spec: fp16, a16w8, a16w4, fp16w8 or fp16w4", "fp16")
    .option(
      "--soc <name>",
      `SoC with estimates: ${able().join(", ")} (default: the artefact's own, else ${estimatingSoc})`,
    );
  return runs(line, command, async (session, flags: EstimateFlags, what: string) => {
    const named = flags.soc === undefined ? undefined : parseEstimatingSoc(flags.soc);
    const stat = statSync(what, { throwIfNoEntry: false });
    if (!stat)
      throw new DiagnosticError([
        missingError("estimate/not-found", `${what || '""'} does not exist`, { place: { file: what } }),
      ]);
    if (stat.isDirectory()) return finish(await ofArtefact(session, what, flags.weights, named));
    return finish(await ofSpec(session, what, flags, named ?? parseSoc(estimatingSoc)));
  });
}

interface EstimateFlags {
  readonly weights?: string;
  readonly soc?: string;
  readonly precision: string;
}

const able = (): string[] => socs.filter((soc) => soc.estimates).map((soc) => soc.name);

/** Diagnostics: usage/unknown-soc, usage/soc-without-estimates. */
export function parseEstimatingSoc(name: string): Soc {
  const soc = parseSoc(name);
  if (soc.estimates) return soc;
  throw new DiagnosticError([
    usageError("usage/soc-without-estimates", `Qualcomm's library makes no estimates for ${soc.name}`, {
      hint: `SoCs with estimates: ${able().join(", ")}`,
    }),
  ]);
}

/** Of an artefact's graphs, by their kinds. Diagnostics: usage/estimate, and those of locateQnn. */
export const estimateArtefact = async (session: Session, folder: string, soc: Soc): Promise<Estimates> =>
  (await ofArtefact(session, folder, undefined, soc)).estimates;

interface Found {
  readonly soc: Soc;
  readonly estimates: Estimates;
}

function finish({ soc, estimates }: Found) {
  if (Object.keys(estimates).length === 0) {
    throw new DiagnosticError([
      inputError("estimate/none", `the library gave no estimate for ${soc.name}`, {
        hint: "`rwkvc doctor` tells which library is used; estimates came with SDK 2.47",
      }),
    ]);
  }
  return {
    json: estimates,
    text: `Qualcomm's estimate for ${soc.name} (v${soc.arch})\n${describeEstimates(estimates).join("\n")}\n`,
  };
}

async function ofArtefact(
  session: Session,
  folder: string,
  weights: string | undefined,
  named: Soc | undefined,
): Promise<Found> {
  if (weights !== undefined) {
    throw new DiagnosticError([usageError("usage/weights", "--weights goes with a spec; an artefact has its weights")]);
  }
  const { manifest } = await openArtefact(folder);
  if (manifest.precision === "fp32") {
    throw new DiagnosticError([
      usageError(
        "usage/estimate",
        "there are estimates for the HTP only, which has no float32, and the artefact is fp32",
        {
          hint: "build another one with --precision fp16",
        },
      ),
    ]);
  }
  const own = socs.find((soc) => soc.name === manifest.htp?.soc);
  const soc = named ?? (own?.estimates ? own : parseSoc(estimatingSoc));
  if (!named && own && soc !== own && !session.json) {
    session.io.stderr.write(`Qualcomm's library makes no estimates for ${own.name}: this is for ${soc.name}.\n`);
  }
  const contexts = await findContexts(folder);
  const context = contexts.find((found) => found.isCurrent && found.manifest.soc === soc.name);
  const stored = context && keyed(manifest, context.manifest.estimates);
  if (stored && Object.keys(stored).length > 0) return { soc, estimates: stored };
  return { soc, estimates: await estimateLibrary(session, folder, manifest, soc) };
}

async function ofSpec(session: Session, spec: string, { weights, precision }: EstimateFlags, soc: Soc): Promise<Found> {
  if (weights === undefined) {
    throw new DiagnosticError([
      usageError("usage/weights", "a spec needs --weights: the sizes come from the checkpoint", {
        hint: "any of the published shapes will do: --weights random:1:v7-0.4B",
      }),
    ]);
  }
  return { soc, estimates: await estimateSpec(session, spec, weights, soc, precision) };
}

/** Ranges change nothing of the cost: as many as give every tensor one. */
const calibrationTokens = 16;

/** Of the graphs that a spec is built to, by their kinds. */
export async function estimateSpec(
  session: Session,
  spec: string,
  weights: string,
  soc: Soc,
  precisionName = "fp16",
): Promise<Estimates> {
  const { target, precision } = chooseTarget({ soc: soc.name, precision: precisionName });
  return withScratch(async (folder) => {
    const out = join(folder, "estimate");
    const common = { spec, weights, precision, embedding: "graph", scaling: true } as const;
    const calibrating = { ...common, scratch: folder, generate: calibrationTokens };
    const quantization = await encodingsForBuild({}, calibrating, session);
    const fixed = { ...common, quantization, compensate: false, embedWeights: false, name: "estimate" };
    const { manifest } = await buildModel({ ...fixed, target, out }, session);
    return estimateLibrary(session, out, manifest, soc);
  });
}

async function estimateLibrary(session: Session, artefact: string, manifest: Manifest, soc: Soc): Promise<Estimates> {
  const qnn = await locateQnn("htp", session.io.env);
  session.progress.update("estimate (Qualcomm's finalize) ...");
  return withScratch(async (folder) => {
    const report = join(folder, "report.json");
    const args = ["estimate", "--artefact", artefact, "--model-library", modelLibrary(artefact, manifest)];
    args.push("--backend-library", qnn.library, "--soc-model", String(soc.model), "--report", report);
    await runNative(session, "rwkv-context", args);
    const { graphs } = readReport<CompileReport>(report);
    return keyed(manifest, Object.fromEntries(graphs.map((graph) => [graph.name, graph.estimate])));
  });
}

/** Graph names -> kinds, without those that have no estimate. */
function keyed(manifest: Manifest, estimates: Readonly<Record<string, Estimate | null>>): Estimates {
  const found: Estimates = {};
  for (const graph of manifest.graphs) {
    const estimate = estimates[graph.name];
    if (estimate) found[graphKey(graph, manifest)] = estimate;
  }
  return found;
}
