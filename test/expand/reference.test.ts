/**
 * The expanded IR of the bundled specs, evaluated in double precision, against the outputs of the reference
 * implementation in fp32.
 *
 * Tolerance: the reference rounds every step to fp32 (6e-8) and its layers amplify that; two fp32 orders of summation differ by up to
 * 1e-5 of the largest logit (`seq_mode_max_abs_diff` of the manifests), so twice that is allowed.
 */
import { describe, expect, it } from "vitest";
import { expand } from "../../compiler/expand/expand.ts";
import { initialStates, irEvaluator } from "../../compiler/ir/evaluate.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { bundledModels, loadBundled, relativeDifference } from "../ir/bundled-model.ts";

const tolerance = 2e-5;

/** The large one is stopped early, to save time; the reference has states for the last token only. */
const tokensOf = (name: string, tokens: readonly number[]): readonly number[] =>
  name === "rwkv5.2-overflow" ? tokens.slice(0, 16) : tokens;

describe.each(bundledModels)("$name", (bundled) => {
  it("gives the reference's logits after each token, and its states at the end", async () => {
    const { model, constants, tokens, logits, states: expected } = await loadBundled(bundled);
    const graph = expand(model);
    verifyIr(graph, "expand");
    const step = irEvaluator(graph, constants);
    let states = initialStates(graph);
    const used = tokensOf(bundled.name, tokens);
    used.forEach((token, t) => {
      const result = step(token, states);
      expect(relativeDifference(result.logits, logits[t]!), `logits after token ${t}`).toBeLessThan(tolerance);
      states = result.states;
    });
    if (used.length < tokens.length) return;
    for (const [name, values] of expected) {
      expect(relativeDifference(states.get(name)!, values), name).toBeLessThan(tolerance);
    }
  });
});
