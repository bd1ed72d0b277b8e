/** What `verify` shows of all equations: how far each is off, the worst first. */
import type { CheckedModel } from "../check/typed.ts";
import { type LineTable, lineTable, positionOf } from "../diagnostics/text-position.ts";
import { type ComparedEquation, type Difference, worstOf } from "../oracle/compare.ts";
import type { ActionResult } from "./command.ts";
import { linePlaces, shortNumber, table } from "./text.ts";
import type { Compared, Verdict, VerifyContext } from "./verify-judgement.ts";

/** Lines of the table. */
const shown = 10;

export function summarise(
  { own, total, missing }: Compared,
  { first, diagnostics }: Verdict,
  context: VerifyContext,
): Pick<ActionResult, "json" | "text"> {
  const { manifest, ids, tolerance, model } = context;
  const lines = new Lines(model);
  const agrees = diagnostics.length === 0;
  const entries = own.map((equation, i) => ({
    ...entryOf(equation, worstOf(equation), lines),
    total: finite(worstOf(total[i]!).relative),
  }));
  return {
    json: {
      artefact: context.artefact,
      target: manifest.target,
      precision: manifest.precision,
      tokens: ids,
      tolerance,
      agrees,
      first: first ? entryOf(first.equation, first.difference, lines) : null,
      equations: entries,
      notCompared: missing,
    },
    text: `${tableOf(entries)}${sentences(entries.length, missing, agrees, context)}`,
  };
}

interface Entry {
  readonly path: string;
  readonly file: string;
  readonly line: number;
  readonly layer: number | null;
  readonly token: number;
  readonly index: readonly number[];
  readonly tensor: string;
  readonly scale: number;
  /** JSON has no infinity: null then. */
  readonly found: number | null;
  readonly expected: number;
  /** The largest over all tokens. */
  readonly magnitude: number;
  /** Of the equation by itself, relative to `magnitude`. */
  readonly difference: number | null;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function entryOf({ path, equation, layer, stored, magnitude }: ComparedEquation, d: Difference, lines: Lines): Entry {
  return {
    ...{
      path,
      file: equation.span.file,
      line: lines.of(equation.span),
      layer,
      token: d.token,
      index: d.index,
      ...stored,
    },
    ...{ found: finite(d.found), expected: d.expected, magnitude, difference: finite(d.relative) },
  };
}

class Lines {
  private readonly tables = new Map<string, LineTable>();

  constructor(private readonly model: CheckedModel) {}

  of({ file, start }: { readonly file: string; readonly start: number }): number {
    const table = this.tables.get(file) ?? lineTable(this.model.sources.get(file) ?? "");
    this.tables.set(file, table);
    return positionOf(table, start).line;
  }
}

type TotalEntry = Entry & { readonly total: number | null };

function tableOf(entries: readonly TotalEntry[]): string {
  const place = linePlaces(entries.map(({ file }) => file));
  const rows = worstOfEachLine(entries)
    .slice(0, shown)
    .map((e) => [
      ...[e.path, place(e.file, e.line), `token ${e.token}`],
      ...[e.found, e.expected, e.magnitude, e.difference, e.total].map(shortNumber),
    ]);
  return table([["equation", "", "", "found", "expected", "largest", "own difference", "since the start"], ...rows]);
}

/** Of all layers of an equation the worst, largest difference first. */
function worstOfEachLine(entries: readonly TotalEntry[]): readonly TotalEntry[] {
  const size = ({ difference }: Entry): number => difference ?? Infinity;
  const worst = new Map<string, TotalEntry>();
  for (const entry of entries) {
    const key = `${withoutLayer(entry.path)} ${entry.file}:${entry.line}`;
    const known = worst.get(key);
    if (!known || size(entry) > size(known)) worst.set(key, entry);
  }
  return [...worst.values()].sort((a, b) => (size(b) === size(a) ? 0 : size(b) - size(a)));
}

const withoutLayer = (path: string): string => path.replace(/^blocks\.\d+\./, "");

function sentences(count: number, missing: readonly string[], agrees: boolean, context: VerifyContext): string {
  const { tolerance, ids, manifest, why } = context;
  const names = [...new Set(missing.map(withoutLayer))];
  const without = names.length === 0 ? "" : `Without a tensor of their own: ${names.join(", ")}.\n`;
  if (!agrees) return without;
  return (
    `${without}All ${count} equations agree over ${ids.length} tokens: each within ${tolerance.own} of its largest value, together ` +
    `within ${tolerance.total} (${manifest.precision} for ${manifest.target}; ${why}).\n`
  );
}
