/**
 * What an editor marks in one file. A spec shows what checking it finds; what lies in a file that it imports is shown at
 * the import. A file of pieces for other specs shows what checking those finds in it.
 */
import type { Diagnostic, Label, Span } from "../diagnostics/diagnostic.ts";
import type { SpecAnalysis } from "./analyse-spec.ts";

export interface EditorDiagnostic {
  readonly severity: "error" | "warning";
  /** In the file that was asked for. */
  readonly span: Span;
  /** Lines: code and title, the label at the place, notes, and the hint. */
  readonly text: string;
  /** Other places, in any file. */
  readonly related: readonly Label[];
  /** Editors fade what could be left out. */
  readonly isUnused: boolean;
}

/** `analyses`: the file's own, then those of the specs that import it. */
export function specDiagnostics(
  path: string,
  [own, ...importers]: readonly [SpecAnalysis, ...SpecAnalysis[]],
  importOf: (file: string) => Span,
): readonly EditorDiagnostic[] {
  const found = own.isLibrary
    ? [
        ...own.diagnostics.filter(({ code }) => code !== "spec/no-model"),
        ...importers.flatMap(({ diagnostics }) => diagnostics.filter(({ primary }) => primary?.span.file === path)),
      ]
    : own.diagnostics;
  const shown = found.flatMap((diagnostic) => show(diagnostic, path, importOf) ?? []);
  return shown.filter(
    ({ text, span }, i) => shown.findIndex((other) => other.text === text && other.span.start === span.start) === i,
  );
}

function show(
  { code, severity, title, primary, secondary = [], notes = [], hint }: Diagnostic,
  path: string,
  importOf: (file: string) => Span,
): EditorDiagnostic | undefined {
  // TypeScript says in its own words what is not TypeScript.
  if (!primary || (code === "spec/syntax" && primary.span.file === path)) return undefined;
  const lines = (label: string): string =>
    [`${code}: ${title}`, label, ...notes, ...(hint === undefined ? [] : [`hint: ${hint}`])]
      .filter((line) => line !== "")
      .join("\n");
  const isUnused = /\/unused/.test(code);
  if (primary.span.file === path) {
    return { severity, span: primary.span, text: lines(primary.text), related: secondary, isUnused };
  }
  const span = importOf(primary.span.file);
  return { severity, span, text: lines(""), related: [primary, ...secondary], isUnused: false };
}
