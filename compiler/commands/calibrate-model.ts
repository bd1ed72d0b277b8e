/**
 * From a spec and a checkpoint to encodings: the model is built in float32 in the form that its quantized build will have, run
 * over tokens on the host backend with every tensor readable, and ranges are chosen from what was seen.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";

import { chooseEncoding, type RangeMethod } from "../calibrate/choose-range.ts";
import { linearInputs, type NetJson } from "../calibrate/linear-inputs.ts";
import { openStatistics, type Statistics } from "../calibrate/statistics.ts";
import { type Diagnostic, inputWarning } from "../diagnostics/diagnostic.ts";
import type { Encoding, EncodingSet } from "../encodings/encoding.ts";
import { findTarget, type QuantizedPrecision } from "../targets/targets.ts";
import { type Built, buildModel } from "./build-model.ts";
import type { Session } from "./command.ts";
import { type OpenArtefact, prepareRun, readReport, runNative, withScratch } from "./model-run.ts";
import { textTokens } from "./tokenizer.ts";

export type CalibrationTokens =
  | { readonly kind: "text"; readonly text: string; readonly limit: number }
  /** Written by the model itself. */
  | { readonly kind: "generated"; readonly count: number; readonly seed: number };

export interface CalibrationRequest {
  readonly spec: string;
  readonly weights: string;
  /** What the encodings are for. */
  readonly precision: QuantizedPrecision;
  readonly embedding: "graph" | "host";
  readonly scaling: boolean;
  readonly tokenizer?: string | undefined;
  readonly tokens: CalibrationTokens;
  readonly method: RangeMethod;
  /** How many times larger values may get on other texts; by the tokens when absent, see `defaultHeadroom`. */
  readonly headroom?: number;
  /** false: without second-order statistics, which only weights of 4 bits are rounded by. */
  readonly secondOrder?: boolean;
  /** Where the statistics go. What an interrupted run leaves beside it is used when the same is asked for again. */
  readonly statistics: string;
}

/** What encodings were made of, for manifests and for the encodings' file. */
export interface CalibrationSource {
  readonly method: RangeMethod;
  readonly tokens: number;
  readonly source: "text" | "generated";
  /** Of the token ids, one a line. */
  readonly tokensSha256: string;
  /** Of generated tokens. */
  readonly seed?: number;
}

export interface Calibrated {
  /** Of all activations of the graph; parameters have none yet. */
  readonly encodings: EncodingSet;
  readonly statistics: Statistics;
  readonly source: CalibrationSource;
  readonly headroom: number;
  /** Tokens, over all passes, that an interrupted run had done before. */
  readonly resumedAt: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/** How many tokens a model writes where no text is given. */
export const generatedTokens = 256;
/**
 * The same where errors of rounding are made good: second-order statistics want more than ranges do. Measured on rwkv7-kjv at a16w4, two
 * seeds, nats above fp16: 0.0094 of 256 tokens (one seed), 0.0069 of 1,024, 0.0045 of 2,048, 0.0030 of 4,096; 0.0018 of 4,096 bytes of text.
 */
export const generatedForRounding = 2048;

/**
 * Measured on rwkv7-kjv, min-max: on another 4096 bytes values get up to 1.3 times as large as on 4096 bytes of text; as large as on 256
 * tokens that it writes itself, 1.5 times for one tensor of ten and 7 times for the worst. Of 16 bits a factor of 2 costs one, clipping
 * costs far more.
 */
export function defaultHeadroom(tokens: CalibrationTokens["kind"], count: number): number {
  if (tokens === "generated") return 3;
  return count < 1024 ? 1.5 : 1.25;
}

/**
 * Diagnostics: those of buildModel, textTokens and rwkv-run; calibrate/few-tokens, calibrate/not-finite,
 * calibrate/inputs-too-wide (warnings).
 */
export async function calibrateModel(request: CalibrationRequest, session: Session): Promise<Calibrated> {
  return withScratch(async (scratch) => {
    const folder = join(scratch, "calibration");
    const built = await buildForm(request, folder, session);
    const artefact: OpenArtefact = { folder, manifest: built.manifest };
    const [ids, inputs, report] = ["tokens.txt", "inputs.txt", "report.json"].map((name) => join(scratch, name)) as [
      string,
      string,
      string,
    ];
    const tokens = await tokenArgs(request.tokens, artefact, ids, session);
    const net = readReport<NetJson>(join(folder, `${built.manifest.name}_net.json`));
    const names = linearInputs(net);
    writeFileSync(inputs, `${names.join("\n")}\n`);
    const prepared = await prepareRun(artefact, "host", session.io.env, { composed: true });
    const gathers = request.secondOrder !== false && names.length > 0;
    const wanted = gathers ? ["--second-order", inputs, "--memory", String(memoryBudget())] : [];
    const args = ["calibrate", ...prepared.args, ...tokens, ...wanted, "--out", request.statistics];
    session.progress.update("calibration ...");
    await runNative(session, "rwkv-run", [...args, "--report", report], { onStdout: progressOf(session) });
    const { leftOut, resumedAt } = readReport<{ leftOut: readonly string[]; resumedAt: number }>(report);
    const statistics = openStatistics(request.statistics);
    const headroom = request.headroom ?? defaultHeadroom(request.tokens.kind, statistics.tokens);
    const tokensSha256 = createHash("sha256").update(readFileSync(ids)).digest("hex");
    return {
      encodings: { activations: activationsOf(statistics, request.method, headroom), params: new Map() },
      statistics,
      source: {
        ...{ method: request.method, tokens: statistics.tokens, source: request.tokens.kind, tokensSha256 },
        ...(request.tokens.kind === "generated" ? { seed: request.tokens.seed } : {}),
      },
      headroom,
      resumedAt,
      diagnostics: [...built.diagnostics, ...fewTokens(statistics), ...tooWide(leftOut), ...notFinite(statistics)],
      sources: built.sources,
    };
  });
}

/** For second-order statistics, in MiB: less takes more passes over the text, with the same result. */
const memoryBudget = (): number => Math.floor(Math.min(Math.max(totalmem() / 16 / 2 ** 20, 256), 1024));

function buildForm(request: CalibrationRequest, out: string, session: Session): Promise<Built> {
  const { spec, weights, precision, embedding, scaling, tokenizer } = request;
  return buildModel(
    {
      ...{ spec, weights, embedding, scaling, tokenizer, out },
      ...{ target: findTarget("host")!, precision: "fp32", form: precision },
      ...{ embedWeights: false, name: "calibration" },
    },
    session,
  );
}

/** Arguments of rwkv-run for the tokens, which are in the file `ids` after its run. */
async function tokenArgs(
  tokens: CalibrationTokens,
  artefact: OpenArtefact,
  ids: string,
  session: Session,
): Promise<string[]> {
  if (tokens.kind === "text") {
    const { text, limit } = tokens;
    const found = await textTokens({ text, limit }, artefact, session);
    writeFileSync(ids, `${found.join("\n")}\n`);
    return ["--tokens", ids];
  }
  // A text begins after a line's end where tokens are bytes; elsewhere id 0 ends a text.
  const first = artefact.manifest.tokenizer?.kind === "bytes" ? 10 : 0;
  const given = { "--generate": tokens.count, "--seed": tokens.seed, "--first": first };
  return [...Object.entries(given).flatMap(([flag, value]) => [flag, String(value)]), "--tokens-out", ids];
}

function activationsOf(
  { histograms }: Statistics,
  method: RangeMethod,
  headroom: number,
): ReadonlyMap<string, Encoding> {
  return new Map(histograms.map((histogram) => [histogram.name, chooseEncoding(histogram, method, 16, headroom)]));
}

/** The program writes lines `tokens done/tokens in all`. */
function progressOf(session: Session): (piece: Uint8Array) => void {
  return (piece) => {
    const [, done, all] = /(\d+)\/(\d+)\n$/.exec(Buffer.from(piece).toString("latin1")) ?? [];
    if (done !== undefined)
      session.progress.update(`calibration ${Math.floor((100 * Number(done)) / Number(all))} % ...`);
  };
}

/** Measured on rwkv7-kjv at a16w8: ranges of 64 tokens cost 0.0001 nats a token, of 8 0.006, of one 0.15. */
const fewestTokens = 32;

function fewTokens({ tokens }: Statistics): Diagnostic[] {
  if (tokens >= fewestTokens) return [];
  const many = tokens === 1 ? "1 token" : `${tokens} tokens`;
  return [
    inputWarning("calibrate/few-tokens", `ranges of ${many} are those of few values: others will be cut off`, {
      hint: `calibrate on some thousand tokens of text, or on the ${generatedTokens} that the model writes without one`,
    }),
  ];
}

function tooWide(names: readonly string[]): Diagnostic[] {
  if (names.length === 0) return [];
  return [
    inputWarning("calibrate/inputs-too-wide", `second-order statistics of ${names.length} tensors were left out`, {
      notes: [
        `They do not fit into memory: ${shortList(names)}.`,
        "Weights that read them are rounded to the nearest.",
      ],
    }),
  ];
}

function notFinite({ histograms }: Statistics): Diagnostic[] {
  const found = histograms.filter((histogram) => histogram.notFinite > 0);
  if (found.length === 0) return [];
  return [
    inputWarning("calibrate/not-finite", `${found.length} tensors had values that are not finite, even in float32`, {
      notes: [`Their ranges are those of the finite values: ${shortList(found.map(({ name }) => name))}.`],
    }),
  ];
}

const shortList = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
