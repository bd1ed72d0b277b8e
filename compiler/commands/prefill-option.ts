/** --prefill: how many tokens the graphs for prompts read at once. */
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { integer } from "./flags.ts";

/** More make a graph that takes minutes to compile and reads no faster. */
export const mostPrefillTokens = 1024;

/** `64`, or several: `16,64`. Smallest first. Diagnostics (DiagnosticError): usage/bad-value, usage/prefill-twice. */
export function parsePrefill(text: string): readonly number[] {
  const count = integer("--prefill", { min: 2, max: mostPrefillTokens });
  const counts = text
    .split(",")
    .map((part) => count(part.trim()))
    .sort((a, b) => a - b);
  const twice = counts.find((n, i) => n === counts[i - 1]);
  if (twice !== undefined) {
    throw new DiagnosticError([
      usageError("usage/prefill-twice", `--prefill names ${twice} twice`, {
        hint: "each count of tokens makes one graph",
      }),
    ]);
  }
  return counts;
}
