/** Short ways to fail while reading a checkpoint: each throws a DiagnosticError with one diagnostic. */

import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { DiagnosticError, inputError, internalError, unsupportedError } from "../diagnostics/diagnostic.ts";

export interface FailureDetails {
  /** What inside the file is meant: a tensor, a zip entry, a pickle offset. */
  readonly detail?: string;
  readonly notes?: readonly string[];
  readonly hint?: string;
}

type Maker = (code: string, title: string, details?: Partial<Diagnostic>) => Diagnostic;

const thrower =
  (make: Maker) =>
  (file: string, code: string, title: string, details: FailureDetails = {}): never => {
    const place = details.detail === undefined ? { file } : { file, detail: printable(details.detail) };
    const notes = details.notes === undefined ? {} : { notes: details.notes.map(printable) };
    const hint = details.hint === undefined ? {} : { hint: details.hint };
    throw new DiagnosticError([make(code, printable(title), { place, ...notes, ...hint })]);
  };

/** The file is at fault. `file` is the path as the user gave it. */
export const failInput: (file: string, code: string, title: string, details?: FailureDetails) => never =
  thrower(inputError);

/** The file is fine, but this kind is not read yet. */
export const failUnsupported: (file: string, code: string, title: string, details?: FailureDetails) => never =
  thrower(unsupportedError);

/** The caller is at fault. */
export const failInternal: (file: string, code: string, title: string, details?: FailureDetails) => never =
  thrower(internalError);

/** Bytes of a file as a message shows them: hexadecimal, then the printable characters. */
export function describeBytes(bytes: Uint8Array): string {
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  const text = [...bytes].map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : ".")).join("");
  return `${hex} "${text}"`;
}

/** A string out of a file as a message shows it: in quotes, at most `limit` characters of it. */
export function quote(text: string, limit = 80): string {
  return printable(JSON.stringify(text.length > limit ? `${text.slice(0, limit)}...` : text));
}

/** Names in a file can hold anything: a terminal should see no control characters, nor marks that turn text around. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}
