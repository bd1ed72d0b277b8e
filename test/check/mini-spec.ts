/** A small complete spec in which a test replaces or adds pieces, and what the front end and the checker say of it. */
import type { TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import { checkSpec } from "../../compiler/check/check-spec.ts";
import type { CheckpointTensors } from "../../compiler/check/resolve-dims.ts";
import type { CheckedModel } from "../../compiler/check/typed.ts";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";

export interface MiniSpec {
  /** Before the model. */
  readonly top?: string;
  readonly dims?: string;
  readonly carry?: string;
  readonly embedding?: string;
  readonly prefix?: string;
  readonly weights?: string;
  readonly state?: string;
  /** All equations of the layer. */
  readonly equations?: string;
  /** Lines before the layer's last equation. */
  readonly also?: string;
  readonly head?: string;
  readonly policies?: string;
}

export const miniFile = "mini.rwkv.ts";

export function miniSpec(change: MiniSpec = {}): string {
  const also = change.also ? `\n        ${change.also.trim().replace(/\n\s*/g, "\n        ")}` : "";
  const equations = (
    change.equations ??
    `xx = layer_norm(x, ln)
     k = key @ shift(xx, prev) : H N
     S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
     y[h,i] = S'[h,i,j] * k[h,j]${also}
     x = x + out @ y + down @ relu(up @ xx)`
  )
    .trim()
    .replace(/\n\s*/g, "\n        ");
  return `import { block, dim, embedding, eq, head, layers, mat, model, norm, rescaleHidden, scale, state, tensor, vec } from "rwkvc/spec";
${change.top ? `\n${change.top}\n` : ""}
export default model({
  name: "mini",
  reference: "none",
  dims: {
    L: dim("layers"), V: dim("vocabulary"), D: dim("width"), F: dim("hidden width"),
    A: dim("heads together", "H N"), H: dim("heads"), N: dim("head size"),${change.dims ? `\n    ${change.dims}` : ""}
  },
  carry: { ${change.carry ?? `x: "D"`} },
  embedding: ${change.embedding ?? `embedding({ weights: { emb: mat("emb", "V", "D") }, equations: eq\`x = emb[token]\` })`},
  layers: layers("L", ${change.prefix ?? `"blocks.{layer}"`}, [
    block("mix", {
      weights: {
        ln: norm("ln", "D"), key: mat("key", "A", "D"), out: mat("out", "D", "A"),
        up: mat("up", "F", "D"), down: mat("down", "D", "F"),${change.weights ? `\n        ${change.weights}` : ""}
      },
      state: { prev: "D", S: "H N N",${change.state ? ` ${change.state}` : ""} },
      equations: eq\`
        ${equations}
      \`,
    }),
  ]),
  head: ${change.head ?? `head({ weights: { out: mat("head", "V", "D") }, equations: eq\`logits = out @ x\` })`},${change.policies ? `\n  policies: [${change.policies}],` : ""}
});
`;
}

export interface Checked {
  readonly model: CheckedModel | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

export function check(
  text: string,
  checkpoint?: CheckpointTensors,
  others: Readonly<Record<string, string>> = {},
): Checked {
  const files = new Map([[miniFile, text], ...Object.entries(others)]);
  const read = readSpec(miniFile, (path) => files.get(path));
  const checked = read.value && checkSpec(read.value, checkpoint);
  return {
    model: checked?.value,
    diagnostics: [...read.diagnostics, ...(checked?.diagnostics ?? [])],
    sources: read.sources,
  };
}

/** Tensors of a checkpoint that fits the mini spec: D 8, F 12, H 2, N 3, V 20, two layers. */
export function miniCheckpoint(change: Readonly<Record<string, readonly number[] | null>> = {}): CheckpointTensors {
  const shapes: Record<string, readonly number[] | null> = { emb: [20, 8], head: [20, 8] };
  for (const layer of [0, 1]) {
    shapes[`blocks.${layer}.ln.weight`] = [8];
    shapes[`blocks.${layer}.ln.bias`] = [8];
    shapes[`blocks.${layer}.key`] = [6, 8];
    shapes[`blocks.${layer}.out`] = [8, 6];
    shapes[`blocks.${layer}.up`] = [12, 8];
    shapes[`blocks.${layer}.down`] = [8, 12];
    shapes[`blocks.${layer}.u`] = [2, 3];
  }
  Object.assign(shapes, change);
  const tensors = Object.entries(shapes).flatMap(([name, shape]): [string, TensorInfo][] =>
    shape ? [[name, { name, shape, dtype: "float32" }]] : [],
  );
  return { source: "mini.pth", tensors: new Map(tensors) };
}
