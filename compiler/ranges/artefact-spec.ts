/** The checked spec that an artefact was built from, from the copy that it keeps, with the sizes that it was built for. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { checkSpec } from "../check/check-spec.ts";
import type { CheckedModel } from "../check/typed.ts";
import { DiagnosticError, hasErrors, inputError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import { bundledFolder } from "../emit/spec-files.ts";
import { specFileIn } from "../frontend/bundled-specs.ts";
import { readSpec } from "../frontend/read-spec.ts";

/** Diagnostics: artefact/spec, for a copy that this compiler cannot read. */
export function artefactModel(folder: string, manifest: Manifest): CheckedModel {
  const path = join(folder, manifest.spec.path);
  const read = readSpec(path, (name) => {
    const file = specFileIn(join(folder, bundledFolder), name);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  });
  const checked = read.value && checkSpec(read.value, undefined);
  const diagnostics = [...read.diagnostics, ...(checked?.diagnostics ?? [])];
  if (!checked?.value || hasErrors(diagnostics)) {
    throw new DiagnosticError([
      inputError("artefact/spec", `the spec in ${folder} cannot be read by this version of rwkvc`, {
        place: { file: path },
        notes: diagnostics.map(({ title }) => title),
        hint: "build the artefact again",
      }),
    ]);
  }
  return { ...checked.value, sizes: new Map(Object.entries(manifest.dims)), layerCount: manifest.layers };
}

/** Levels of folders below a starting point that are searched. */
const searchDepth = 3;

/**
 * The file that the artefact's spec was read from: one of its name and text, near the artefact, in the current folder or
 * among the bundled specs. Undefined when there is none (any more).
 */
export function findSpecFile(folder: string, manifest: Manifest, bundled: string): string | undefined {
  const text = readFileSync(join(folder, manifest.spec.path), "utf8");
  const name = basename(manifest.spec.path);
  const isIt = (path: string): boolean => existsSync(path) && readFileSync(path, "utf8") === text;
  const starts = [process.cwd(), dirname(resolve(folder)), bundled];
  for (const start of starts) {
    const found = filesCalled(name, start, searchDepth, resolve(folder)).find(isIt);
    if (found) return found;
  }
  return undefined;
}

function filesCalled(name: string, folder: string, depth: number, without: string): string[] {
  const found: string[] = [];
  const folders: string[] = [];
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isFile() && entry.name === name) found.push(path);
    // An artefact's own copy is not the spec; packages and hidden folders hold none.
    const isSearched = entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules";
    if (isSearched && path !== without && !existsSync(join(path, "model.json"))) folders.push(path);
  }
  if (depth > 0) found.push(...folders.flatMap((inner) => filesCalled(name, inner, depth - 1, without)));
  return found;
}
