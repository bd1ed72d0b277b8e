/**
 * Text with its origin: a string that was written in a file as literal, template or concatenation, and where each piece
 * of it stands there. Offsets inside the text map back to the file through escapes and substitution holes, so that a
 * caret stands under what the author wrote.
 */
import type { Span } from "../diagnostics/diagnostic.ts";

/** `text[start, end)` was written as `[fileStart, fileEnd)`. Pieces of equal lengths map offset by offset. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly fileStart: number;
  readonly fileEnd: number;
  /** The piece came out of a substitution hole (or an operand of `+`): its own origin. */
  readonly inner?: SourceText;
}

export interface SourceText {
  readonly text: string;
  /** The whole expression in the file. */
  readonly span: Span;
  /** In order, without gaps. */
  readonly segments: readonly Segment[];
}

/** Where `text[start, end)` was written. Inside one hole it is the hole's own text, across holes the outer template. */
export function spanOf(source: SourceText, start: number, end: number): Span {
  const first = source.segments.find((s) => start < s.end || (start === end && start <= s.end));
  const last = source.segments.find((s) => Math.max(end, start + 1) <= s.end) ?? source.segments.at(-1);
  if (!first || !last) return source.span;
  if (first === last && first.inner)
    return spanOf(first.inner, start - first.start, Math.max(start, end) - first.start);
  const isExact = (s: Segment): boolean => !s.inner && s.fileEnd - s.fileStart === s.end - s.start;
  const fileStart = isExact(first) ? first.fileStart + (start - first.start) : first.fileStart;
  const fileEnd = isExact(last) ? last.fileStart + (Math.min(end, last.end) - last.start) : last.fileEnd;
  return { file: source.span.file, start: fileStart, end: Math.max(fileStart, fileEnd) };
}

/** Text that nobody wrote, standing for `span`. */
export function syntheticText(text: string, span: Span): SourceText {
  const segments =
    text === "" ? [] : [{ start: 0, end: text.length, fileStart: span.start, fileEnd: span.end, inner: undefined }];
  return { text, span, segments };
}

/** One piece of a concatenation: its text, the range that it takes in the outer file, and its origin. */
export interface Piece {
  readonly text: string;
  readonly fileStart: number;
  readonly fileEnd: number;
  readonly inner?: SourceText;
}

export function joinPieces(pieces: readonly Piece[], span: Span): SourceText {
  let text = "";
  const segments: Segment[] = [];
  for (const piece of pieces) {
    if (piece.text === "") continue;
    const start = text.length;
    text += piece.text;
    segments.push({ start, end: text.length, fileStart: piece.fileStart, fileEnd: piece.fileEnd, inner: piece.inner });
  }
  return { text, span, segments };
}

/**
 * The pieces of a literal's body: plain runs, and each escape as a piece of its own. `raw` keeps escapes as written
 * (String.raw). `fileStart` is the offset of the body's first character.
 */
export function literalPieces(body: string, fileStart: number, raw: boolean): Piece[] {
  if (raw) return [{ text: body, fileStart, fileEnd: fileStart + body.length }];
  const pieces: Piece[] = [];
  const escape = /\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))/g;
  let at = 0;
  for (const match of body.matchAll(escape)) {
    if (match.index > at) pieces.push(plain(at, match.index));
    at = match.index + match[0].length;
    const code = match[1] ?? match[2] ?? match[3];
    const text = code === undefined ? simpleEscape(match[4]!) : codePoint(parseInt(code, 16));
    pieces.push({ text, fileStart: fileStart + match.index, fileEnd: fileStart + at });
  }
  if (at < body.length) pieces.push(plain(at, body.length));
  return pieces;

  function plain(from: number, to: number): Piece {
    return { text: body.slice(from, to), fileStart: fileStart + from, fileEnd: fileStart + to };
  }
}

function codePoint(value: number): string {
  return value <= 0x10ffff ? String.fromCodePoint(value) : "\ufffd";
}

function simpleEscape(character: string): string {
  const known: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", "0": "\0" };
  return /[\n\r\u2028\u2029]/.test(character) ? "" : (known[character] ?? character);
}
