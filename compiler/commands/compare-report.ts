/** What `compare` shows: how the predictions differ, and where in the model that comes from. */
import type { CheckedModel, TypedEquation } from "../check/typed.ts";
import type { ComparedRuns, ComparedValue } from "../compare/compare-runs.ts";
import { decibels } from "../compare/error-sums.ts";
import type { Predictions } from "../compare/predictions.ts";
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import { lineTable, positionOf } from "../diagnostics/text-position.ts";
import type { ActionResult } from "./command.ts";
import type { ComparedSide } from "./compare-artefacts.ts";
import type { ComparedModel } from "./compare-inputs.ts";
import { linePlaces, shortNumber, signedNumber, table } from "./text.ts";

export interface CompareFrame {
  readonly model: ComparedModel;
  readonly ids: readonly number[];
  readonly reference: ComparedSide;
  readonly other: ComparedSide;
  /** Their folders, as the user named them. */
  readonly artefacts: readonly [string, string];
}

/** Lines of the table of equations. */
const shown = 15;

export function describeComparison(compared: ComparedRuns, frame: CompareFrame): ActionResult {
  const { ids, reference, other, artefacts, model } = frame;
  const entries = compared.values.map((value) => entryOf(value, model));
  const tells = model.checkpoint !== undefined;
  const side = ({ artefact, traced }: ComparedSide, folder: string) => ({
    artefact: folder,
    precision: artefact.manifest.precision,
    target: artefact.manifest.target,
    ran: traced.why,
  });
  return {
    json: {
      reference: side(reference, artefacts[0]),
      other: side(other, artefacts[1]),
      tokens: ids.length,
      predictions: compared.predictions,
      equations: [...entries].sort((a, b) => damageOf(b) - damageOf(a)).map(jsonOf),
      notCompared: compared.missing,
    },
    text: [
      sidesText(frame),
      predictionsText(compared.predictions, ids.length),
      equationTable(entries, tells),
      layerTable(entries, model.model, tells),
      missingText(compared.missing),
      ...(tells ? [] : ["With --weights CHECKPOINT what an equation introduces is told from what it inherits.\n"]),
    ]
      .filter((part) => part !== "")
      .join("\n"),
    diagnostics: notFinite(compared, frame),
  };
}

/** Ratios of noise to signal; null where the two are not told apart. */
interface Entry {
  readonly path: string;
  readonly equation: TypedEquation;
  readonly layer: number | null;
  readonly file: string;
  readonly line: number;
  readonly signal: number;
  readonly noise: number;
  readonly introduced: number | null;
  readonly inherited: number | null;
  readonly notFinite: number;
}

function entryOf({ path, equation, layer, sums }: ComparedValue, { model, checkpoint }: ComparedModel): Entry {
  const { file, start } = equation.span;
  const { line } = positionOf(lineTable(model.sources.get(file) ?? ""), start);
  return {
    ...{ path, equation, layer, file, line, signal: sums.signal, noise: sums.noise },
    introduced: checkpoint ? sums.introduced : null,
    inherited: checkpoint ? sums.inherited : null,
    notFinite: sums.otherNotFinite,
  };
}

/** What the equation itself adds, relative to its value; where that is not known, all that is in it. */
function damageOf({ signal, noise, introduced, notFinite }: Entry): number {
  if (notFinite > 0) return Infinity;
  const own = introduced ?? noise;
  return own === 0 ? 0 : own / signal;
}

/** JSON has no infinity: null is a ratio without noise. */
function jsonOf({ path, equation, layer, file, line, signal, noise, introduced, inherited, notFinite }: Entry): object {
  const ratio = (part: number | null): number | null | undefined => {
    if (part === null) return undefined;
    const value = decibels(signal, part);
    return Number.isFinite(value) ? value : null;
  };
  return {
    ...{ path, layer, file, line, text: equation.text },
    ...{ snr: ratio(noise), introduced: ratio(introduced), inherited: ratio(inherited), notFinite },
  };
}

function ratioText(signal: number, noise: number | null): string {
  if (noise === null) return "";
  const value = decibels(signal, noise);
  return value === Infinity ? "exact" : Number.isFinite(value) ? value.toFixed(1) : "-";
}

function sidesText({ reference, other, artefacts }: CompareFrame): string {
  const about = ({ artefact: { manifest }, traced }: ComparedSide): string =>
    `${manifest.precision} for ${manifest.target}; ${traced.why}`;
  return table([
    ["reference", artefacts[0], about(reference)],
    ["other", artefacts[1], about(other)],
  ]);
}

function predictionsText({ positions, predicted, kl, largestKl, sameTop, nll }: Predictions, tokens: number): string {
  if (predicted === 0) return "No position has finite logits in both: there are no predictions to compare.\n";
  const change = nll[1] - nll[0];
  const left = tokens - positions;
  return table([
    ["NLL", `${nll[0].toFixed(4)} and ${nll[1].toFixed(4)} nats a token (${signedNumber(change)})`],
    ["KL", `${shortNumber(kl)} nats a position, at most ${shortNumber(largestKl.kl)} (token ${largestKl.token})`],
    ["top token", `the same at ${sameTop} of ${positions} positions (${((100 * sameTop) / positions).toFixed(2)} %)`],
    ...(left > 0 ? [["left out", `${left} positions, where logits are not finite`]] : []),
  ]);
}

const notable = (entries: readonly Entry[], count: number): readonly Entry[] =>
  [...entries].sort((a, b) => damageOf(b) - damageOf(a)).slice(0, count);

/** Of each equation the layer in which it does most. */
function equationTable(entries: readonly Entry[], tells: boolean): string {
  const worst = new Map<TypedEquation, Entry>();
  for (const entry of entries) {
    const known = worst.get(entry.equation);
    if (!known || damageOf(entry) > damageOf(known)) worst.set(entry.equation, entry);
  }
  const place = linePlaces(entries.map(({ file }) => file));
  const rows = notable([...worst.values()], shown).map((entry) => [
    entry.path.replace(/^blocks\.\d+\./, ""),
    place(entry.file, entry.line),
    entry.layer === null ? "" : `layer ${entry.layer}`,
    ...(tells ? [ratioText(entry.signal, entry.introduced), ratioText(entry.signal, entry.inherited)] : []),
    ratioText(entry.signal, entry.noise),
    entry.equation.text,
  ]);
  const heading = ["equation", "", "", ...(tells ? ["introduced", "inherited"] : []), "signal to noise, dB", ""];
  return table([heading, ...rows]);
}

/** The hidden state after each layer, and which equation in it adds most. */
function layerTable(entries: readonly Entry[], { layerCount }: CheckedModel, tells: boolean): string {
  const rows = Array.from({ length: layerCount }, (_, layer) => {
    const own = entries.filter((entry) => entry.layer === layer);
    const [worst] = notable(own, 1);
    const last = own.findLast(({ equation }) => equation.target.kind === "carry");
    if (!worst || !last) return [];
    return [
      `layer ${layer}`,
      ratioText(last.signal, last.noise),
      `${worst.path.replace(/^blocks\.\d+\./, "")} (${ratioText(worst.signal, tells ? worst.introduced : worst.noise)})`,
    ];
  }).filter((row) => row.length > 0);
  return table([["", "after it, dB", tells ? "introduces most" : "worst"], ...rows]);
}

function missingText(missing: readonly string[]): string {
  const names = [...new Set(missing.map((path) => path.replace(/^blocks\.\d+\./, "")))];
  return names.length === 0
    ? ""
    : `Without a tensor of their own in both: ${names.join(", ")}. What they introduce is seen in what is computed from them.\n`;
}

/** Diagnostics: compare/not-finite, of the earliest equation of either build. */
function notFinite({ values }: ComparedRuns, { artefacts }: CompareFrame): Diagnostic[] {
  const keys = ["referenceNotFinite", "otherNotFinite"] as const;
  return keys.flatMap((key, i): Diagnostic[] => {
    const first = values.find(({ sums }) => sums[key] > 0);
    if (!first) return [];
    const count = first.sums[key];
    return [
      inputError("compare/not-finite", `${artefacts[i]} has values that are not finite, first in ${first.path}`, {
        primary: { span: first.equation.span, text: `${count} of its values are infinite or NaN` },
        hint: `\`rwkvc ranges ${artefacts[i]}\` shows how large values get, and what keeps them inside`,
      }),
    ];
  });
}
