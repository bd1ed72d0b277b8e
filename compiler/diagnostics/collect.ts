/** Puts diagnostics in the order in which a reader meets them, each once. */
import type { Diagnostic } from "./diagnostic.ts";

/** The same text used in two places is checked twice: what is found there is said once. */
export function distinctDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, title, primary, place }) => {
    const key = JSON.stringify([code, title, primary?.span, place]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
