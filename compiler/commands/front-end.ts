/** From the files that a user names to a checked model: what `check`, `build` and `estimate` begin with. */
import { statSync } from "node:fs";
import { basename } from "node:path";

import { specsFolder } from "../build/project-paths.ts";
import { readSpecText } from "../build/spec-text.ts";
import type { CheckedModel } from "../check/typed.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type Diagnostic, DiagnosticError, hasErrors, inputError, missingError } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { specFileIn } from "../frontend/bundled-specs.ts";
import { specEnding } from "../frontend/spec-file.ts";
import { bundledNames } from "./bundled.ts";

export interface FrontEnd {
  readonly model: CheckedModel | undefined;
  /** The paper or code that the spec follows. */
  readonly reference: string | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * The caller closes the checkpoint. Diagnostics: spec/not-found, those of the reader, the checker and the checkpoint.
 * `onFile` hears of each file before it is looked at, whether it is there or not.
 */
export async function runFrontEnd(
  specPath: string,
  weights: string | undefined,
  onFile: (path: string) => void = () => {},
): Promise<FrontEnd> {
  onFile(specPath);
  assertSpecFile(specPath);
  const [{ readSpec }, { checkSpec }] = await Promise.all([
    import("../frontend/read-spec.ts"),
    import("../check/check-spec.ts"),
  ]);
  const read = readSpec(specPath, (path) => {
    onFile(specFileIn(specsFolder, path));
    return readSpecText(path);
  });
  const diagnostics: Diagnostic[] = [...read.diagnostics];
  const checkpoint = await openWeights(weights, diagnostics, onFile);
  let model: CheckedModel | undefined;
  if (read.value) {
    const checked = checkSpec(read.value, checkpoint);
    diagnostics.push(...checked.diagnostics);
    model = checked.value;
  }
  return {
    model: hasErrors(diagnostics) ? undefined : model,
    reference: read.value?.reference,
    checkpoint,
    diagnostics,
    sources: read.sources,
  };
}

/** A checkpoint that cannot be opened is reported along with the spec's own mistakes. */
async function openWeights(
  weights: string | undefined,
  diagnostics: Diagnostic[],
  onFile: (path: string) => void,
): Promise<Checkpoint | undefined> {
  if (weights === undefined) return undefined;
  const { openCheckpoint } = await import("../checkpoint/open-checkpoint.ts");
  try {
    return await openCheckpoint(weights, onFile);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    diagnostics.push(...error.diagnostics);
    return undefined;
  }
}

export function assertSpecFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return;
  const names = bundledNames();
  const nearest = stat ? undefined : suggest(basename(path, specEnding), names);
  const what = stat?.isDirectory() ? "is a folder, not a spec" : stat ? "is not a regular file" : "does not exist";
  throw new DiagnosticError([
    (stat ? inputError : missingError)("spec/not-found", `${path || '""'} ${what}`, {
      place: { file: path },
      notes: stat ? [] : [`Bundled are ${names.join(", ")}.`],
      hint:
        nearest === undefined
          ? "a spec is a file NAME.rwkv.ts, such as specs/rwkv-7.rwkv.ts, or the name of a bundled one"
          : `did you mean \`${nearest}\`?`,
    }),
  ]);
}
