/** What a quantized build needs besides spec and checkpoint: encodings from a file, or from a calibration of its own. */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { RangeMethod } from "../calibrate/choose-range.ts";
import type { Statistics } from "../calibrate/statistics.ts";
import { type Diagnostic, DiagnosticError, inputError, inputWarning, usageError } from "../diagnostics/diagnostic.ts";
import type { EncodingSet } from "../encodings/encoding.ts";
import type { LoadedEncodings } from "../encodings/load-encodings.ts";
import {
  hasFixedActivations,
  isQuantized,
  type Precision,
  precisions,
  usesCalibration,
  weightBitsOf,
} from "../targets/targets.ts";
import { elements } from "../ir/constant.ts";
import type { Session } from "./command.ts";
import { runFrontEnd } from "./front-end.ts";
import { checkText } from "./tokenizer.ts";

export interface BuildEncodings {
  /** Its names are held against the graph's. */
  readonly file?: LoadedEncodings;
  readonly encodings: EncodingSet;
  readonly statistics?: Statistics;
  /** For the manifest. */
  readonly source: CalibrationRecord;
  readonly diagnostics: readonly Diagnostic[];
}

/** Where the ranges of a quantized build come from. */
export type CalibrationRecord =
  | { readonly kind: "file"; readonly file: string }
  | {
      readonly kind: "calibrated";
      readonly source: "text" | "generated";
      readonly method: RangeMethod;
      readonly tokens: number;
      readonly tokensSha256: string;
      readonly seed?: number;
    };

export interface EncodingFlags {
  readonly encodings?: string | undefined;
  readonly text?: string | undefined;
  /** As a user says it. */
  readonly compensate?: boolean | undefined;
}

export interface EncodingRequest {
  readonly spec: string;
  readonly weights: string;
  readonly precision: Precision;
  readonly embedding: "graph" | "host";
  readonly scaling: boolean;
  readonly tokenizer?: string | undefined;
  /** For what lasts as long as the build. */
  readonly scratch: string;
  /** Tokens that the model writes where no text is given. */
  readonly generate?: number;
  /** Whether second-order statistics are wanted; undefined: where 4-bit weights are few enough to make their errors good. */
  readonly compensate?: boolean | undefined;
}

/** Weights whose errors are made good unasked: some four seconds for each million. */
const mostCompensated = 50e6;

/** Whether a build rounds 4-bit weights with compensation: as it is told, else where it does not take long. */
export async function compensates(
  { spec, weights, precision }: Pick<EncodingRequest, "spec" | "weights" | "precision">,
  told: boolean | undefined,
): Promise<boolean> {
  if (!hasNarrowWeights(precision) || told !== undefined) return told ?? false;
  const { checkpoint } = await runFrontEnd(spec, weights);
  const counts = [...(checkpoint?.tensors.values() ?? [])].map(({ shape }) => elements(shape));
  checkpoint?.close();
  return counts.reduce((sum, count) => sum + count, 0) <= mostCompensated;
}

/** Options that only some precisions give a meaning. */
export interface QuantizingFlags extends EncodingFlags {
  readonly quantize?: unknown;
  readonly keepFloat?: unknown;
}

/**
 * What has no meaning at a precision is not passed over in silence. Diagnostics (all at once): usage/encodings, usage/text, usage/quantize,
 * usage/keep-float, usage/compensate.
 */
export function checkQuantizing(flags: QuantizingFlags, precision: Precision): void {
  const faults: Diagnostic[] = [];
  const only = (code: string, option: string, what: string, where: readonly Precision[], instead: Precision) => {
    if (where.includes(precision)) return;
    const title = `${option} is for ${what}, and the precision is ${precision}`;
    const notes = [`It has a meaning at ${where.join(", ")}.`];
    faults.push(usageError(code, title, { notes, hint: `leave it out, or use --precision ${instead}` }));
  };
  const quantized = precisions.filter(isQuantized);
  for (const [flag, option] of quantizedOnly)
    if (flags[flag] !== undefined) only(`usage/${option.slice(2)}`, option, "quantized builds", quantized, "a16w8");
  if (flags.text !== undefined)
    only(
      "usage/text",
      "--text",
      "ranges of activations and weights of 4 bits",
      precisions.filter(usesCalibration),
      "a16w8",
    );
  if (flags.compensate === true)
    only("usage/compensate", "--compensate", "weights of 4 bits", quantized.filter(hasNarrowWeights), "a16w4");
  // Of 8 bits it asks for what is done anyway.
  if (flags.compensate === false) only("usage/compensate", "--no-compensate", "quantized builds", quantized, "a16w4");
  if (faults.length > 0) throw new DiagnosticError(faults);
}

const quantizedOnly = [
  ["encodings", "--encodings"],
  ["quantize", "--quantize"],
  ["keepFloat", "--keep-float"],
] as const;

const hasNarrowWeights = (precision: Precision): boolean => isQuantized(precision) && weightBitsOf(precision) === 4;

/** Of a text that is given. */
const textTokens = 4096;

/**
 * undefined: the build needs none. Diagnostics: those of checkQuantizing, usage/text, those of loadEncodings and calibrateModel;
 * encodings/no-statistics (warning).
 */
export async function encodingsForBuild(
  flags: EncodingFlags,
  request: EncodingRequest,
  session: Session,
): Promise<BuildEncodings | undefined> {
  const { precision } = request;
  checkQuantizing(flags, precision);
  if (!isQuantized(precision)) return undefined;
  if (flags.encodings !== undefined && flags.text !== undefined) {
    throw new DiagnosticError([
      usageError("usage/text", "--encodings and --text are both given: ranges come from the one or the other", {
        hint: "leave one of them out",
      }),
    ]);
  }
  if (flags.encodings !== undefined) return fromFile(flags.encodings, request.compensate === true);
  // Weights alone are rounded without ranges; a text makes 4 bits better.
  if (!hasFixedActivations(precision) && flags.text === undefined && flags.compensate !== true) return undefined;
  return calibrated({ ...request, precision }, flags.text, session);
}

async function fromFile(path: string, compensate: boolean): Promise<BuildEncodings> {
  const { loadEncodings } = await import("../encodings/load-encodings.ts");
  const file = loadEncodings(path);
  const own = file.extra["rwkvc"] as { readonly statistics?: unknown } | undefined;
  const source: CalibrationRecord = { kind: "file", file: path };
  const loaded = { file, encodings: file.encodings, source };
  const without = (title: string, hint: string): BuildEncodings => {
    const notes = ["Weights of 4 bits are rounded to the nearest, which costs accuracy."];
    const warning = inputWarning("encodings/no-statistics", title, { place: { file: path }, notes, hint });
    return { ...loaded, diagnostics: compensate ? [warning] : [] };
  };
  if (typeof own?.statistics !== "string") {
    return without(
      `${path} has no statistics, by which rounding errors of 4-bit weights are made good`,
      "take the files of `rwkvc calibrate`, or say --no-compensate",
    );
  }
  if (basename(own.statistics) !== own.statistics || ["", ".", ".."].includes(own.statistics)) {
    throw new DiagnosticError([
      inputError("encodings/statistics-path", `${path} names statistics in another folder: ${own.statistics}`, {
        place: { file: path, detail: "rwkvc.statistics" },
        notes: ["They lie beside the encodings, and are named without a folder."],
        hint: "put the file there, and write its name alone",
      }),
    ]);
  }
  const beside = join(dirname(path), own.statistics);
  const stat = statSync(beside, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) {
    throw new DiagnosticError([
      inputError("encodings/statistics-path", `${beside}, which ${path} speaks of, is no file`, {
        place: { file: path, detail: "rwkvc.statistics" },
        hint: "take the two files of one `rwkvc calibrate` together",
      }),
    ]);
  }
  if (!stat) return without(`${beside}, which ${path} speaks of, is not there`, "keep the two files together");
  const { openStatistics } = await import("../calibrate/statistics.ts");
  return { ...loaded, statistics: openStatistics(beside), diagnostics: [] };
}

async function calibrated(
  request: EncodingRequest & { readonly precision: Exclude<Precision, "fp32" | "fp16"> },
  text: string | undefined,
  session: Session,
): Promise<BuildEncodings> {
  if (text !== undefined) checkText(text);
  const { calibrateModel, generatedForRounding, generatedTokens } = await import("./calibrate-model.ts");
  const { defaultRangeMethod } = await import("../calibrate/choose-range.ts");
  const { scratch, compensate, ...common } = request;
  const { generate = compensate === true ? generatedForRounding : generatedTokens } = request;
  const tokens =
    text === undefined
      ? ({ kind: "generated", count: generate, seed: 0 } as const)
      : ({ kind: "text", text, limit: textTokens } as const);
  session.note(
    text === undefined
      ? `calibrating on ${generate} tokens that the model writes (--text or --encodings give others)`
      : `calibrating on ${text}`,
  );
  const made = await calibrateModel(
    {
      ...common,
      tokens,
      secondOrder: compensate === true,
      method: defaultRangeMethod,
      statistics: join(scratch, "encodings.stats.bin"),
    },
    session,
  );
  const { encodings, statistics, source, diagnostics } = made;
  return { encodings, statistics, source: { kind: "calibrated", ...source }, diagnostics };
}
