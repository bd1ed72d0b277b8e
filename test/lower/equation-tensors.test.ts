/**
 * Every tensor that is said to hold an equation's value does, scale included: the graph evaluated in double precision against the
 * oracle, which knows of no pass. 1e-9 of the value's largest magnitude, as for the passes (test/passes/stages.ts).
 */
import { describe, expect, it } from "vitest";
import { runOracle } from "../../compiler/oracle/run-oracle.ts";
import { checkedModel, constantsOf, relativeDifference } from "../ir/bundled-model.ts";
import { type Sizes, specText, tinyCheckpoint } from "../ir/tiny-model.ts";
import { initialStates } from "../../compiler/ir/evaluate.ts";
import { stagesOf } from "../passes/stages.ts";
import { qnnEvaluator } from "./evaluate-qnn.ts";

const models: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 13, V: 37, D: 24, H: 3, N: 8, F: 50 } },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 24, F: 31 } },
  { spec: "test/lower/specs/v6-like.rwkv.ts", sizes: { L: 2, V: 37, D: 24, H: 3, N: 8, C: 5, R: 3, Q: 4 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 37, H: 3, N: 4, M: 5 } },
];
const forms = [
  { target: "host", precision: "fp16", scaling: true },
  { target: "qnn-cpu", precision: "fp32", scaling: true },
  { target: "htp-v75", precision: "fp16", scaling: true },
  { target: "htp-v75", precision: "fp16", scaling: false },
] as const;
const cases = models.flatMap((m) => forms.map((f) => ({ ...m, ...f })));

const tokens = [3, 36, 0, 11];

/** A key for an equation in a layer: names may be defined twice in one part. */
const key = (name: string, start: number): string => `${name}@${start}`;

describe.each(cases)("$spec for $target, scaling $scaling", ({ spec, sizes, ...form }) => {
  const text = specText(spec);
  const checkpoint = tinyCheckpoint(spec, text, sizes);
  const model = checkedModel(spec, text, checkpoint);
  const { qnn, ir } = stagesOf(model, form);
  const equations = qnn.equations!;

  it("finds the value of every equation that depends on the tokens", () => {
    const without = equations.filter((e) => e.tensor === null).map((e) => e.origin.text);
    expect([...new Set(without)]).toEqual(spec === "specs/rwkv-5.2.rwkv.ts" ? ["w = exp(-exp(decay))"] : []);
  });

  it("marks tensors that hold scale * the equation's value", () => {
    const expected = new Map<string, Float64Array>();
    runOracle(model, checkpoint, tokens, {
      onValue: ({ path, equation, token, value }) =>
        void expected.set(`${token} ${key(path, equation.span.start)}`, Float64Array.from(value.data)),
    });
    const last = [...ir.values()].at(-1)!;
    const step = qnnEvaluator(qnn, { constants: constantsOf(checkpoint) });
    let states = initialStates(last);
    let compared = 0;
    tokens.forEach((id, token) => {
      const result = step(id, states);
      states = result.states;
      for (const { name, origin, tensor, scale } of equations) {
        if (tensor === null) continue;
        const found = result.tensors.get(tensor)!.map((x) => x / scale);
        const wanted = expected.get(`${token} ${key(name, origin.span.start)}`)!;
        expect(relativeDifference(found, wanted), `${name} after token ${token}, in ${tensor}`).toBeLessThan(1e-9);
        compared++;
      }
    });
    expect(compared).toBe(tokens.length * equations.filter((e) => e.tensor !== null).length);
  });
});
