/**
 * Diagnostics for people and for programs. In: diagnostics, and the text of the files that they point into. Out: text for
 * a terminal (in colour only when asked), or plain data for JSON, with lines and columns.
 *
 *     error[shape/mismatch]: `*` cannot combine [D] with [F]
 *       --> specs/mine.rwkv.ts:31:14
 *        |
 *     31 |     r = x_r * k
 *        |         --- ^ - [F]
 *        ...
 *        = note: ...
 *        = hint: ...
 */
import type { Diagnostic, Label } from "./diagnostic.ts";
import { makePaint, type Paint } from "./paint.ts";
import { type MarkedLabel, sourceLines } from "./source-lines.ts";
import { type LineTable, lineTable, placeText, type Position, positionOf } from "./text-position.ts";

export interface RenderOptions {
  readonly colour: boolean;
}

/** Lines of notes and hints are broken here. */
const noteWidth = 110;

export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  { colour }: RenderOptions,
): string {
  const tables = new Map([...sources].map(([file, text]) => [file, lineTable(text)]));
  const texts = diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, tables, colour));
  if (diagnostics.length > 1) texts.push(countText(diagnostics));
  return texts.join("\n\n");
}

function renderDiagnostic(diagnostic: Diagnostic, tables: ReadonlyMap<string, LineTable>, colour: boolean): string {
  const { code, severity, title, primary, place, secondary = [], notes = [], hint } = diagnostic;
  const paint = makePaint(severity, colour);
  const labels: MarkedLabel[] = [
    ...(primary ? [{ ...primary, text: oneLine(primary.text), isPrimary: true }] : []),
    ...secondary.map((label) => ({ ...label, text: oneLine(label.text), isPrimary: false })),
  ];
  const gutter = Math.max(2, ...labels.map((label) => String(lineOf(label, tables)).length));
  const lines = [`${paint[severity](`${severity}[${code}]`)}${paint.title(`: ${oneLine(title)}`)}`];
  // The author's own file first, then the others; within a file by line.
  const files = [...new Set(labels.map((label) => label.span.file))];
  files.forEach((file, i) => {
    const own = labels.filter((label) => label.span.file === file);
    const table = tables.get(file);
    const first = own.find((label) => label.isPrimary) ?? own[0]!;
    lines.push(`${paint.gutter(`${" ".repeat(gutter)}${i === 0 ? "-->" : ":::"}`)} ${placeText(first.span, table)}`);
    if (table) lines.push(...sourceLines(table, own, gutter, paint));
    else lines.push(...own.map((label) => remark(undefined, label.text, gutter, paint)).flat());
  });
  if (place) {
    const where = oneLine(place.detail ? `${place.file}: ${place.detail}` : place.file);
    if (labels.length === 0) lines.push(`${paint.gutter(`${" ".repeat(gutter)}-->`)} ${where}`);
    else lines.push(...remark("in", where, gutter, paint));
  }
  for (const note of notes) lines.push(...remark("note", note, gutter, paint));
  if (hint !== undefined) lines.push(...remark("hint", hint, gutter, paint));
  return lines.join("\n");
}

function lineOf({ span }: Label, tables: ReadonlyMap<string, LineTable>): number {
  const table = tables.get(span.file);
  return table ? positionOf(table, span.start).line : 0;
}

/** `= note: ...`; lines that are too long go on under the text, and line breaks in it stay. */
function remark(kind: string | undefined, text: string, gutter: number, paint: Paint): string[] {
  const head = kind ? `= ${kind}: ` : "= ";
  const margin = " ".repeat(gutter + 1);
  return printable(text)
    .split("\n")
    .flatMap((paragraph, i) =>
      wrap(paragraph, noteWidth).map((line, j) =>
        i === 0 && j === 0
          ? `${margin}${paint.gutter(head.slice(0, 1))}${head.slice(1)}${line}`
          : `${margin}${" ".repeat(head.length)}${line}`,
      ),
    );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = /^ */.exec(text)![0];
  for (const word of text.slice(line.length).split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line.trim() === "" ? line + word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

const oneLine = (text: string): string => printable(text.replace(/\s+/g, " "));

/** Names come from files of strangers: nothing in them may steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\ufffd");
}

function countText(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: string, word: string): string[] => {
    const n = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}`];
  };
  return [...count("error", "error"), ...count("warning", "warning")].join(", ");
}

export interface JsonLabel extends Label {
  /** Where the span begins and ends, if the file's text is at hand. */
  readonly start?: Position;
  readonly end?: Position;
}

export type JsonDiagnostic = Omit<Diagnostic, "primary" | "secondary"> & {
  readonly primary?: JsonLabel;
  readonly secondary?: readonly JsonLabel[];
};

/** The same diagnostics with line and column beside each span. */
export function renderJson(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
): readonly JsonDiagnostic[] {
  const tables = new Map([...sources].map(([file, text]) => [file, lineTable(text)]));
  const locate = (label: Label): JsonLabel => {
    const table = tables.get(label.span.file);
    if (!table) return label;
    return { ...label, start: positionOf(table, label.span.start), end: positionOf(table, label.span.end) };
  };
  return diagnostics.map(({ primary, secondary, ...rest }) => ({
    ...rest,
    ...(primary && { primary: locate(primary) }),
    ...(secondary && { secondary: secondary.map(locate) }),
  }));
}
