/**
 * The lines of one file that a diagnostic points into, each under its number, marked where the labels say:
 *
 *     12 |     r = key * value
 *        |         --- ^ ----- [F]
 *        |         |   |
 *        |         |   neither shape contains the other
 *        |         [D]
 *
 * In: the file's lines and labels. Out: text lines, in colour through `paint`. A label over several lines is marked on
 * its first one.
 */
import type { Label } from "./diagnostic.ts";
import type { Paint } from "./paint.ts";
import { cutColumns, displayText, type LineTable, lineText, positionOf } from "./text-position.ts";

export interface MarkedLabel extends Label {
  readonly isPrimary: boolean;
}

interface Mark {
  readonly line: number;
  /** Display columns from 0. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly isPrimary: boolean;
}

/** Columns of a line that are shown; a longer line is cut around its marks. */
const widestLine = 160;

export function sourceLines(table: LineTable, labels: readonly MarkedLabel[], gutter: number, paint: Paint): string[] {
  const marks = merged(labels).map((label) => place(table, label));
  const lines = [...new Set(marks.map((mark) => mark.line))].sort((a, b) => a - b);
  const empty = paint.gutter(`${" ".repeat(gutter)} |`);
  const shown: string[] = [empty];
  lines.forEach((line, i) => {
    const previous = lines[i - 1];
    if (previous !== undefined && line === previous + 2)
      shown.push(numbered(line - 1, cutLine(displayText(lineText(table, line - 1)), []).text));
    else if (previous !== undefined && line > previous + 2) shown.push(paint.gutter("...".padStart(gutter + 2)));
    const own = marks.filter((mark) => mark.line === line);
    const { text, visible } = cutLine(displayText(lineText(table, line)), own);
    shown.push(numbered(line, text));
    for (const row of rows(visible)) {
      for (const text of drawRow(row, paint)) shown.push(`${empty} ${text}`);
    }
  });
  return shown;

  function numbered(line: number, content: string): string {
    const text = content.trimEnd();
    return `${paint.gutter(`${String(line).padStart(gutter)} |`)}${text === "" ? "" : ` ${text}`}`;
  }
}

/** A long line without what is far from its marks, and the marks that are left, in the columns of what is shown. */
function cutLine(
  line: { readonly text: string; readonly width: number },
  marks: readonly Mark[],
): { text: string; visible: readonly Mark[] } {
  if (line.width <= widestLine) return { text: line.text, visible: marks };
  const focus = marks.find((mark) => mark.isPrimary) ?? marks[0];
  const start = Math.max(0, (focus?.from ?? 0) - widestLine / 2);
  const end = start + widestLine;
  const [before, after] = [start > 0 ? "..." : "", line.width > end ? "..." : ""];
  const shift = before.length - start;
  const visible = marks.flatMap((mark) =>
    mark.from < start || mark.from > end
      ? []
      : [{ ...mark, from: mark.from + shift, to: Math.max(Math.min(mark.to, end), mark.from + 1) + shift }],
  );
  return { text: before + cutColumns(line.text, start, end) + after, visible };
}

/** Labels on the same span become one. */
function merged(labels: readonly MarkedLabel[]): MarkedLabel[] {
  const result: MarkedLabel[] = [];
  for (const label of labels) {
    const at = result.findIndex((other) => other.span.start === label.span.start && other.span.end === label.span.end);
    const same = result[at];
    if (!same) result.push(label);
    else if (!same.text.includes(label.text)) result[at] = { ...same, text: `${same.text}; ${label.text}` };
  }
  return result;
}

function place(table: LineTable, { span, text, isPrimary }: MarkedLabel): Mark {
  const start = positionOf(table, span.start);
  const end = positionOf(table, span.end);
  const line = lineText(table, start.line);
  const endColumn = end.line > start.line ? line.length : end.column - 1;
  const from = displayText(line.slice(0, start.column - 1)).width;
  const width = displayText(line.slice(start.column - 1, endColumn)).width;
  return { line: start.line, from, to: from + Math.max(width, 1), text, isPrimary };
}

/** Marks that overlap go to rows of their own, the primary one in the first. */
function rows(marks: readonly Mark[]): Mark[][] {
  const result: Mark[][] = [];
  for (const mark of [...marks].sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.from - b.from)) {
    const row = result.find((other) => other.every((m) => m.to < mark.from || mark.to < m.from));
    if (row) row.push(mark);
    else result.push([mark]);
  }
  return result.map((row) => row.sort((a, b) => a.from - b.from));
}

function drawRow(row: readonly Mark[], paint: Paint): string[] {
  const colour = (mark: Mark, text: string): string => (mark.isPrimary ? paint.primary(text) : paint.secondary(text));
  const last = row.at(-1)!;
  let underline = "";
  let column = 0;
  for (const mark of row) {
    underline += " ".repeat(mark.from - column);
    underline += colour(mark, (mark.isPrimary ? "^" : "-").repeat(mark.to - mark.from));
    column = mark.to;
  }
  const lines = [last.text === "" ? underline : `${underline} ${colour(last, last.text)}`];
  // The others' texts hang under their marks, the rightmost first.
  for (let hanging = row.slice(0, -1).filter((mark) => mark.text !== ""); hanging.length > 0;) {
    if (lines.length === 1) lines.push(connect(hanging, undefined));
    const lowest = hanging.at(-1)!;
    hanging = hanging.slice(0, -1);
    lines.push(connect(hanging, lowest));
  }
  return lines;

  function connect(bars: readonly Mark[], labelled: Mark | undefined): string {
    let text = "";
    let at = 0;
    for (const bar of bars) {
      text += `${" ".repeat(bar.from - at)}${colour(bar, "|")}`;
      at = bar.from + 1;
    }
    return labelled ? `${text}${" ".repeat(labelled.from - at)}${colour(labelled, labelled.text)}` : text;
  }
}
