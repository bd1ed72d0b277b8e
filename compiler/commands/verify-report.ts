/** What `verify` says: the equations that differ most, and the first one that departs, at its line of the spec. */
import type { CheckedModel } from "../check/typed.ts";
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import { lineTable, positionOf } from "../diagnostics/text-position.ts";
import type { Manifest } from "../emit/manifest.ts";
import { type ComparedEquation, type Difference, worstOf } from "../oracle/compare.ts";
import type { ActionResult } from "./command.ts";
import { table } from "./text.ts";

/**
 * Largest difference that rounding explains, relative to the equation's largest value. fp32: every operation rounds to 6e-8, and the
 * layers of a deep model amplify that. fp16: operations round to 5e-4; what comes out was measured.
 */
export function toleranceOf(precision: Manifest["precision"]): number {
  return precision === "fp32" ? 1e-4 : 5e-2;
}

export interface VerifyContext {
  readonly model: CheckedModel;
  readonly manifest: Manifest;
  readonly ids: readonly number[];
  readonly tolerance: number;
  /** Which library ran the artefact. */
  readonly why: string;
  /** The artefact's folder; null for one that was built for this. */
  readonly artefact: string | null;
}

interface Departure {
  readonly equation: ComparedEquation;
  readonly difference: Difference;
}

/** Lines of the table. */
const shown = 10;

export function summarise(
  equations: readonly ComparedEquation[],
  missing: readonly string[],
  first: Departure | undefined,
  context: VerifyContext,
): Pick<ActionResult, "json" | "text"> {
  const { manifest, ids, tolerance, why, model } = context;
  const entries = equations.map((equation) => entryOf(equation, worstOf(equation), model));
  const worst = worstOfEachLine(entries).slice(0, shown);
  const rows = worst.map((e) => [
    e.path,
    `line ${e.line}`,
    `token ${e.token}`,
    shortNumber(e.found),
    shortNumber(e.expected),
    shortNumber(e.magnitude),
    shortNumber(e.difference),
  ]);
  const heading = ["equation", "", "", "found", "expected", "largest", "difference"];
  const verdict = first
    ? ""
    : `All ${equations.length} equations agree over ${ids.length} tokens, within ${tolerance} of their largest value ` +
      `(${manifest.precision} for ${manifest.target}; ${why}).\n`;
  const without = missing.length === 0 ? "" : `Without a tensor of their own: ${namesOf(missing).join(", ")}.\n`;
  return {
    json: {
      artefact: context.artefact,
      target: manifest.target,
      precision: manifest.precision,
      tokens: ids,
      tolerance,
      agrees: first === undefined,
      first: first ? entryOf(first.equation, first.difference, model) : null,
      equations: entries,
      notCompared: missing,
    },
    text: `${table([heading, ...rows])}${without}${verdict}`,
  };
}

interface Entry {
  readonly path: string;
  readonly line: number;
  readonly layer: number | null;
  readonly token: number;
  readonly index: readonly number[];
  readonly tensor: string;
  readonly scale: number;
  /** JSON has no infinity: null then. */
  readonly found: number | null;
  readonly expected: number;
  readonly magnitude: number;
  readonly difference: number | null;
}

function entryOf({ path, equation, layer, stored, magnitude }: ComparedEquation, d: Difference, model: CheckedModel) {
  const { file, start } = equation.span;
  const { line } = positionOf(lineTable(model.sources.get(file) ?? ""), start);
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const place = { path, line, layer, token: d.token, index: d.index, ...stored };
  return {
    ...place,
    ...{ found: number(d.found), expected: d.expected, magnitude, difference: number(d.relative) },
  } satisfies Entry;
}

/** Of all layers of an equation the worst, largest difference first. */
function worstOfEachLine(entries: readonly Entry[]): readonly Entry[] {
  const size = ({ difference }: Entry): number => difference ?? Infinity;
  const worst = new Map<string, Entry>();
  for (const entry of entries) {
    const key = entry.path.replace(/^blocks\.\d+\./, "") + entry.line;
    const known = worst.get(key);
    if (!known || size(entry) > size(known)) worst.set(key, entry);
  }
  return [...worst.values()].sort((a, b) => (size(b) === size(a) ? 0 : size(b) - size(a)));
}

const namesOf = (paths: readonly string[]): string[] => [
  ...new Set(paths.map((path) => path.replace(/^blocks\.\d+\./, ""))),
];

const shortNumber = (value: number | null): string =>
  value === null ? "not finite" : String(Number(value.toPrecision(3)));

/** Diagnostics: verify/departs. */
export function departure({ equation: e, difference: d }: Departure, context: VerifyContext): Diagnostic {
  const { tolerance, ids, manifest, artefact } = context;
  const element = e.equation.axes.map(({ label }, i) => `${label.replace(/~.*/, "")} = ${d.index[i]}`).join(", ");
  const where = element === "" ? "" : ` at ${element}`;
  const found = Number.isFinite(d.found) ? shortNumber(d.found) : String(d.found);
  const inLayer = e.layer === null ? "" : ` of layer ${e.layer}`;
  const scaled = e.stored.scale === 1 ? "" : ` (stored scaled by ${e.stored.scale})`;
  const isOverflow = manifest.precision === "fp16" && Math.abs(d.expected * e.stored.scale) > 65504;
  return inputError(
    "verify/departs",
    `${e.path} is the first that departs from the spec, at token ${d.token} (id ${ids[d.token]})`,
    {
      primary: { span: e.equation.span, text: `found ${found}, expected ${shortNumber(d.expected)}${where}` },
      notes: [
        `The difference is ${Number.isFinite(d.relative) ? shortNumber(d.relative) : "infinite"} of the largest value that this equation${inLayer} ` +
          `has in these ${ids.length} tokens, ${shortNumber(e.magnitude)}; rounding to ${manifest.precision} explains ${tolerance}.`,
        `In the graph it is the tensor ${e.stored.tensor}${scaled}. All equations before it agree.`,
      ],
      hint: isOverflow
        ? "the true value is beyond float16's 65504: a scaling policy keeps it inside (`rwkvc ranges` suggests one)"
        : artefact === null
          ? "if the spec is as you mean it, this is a fault of the compiler or the backend"
          : "if the artefact was built from this spec and checkpoint, this is a fault of the compiler or the backend",
    },
  );
}
