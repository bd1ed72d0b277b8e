/**
 * Overflow, explained: the host backend tells which node's result first left the finite numbers; here that becomes a warning at the
 * equation of the spec, with the ranges of what the node read and what to do about it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Diagnostic, DiagnosticError, inputWarning } from "../diagnostics/diagnostic.ts";
import { equationsFile, type EquationsJson, type TensorPlace, tensorPlaces } from "../emit/equations.ts";
import type { RunOptions } from "../build/native-programs.ts";
import type { Session } from "./command.ts";
import { type PreparedRun, readReport, runNative } from "./model-run.ts";

/** `overflow` in the reports of rwkv-run. */
export interface OverflowReport {
  /** The token at which it happened, from 0; the first of `tokens` that were read at once. */
  readonly token: number;
  readonly tokens: number;
  readonly graph: string;
  readonly node: string;
  readonly tensor: string;
  /** Of the first element that is not finite, and its value: "inf", "-inf", "NaN", or a number beyond float16. */
  readonly index: number;
  readonly value: string;
  /** How many elements are not finite. */
  readonly elements: number;
  /** Largest finite magnitudes. */
  readonly inputs: readonly { readonly tensor: string; readonly largest: number }[];
}

export interface ModelRun<T> {
  readonly report: T;
  /** Warnings of overflow. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Runs a mode of rwkv-run that reports to `file`. What fails because of an overflow comes with its explanation. */
export async function runModel<T>(
  session: Session,
  { folder, manifest }: Pick<PreparedRun, "folder" | "manifest">,
  file: string,
  [mode, ...args]: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<ModelRun<T>> {
  type Report = { readonly overflow?: OverflowReport; readonly error?: { readonly overflow?: OverflowReport } };
  const explained = (overflow: OverflowReport | undefined): Diagnostic[] =>
    overflow ? [explainOverflow(overflow, folder, manifest.precision)] : [];
  try {
    await runNative(session, "rwkv-run", [mode, "--report", file, ...args], options);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    throw new DiagnosticError([...error.diagnostics, ...explained(reportOf<Report>(file)?.error?.overflow)]);
  }
  const report = readReport<T & Report>(file);
  return { report, diagnostics: explained(report.overflow) };
}

function reportOf<T>(file: string): T | undefined {
  try {
    return readReport<T>(file);
  } catch {
    return undefined;
  }
}

/** `folder` is the artefact's. */
export function explainOverflow(overflow: OverflowReport, folder: string, precision: string): Diagnostic {
  const places = placesOf(folder, overflow.graph);
  const place = places.get(overflow.tensor);
  const [type, range] = precision === "fp32" ? ["float32", "3.4e38"] : ["float16", "65504"];
  const what = place ? (place.isValue ? place.path : `a step on the way to ${place.path}`) : overflow.tensor;
  const when = overflow.tokens === 1 ? `token ${overflow.token}` : `tokens ${overflow.token} to ${last(overflow)}`;
  const read = overflow.inputs.map(({ tensor, largest }) => `${nameOf(tensor, places)} up to ${magnitude(largest)}`);
  const many =
    overflow.elements === 1 ? "one element of its result is" : `${overflow.elements} elements of its result are`;
  return inputWarning("run/overflow", `${what} overflows ${type} at ${when}: what follows is not the model's answer`, {
    ...(place
      ? {
          primary: {
            span: { file: join(folder, place.specFile), start: place.start, end: place.end },
            text: `${overflow.value} at ${when}${place.layer === null ? "" : `, layer ${place.layer}`}`,
          },
        }
      : { place: { file: folder, detail: overflow.tensor } }),
    notes: [
      `It is the first: what ${overflow.node} reads is inside ${type}'s range (up to ${range}), and ${many} not.`,
      `Largest magnitudes there: ${read.join(", ") || "no inputs"}.`,
    ],
    hint: `\`rwkvc ranges ${folder} --text FILE\` tells how large values get and which scaling policy cures it, --write adds that to the spec`,
  });
}

const last = ({ token, tokens }: OverflowReport): number => token + tokens - 1;

/** Places of the tensors in the spec; none for an artefact that has no list of them. */
function placesOf(folder: string, graph: string): ReadonlyMap<string, TensorPlace> {
  try {
    return tensorPlaces(JSON.parse(readFileSync(join(folder, equationsFile), "utf8")) as EquationsJson, graph);
  } catch {
    return new Map();
  }
}

function nameOf(tensor: string, places: ReadonlyMap<string, TensorPlace>): string {
  const place = places.get(tensor);
  return place?.isValue ? place.path : tensor;
}

const magnitude = (value: number): string => String(Number(value.toPrecision(4)));
