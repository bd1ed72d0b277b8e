/** `rwkvc check`: reads a spec and checks it, against a checkpoint's tensors when one is given. */
import type { Command } from "commander";

import type { CheckedModel } from "../check/typed.ts";
import { type Diagnostic, hasErrors } from "../diagnostics/diagnostic.ts";
import { type ActionResult, type CommandLine, defineCommand, runs } from "./command.ts";
import { runFrontEnd } from "./front-end.ts";
import { chooseSpec, type ChosenSpec, specArgument } from "./recognise.ts";

export function checkCommand(line: CommandLine): Command {
  const command = defineCommand("check", "check a spec: names, shapes, state updates, scaling policies", [
    "rwkvc check specs/rwkv-7.rwkv.ts",
    "rwkvc check specs/rwkv-7.rwkv.ts --weights model.pth",
    "rwkvc check --weights model.pth",
    "rwkvc check specs/rwkv-7.rwkv.ts --weights random:1:v7-0.4B --json",
    "rwkvc check my-model.rwkv.ts --watch",
  ])
    .argument("[spec]", specArgument)
    .option("--weights <checkpoint>", ".pth or .safetensors file, or random:SEED:PRESET; solves the dimensions")
    .option(
      "--watch",
      "check again whenever the spec, a spec that it imports or the checkpoint changes; Ctrl-C ends it",
    );
  return runs(line, command, async (session, { weights, watch }: CheckOptions, named: string | undefined) => {
    const chosen = await chooseSpec(named, weights, session);
    if (!watch) return check(chosen, weights);
    const { watchCheck } = await import("./watch-check.ts");
    return watchCheck(chosen.spec, (onFile) => check(chosen, weights, onFile), session, line);
  });
}

interface CheckOptions {
  readonly weights?: string;
  readonly watch?: true;
}

/** `onFile` hears of each file before it is looked at. */
async function check(
  { spec, recognised }: ChosenSpec,
  weights: string | undefined,
  onFile?: (path: string) => void,
): Promise<ActionResult> {
  const { model, checkpoint, diagnostics: found, sources } = await runFrontEnd(spec, weights, onFile);
  checkpoint?.close();
  const diagnostics = model && !hasErrors(found) ? [...found, ...(await scalingDiagnostics(model))] : found;
  const ok = model !== undefined && !hasErrors(diagnostics);
  return {
    json: { ok, spec, ...(recognised && { recognised }), ...(ok ? summarise(model) : {}) },
    listsDiagnostics: true,
    text: ok ? describe(spec, model) : "",
    diagnostics,
    sources,
  };
}

async function scalingDiagnostics(model: CheckedModel): Promise<readonly Diagnostic[]> {
  const { checkScaling } = await import("../pipeline.ts");
  return checkScaling(model);
}

function summarise(model: CheckedModel): object {
  return {
    name: model.name,
    resolved: model.resolved,
    layers: model.resolved ? model.layerCount : null,
    dims: model.resolved ? Object.fromEntries(model.sizes) : null,
    parts: model.parts.map((part) => ({
      name: part.name,
      weights: part.weights.size,
      states: part.states.map((state) => state.name),
      equations: part.equations.length,
    })),
    policies: [...model.policies, ...model.precisionPolicies].map((policy) => policy.text),
  };
}

function describe(spec: string, model: CheckedModel): string {
  const equations = model.parts.reduce((sum, part) => sum + part.equations.length, 0);
  const lines = [`${spec}: ${model.name} is well formed (${equations} equations a layer).`];
  if (model.resolved) {
    const dims = [...model.sizes].map(([name, size]) => `${name}=${size}`).join(" ");
    lines.push(`${model.layerCount} layers; ${dims}`);
  }
  return `${lines.join("\n")}\n`;
}
