/**
 * Checkpoints that libraries have converted for themselves name the same tensors otherwise, and store some transposed.
 * Here are their names, as data; what specs declare are the names of the original checkpoints. Matrices that are
 * stored transposed become views: nothing is copied.
 */

import { failInput, quote } from "./checkpoint-error.ts";
import type { StoredTensor } from "./stored-tensor.ts";

interface Naming {
  readonly library: string;
  /** A name that only its checkpoints have. */
  readonly mark: RegExp;
  /** Applied to each name one after another; `transposed`: where the pattern matches, a matrix is [columns, rows]. */
  readonly rules: readonly (readonly [pattern: RegExp, replacement: string, transposed?: "transposed"])[];
}

const namings: readonly Naming[] = [
  {
    library: "Hugging Face transformers",
    mark: /^rwkv\.embeddings\.weight$/,
    rules: [
      [/^rwkv\./, ""],
      [/^embeddings\./, "emb."],
      [/^(blocks\.\d+)\.pre_ln\./, "$1.ln0."],
      [/^(blocks\.\d+)\.attention\./, "$1.att."],
      [/^(blocks\.\d+)\.feed_forward\./, "$1.ffn."],
      [/\.time_mix_key$/, ".time_mix_k"],
      [/\.time_mix_value$/, ".time_mix_v"],
      [/\.time_mix_receptance$/, ".time_mix_r"],
      [/\.time_mix_gate$/, ".time_mix_g"],
    ],
  },
  {
    library: "flash-linear-attention",
    mark: /^model\.layers\.0\.attn\.r_proj\.weight$/,
    rules: [
      [/^lm_head\./, "head."],
      [/^model\.embeddings\./, "emb."],
      [/^model\.norm\./, "ln_out."],
      [/^model\.layers\./, "blocks."],
      [/^(blocks\.\d+)\.pre_norm\./, "$1.ln0."],
      [/^(blocks\.\d+)\.attn_norm\./, "$1.ln1."],
      [/^(blocks\.\d+)\.ffn_norm\./, "$1.ln2."],
      [/^(blocks\.\d+)\.attn\./, "$1.att."],
      [/\.att\.r_proj\./, ".att.receptance."],
      [/\.att\.k_proj\./, ".att.key."],
      [/\.att\.v_proj\./, ".att.value."],
      [/\.att\.o_proj\./, ".att.output."],
      [/\.att\.g_norm\./, ".att.ln_x."],
      // Linear layers store [out, in]; the original multiplies vectors from the left by [in, out].
      [/\.att\.(?<gate>[wavg])_lora\.lora\.0\.weight$/, ".att.$<gate>1", "transposed"],
      [/\.att\.(?<gate>[wavg])_lora\.lora\.2\.weight$/, ".att.$<gate>2", "transposed"],
      [/\.att\.(?<gate>[wavg])_lora\.lora\.2\.bias$/, ".att.$<gate>0"],
    ],
  },
];

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

function rename(tensor: StoredTensor, { rules }: Naming): StoredTensor {
  let { name } = tensor;
  let isTransposed = false;
  for (const [pattern, replacement, transposed] of rules) {
    if (!pattern.test(name)) continue;
    name = name.replace(pattern, replacement);
    isTransposed ||= transposed !== undefined && tensor.shape.length === 2;
  }
  if (!isTransposed) return { ...tensor, name };
  return { ...tensor, name, shape: tensor.shape.toReversed(), strides: tensor.strides.toReversed() };
}
