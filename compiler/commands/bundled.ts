/** The specs that come with rwkvc, by name. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

import { specsFolder } from "../build/project-paths.ts";
import { DiagnosticError, missingError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { specEnding, specName } from "../frontend/spec-file.ts";

/** "rwkv-7" and so on, in order. */
export function bundledNames(): string[] {
  return readdirSync(specsFolder)
    .filter((file) => file.endsWith(specEnding))
    .map(specName)
    .sort();
}

/** The file, under the name by which it is reached from the current folder. */
export function bundledFile(name: string): string {
  const near = relative("", specsFolder);
  return join(near.startsWith("..") ? specsFolder : near, `${name}${specEnding}`);
}

/** The bundled spec of that name, where no file has it. */
export const bundledNamed = (text: string): string | undefined =>
  !existsSync(text) && bundledNames().includes(text) ? bundledFile(text) : undefined;

/** A spec file, or the bundled spec of that name. Diagnostics: spec/not-found. */
export function specNamed(text: string): string {
  if (existsSync(text)) return text;
  const bundled = bundledNamed(text);
  if (bundled !== undefined) return bundled;
  const names = bundledNames();
  throw new DiagnosticError([
    missingError("spec/not-found", `${text || '""'} is neither a spec file nor a bundled spec`, {
      place: { file: text },
      notes: [`Bundled are ${names.join(", ")}.`],
      hint: didYouMean(text, names),
    }),
  ]);
}
