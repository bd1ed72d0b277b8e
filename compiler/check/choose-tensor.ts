/**
 * Which of a weight's alternative names a checkpoint has: `mat("head.weight | emb.weight", ...)` is the head where there
 * is one, else the embedding (a tied head). The first that is there is taken, in all layers alike.
 *
 * Diagnostics: `spec/tensor-name`, `checkpoint/alternative` (warning: a tensor that was lost looks like one that is tied).
 */
import { inputError, inputWarning } from "../diagnostics/diagnostic.ts";
import type { Located } from "../frontend/ast.ts";
import type { CheckpointTensors } from "./resolve-dims.ts";
import type { ModelScope } from "./scope.ts";

export interface TensorChoice {
  /** What is declared: names separated by `|`. */
  readonly declared: Located<string>;
  /** What stands before each name in the checkpoint, with `{layer}`, and what behind. */
  readonly prefix: string | undefined;
  readonly ending: string;
}

/** The name without the ending; without a checkpoint, or where it has none of them, the first. */
export function chooseTensor({ declared, prefix, ending }: TensorChoice, model: ModelScope): string {
  const names = declared.value.split("|").map((name) => name.trim());
  if (names.some((name) => name === "")) {
    model.report(
      inputError("spec/tensor-name", "a name of a tensor is empty", {
        primary: { span: declared.span, text: names.length > 1 ? "nothing on one side of `|`" : "has no name" },
        hint: 'write the tensor\'s name, or several to choose from: "head.weight | emb.weight"',
      }),
    );
  }
  const full = names.map((name) => (prefix === undefined ? name : `${prefix}.${name}`));
  const { checkpoint } = model;
  if (checkpoint === undefined || names.length === 1) return full[0]!;
  const chosen = full.findIndex((name) => hasTensor(name + ending, checkpoint));
  if (chosen <= 0) return full[0]!;
  model.report(
    inputWarning(
      "checkpoint/alternative",
      `\`${full[chosen]! + ending}\` takes the place of \`${full[0]! + ending}\``,
      {
        primary: { span: declared.span, text: "the first name that the checkpoint has is taken" },
        place: { file: checkpoint.source, detail: full[0]! + ending },
        hint: "right if the model was trained so; if the checkpoint should have both, a part of it is missing",
      },
    ),
  );
  return full[chosen]!;
}

/** In any layer, where the name says `{layer}`. */
function hasTensor(name: string, { tensors }: CheckpointTensors): boolean {
  if (!name.includes("{layer}")) return tensors.has(name);
  const [before = "", after = ""] = name.split("{layer}");
  return [...tensors.keys()].some(
    (other) =>
      other.startsWith(before) &&
      other.endsWith(after) &&
      /^\d+$/.test(other.slice(before.length, other.length - after.length)),
  );
}
