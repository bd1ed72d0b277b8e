/** RWKV-7 with DeepEmbed: the spec's equations against the reference's formulas, written down independently in the test. */
import { expect, it } from "vitest";
import { runOracle } from "../../compiler/oracle/run-oracle.ts";
import { checkedModel, relativeDifference } from "../ir/bundled-model.ts";
import { specText, tinyCheckpoint } from "../ir/tiny-model.ts";
import { referenceRun } from "./rwkv-7a-reference.ts";

const path = "specs/rwkv-7a.rwkv.ts";
const text = specText(path);
const tokens = [3, 0, 36, 3, 17, 17, 8, 30];

// As published but smaller, and where every extent is another one: the gate's matrix need not be square.
it.each([
  { L: 3, V: 37, D: 32, H: 2, N: 16, F: 128, Rw: 8, Ra: 8, Rv: 4, Rg: 16, I: 8, J: 8 },
  { L: 2, V: 37, D: 24, H: 3, N: 11, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7, I: 4, J: 6 },
])("gives the reference's logits and states: %o", (sizes) => {
  const checkpoint = tinyCheckpoint(path, text, sizes);
  const reference = referenceRun(checkpoint, tokens);
  const { logits, states } = runOracle(checkedModel(path, text, checkpoint), checkpoint, tokens);
  tokens.forEach((_, t) => expect(relativeDifference(logits[t]!, reference.logits[t]!)).toBeLessThan(1e-12));
  expect([...states.keys()]).toEqual([...reference.states.keys()]);
  for (const [name, values] of states) {
    expect(relativeDifference(values, reference.states.get(name)!), name).toBeLessThan(1e-12);
  }
});
