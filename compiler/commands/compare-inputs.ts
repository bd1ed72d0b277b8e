/** Whether two artefacts are builds of one model, and that model with its checkpoint. */
import { join } from "node:path";

import { checkSpec } from "../check/check-spec.ts";
import type { CheckedModel } from "../check/typed.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type Diagnostic, DiagnosticError, inputError, inputWarning } from "../diagnostics/diagnostic.ts";
import { artefactModel, artefactSpec, artefactText, isSameModel } from "../ranges/artefact-spec.ts";
import type { OpenArtefact } from "./model-run.ts";

/** Diagnostics: compare/other-spec, compare/other-sizes, compare/other-vocabulary; a warning: compare/other-checkpoint. */
export function checkComparable(a: OpenArtefact, b: OpenArtefact): readonly Diagnostic[] {
  const refuse = (code: string, title: string, notes: readonly string[], hint: string): never => {
    throw new DiagnosticError([inputError(code, title, { place: { file: b.folder }, notes, hint })]);
  };
  const same = "build both from one spec and one checkpoint";
  const names = `${a.folder} is of ${a.manifest.spec.name}, ${b.folder} of ${b.manifest.spec.name}.`;
  const path = join(b.folder, b.manifest.spec.path);
  if (!isSameModel(a.folder, a.manifest, path, artefactText(b.folder)))
    refuse(
      "compare/other-spec",
      "the two artefacts compute by different equations",
      [names],
      `\`rwkvc diff ${a.folder} ${b.folder}\` shows the differences`,
    );
  const [ours, theirs] = [a.manifest.dims, b.manifest.dims];
  const other = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].filter(
    (name) => ours[name] !== theirs[name],
  );
  if (other.length > 0) {
    const sizes = (dims: Readonly<Record<string, number>>): string =>
      other.map((name) => `${name}=${dims[name] ?? "-"}`).join(" ");
    refuse(
      "compare/other-sizes",
      "the two artefacts are of models of different sizes",
      [`${a.folder}: ${sizes(ours)}. ${b.folder}: ${sizes(theirs)}.`],
      same,
    );
  }
  if (a.manifest.vocabulary !== b.manifest.vocabulary)
    refuse(
      "compare/other-vocabulary",
      "the two artefacts have different vocabularies",
      [`${a.manifest.vocabulary} ids and ${b.manifest.vocabulary}.`],
      same,
    );
  const sources = [a, b].map(({ manifest }) => manifest.checkpoint.source);
  if (sources[0] === sources[1]) return [];
  return [
    inputWarning("compare/other-checkpoint", "the two artefacts name different checkpoints", {
      place: { file: b.folder },
      notes: [`${a.folder} was built from ${sources[0]}, ${b.folder} from ${sources[1]}.`],
      hint: "if those are not the same weights, the differences are those of two models",
    }),
  ];
}

export interface ComparedModel {
  readonly model: CheckedModel;
  /** Of --weights; the caller closes it. */
  readonly checkpoint: Checkpoint | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The spec that the artefact keeps, with the sizes that it was built for. Diagnostics: those of artefactSpec, of the checkpoint and of
 * the checker; compare/other-sizes; a warning: compare/other-checkpoint.
 */
export async function openModel(
  { folder, manifest }: OpenArtefact,
  weights: string | undefined,
): Promise<ComparedModel> {
  if (weights === undefined) return { model: artefactModel(folder, manifest), checkpoint: undefined, diagnostics: [] };
  const { openCheckpoint } = await import("../checkpoint/open-checkpoint.ts");
  const checkpoint = await openCheckpoint(weights);
  try {
    const checked = checkSpec(artefactSpec(folder, manifest).ast, checkpoint);
    if (!checked.value) throw new DiagnosticError(checked.diagnostics);
    const other = [...checked.value.sizes].find(([name, size]) => manifest.dims[name] !== size);
    if (other) {
      throw new DiagnosticError([
        inputError("compare/other-sizes", `${checkpoint.source} is not the checkpoint of ${folder}`, {
          place: { file: checkpoint.source },
          notes: [`${other[0]} is ${other[1]} there, and ${manifest.dims[other[0]]} in the artefact.`],
          hint: "give the checkpoint that both artefacts were built from",
        }),
      ]);
    }
    const { source } = manifest.checkpoint;
    const title = `${folder} was built from the checkpoint ${source}, not ${checkpoint.source}`;
    const place = { file: checkpoint.source };
    const diagnostics =
      source === checkpoint.source ? [] : [inputWarning("compare/other-checkpoint", title, { place })];
    return { model: checked.value, checkpoint, diagnostics };
  } catch (error) {
    checkpoint.close();
    throw error;
  }
}
