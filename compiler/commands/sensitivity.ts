/** `rwkvc sensitivity`: what each group of weights loses in fewer bits, and the mix that is worth its bytes. */
import { rmSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import type { PrecisionPolicy } from "../check/typed.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import { policyText, type Precision } from "../ranges/policy.ts";
import { groupWeights, type WeightGroup } from "../sensitivity/groups.ts";
import { mixPolicies } from "../sensitivity/mix.ts";
import { chooseMix, type Measured, type Measurement, paretoFront, search } from "../sensitivity/search.ts";
import { findTarget, type QuantizedPrecision, type Soc, weightBitsOf } from "../targets/targets.ts";
import { type BackendName, backendOption } from "./backends.ts";
import { type BuildEncodings, compensates, encodingsForBuild } from "./build-encodings.ts";
import { buildModel, BuildError } from "./build-model.ts";
import { type CommandLine, defineCommand, requireOption, runs, type Session } from "./command.ts";
import { estimateArtefact, parseEstimatingSoc } from "./estimate.ts";
import type { EvalReport } from "./eval.ts";
import { choice, decimal, integer } from "./flags.ts";
import { runFrontEnd } from "./front-end.ts";
import { openArtefact, prepareRun, withScratch } from "./model-run.ts";
import { runModel } from "./overflow.ts";
import { chooseSpec, specArgument } from "./recognise.ts";
import { describeSensitivity, type FrontPoint } from "./sensitivity-report.ts";
import { checkText, resolveTokenizer, tokenizerArgs, tokenizerOption } from "./tokenizer.ts";
import { ownSpec, writeToSpec } from "./write-to-spec.ts";

interface SensitivityFlags {
  readonly weights: string;
  readonly text: string;
  readonly calibration?: string;
  readonly encodings?: string;
  readonly compensate?: boolean;
  readonly limit: number;
  readonly precision: QuantizedPrecision;
  readonly backend?: BackendName;
  readonly soc?: string;
  readonly loss: number;
  readonly thirds?: boolean;
  readonly tokenizer?: string;
  readonly write?: string | true;
}

export function sensitivityCommand(line: CommandLine): Command {
  const command = defineCommand("sensitivity", "which weights need more bits, and which fewer", [
    "rwkvc sensitivity specs/rwkv-7.rwkv.ts --weights model.pth --text held-out.txt",
    "rwkvc sensitivity mine.rwkv.ts --weights model.pth --text held-out.txt --loss 0.02 --soc QCS9100 --write",
  ])
    .argument("[spec]", specArgument)
    .option("--calibration <file>", "text for the ranges of values (default: one that the model writes)")
    .option("--encodings <file>", "ranges of values, from `rwkvc calibrate` (default: one calibration for all mixes)")
    .option("--compensate", "make rounding errors of 4-bit weights good in every mix (default: as build does)")
    .option("--no-compensate", "round weights of 4 bits to the nearest")
    .option("--limit <n>", "measure on the first n tokens", integer("--limit", { min: 2 }), 1024)
    .option(
      "--precision <name>",
      "a16w4, a16w8, fp16w4 or fp16w8: the build that the search begins at",
      choice("--precision", ["a16w4", "a16w8", "fp16w4", "fp16w8"] as const),
      "a16w4",
    )
    .option("--thirds", "try the first, middle and last third of the layers each by itself")
    .option(
      "--loss <nats>",
      "how much more NLL a token than fp16's the chosen mix may have",
      decimal("--loss", { min: 0 }),
      0.03,
    )
    .option("--soc <name>", "add Qualcomm's estimate of the time on this SoC to each mix of the front")
    .option("--write [spec]", "write the chosen mix into the spec as policies; default: the spec that was named")
    .option(...tokenizerOption)
    .option(...backendOption);
  requireOption(command, "--weights <checkpoint>", ".pth or .safetensors file, or random:SEED:PRESET");
  requireOption(command, "--text <file>", "the text to measure on");
  return runs(line, command, async (session, flags: SensitivityFlags, named: string | undefined) => {
    checkText(flags.text);
    if (flags.calibration !== undefined) checkText(flags.calibration);
    const soc = flags.soc === undefined ? undefined : parseEstimatingSoc(flags.soc);
    const { spec } = await chooseSpec(named, flags.weights, session);
    const target =
      flags.write === undefined
        ? undefined
        : ownSpec(flags.write === true ? spec : flags.write, "sensitivity", again(flags));
    const { groups, sources } = await groupsOf(spec, flags);
    return withScratch(async (scratch) => {
      const compensate = await compensates({ spec, ...flags }, flags.compensate);
      const bench = new Bench(spec, { ...flags, compensate }, scratch, session);
      const reference = await bench.reference();
      const { base, steps, all } = await search(groups, weightBitsOf(flags.precision), (mix) =>
        bench.measure(mixPolicies(groups, mix)),
      );
      if (!Number.isFinite(base.nll)) throw new DiagnosticError([notFinite(flags)]);
      const front = await estimated(paretoFront(all), groups, soc, bench);
      const chosen = chooseMix(front, reference.nll, flags.loss);
      const policies = mixPolicies(groups, chosen.mix);
      if (target !== undefined && policies.length > 0)
        await writeToSpec(target, "sensitivity", (present) => withMix(present, policies));
      const frame = { reference, base, steps, front, chosen, groups, policies, written: target, spec, soc };
      return { ...describeSensitivity({ ...flags, ...frame, measured: all.length }), sources };
    });
  });
}

const again = ({ weights, text }: SensitivityFlags): string =>
  `rwkvc sensitivity my-model.rwkv.ts --weights ${weights} --text ${text}`;

/** The groups of the build that the spec's own policies give. Diagnostics: those of the front end; sensitivity/nothing. */
async function groupsOf(spec: string, { weights, precision, thirds = false }: SensitivityFlags) {
  const { graphWeights } = await import("./graph-weights.ts");
  const front = await runFrontEnd(spec, weights);
  const { model, checkpoint, sources } = front;
  checkpoint?.close();
  if (!model) throw new BuildError(front.diagnostics, sources);
  const groups = groupWeights(graphWeights(model, precision), { thirds, layers: model.layerCount });
  if (groups.length > 0) return { groups, sources };
  throw new DiagnosticError([
    inputError("sensitivity/nothing", `${spec} multiplies by no matrix of the checkpoint`, { place: { file: spec } }),
  ]);
}

/** Behind what the spec says already; a policy for a pattern that has one replaces it. */
function withMix<Present extends { readonly kind: string }>(present: readonly Present[], mix: readonly Precision[]) {
  const patterns = mix.map((policy) => (policy.kind === "quantize" ? policy.pattern : ""));
  const isReplaced = (policy: Present): boolean =>
    policy.kind === "quantize" && patterns.includes((policy as unknown as { pattern: string }).pattern);
  return [...present.filter((policy) => !isReplaced(policy)), ...mix];
}

const notFinite = ({ precision, text }: SensitivityFlags) =>
  inputError("sensitivity/not-finite", `the ${precision} build has logits on ${text} that are not finite`, {
    hint: "`rwkvc compare` with an fp32 build names the first equation that has such values",
  });

/** Of all mixes of the front, when a SoC was named. Diagnostics: those of locateQnn. */
async function estimated(
  front: readonly Measured[],
  groups: readonly WeightGroup[],
  soc: Soc | undefined,
  bench: Bench,
): Promise<FrontPoint[]> {
  const points: FrontPoint[] = [];
  for (const point of front)
    points.push({ ...point, ...(soc && (await bench.estimate(mixPolicies(groups, point.mix), soc))) });
  return points;
}

/** Builds mixes and measures them. Ranges are those of one calibration: bits of weights do not change them. */
class Bench {
  private quantization: BuildEncodings | undefined | "none yet" = "none yet";
  private readonly tokenizer: string | undefined;
  private count = 0;

  constructor(
    private readonly spec: string,
    private readonly flags: SensitivityFlags & { readonly compensate: boolean },
    private readonly scratch: string,
    private readonly session: Session,
  ) {
    const { tokenizer, weights } = flags;
    this.tokenizer = tokenizer === undefined ? undefined : resolveTokenizer(tokenizer, [weights]);
  }

  /** The float16 build. */
  async reference(): Promise<Measurement> {
    return this.with("fp16", [], (folder) => this.evaluate(folder));
  }

  async measure(policies: readonly Precision[]): Promise<Measurement> {
    this.count++;
    return this.with(this.flags.precision, policies, (folder) => this.evaluate(folder));
  }

  /** Diagnostics: those of estimateArtefact. */
  async estimate(policies: readonly Precision[], soc: Soc): Promise<Pick<FrontPoint, "microseconds" | "withoutCost">> {
    const { decode } = await this.with(this.flags.precision, policies, (folder) =>
      estimateArtefact(this.session, folder, soc),
    );
    return decode ? { microseconds: decode.microseconds, withoutCost: decode.opsWithoutCost } : {};
  }

  private async with<T>(
    precision: QuantizedPrecision | "fp16",
    policies: readonly Precision[],
    body: (folder: string) => Promise<T>,
  ): Promise<T> {
    const { weights, compensate } = this.flags;
    const out = join(this.scratch, "mix");
    const quantization = precision === "fp16" ? undefined : await this.calibrated(precision);
    await buildModel(
      {
        ...{ spec: this.spec, weights, target: findTarget("host")!, precision, embedding: "graph", scaling: true },
        ...{ embedWeights: false, name: "mix", out, quantization, compensate },
        precisionPolicies: policies.map(asPolicy),
        tokenizer: this.tokenizer,
      },
      this.session,
    );
    try {
      return await body(out);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  }

  private async evaluate(folder: string): Promise<Measurement> {
    const { backend, text, limit } = this.flags;
    const opened = await openArtefact(folder);
    const prepared = await prepareRun(opened, backend, this.session.io.env);
    this.session.progress.update(`measuring mix ${this.count} ...`);
    const args = [...prepared.args, ...tokenizerArgs(undefined, opened), "--text", text, "--limit", String(limit)];
    const report = join(this.scratch, "eval.json");
    const { report: found } = await runModel<EvalReport>(this.session, prepared, report, ["eval", ...args]);
    const decode = opened.manifest.graphs.find(({ kind }) => kind === "decode")!;
    // JSON has no word for what is not a number.
    return { nll: (found.nll as number | null) ?? Infinity, bytes: decode.weightBytes };
  }

  private async calibrated(precision: QuantizedPrecision): Promise<BuildEncodings | undefined> {
    if (this.quantization !== "none yet") return this.quantization;
    const { weights, calibration: text, encodings, compensate } = this.flags;
    const common = { spec: this.spec, weights, precision, embedding: "graph", scaling: true } as const;
    const request = { ...common, tokenizer: this.tokenizer, scratch: this.scratch, compensate };
    this.quantization = await encodingsForBuild({ encodings, text }, request, this.session);
    return this.quantization;
  }
}

const asPolicy = (policy: Precision): PrecisionPolicy => ({ ...policy, text: policyText(policy) });
