/**
 * The diagnostic: what every stage says about its input. Diagnostics are data; `render.ts` makes text or JSON of them.
 *
 * Codes are stable and grouped by stage (`shape/mismatch`, `name/undefined`, `checkpoint/truncated`). The kind says
 * whose fault it is: the user's input, something not supported yet, a tool or file that is missing, bad command line
 * usage, or a bug in the compiler; it decides the exit code.
 */

/** A piece of a text file: offsets count UTF-16 code units of the file's own text, `end` is exclusive. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface Label {
  readonly span: Span;
  readonly text: string;
}

export type DiagnosticKind = "input" | "unsupported" | "usage" | "missing" | "internal";

export interface Diagnostic {
  readonly code: string;
  readonly kind: DiagnosticKind;
  readonly severity: "error" | "warning";
  /** One line: what is wrong. */
  readonly title: string;
  /** The place at fault, in a text file. */
  readonly primary?: Label;
  /** The place at fault where there is no text to show (a checkpoint, a library): file and what inside it. */
  readonly place?: { readonly file: string; readonly detail?: string };
  /** Other places that matter ("key is declared here with [A, D]"). */
  readonly secondary?: readonly Label[];
  /** Longer explanation, one paragraph each: found, expected, why. */
  readonly notes?: readonly string[];
  /** How to mend it. */
  readonly hint?: string;
}

/** Result of a pure stage: a value when nothing prevented one, and everything that was found. */
export interface Outcome<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Carries diagnostics through code that does I/O; the command line prints them and exits with their kind's code. */
export class DiagnosticError extends Error {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.title}`).join("; "));
    this.name = "DiagnosticError";
  }
}

type Details = Omit<Diagnostic, "code" | "kind" | "severity" | "title">;

const maker =
  (kind: DiagnosticKind, severity: "error" | "warning") =>
  (code: string, title: string, details: Details = {}): Diagnostic => ({ code, kind, severity, title, ...details });

export const inputError = maker("input", "error");
export const inputWarning = maker("input", "warning");
export const unsupportedError = maker("unsupported", "error");
export const usageError = maker("usage", "error");
export const missingError = maker("missing", "error");
export const internalError = maker("internal", "error");

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((d) => d.severity === "error");

/** 0 done, 1 the input is at fault, 2 bad usage, 3 a tool or file is missing, 4 internal error. */
export function exitCode(diagnostics: readonly Diagnostic[]): 0 | 1 | 2 | 3 | 4 {
  const codes = { input: 1, unsupported: 1, usage: 2, missing: 3, internal: 4 } as const;
  const errors = diagnostics.filter((d) => d.severity === "error");
  return errors.reduce<0 | 1 | 2 | 3 | 4>((worst, d) => (codes[d.kind] > worst ? codes[d.kind] : worst), 0);
}
