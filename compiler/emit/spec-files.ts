/**
 * The spec's own text, kept in the artefact under `spec/`: what was built can be read again, and `ranges` and reports on
 * overflow find the equations and policies there. The files keep their places relative to each other, since specs import by
 * relative path; bundled specs that they import stand apart.
 */
import { dirname, relative, resolve, sep } from "node:path";

import { bundledSpecs, specFileIn } from "../frontend/bundled-specs.ts";
import type { EmittedFile } from "./emit-model.ts";

export interface SpecSources {
  readonly spec: { readonly file: string };
  readonly sources: ReadonlyMap<string, string>;
}

export const isBundled = (file: string): boolean => file.startsWith(bundledSpecs);

/** Of the bundled specs that a spec imports. */
export const bundledFolder = "spec/rwkvc/specs";

/** Where the spec's own file is in the artefact: `spec/rwkv-7.rwkv.ts`. */
export const specPath = (inputs: SpecSources): string => specFilePath(inputs, inputs.spec.file);

/** Where one of the spec's files is in the artefact. */
export const specFilePath = (inputs: SpecSources, file: string): string => placeIn(commonFolder(inputs), file);

export function emitSpec(inputs: SpecSources): EmittedFile[] {
  const common = commonFolder(inputs);
  return [...inputs.sources].map(([file, text]) => ({ path: placeIn(common, file), text }));
}

function placeIn(common: string, file: string): string {
  if (isBundled(file)) return specFileIn(bundledFolder, file);
  return ["spec", ...relative(common, resolve(file)).split(sep)].join("/");
}

function commonFolder({ spec, sources }: SpecSources): string {
  const own = [spec.file, ...sources.keys()].filter((file) => !isBundled(file));
  const folders = own.map((file) => dirname(resolve(file)));
  const holds = (folder: string): boolean =>
    folders.every((other) => other === folder || other.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`));
  let common = folders[0]!;
  while (!holds(common)) common = dirname(common);
  return common;
}
