/**
 * The oracle against a second reading of the typed equations, element by element over labels (test/expand/evaluate-typed.ts), for
 * specs that use every construct. Both are double precision in different orders of summation: 1e-12.
 */
import { describe, expect, it } from "vitest";
import { runOracle } from "../../compiler/oracle/run-oracle.ts";
import { evaluateTyped, typedInitialStates } from "../expand/evaluate-typed.ts";
import { checkedModel, constantsOf, relativeDifference } from "../ir/bundled-model.ts";
import { type Sizes, specText, tinyCheckpoint } from "../ir/tiny-model.ts";

const cases: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 7, V: 37, D: 24, H: 3, N: 8, F: 50 } },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 24, F: 31 } },
  { spec: "test/lower/specs/v6-like.rwkv.ts", sizes: { L: 2, V: 37, D: 24, H: 3, N: 8, C: 5, R: 3, Q: 4 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 37, H: 3, N: 4, M: 5 } },
];

describe.each(cases)("$spec", ({ spec, sizes }) => {
  it("gives the same logits and states after each of six tokens", () => {
    const text = specText(spec);
    const checkpoint = tinyCheckpoint(spec, text, sizes);
    const model = checkedModel(spec, text, checkpoint);
    const tokens = [3, 36, 0, 3, 11, 20];
    const result = runOracle(model, checkpoint, tokens);
    const constants = constantsOf(checkpoint);
    let states = typedInitialStates(model);
    tokens.forEach((token, t) => {
      const step = evaluateTyped(model, constants, token, states);
      expect(relativeDifference(result.logits[t]!, step.logits), `logits ${t}`).toBeLessThan(1e-12);
      states = step.states;
    });
    expect([...result.states.keys()].sort()).toEqual([...states.keys()].sort());
    for (const [name, values] of states) {
      expect(relativeDifference(result.states.get(name)!, values), name).toBeLessThan(1e-12);
    }
  });
});
