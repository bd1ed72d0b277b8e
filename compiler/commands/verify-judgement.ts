/**
 * Whether an artefact computes what the spec says. An equation departs when it makes something else of the operands that it had in the
 * run; where none does, all of them together may still drift away from the model.
 */
import type { CheckedModel, TypedEquation } from "../check/typed.ts";
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import { type ComparedEquation, type Difference, firstDeparture, type Place } from "../oracle/compare.ts";
import { shortNumber } from "./text.ts";

/** Relative to the largest value that the equation has over all tokens, in its layer. */
export interface Tolerance {
  /** Of one equation, given its operands. */
  readonly own: number;
  /** Of all that led to it, since the first token. */
  readonly total: number;
  /** Stored values that differ by so little are equal. */
  readonly negligible: number;
}

/**
 * What rounding explains. fp32: one operation rounds to 6e-8; an equation's sums make 3e-7 of it, four layers and 16 tokens 1e-6
 * (QNN CPU, rwkv7-kjv). fp16: one operation rounds to 5e-4; 1.1e-3 and 5e-3 were measured on the host backend and on HTP, and values
 * below float16's smallest normal number may become 0. Deep models and long texts get ten times what was measured.
 */
export function toleranceOf(precision: Manifest["precision"]): Tolerance {
  return precision === "fp32"
    ? { own: 1e-5, total: 1e-4, negligible: 0 }
    : { own: 5e-3, total: 5e-2, negligible: 2 ** -14 };
}

export interface Compared {
  /** Each equation by itself. Both in the order of computation. */
  readonly own: readonly ComparedEquation[];
  /** What has come together since the first token. */
  readonly total: readonly ComparedEquation[];
  /** Paths of equations that have no tensor. */
  readonly missing: readonly string[];
}

export interface VerifyContext {
  readonly model: CheckedModel;
  readonly manifest: Manifest;
  readonly ids: readonly number[];
  readonly tolerance: Tolerance;
  /** Which library ran the artefact. */
  readonly why: string;
  /** The artefact's folder; null for one that was built for this. */
  readonly artefact: string | null;
}

export interface Departure {
  readonly equation: ComparedEquation;
  readonly difference: Difference;
}

export interface Verdict {
  readonly first: Departure | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Diagnostics: verify/not-finite, verify/departs, verify/drifts. */
export function judge({ own, total }: Compared, context: VerifyContext): Verdict {
  const broken = firstNotFinite(total);
  if (broken) return { first: undefined, diagnostics: [notFinite(broken, context)] };
  const departure = firstDeparture(own, context.tolerance.own);
  if (departure) return { first: departure, diagnostics: [departs(departure, own, context)] };
  const drift = firstDeparture(total, context.tolerance.total);
  return { first: drift, diagnostics: drift ? [drifts(drift, context)] : [] };
}

/** Of the earliest token, the earliest equation. */
function firstNotFinite(equations: readonly ComparedEquation[]): ComparedEquation | undefined {
  const found = equations.filter((e) => e.notFinite);
  const token = Math.min(...found.map((e) => e.notFinite!.token));
  return found.find((e) => e.notFinite!.token === token);
}

function notFinite({ equation, path, notFinite: place }: ComparedEquation, { ids }: VerifyContext): Diagnostic {
  return inputError("verify/not-finite", `the model itself is not finite: ${path}, at ${tokenText(place!, ids)}`, {
    primary: { span: equation.span, text: `infinite or NaN in double precision${elementText(equation, place!)}` },
    notes: ["All values before it are finite. There is nothing to hold an artefact against."],
    hint: "look for weights that are infinite or NaN, or a division by zero",
  });
}

function departs({ equation: e, difference: d }: Departure, own: readonly ComparedEquation[], context: VerifyContext) {
  const { tolerance, ids, manifest, artefact } = context;
  const others = own.filter((o) => o !== e && o.differences.some((x) => !(x.relative <= tolerance.own)));
  const scaled = e.stored.scale === 1 ? "" : `, stored scaled by ${e.stored.scale}`;
  const isOverflow = manifest.precision === "fp16" && Math.abs(d.expected * e.stored.scale) > 65504;
  return inputError("verify/departs", `${e.path} is the first that departs from the spec, at ${tokenText(d, ids)}`, {
    primary: { span: e.equation.span, text: foundText(e, d) },
    notes: [
      `Expected is what the equation makes of the operands that it had in the run. ${comparisonText(e, d, ids.length)}` +
        (Number.isFinite(d.relative) ? `; rounding to ${manifest.precision} explains ${tolerance.own}.` : "."),
      `In the graph it is the tensor ${e.stored.tensor}${scaled}. All equations before it agree; after it, ${othersText(others)}.`,
    ],
    hint: isOverflow
      ? "the true value is beyond float16's 65504: a scaling policy keeps it inside (`rwkvc ranges` suggests one)"
      : artefact === null
        ? "if the spec is as you mean it, this is a fault of the compiler or the backend"
        : "if the artefact was built from this spec and checkpoint, this is a fault of the compiler or the backend",
  });
}

function drifts({ equation: e, difference: d }: Departure, { tolerance, ids, manifest }: VerifyContext): Diagnostic {
  return inputError("verify/drifts", `${e.path} has drifted away from the spec at ${tokenText(d, ids)}`, {
    primary: { span: e.equation.span, text: foundText(e, d) },
    notes: [
      `No equation departs by itself by more than ${tolerance.own}, but since the first token the differences have come together to ` +
        `${shortNumber(d.relative)} of the largest value here, ${shortNumber(e.magnitude)}; ${tolerance.total} is expected of ${manifest.precision}.`,
    ],
    hint: "this model is sensitive to rounding: compare its predictions (`rwkvc eval`) with an fp32 build's",
  });
}

const tokenText = ({ token }: Place, ids: readonly number[]): string => `token ${token} (id ${ids[token]})`;

function comparisonText({ magnitude }: ComparedEquation, { relative }: Difference, tokens: number): string {
  const largest = `largest value that it should have in these ${tokens} tokens`;
  return Number.isFinite(relative)
    ? `The difference is ${shortNumber(relative)} of the ${largest}, ${shortNumber(magnitude)}`
    : `The ${largest} is ${shortNumber(magnitude)}`;
}

function foundText({ equation }: ComparedEquation, difference: Difference): string {
  const { found, expected } = difference;
  const value = Number.isFinite(found) ? shortNumber(found) : String(found);
  return `found ${value}, expected ${shortNumber(expected)}${elementText(equation, difference)}`;
}

/** " at h = 0, i = 2"; nothing for a scalar. */
function elementText({ axes }: TypedEquation, { index }: Place): string {
  const element = axes.map(({ label }, i) => `${label.replace(/~.*/, "")} = ${index[i]}`).join(", ");
  return element === "" ? "" : ` at ${element}`;
}

/** "so do x and 3 more". */
function othersText(others: readonly ComparedEquation[]): string {
  if (others.length === 0) return "the others do too";
  const named = others.slice(0, 3).map(({ path }) => path);
  const rest = others.length - named.length;
  return `${others.length === 1 ? "one departs" : `${others.length} depart`} as well (${named.join(", ")}${rest > 0 ? ", ..." : ""})`;
}
