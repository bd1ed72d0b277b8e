/** `rwkvc calibrate`: the ranges of a model's values over a text, as encodings for its quantized builds. */
import { basename, dirname, join } from "node:path";

import type { Command } from "commander";

import { makeFolder } from "../build/make-folder.ts";
import { defaultRangeMethod, type RangeMethod, rangeMethods } from "../calibrate/choose-range.ts";
import type { QuantizedPrecision } from "../targets/targets.ts";
import { type Calibrated, type CalibrationTokens, generatedForRounding, generatedTokens } from "./calibrate-model.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { choice, decimal, integer } from "./flags.ts";
import { checkOutputs } from "./output-files.ts";
import { chooseSpec, specArgument } from "./recognise.ts";
import { checkText, resolveTokenizer } from "./tokenizer.ts";
import { writeWhole } from "./write-whole.ts";

interface CalibrateFlags {
  readonly weights: string;
  readonly out: string;
  readonly text?: string;
  readonly tokens?: number;
  readonly seed: number;
  readonly method: RangeMethod;
  readonly headroom?: number;
  readonly precision: QuantizedPrecision;
  readonly tokenizer?: string;
  readonly embedding: "graph" | "host";
  /** false with --no-scaling. */
  readonly scaling: boolean;
}

/** Tokens of a text that are read. */
const textTokens = 4096;

export function calibrateCommand(line: CommandLine): Command {
  const command = defineCommand("calibrate", "measure the ranges that quantized builds need", [
    "rwkvc calibrate specs/rwkv-7.rwkv.ts --weights model.pth --text book.txt --out encodings.json",
    "rwkvc build specs/rwkv-7.rwkv.ts --weights model.pth --precision a16w8 --encodings encodings.json",
  ])
    .argument("[spec]", specArgument)
    .option("--text <file>", "the text to read (default: one that the model writes)")
    .option(
      "--tokens <n>",
      `read the first n tokens, or write n (default: ${textTokens} of a text; written ${generatedTokens}, for a16w4 ${generatedForRounding})`,
      integer("--tokens", { min: 1, max: 2 ** 20 }),
    )
    .option("--seed <n>", "of the text that the model writes", integer("--seed", { min: 0 }), 0)
    .option("--method <name>", rangeMethods.join(", "), choice("--method", rangeMethods), defaultRangeMethod)
    .option(
      "--headroom <x>",
      "how many times larger values may get on other texts (default: 1.25, 1.5 of less than 1024 tokens, 3 of written ones)",
      decimal("--headroom", { min: 1, max: 1000 }),
    )
    .option(
      "--precision <name>",
      "of the build that it is for: a16w8 or a16w4",
      choice("--precision", ["a16w8", "a16w4"] as const),
      "a16w8",
    )
    .option("--tokenizer <name>", "how text becomes tokens, as for build")
    .option(
      "--embedding <place>",
      "graph or host, as for build",
      choice("--embedding", ["graph", "host"] as const),
      "graph",
    )
    .option("--no-scaling", "leave the spec's scaling policies out, as for build");
  requireOption(command, "--weights <checkpoint>", ".pth or .safetensors file, or random:SEED:PRESET");
  requireOption(command, "--out <file>", "encodings, schema 1.0.0; statistics of the inputs of weights go beside it");
  return runs(line, command, async (session, flags: CalibrateFlags, named: string | undefined) => {
    if (flags.text !== undefined) checkText(flags.text);
    const { spec } = await chooseSpec(named, flags.weights, session);
    const { out } = flags;
    const statistics = statisticsFile(out);
    const inputs = { files: [spec, flags.weights, ...(flags.text === undefined ? [] : [flags.text])] };
    checkOutputs([["--out", out]], inputs);
    checkOutputs([["the statistics of --out,", statistics]], inputs);
    makeFolder(dirname(out));
    const { calibrateModel } = await import("./calibrate-model.ts");
    const { precision, method, embedding, scaling } = flags;
    const tokenizer = flags.tokenizer === undefined ? undefined : resolveTokenizer(flags.tokenizer, [flags.weights]);
    const request = { spec, weights: flags.weights, precision, method, embedding, scaling, tokenizer, statistics };
    const start = performance.now();
    const calibrated = await calibrateModel(
      { ...request, tokens: tokensOf(flags), ...(flags.headroom !== undefined && { headroom: flags.headroom }) },
      session,
    );
    await writeResult(out, statistics, calibrated);
    const seconds = (performance.now() - start) / 1000;
    const { source, encodings, headroom, resumedAt, diagnostics, sources } = calibrated;
    return {
      json: { out, statistics, ...source, tensors: encodings.activations.size, headroom, resumedAt, seconds },
      listsDiagnostics: true,
      text: describe(out, statistics, calibrated, seconds),
      diagnostics,
      sources,
    };
  });
}

function tokensOf({ text, tokens, seed, precision }: CalibrateFlags): CalibrationTokens {
  const written = precision === "a16w4" ? generatedForRounding : generatedTokens;
  if (text === undefined) return { kind: "generated", count: tokens ?? written, seed };
  return { kind: "text", text, limit: tokens ?? textTokens };
}

/** `encodings.json` has `encodings.stats.bin` beside it. */
function statisticsFile(out: string): string {
  return join(dirname(out), `${basename(out).replace(/\.json$/, "")}.stats.bin`);
}

async function writeResult(
  out: string,
  statistics: string,
  { encodings, source, headroom }: Calibrated,
): Promise<void> {
  const { writeEncodings } = await import("../encodings/write-encodings.ts");
  writeWhole(
    out,
    writeEncodings("1.0.0", encodings, { rwkvc: { statistics: basename(statistics), ...source, headroom } }),
  );
}

function describe(
  out: string,
  statistics: string,
  { source, encodings, headroom, resumedAt }: Calibrated,
  seconds: number,
): string {
  const of = source.source === "text" ? "the text" : `a text that the model wrote (seed ${source.seed})`;
  return `${out}: ranges of ${encodings.activations.size} tensors (${source.method}, headroom ${headroom}) over ${source.tokens} token${source.tokens === 1 ? "" : "s"} of ${of}
${statistics}: second-order statistics of the inputs of weights
${seconds.toFixed(1)} s${resumedAt > 0 ? ", going on from where a run was interrupted" : ""}
`;
}
