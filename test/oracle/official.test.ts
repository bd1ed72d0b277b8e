/**
 * The oracle against the official implementation's outputs in fp32.
 *
 * Tolerance 2e-5 of the largest logit: the reference rounds every step to fp32, and two fp32 orders of summation differ by up to 1e-5 of
 * the largest logit (`seq_mode_max_abs_diff` of the manifests). The states likewise, each by itself.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { runOracle } from "../../compiler/oracle/run-oracle.ts";
import { bundledModels, checkedModel, loadBundled, relativeDifference } from "../ir/bundled-model.ts";

const tolerance = 2e-5;

describe.each(bundledModels)("$name", (bundled) => {
  it("gives the official logits after each token, and the official states at the end", async () => {
    const { tokens, logits, states } = await loadBundled(bundled);
    const checkpoint = await openCheckpoint(`models/${bundled.name}/model.pth`);
    const model = checkedModel(bundled.spec, readFileSync(bundled.spec, "utf8"), checkpoint);
    // The large one is stopped early, to save time; the official states are those behind the last token.
    const used = bundled.name === "rwkv5.2-overflow" ? tokens.slice(0, 48) : tokens;
    const result = runOracle(model, checkpoint, used);
    checkpoint.close();
    let worst = 0;
    used.forEach((_, t) => (worst = Math.max(worst, relativeDifference(result.logits[t]!, logits[t]!))));
    expect(worst).toBeLessThan(tolerance);
    expect(result.states.size).toBe(states.size);
    if (used.length < tokens.length) return;
    for (const [name, values] of states) {
      expect(relativeDifference(result.states.get(name)!, values), name).toBeLessThan(tolerance);
    }
  });
});
