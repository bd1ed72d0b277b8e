/** The checked spec that an artefact was built from, from the copy that it keeps, with the sizes that it was built for. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

import { checkSpec } from "../check/check-spec.ts";
import type { CheckedModel } from "../check/typed.ts";
import { DiagnosticError, hasErrors, inputError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import { bundledFolder } from "../emit/spec-files.ts";
import { specFileIn } from "../frontend/bundled-specs.ts";
import type { SpecAst } from "../frontend/ast.ts";
import { meaningOf } from "../frontend/meaning.ts";
import { readSpec } from "../frontend/read-spec.ts";

/** Diagnostics: artefact/spec, for a copy that this compiler cannot read. */
export function artefactModel(folder: string, manifest: Manifest): CheckedModel {
  const { model } = artefactSpec(folder, manifest);
  return { ...model, sizes: new Map(Object.entries(manifest.dims)), layerCount: manifest.layers };
}

/** The same as it was written. */
export function artefactSpec(
  folder: string,
  manifest: Manifest,
): { readonly ast: SpecAst; readonly model: CheckedModel } {
  const path = join(folder, manifest.spec.path);
  const { value: ast, diagnostics } = readSpec(path, artefactText(folder));
  const checked = ast && checkSpec(ast, undefined);
  const found = [...diagnostics, ...(checked?.diagnostics ?? [])];
  if (ast && checked?.value && !hasErrors(found)) return { ast, model: checked.value };
  throw new DiagnosticError([
    inputError("artefact/spec", `the spec in ${folder} cannot be read by this version of rwkvc`, {
      place: { file: path },
      notes: found.map(({ title }) => title),
      hint: "build the artefact again",
    }),
  ]);
}

export type FoundSpec = { readonly file: string } | { readonly problem: string };

/** The file that the artefact was built from, if it is still there and still the same. */
export function findSpecFile(folder: string, manifest: Manifest): FoundSpec {
  const file = relative(process.cwd(), resolve(folder, manifest.spec.from));
  if (!existsSync(file)) return { problem: `${file} is not there any more` };
  if (readFileSync(file, "utf8") !== readFileSync(join(folder, manifest.spec.path), "utf8"))
    return { problem: `${file} has changed since` };
  return { file };
}

/** The text of a spec that the artefact keeps, by the name under which it is imported. */
export const artefactText =
  (folder: string): TextOf =>
  (name) => {
    const file = specFileIn(join(folder, bundledFolder), name);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  };

type TextOf = (name: string) => string | undefined;

/**
 * Whether a spec, whose files `textOf` gives, says the same as the artefact's, its name and policies apart: then what was measured
 * holds for it.
 */
export function isSameModel(folder: string, manifest: Manifest, file: string, textOf: TextOf): boolean {
  const said = (path: string, texts: TextOf): string | undefined => {
    const { value } = readSpec(path, texts);
    return value?.complete ? meaningOfModel(value) : undefined;
  };
  const ours = said(join(folder, manifest.spec.path), artefactText(folder));
  return ours !== undefined && said(file, textOf) === ours;
}

/** Name and policies left out. */
const meaningOfModel = ({ dims, carries, embedding, layers, head }: SpecAst): string =>
  meaningOf({ dims, carries, embedding, layers, head });
