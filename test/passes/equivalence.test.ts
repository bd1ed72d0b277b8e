/**
 * The bundled models after every stage of the pipeline, in double precision: each stage computes what expansion gave.
 *
 * Every pass is exact in real arithmetic, so what is left is double rounding (1e-16 a step), amplified by the model's own
 * conditioning: 1e-9 of the largest magnitude, with and without scaling policies. States are compared as the spec's values.
 */
import { describe, expect, it } from "vitest";
import { initialStates, irEvaluator, type States } from "../../compiler/ir/evaluate.ts";
import type { IrGraph } from "../../compiler/ir/ir.ts";
import { type BundledModel, bundledModels, loadBundled, relativeDifference } from "../ir/bundled-model.ts";
import { qnnEvaluator } from "../lower/evaluate-qnn.ts";
import { stagesOf } from "./stages.ts";

const tolerance = 1e-9;
const forms = [
  { target: "qnn-cpu", precision: "fp32" },
  { target: "htp-v75", precision: "fp16" },
] as const;

interface Run {
  readonly logits: readonly Float64Array[];
  readonly states: States;
}

type Step = (token: number, states: States) => { readonly logits: Float64Array; readonly states: States };

/** Runs a few tokens; states come back without their scales. */
function run(graph: IrGraph, step: Step, tokens: readonly number[]): Run {
  let states = initialStates(graph);
  const logits = tokens.map((token) => {
    const result = step(token, states);
    states = result.states;
    return result.logits;
  });
  const scales = new Map(graph.states.map((s) => [s.name, s.scale]));
  return { logits, states: new Map([...states].map(([name, v]) => [name, v.map((x) => x / scales.get(name)!)])) };
}

function compare(actual: Run, expected: Run, what: string): void {
  expected.logits.forEach((l, t) =>
    expect(relativeDifference(actual.logits[t]!, l), `${what}: logits ${t}`).toBeLessThan(tolerance),
  );
  for (const [name, values] of expected.states) {
    expect(relativeDifference(actual.states.get(name)!, values), `${what}: ${name}`).toBeLessThan(tolerance);
  }
}

function compareStages(bundled: BundledModel, tokens: readonly number[], scaling: boolean): void {
  const { model, constants } = bundled;
  let expected: Run | undefined;
  const done = new Set<string>();
  for (const form of forms) {
    const { ir, qnn, hostEmbedding, target } = stagesOf(model, { ...form, scaling });
    for (const [stage, graph] of ir) {
      // Passes that both targets have do the same for both.
      if (done.has(stage)) continue;
      done.add(stage);
      const result = run(graph, irEvaluator(graph, constants), tokens);
      expected ??= result;
      compare(result, expected, `${form.target} ${stage}`);
    }
    const last = [...ir.values()].at(-1)!;
    const step = qnnEvaluator(qnn, { constants, backend: target.backend, hostEmbedding });
    compare(run(last, step, tokens), expected!, `${form.target} lower`);
  }
}

describe.each(bundledModels)("$name", (bundled) => {
  const count = bundled.name === "rwkv5.2-overflow" ? 4 : 16;
  it.each([false, true])("computes the same after every stage (scaling %s)", async (scaling) => {
    const loaded = await loadBundled(bundled);
    if (scaling && loaded.model.policies.length === 0) return;
    compareStages(loaded, loaded.tokens.slice(0, count), scaling);
  });
});
