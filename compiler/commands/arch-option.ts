/** --arch: systems that a build is made for, besides or instead of this machine. */
import { type Triple, triples } from "../build/triples.ts";
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";

/** "x86_64-linux,aarch64-linux". Diagnostics: usage/unknown-arch. */
export function parseArchs(text: string): readonly Triple[] {
  const found = text.split(",").map((name): Triple => {
    const triple = triples.find((known) => known === name.trim().toLowerCase());
    if (triple) return triple;
    const nearest = suggest(name.trim(), triples);
    throw new DiagnosticError([
      usageError("usage/unknown-arch", `--arch: unknown system "${name}"`, {
        notes: [`Systems: ${triples.join(", ")}; several are separated by commas.`],
        hint: nearest === undefined ? undefined : `did you mean \`${nearest}\`?`,
      }),
    ]);
  });
  return [...new Set(found)];
}
