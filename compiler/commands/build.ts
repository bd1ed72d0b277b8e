/** `rwkvc build`: spec and checkpoint to an artefact folder. */
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import type { KeepFloatPolicy, QuantizePolicy } from "../check/typed.ts";
import { makeFolder } from "../build/make-folder.ts";
import { hostTriple, type Triple, triples } from "../build/triples.ts";
import { type Diagnostic, DiagnosticError, inputError, inputWarning, usageError } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Estimate, Manifest } from "../emit/manifest.ts";
import { optionPolicies, parseKeepFloat, parseQuantize } from "../quantize/precision-options.ts";
import { isQuantized, type Precision, targetNames, weightBitsOf } from "../targets/targets.ts";
import { parseArchs } from "./arch-option.ts";
import { defaultName, defaultOut, parseName } from "./artefact-name.ts";
import { checkQuantizing, compensates, encodingsForBuild } from "./build-encodings.ts";
import { type Built, buildModel, checkPolicies } from "./build-model.ts";
import { type CommandLine, defineCommand, requireOption, runs, type Session } from "./command.ts";
import { compileContext, type CompiledContext } from "./context-build.ts";
import { describeEstimates } from "./estimate-text.ts";
import { choice } from "./flags.ts";
import { graphKey } from "./graph-key.ts";
import { withScratch } from "./model-run.ts";
import { parsePrefill } from "./prefill-option.ts";
import { chooseSpec, specArgument } from "./recognise.ts";
import { chooseTarget, defaultTarget, refuseUnsupportedFlags, type TargetFlags } from "./target-options.ts";
import { isInside } from "./output-files.ts";
import { bytes, seconds } from "./text.ts";
import { resolveTokenizer, tokenizerText } from "./tokenizer.ts";

interface BuildFlags extends TargetFlags {
  readonly weights: string;
  readonly embedding: "graph" | "host";
  /** false with --no-context. */
  readonly context: boolean;
  /** false with --no-scaling. */
  readonly scaling: boolean;
  readonly embedWeights?: boolean;
  readonly arch?: readonly Triple[];
  readonly dumpIr?: string;
  readonly out?: string;
  readonly name?: string;
  readonly prefill?: readonly number[];
  readonly chunks?: string;
  readonly encodings?: string;
  readonly text?: string;
  readonly compensate?: boolean;
  readonly quantize?: readonly QuantizePolicy[];
  readonly keepFloat?: KeepFloatPolicy;
  readonly tokenizer?: string;
}

export function buildCommand(line: CommandLine): Command {
  const command = defineCommand("build", "compile a spec and a checkpoint to an artefact", [
    "rwkvc build specs/rwkv-7.rwkv.ts --weights model.pth --precision fp16 --out out/model",
    "rwkvc build specs/rwkv-7.rwkv.ts --weights model.pth --target htp-v75 --soc SM8650 --out out/model-8gen3",
    "rwkvc build --weights random:1:v7-0.4B",
  ])
    .argument("[spec]", specArgument)
    .option("--target <name>", `${targetNames.join(", ")} (default: the SoC's, else ${defaultTarget})`)
    .option("--soc <name>", "SoC to compile for, such as SM8650 (default: a typical one of the target)")
    .option(
      "--precision <name>",
      "fp32, fp16, a16w8, a16w4, fp16w8 or fp16w4 (default: fp16 for htp, fp32 for host and qnn-cpu)",
    )
    .option(
      "--embedding <place>",
      "graph, or host: the runtime looks the row up",
      choice("--embedding", ["graph", "host"] as const),
      "graph",
    )
    .option(
      "--quantize <policies>",
      "least bits of weights in a quantized build, by patterns of names: *.key=w8,*.value=w4:32",
      parseQuantize,
    )
    .option("--keep-float <names>", "equations that stay float16 in a quantized build: S,timeMix.w", parseKeepFloat)
    .option("--no-context", "leave the context binary out (Qualcomm's finalize takes time)")
    .option("--no-scaling", "leave the spec's scaling policies out")
    .option(
      "--arch <systems>",
      `build the libraries for ${triples.join(", ")}; several with commas between (default: ${hostTriple})`,
      parseArchs,
    )
    .option(
      "--tokenizer <name>",
      "how text becomes tokens: bytes, abc, world, a vocabulary or a tokenizer.json (default: bytes for a vocabulary of 256, else none)",
    )
    .option("--embed-weights", "put the weights inside the library instead of a file beside it")
    .option("--dump-ir <pass>", "write the IR after this pass, or after all, to OUT.ir/")
    .option("--out <folder>", "artefact folder (default: out/<spec's name>)")
    .option("--name <name>", "name of graph and library (default: from the folder)")
    .option(
      "--prefill <tokens>",
      "adds a graph that reads this many tokens at once, for prompts; 16,64 adds two",
      parsePrefill,
    )
    .option("--chunks <n>", "refused so far: a model is one graph, and cannot be cut into several yet")
    .option(
      "--encodings <file>",
      "ranges for a quantized build, from `rwkvc calibrate` or another tool (default: calibrates)",
    )
    .option("--text <file>", "the text that a quantized build calibrates on (default: one that the model writes)")
    .option(
      "--compensate",
      "make rounding errors of 4-bit weights good: some seconds for each million (default: up to 50 million weights)",
    )
    .option("--no-compensate", "round weights of 4 bits to the nearest, without making errors good");
  requireOption(command, "--weights <checkpoint>", ".pth or .safetensors file, or random:SEED:PRESET");
  return runs(line, command, async (session, flags: BuildFlags, named: string | undefined) => {
    refuseUnsupportedFlags(flags);
    const { target, precision } = chooseTarget(flags);
    checkQuantizing(flags, precision);
    const { spec, recognised } = await chooseSpec(named, flags.weights, session);
    const out = flags.out ?? defaultOut(spec);
    const name = flags.name === undefined ? defaultName(out) : parseName(flags.name);
    const tokenizer = flags.tokenizer === undefined ? undefined : resolveTokenizer(flags.tokenizer, [flags.weights]);
    checkOut(out, { spec, weights: flags.weights, ...(tokenizer && { vocabulary: tokenizer }) });
    if (flags.arch) await checkCompilers(flags.arch);
    const onStage = flags.dumpIr === undefined ? undefined : await dumpStages(flags.dumpIr, `${out}.ir`);
    const policies = optionPolicies(flags);
    let context: CompiledContext | undefined;
    let calibration: number | undefined;
    let compensated = false;
    const built = await withScratch(async (scratch) => {
      const calibrating = {
        spec,
        weights: flags.weights,
        precision,
        embedding: flags.embedding,
        scaling: flags.scaling,
      };
      await checkPolicies(policies, spec, flags.weights);
      const compensate = await compensates(calibrating, flags.compensate);
      const start = performance.now();
      const quantization = await encodingsForBuild(flags, { ...calibrating, tokenizer, scratch, compensate }, session);
      if (quantization?.source.kind === "calibrated") calibration = performance.now() - start;
      compensated = compensate && quantization?.statistics !== undefined;
      return buildModel(
        {
          ...{ quantization, compensate },
          ...{ spec, weights: flags.weights, target, precision, embedding: flags.embedding, scaling: flags.scaling },
          prefill: flags.prefill ?? [],
          precisionPolicies: policies,
          ...{
            tokenizer,
            embedWeights: flags.embedWeights === true,
            ...(flags.arch ? { triples: flags.arch } : {}),
            name,
            out,
            onStage,
          },
          finish: async (folder, manifest) => {
            if (target.backend !== "htp" || !flags.context || !(hostTriple in manifest.libraries)) return;
            session.progress.update("context binary (Qualcomm's finalize) ...");
            context = await compileContext(folder, manifest, session);
          },
        },
        session,
      );
    });
    const programs = await crossPrograms(flags.arch ?? [], session);
    const times = [...(calibration === undefined ? [] : [["calibrate", calibration] as const]), ...built.times];
    const summary = summarise(out, { ...built, times, compensated }, context, flags.context, programs);
    return {
      json: { ...summary.json, ...(recognised && { recognised }) },
      listsDiagnostics: true,
      text: summary.text,
      diagnostics: [...withoutEffect(flags.quantize ?? [], precision), ...built.diagnostics],
      sources: built.sources,
    };
  });
}

/** Of the command line, where somebody wants it for this build. Diagnostics (warnings): policy/no-effect. */
function withoutEffect(policies: readonly QuantizePolicy[], precision: Precision): Diagnostic[] {
  const least = isQuantized(precision) ? weightBitsOf(precision) : 0;
  return policies
    .filter(({ bits }) => bits < least)
    .map(({ text }) =>
      inputWarning("policy/no-effect", `${text} changes nothing: at ${precision} weights have ${least} bits or more`, {
        hint: `use --precision ${precision.replace("w8", "w4")}, and --quantize for the weights that are to have ${least} bits`,
      }),
    );
}

/** Before the time is spent. Diagnostics: build/no-compiler. */
async function checkCompilers(systems: readonly Triple[]): Promise<void> {
  const { findCompiler } = await import("../build/build-library.ts");
  for (const system of systems) await findCompiler(system);
}

/** What runs the artefact there: runtime, programs and host backend for the other Linux systems. Gives their folders. */
async function crossPrograms(systems: readonly Triple[], session: Session): Promise<Record<string, string>> {
  const folders: Record<string, string> = {};
  for (const system of systems) {
    if (system === hostTriple || system === "aarch64-android") continue;
    const { ensurePrograms, nativeFolderOf } = await import("../build/native-build.ts");
    const onBuild = () => session.note(`building the C++ programs for ${system} (once, a minute or two)`);
    const onWait = (who: string) => session.note(`waiting for ${who}, which builds the C++ programs`);
    await ensurePrograms({ onBuild, onWait }, system);
    folders[system] = nativeFolderOf(system);
  }
  return folders;
}

/** Nothing that is not ours is written over. */
function checkOut(out: string, inputs: { readonly spec: string; readonly weights: string }): void {
  const stat = statSync(out, { throwIfNoEntry: false });
  if (stat && !stat.isDirectory()) {
    throw new DiagnosticError([
      usageError("usage/out-is-a-file", `--out ${out} is a file; an artefact is a folder`, {
        hint: "name another place",
      }),
    ]);
  }
  for (const [what, file] of Object.entries(inputs)) {
    if (!stat || !isInside(file, out)) continue;
    throw new DiagnosticError([
      usageError("usage/out-holds-input", `--out ${out} would replace the folder that ${file} is in`, {
        notes: [`An artefact's folder is replaced as a whole, and the ${what} with it.`],
        hint: "name another place, or move the file",
      }),
    ]);
  }
}

async function dumpStages(pass: string, folder: string) {
  const { stageNames } = await import("../pipeline.ts");
  if (pass !== "all" && !stageNames.includes(pass)) {
    const nearest = suggest(pass, stageNames);
    throw new DiagnosticError([
      usageError("usage/unknown-pass", `--dump-ir: there is no pass "${pass}"`, {
        notes: [`Passes: ${stageNames.join(", ")}, or all.`],
        hint: nearest === undefined ? undefined : `did you mean \`${nearest}\`?`,
      }),
    ]);
  }
  clearDump(folder);
  let count = 0;
  return (stage: string, print: () => string): void => {
    count++;
    if (pass !== "all" && pass !== stage) return;
    makeFolder(folder);
    writeFileSync(join(folder, `${String(count).padStart(2, "0")}-${stage}.txt`), print());
  };
}

/** Removes an earlier dump, and refuses to write into what is none. */
function clearDump(folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (!stat) return;
  const names = stat.isDirectory() ? readdirSync(folder) : [];
  if (!stat.isDirectory() || !names.every((name) => /^\d\d-[a-z-]+\.txt$/.test(name))) {
    throw new DiagnosticError([
      inputError("build/not-a-dump", `${folder} holds something else than a dump of the IR; it is not replaced`, {
        place: { file: folder },
        hint: "choose another --out, or move it away",
      }),
    ]);
  }
  for (const name of names) rmSync(join(folder, name));
}

function summarise(
  out: string,
  built: Built & { readonly compensated: boolean },
  context: CompiledContext | undefined,
  wantsContext: boolean,
  programs: Readonly<Record<string, string>>,
) {
  const { manifest, times } = built;
  const total = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const lines = [
    `${out}: ${manifest.name}, ${manifest.precision} for ${manifest.target}${manifest.htp ? ` (${manifest.htp.soc})` : ""}`,
  ];
  for (const graph of manifest.graphs) {
    const most = Math.max(...graph.nodesPerLayer, 0);
    lines.push(
      `  ${graphKey(graph, manifest)}: ${graph.nodes} nodes, at most ${most} a layer, ${bytes(graph.weightBytes)} of weights`,
    );
  }
  lines.push(...quantizationText(manifest, built.compensated).map((line) => `  ${line}`));
  lines.push(`  tokenizer: ${tokenizerText(manifest)}`);
  lines.push(
    `  files: ${bytes(total)}${context?.kind === "made" ? `, context binary ${bytes(context.manifest.bytes)}` : ""}`,
  );
  if (context?.kind === "made")
    lines.push(...describeEstimates(byKind(manifest, context.manifest.estimates)).map((l) => `  ${l}`));
  for (const [system, folder] of Object.entries(programs))
    lines.push(`  ${system}: rwkv-run, librwkv.so and libQnnHost.so in ${folder}`);
  const leftOut = whyNoContext(manifest, context, wantsContext);
  if (leftOut) lines.push(`  ${leftOut}`);
  lines.push(`  ${times.map(([name, ms]) => `${name} ${seconds(ms)}`).join(", ")}`);
  return {
    json: {
      out,
      name: manifest.name,
      target: manifest.target,
      soc: manifest.htp?.soc ?? null,
      precision: manifest.precision,
      tokenizer: manifest.tokenizer,
      bytes: total,
      graphs: manifest.graphs.map(({ name, kind, nodes, nodesPerLayer, weightBytes, macs }) => ({
        ...{ name, kind, nodes, nodesPerLayer, weightBytes, macs },
      })),
      context: context?.kind === "made" ? context.manifest : null,
      leftOut: leftOut ?? null,
      programs,
      milliseconds: Object.fromEntries(times.map(([name, ms]) => [name, Math.round(ms)])),
    },
    text: `${lines.join("\n")}\n`,
  };
}

/** Where ranges come from, and how weights of 4 bits were rounded. */
function quantizationText({ calibration, precision }: Manifest, compensated: boolean): string[] {
  const lines: string[] = [];
  if (calibration?.kind === "file") lines.push(`ranges: of ${calibration.file}`);
  if (calibration?.kind === "calibrated") {
    const from = calibration.source === "text" ? "of the text" : "that the model wrote (--text FILE: of yours)";
    lines.push(`ranges: ${calibration.method} over ${calibration.tokens} tokens ${from}`);
  }
  if (isQuantized(precision) && weightBitsOf(precision) === 4)
    lines.push(`weights of 4 bits: rounded ${compensated ? "so that errors make each other good" : "to the nearest"}`);
  return lines;
}

function whyNoContext(manifest: Manifest, context: CompiledContext | undefined, wants: boolean): string | undefined {
  if (!manifest.htp || context?.kind === "made") return undefined;
  if (!wants) return "left out: the context binary (--no-context)";
  if (!(hostTriple in manifest.libraries))
    return `left out: the context binary, which is made with a library for ${hostTriple} (--arch)`;
  return `left out: the context binary, since there is no HTP library (${context?.reason ?? "unknown"}); \`rwkvc qnn install\` brings it`;
}

function byKind(
  manifest: Manifest,
  estimates: Readonly<Record<string, Estimate | null>>,
): Record<string, Estimate | null> {
  return Object.fromEntries(manifest.graphs.map((graph) => [graphKey(graph, manifest), estimates[graph.name] ?? null]));
}
