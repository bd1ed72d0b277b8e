/**
 * Checkpoints that libraries have converted for themselves name the same tensors otherwise, and store some transposed (linear
 * layers hold [out, in], where the original multiplies vectors from the left by [in, out]). How is data, `specs/namings.json`; what
 * specs declare are the names of the original checkpoints. Matrices that are stored transposed become views: nothing is copied.
 */
import data from "../../specs/namings.json" with { type: "json" };
import { failInput, quote } from "./checkpoint-error.ts";
import type { StoredTensor } from "./stored-tensor.ts";

interface Naming {
  readonly library: string;
  /** A regular expression for a name that only its checkpoints have. */
  readonly mark: string;
  /** Applied to each name one after another. */
  readonly rules: readonly NamingRule[];
}

interface NamingRule {
  /** A regular expression, and what stands in place of what it matches. */
  readonly pattern: string;
  readonly name: string;
  /** A matrix of such a name is [columns, rows]. */
  readonly transposed?: boolean;
}

const namings = data.namings.map(({ library, mark, rules }: Naming) => ({
  library,
  mark: new RegExp(mark),
  rules: rules.map((rule) => ({ ...rule, pattern: new RegExp(rule.pattern) })),
}));

/** The tensors under the names of the original checkpoints. Diagnostic: checkpoint/names-collide. */
export function renameTensors(path: string, tensors: readonly StoredTensor[]): readonly StoredTensor[] {
  const naming = namings.find(({ mark }) => tensors.some(({ name }) => mark.test(name)));
  if (naming === undefined) return tensors;
  const from = new Map<string, string>();
  return tensors.map((tensor) => {
    const renamed = rename(tensor, naming);
    const other = from.get(renamed.name);
    if (other !== undefined) {
      failInput(path, "checkpoint/names-collide", `two tensors of ${path} stand for ${quote(renamed.name)}`, {
        detail: tensor.name,
        notes: [`By the names of ${naming.library}: ${quote(other)} and ${quote(tensor.name)}.`],
        hint: "the file mixes two ways to name tensors: save it with one of each",
      });
    }
    from.set(renamed.name, tensor.name);
    return renamed;
  });
}

function rename(tensor: StoredTensor, { rules }: (typeof namings)[number]): StoredTensor {
  let { name } = tensor;
  let isTransposed = false;
  for (const rule of rules) {
    if (!rule.pattern.test(name)) continue;
    name = name.replace(rule.pattern, rule.name);
    isTransposed ||= rule.transposed === true && tensor.shape.length === 2;
  }
  if (!isTransposed) return { ...tensor, name };
  return { ...tensor, name, shape: tensor.shape.toReversed(), strides: tensor.strides.toReversed() };
}
