/** Constructs whose meaning can be worked out on paper, and what the oracle hands to its observer. */
import { describe, expect, it } from "vitest";
import { runOracle, type OracleValue } from "../../compiler/oracle/run-oracle.ts";
import { checkedModel } from "../ir/bundled-model.ts";
import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";

/** A spec of one layer part with the given weights, states and equations, over a table of two rows. */
const spec = (weights: string, state: string, equations: string): string => `
import { block, dim, embedding, eq, head, layers, mat, model, norm, scale, state, tensor, vec } from "rwkvc/spec";
export default model({
  name: "small",
  dims: { L: dim("layers"), V: dim("vocabulary"), D: dim("width", "H N"), H: dim("heads"), N: dim("head size") },
  carry: { x: "D" },
  embedding: embedding({ weights: { emb: mat("emb", "V", "D") }, equations: eq\`x = emb[token]\` }),
  layers: layers("L", "blocks.{layer}", [
    block("part", { weights: { ${weights} }, state: { ${state} }, equations: eq\`${equations}\` }),
  ]),
  head: head({ weights: { out: mat("out", "V", "D") }, equations: eq\`logits = out @ x\` }),
});`;

function stored(values: Readonly<Record<string, readonly [number[], number[]]>>): Checkpoint {
  const tensors = new Map(
    Object.entries(values).map(([name, [shape]]) => [name, { name, shape, dtype: "float32" as const }]),
  );
  return {
    source: "small",
    tensors,
    readBits(info, start, out) {
      const floats = new Float32Array(out.buffer, out.byteOffset, out.length);
      floats.set(values[info.name]![1].slice(start, start + out.length));
    },
    close: () => undefined,
  };
}

const table = {
  emb: [
    [2, 4],
    [1, 2, 3, 4, -1, 0, 2, 5],
  ],
  out: [
    [2, 4],
    [1, 0, 0, 0, 0, 1, 0, 0],
  ],
  "blocks.0.g": [[2], [10, 100]],
  "blocks.1.g": [[2], [3, 5]],
} as const satisfies Record<string, readonly [readonly number[], readonly number[]]>;

function values(text: string, tokens: readonly number[]): ReadonlyMap<string, readonly number[]> {
  const checkpoint = stored(table as never);
  const model = checkedModel("small.rwkv.ts", text, checkpoint);
  const seen = new Map<string, readonly number[]>();
  const onValue = ({ path, token, value }: OracleValue): void => void seen.set(`${path}@${token}`, [...value.data]);
  runOracle(model, checkpoint, tokens, { onValue });
  return seen;
}

describe("the oracle", () => {
  it("sums what is not on the left, and splits heads row-major", () => {
    const text = spec(
      `g: vec("g", "H")`,
      "",
      `
      y = x : H N
      s[h] = y[h,n] * g[h]
      t[n,h] = y[h,n]
      x = x + 0 * (y * s)
    `,
    );
    const seen = values(text, [0]);
    expect(seen.get("blocks.0.part.s@0")).toEqual([30, 700]);
    expect(seen.get("blocks.0.part.t@0")).toEqual([1, 3, 2, 4]);
    expect(seen.get("blocks.1.part.s@0")).toEqual([9, 35]);
  });

  it("keeps a state from token to token, beginning with its initial value", () => {
    const text = spec(
      `g: vec("g", "H")`,
      `n: state("H", 7), last: "D"`,
      `
      old = n + 0 * g
      n'  = n + g
      p   = shift(x, last)
      x   = x + 0 * p
    `,
    );
    const seen = values(text, [0, 1, 1]);
    expect([0, 1, 2].map((t) => seen.get(`blocks.0.part.old@${t}`))).toEqual([
      [7, 7],
      [17, 107],
      [27, 207],
    ]);
    expect([0, 1, 2].map((t) => seen.get(`blocks.0.part.p@${t}`))).toEqual([
      [0, 0, 0, 0],
      [1, 2, 3, 4],
      [-1, 0, 2, 5],
    ]);
  });

  it("takes an equation only in the layers of its condition", () => {
    const text = spec(
      `g: vec("g", "H")`,
      "",
      `
      k = 2 * g when layer == 0
      k = 3 * g when layer > 0
      y = x : H N
      x = x + 0 * (y * k)
    `,
    );
    const seen = values(text, [0]);
    expect(seen.get("blocks.0.part.k@0")).toEqual([20, 200]);
    expect(seen.get("blocks.1.part.k@0")).toEqual([9, 15]);
  });

  it("leaves scaling policies out", () => {
    const text = spec(`g: vec("g", "H")`, "", "y = x : H N\n      x = x + 0 * (y * g)");
    const scaled = text.replace("head: head(", `policies: [scale("part.y", 1 / 2)],\n  head: head(`);
    expect(values(scaled, [1]).get("blocks.0.part.y@0")).toEqual([-1, 0, 2, 5]);
    expect([...values(scaled, [1])]).toEqual([...values(text, [1])]);
  });
});
