/** `rwkvc verify`: an artefact, run on a backend, against the spec's equations in double precision. */
import { join } from "node:path";

import type { Command } from "commander";

import { readEquations } from "../build/read-equations.ts";
import type { CheckedModel } from "../check/typed.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { Comparison } from "../oracle/compare.ts";
import { type OracleValue, runOracles } from "../oracle/run-oracle.ts";
import { TraceFile } from "../oracle/trace-file.ts";
import { isQuantized } from "../targets/targets.ts";
import { type BackendName, backendOption } from "./backends.ts";
import { buildModel, BuildError } from "./build-model.ts";
import { type ActionResult, type CommandLine, defineCommand, requireOption, runs, type Session } from "./command.ts";
import { decimal, integer } from "./flags.ts";
import { runFrontEnd } from "./front-end.ts";
import { openArtefact, withScratch } from "./model-run.ts";
import { StoredValues } from "./stored-values.ts";
import { chooseSpec, specArgument } from "./recognise.ts";
import { chooseTarget, parsePrecision } from "./target-options.ts";
import { type Traced, traceArtefact } from "./trace.ts";
import { otherOrigin } from "./verify-origin.ts";
import { type Compared, judge, type Tolerance, toleranceOf } from "./verify-judgement.ts";
import { summarise } from "./verify-report.ts";
import { tokenizerOption } from "./tokenizer.ts";
import { checkTokenFlags, type TokenFlags, verifyTokens } from "./given-tokens.ts";

interface VerifyFlags extends TokenFlags {
  readonly limit: number;
  readonly weights: string;
  readonly backend?: BackendName;
  readonly precision?: string;
  readonly artefact?: string;
  readonly tolerance?: number;
}

export function verifyCommand(line: CommandLine): Command {
  const command = defineCommand("verify", "compare an artefact with the spec, equation by equation", [
    "rwkvc verify specs/rwkv-7.rwkv.ts --weights model.pth",
    "rwkvc verify specs/rwkv-7.rwkv.ts --weights model.pth --backend htp --text prompt.txt --limit 64",
    "rwkvc verify specs/rwkv-7.rwkv.ts --weights model.pth --artefact out/model --json",
  ])
    .argument("[spec]", specArgument)
    .option(...backendOption)
    .option("--precision <name>", "what to build: fp32 or fp16 (default: fp16 for htp, else fp32)")
    .option("--artefact <folder>", "verify this artefact; without it one is built and removed again")
    .option("--text <file>", "the text to read")
    .option(...tokenizerOption)
    .option("--tokens <file>", "token ids separated by white space; - reads standard input")
    .option("--limit <n>", "use the first n tokens", integer("--limit", { min: 1 }), 16)
    .option(
      "--tolerance <x>",
      "largest difference that one equation may make, relative to its largest value (default: by precision)",
      decimal("--tolerance", { above: 0 }),
    );
  requireOption(command, "--weights <checkpoint>", ".pth or .safetensors file, or random:SEED:PRESET");
  return runs(line, command, async (session, flags: VerifyFlags, named: string | undefined) => {
    checkTokenFlags(flags);
    const { spec, recognised } = await chooseSpec(named, flags.weights, session);
    const front = await runFrontEnd(spec, flags.weights);
    const { model, checkpoint } = front;
    try {
      if (!model || !checkpoint) throw new BuildError(front.diagnostics, front.sources);
      const result = await withScratch((scratch) => verify({ spec, flags, model, checkpoint, scratch }, session));
      const warnings = front.diagnostics.filter((d) => d.severity === "warning");
      return {
        ...result,
        ...(recognised && result.json && { json: { ...result.json, recognised } }),
        diagnostics: [...warnings, ...(result.diagnostics ?? [])],
        listsDiagnostics: true,
        sources: front.sources,
      };
    } finally {
      checkpoint?.close();
    }
  });
}

interface Job {
  readonly spec: string;
  readonly flags: VerifyFlags;
  readonly model: CheckedModel;
  readonly checkpoint: Checkpoint;
  readonly scratch: string;
}

async function verify(job: Job, session: Session): Promise<ActionResult> {
  const { flags, model, checkpoint, scratch } = job;
  const artefact = await openArtefact(flags.artefact ?? (await buildForVerify(job, session)));
  const { manifest, folder } = artefact;
  if (isQuantized(manifest.precision)) refuseQuantized(manifest.precision);
  const ids = await verifyTokens(flags, artefact, session);
  const equations = await readEquations(folder);
  const stored = new StoredValues(model, equations, artefact, "verify");
  session.progress.update(`running ${ids.length} tokens ...`);
  const traced = await traceArtefact(
    { artefact, backend: flags.backend, tokens: ids, tensors: stored.tensors(), scratch },
    session,
  );
  const context = {
    ...{ model, manifest, ids, why: traced.why, artefact: flags.artefact ?? null },
    tolerance: { ...toleranceOf(manifest.precision), ...(flags.tolerance && { own: flags.tolerance }) },
  };
  const compared = compare(job, ids, stored, traced, context.tolerance, session);
  const others = flags.artefact === undefined ? [] : await otherOrigin(artefact, equations, model, checkpoint);
  const verdict = judge(compared, context);
  return { ...summarise(compared, verdict, context), diagnostics: [...others, ...verdict.diagnostics] };
}

/** What quantization costs is no breach: it is measured, not verified. */
function refuseQuantized(precision: string): never {
  throw new DiagnosticError([
    usageError("usage/precision", `verify holds float builds against the equations, and this one is ${precision}`, {
      hint: "`rwkvc compare A B --text FILE` shows what a quantized build loses, equation by equation",
    }),
  ]);
}

/** Into the scratch folder; gives the artefact's folder. */
async function buildForVerify({ spec, flags, scratch }: Job, session: Session): Promise<string> {
  const named = flags.precision === undefined ? undefined : parsePrecision(flags.precision);
  if (named && isQuantized(named)) refuseQuantized(named);
  const target = { htp: "htp-v75", "qnn-cpu": "qnn-cpu", host: "host", "qnn-gpu": "host" }[flags.backend ?? "host"];
  const out = join(scratch, "model");
  const { weights, precision } = flags;
  await buildModel(
    {
      ...{ spec, weights, ...chooseTarget({ target, precision }), embedding: "graph", scaling: true },
      ...{ embedWeights: false, name: "model", out },
    },
    session,
  );
  return out;
}

function compare(
  { model, checkpoint }: Job,
  ids: readonly number[],
  stored: StoredValues,
  { file, report }: Traced,
  { negligible }: Tolerance,
  session: Session,
): Compared {
  const trace = new TraceFile(file, report);
  const make = (): Comparison =>
    new Comparison(
      (equation, layer) => stored.of(equation, layer),
      (tensor, token) => trace.values(tensor, token),
      negligible,
    );
  try {
    const [own, total] = [make(), make()];
    const runs = [{ onValue: (v: OracleValue) => own.add(v) }, { onValue: (v: OracleValue) => void total.add(v) }];
    runOracles(model, checkpoint, ids, runs, {
      onProgress: (done, all) => session.progress.update(`oracle: part ${done + 1} of ${all} ...`),
    });
    return { own: own.equations(), total: total.equations(), missing: own.notCompared() };
  } finally {
    trace.close();
  }
}
