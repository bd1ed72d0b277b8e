/** Whether an artefact was built from another spec or checkpoint than `verify` is given: a reason to depart. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { CheckedModel } from "../check/typed.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type Diagnostic, inputWarning } from "../diagnostics/diagnostic.ts";
import type { EquationsJson } from "../emit/equations.ts";
import type { OpenArtefact } from "./model-run.ts";

/** Diagnostics (warnings): verify/other-spec, verify/other-checkpoint. */
export async function otherOrigin(
  { folder, manifest }: OpenArtefact,
  { files }: EquationsJson,
  model: CheckedModel,
  checkpoint: Checkpoint,
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const own = new Set(model.sources.values());
  for (const path of files) {
    const file = join(folder, path);
    if (own.has(await readFile(file, "utf8").catch(() => ""))) continue;
    found.push(
      inputWarning("verify/other-spec", `the artefact was built from another text of the spec than ${model.file}`, {
        place: { file },
        hint: "build it again, unless the difference is what you are looking for",
      }),
    );
  }
  if (manifest.checkpoint.source !== checkpoint.source) {
    const title = `the artefact was built from the checkpoint ${manifest.checkpoint.source}, not ${checkpoint.source}`;
    found.push(inputWarning("verify/other-checkpoint", title, { place: { file: folder } }));
  }
  return found;
}
