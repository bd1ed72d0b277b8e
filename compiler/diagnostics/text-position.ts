/** Lines and columns of offsets in a text, for people: both count from 1. */
import type { Span } from "./diagnostic.ts";

export interface LineTable {
  readonly text: string;
  /** Offset of each line's first character. */
  readonly starts: readonly number[];
}

export interface Position {
  readonly line: number;
  /** In UTF-16 code units. */
  readonly column: number;
}

export function lineTable(text: string): LineTable {
  const starts = [0];
  for (const newline of text.matchAll(/\r\n|\r|\n/g)) starts.push(newline.index + newline[0].length);
  return { text, starts };
}

export function positionOf({ starts, text }: LineTable, offset: number): Position {
  const at = Math.min(Math.max(offset, 0), text.length);
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: at - starts[low]! + 1 };
}

/** The line's text, without its end. */
export function lineText({ text, starts }: LineTable, line: number): string {
  return text.slice(starts[line - 1], starts[line] ?? text.length).replace(/[\r\n]+$/, "");
}

/** "file:12:3"; only the file where its text is not at hand. */
export function placeText(span: Span, table: LineTable | undefined): string {
  if (!table) return span.file;
  const { line, column } = positionOf(table, span.start);
  return `${span.file}:${line}:${column}`;
}

/** Columns that a text takes in a terminal: East Asian wide characters take two, combining marks none; tabs are expanded. */
export function displayText(text: string): { readonly text: string; readonly width: number } {
  let shown = "";
  let width = 0;
  for (const character of text) {
    if (character === "\t") {
      shown += "    ";
      width += 4;
    } else if (/\p{Mark}|\p{Cf}/u.test(character)) {
      shown += character;
    } else {
      // Other control characters would move the cursor, or worse.
      shown += /\p{Cc}/u.test(character) ? "\ufffd" : character;
      width += isWide.test(character) ? 2 : 1;
    }
  }
  return { text: shown, width };
}

/** The part of a displayed text between two columns. */
export function cutColumns(text: string, from: number, to: number): string {
  let cut = "";
  let column = 0;
  for (const character of text) {
    if (column >= from && column < to) cut += character;
    column += displayText(character).width;
  }
  return cut;
}

const isWide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
