/** `rwkvc inspect`: what is in a checkpoint, an artefact or a context binary. */
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { holdsCheckpoint } from "../checkpoint/checkpoint-folder.ts";
import type { TensorInfo } from "../checkpoint/checkpoint.ts";
import { DiagnosticError, inputError, missingError } from "../diagnostics/diagnostic.ts";
import type { ManifestGraph } from "../emit/manifest.ts";
import { locateQnn } from "../qnn/locate.ts";
import { type ActionResult, type CommandLine, defineCommand, runs, type Session } from "./command.ts";
import { contextInfo, type ContextInfo } from "./context-info.ts";
import { findContexts } from "./contexts.ts";
import { openArtefact } from "./model-run.ts";
import { bytes, table } from "./text.ts";

export function inspectCommand(line: CommandLine): Command {
  const command = defineCommand("inspect", "show what is in a checkpoint, an artefact or a context binary", [
    "rwkvc inspect model.pth",
    "rwkvc inspect random:1:v7-0.4B",
    "rwkvc inspect out/kjv",
    "rwkvc inspect out/kjv/context/SM8650/kjv.bin --json",
  ]).argument("<what>", "checkpoint (file or folder), artefact folder, or context binary (.bin)");
  return runs(line, command, async (session, _options, what: string) => {
    if (what.startsWith("random:")) return inspectCheckpoint(what);
    const stat = statSync(what, { throwIfNoEntry: false });
    if (!stat)
      throw new DiagnosticError([
        missingError("inspect/not-found", `${what || '""'} does not exist`, { place: { file: what } }),
      ]);
    if (stat.isDirectory()) {
      const isCheckpoint = !existsSync(join(what, "model.json")) && holdsCheckpoint(what);
      return isCheckpoint ? inspectCheckpoint(what) : inspectArtefact(session, what);
    }
    return what.endsWith(".bin") && !isTorchFile(what) ? inspectContext(session, what) : inspectCheckpoint(what);
  });
}

/** Hugging Face calls what torch.save wrote `pytorch_model.bin`: a zip archive or a pickle. */
function isTorchFile(path: string): boolean {
  const head = Buffer.alloc(4);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (fstatSync(fd).isFile()) readSync(fd, head);
  } finally {
    closeSync(fd);
  }
  return ["504b0304", "80028a0a"].includes(head.toString("hex"));
}

async function inspectCheckpoint(source: string): Promise<ActionResult> {
  const { openCheckpoint } = await import("../checkpoint/open-checkpoint.ts");
  const checkpoint = await openCheckpoint(source);
  try {
    const tensors = [...checkpoint.tensors.values()];
    const total = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    const parameters = tensors.reduce((sum, tensor) => sum + elements(tensor), 0);
    const rows = tensors.map((tensor) => [
      tensor.name,
      tensor.unreadable ?? tensor.dtype,
      `[${tensor.shape.join(", ")}]`,
    ]);
    const { about } = checkpoint;
    const title = `${checkpoint.source}: ${tensors.length} tensors, ${parameters} parameters, ${bytes(total)}\n`;
    return {
      json: { kind: "checkpoint", source: checkpoint.source, about, parameters, bytes: total, tensors },
      text: `${title}${about === undefined ? "" : `  ${about}\n`}${table(rows)}`,
    };
  } finally {
    checkpoint.close();
  }
}

const elements = (tensor: TensorInfo): number => tensor.shape.reduce((product, n) => product * n, 1);
const tensorBytes = (tensor: TensorInfo): number => elements(tensor) * (tensor.dtype === "float32" ? 4 : 2);

async function inspectArtefact(session: Session, folder: string): Promise<ActionResult> {
  if (!existsSync(join(folder, "model.json"))) {
    throw new DiagnosticError([
      inputError("artefact/not-an-artefact", `${folder} is not an artefact: it has no model.json`, {
        place: { file: folder },
        hint: "an artefact is a folder that `rwkvc build` wrote",
      }),
    ]);
  }
  const { manifest } = await openArtefact(folder);
  const contexts = await findContexts(folder);
  const described = [];
  for (const context of contexts) {
    described.push({
      ...context.manifest,
      path: context.path,
      isCurrent: context.isCurrent,
      info: await infoIfPossible(session, context.path),
    });
  }
  const dims = Object.entries(manifest.dims).map(([name, size]) => `${name}=${size}`);
  const lines = [
    `${manifest.name}: ${manifest.spec.name}, ${manifest.precision} for ${manifest.target}` +
      (manifest.htp ? ` (${manifest.htp.soc}, v${manifest.htp.arch}, VTCM ${manifest.htp.vtcmMb} MB)` : ""),
    `  ${manifest.layers} layers; ${dims.join(" ")}`,
    `  from ${manifest.checkpoint.source} (${manifest.checkpoint.dtype}); rwkvc ${manifest.compilerVersion}`,
    ...(manifest.policies.length > 0 ? [`  policies: ${manifest.policies.join("; ")}`] : []),
    ...manifest.graphs.flatMap(describeGraph),
    "files",
    table(manifest.files.map((file) => [`  ${file.path}`, bytes(file.bytes), file.sha256.slice(0, 16)])).trimEnd(),
    ...(described.length === 0 ? ["no context binary"] : described.flatMap((context) => describeContext(context))),
  ];
  return { json: { kind: "artefact", folder, manifest, contexts: described }, text: `${lines.join("\n")}\n` };
}

function describeGraph(graph: ManifestGraph): string[] {
  return [
    `graph ${graph.name} (${graph.kind}, ${graph.tokens} token${graph.tokens === 1 ? "" : "s"} an execution): ` +
      `${graph.nodes} nodes, ${bytes(graph.weightBytes)} of weights, ${(graph.macs / 1e6).toFixed(1)} M multiply-adds`,
    `  nodes per layer: ${runLengths(graph.nodesPerLayer)}`,
    ...[...graph.inputs, ...graph.outputs].map(
      (tensor) => `  ${tensor.role}: ${tensor.name} ${tensor.dtype} [${tensor.shape.join(", ")}]`,
    ),
    `  states: ${graph.states.length} (${[...new Set(graph.states.map((s) => `${s.dtype} [${s.shape.join(", ")}]`))].join(", ")})`,
  ];
}

/** 21, 20, 20, 20 -> "21, 20 x 3" */
function runLengths(values: readonly number[]): string {
  const runs: { value: number; count: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.value === value) last.count++;
    else runs.push({ value, count: 1 });
  }
  return runs.map(({ value, count }) => (count === 1 ? String(value) : `${value} x ${count}`)).join(", ");
}

function describeContext(context: {
  path: string;
  soc: string;
  bytes: number;
  finalizeSeconds: number;
  isCurrent: boolean;
  info: ContextInfo | null;
}): string[] {
  const stale = context.isCurrent ? "" : " (made from another model.json: not used)";
  return [
    `context ${context.path}: ${context.soc}, ${bytes(context.bytes)}, finalized in ${context.finalizeSeconds.toFixed(1)} s${stale}`,
    ...(context.info
      ? describeInfo(context.info)
      : ["  (its header was not read: no libQnnSystem.so; `rwkvc qnn install`)"]),
  ];
}

export function describeInfo(info: ContextInfo): string[] {
  return [
    `  SoC ${info.soc ?? `model ${info.socModel}`}, arch v${info.dspArch}, build ${info.buildId}`,
    ...info.graphs.map(
      (graph) =>
        `  graph ${graph.name}: ${graph.inputs.length} inputs, ${graph.outputs.length} outputs` +
        (graph.vtcmBytes ? `, VTCM ${bytes(graph.vtcmBytes)}` : ""),
    ),
  ];
}

/** An artefact is shown without libQnnSystem too. */
async function infoIfPossible(session: Session, path: string): Promise<ContextInfo | null> {
  try {
    const qnn = await locateQnn("htp", session.io.env);
    return qnn.system ? await contextInfo(session, path, qnn.system) : null;
  } catch (error) {
    if (error instanceof DiagnosticError) return null;
    throw error;
  }
}

async function inspectContext(session: Session, path: string): Promise<ActionResult> {
  const qnn = await locateQnn("htp", session.io.env);
  if (!qnn.system) {
    throw new DiagnosticError([
      inputError("qnn/library-missing", "a context binary is read with libQnnSystem.so, which is not there", {
        place: { file: qnn.library },
        hint: "run `rwkvc qnn install`, or name a folder that has it",
      }),
    ]);
  }
  const info = await contextInfo(session, path, qnn.system);
  return {
    json: { kind: "context", path, ...info },
    text: `${path}: context binary, ${bytes(statSync(path).size)}\n${describeInfo(info).join("\n")}\n`,
  };
}
