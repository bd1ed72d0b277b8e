/** Test support: the graph after each stage of the pipeline, and whether all of them compute the same. */
import { expect } from "vitest";
import type { CheckedModel } from "../../compiler/check/typed.ts";
import { hasErrors } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import { type ConstantValues, initialStates, irEvaluator, type States } from "../../compiler/ir/evaluate.ts";
import type { IrGraph } from "../../compiler/ir/ir.ts";
import type { HostEmbedding, QnnGraph } from "../../compiler/lower/qnn-graph.ts";
import { compile } from "../../compiler/pipeline.ts";
import { findTarget, type Precision, type Target } from "../../compiler/targets/targets.ts";
import { relativeDifference } from "../ir/bundled-model.ts";
import { qnnEvaluator } from "../lower/evaluate-qnn.ts";

export interface Stages {
  /** By name of the stage, in order. */
  readonly ir: ReadonlyMap<string, IrGraph>;
  readonly prints: ReadonlyMap<string, string>;
  readonly qnn: QnnGraph;
  readonly hostEmbedding: HostEmbedding | null;
  readonly target: Target;
}

export interface StageOptions {
  readonly target: string;
  readonly precision: Precision;
  /** See CompileOptions. */
  readonly form?: Precision;
  readonly scaling: boolean;
  readonly embedding?: "graph" | "host";
  /** With it, stages are the last ones of the largest of these graphs. */
  readonly prefill?: readonly number[];
}

export function stagesOf(
  model: CheckedModel,
  { target: name, precision, form, scaling, embedding = "graph", prefill = [] }: StageOptions,
): Stages {
  const target = findTarget(name)!;
  const ir = new Map<string, IrGraph>();
  const prints = new Map<string, string>();
  const { value, diagnostics } = compile(model, {
    name: "test",
    target,
    precision,
    ...(form && { form }),
    embedding,
    scaling,
    prefill,
    onStage: (stage, print, result) => {
      prints.set(stage, print());
      if (!("nodes" in result)) ir.set(stage, result);
    },
  });
  if (!value || hasErrors(diagnostics))
    throw new Error(renderDiagnostics(diagnostics, model.sources, { colour: false }));
  return { ir, prints, qnn: value.graphs.at(-1)!, hostEmbedding: value.hostEmbedding, target };
}

const tolerance = 1e-9;
const forms = [
  { target: "qnn-cpu", precision: "fp32" },
  { target: "htp-v75", precision: "fp16" },
  { target: "host", precision: "fp32", form: "a16w8" },
] as const;

export interface Run {
  readonly logits: readonly Float64Array[];
  readonly states: States;
}

type Step = (token: number, states: States) => { readonly logits: Float64Array; readonly states: States };

/** Runs a few tokens; states come back without their scales. */
export function run(graph: IrGraph, step: Step, tokens: readonly number[]): Run {
  let states = initialStates(graph);
  const logits = tokens.map((token) => {
    const result = step(token, states);
    states = result.states;
    return result.logits;
  });
  const scales = new Map(graph.states.map((s) => [s.name, s.scale]));
  return { logits, states: new Map([...states].map(([name, v]) => [name, v.map((x) => x / scales.get(name)!)])) };
}

export function compare(actual: Run, expected: Run, what: string): void {
  expected.logits.forEach((l, t) =>
    expect(relativeDifference(actual.logits[t]!, l), `${what}: logits ${t}`).toBeLessThan(tolerance),
  );
  for (const [name, values] of expected.states) {
    expect(relativeDifference(actual.states.get(name)!, values), `${what}: ${name}`).toBeLessThan(tolerance);
  }
}

/**
 * That every stage for both kinds of target computes what expansion gave, in double precision.
 *
 * Every pass is exact in real arithmetic, so what is left is double rounding (1e-16 a step), amplified by the model's own
 * conditioning: 1e-9 of the largest magnitude, with and without scaling policies. States are compared as the spec's values.
 */
export function compareStages(
  { model, constants }: { readonly model: CheckedModel; readonly constants: ConstantValues },
  tokens: readonly number[],
  options: Pick<StageOptions, "scaling" | "embedding">,
): void {
  let expected: Run | undefined;
  const done = new Set<string>();
  for (const form of forms) {
    const { ir, qnn, hostEmbedding } = stagesOf(model, { ...form, ...options });
    for (const [stage, graph] of ir) {
      // Passes that both targets have do the same for both.
      if (done.has(stage)) continue;
      done.add(stage);
      const result = run(graph, irEvaluator(graph, constants), tokens);
      expected ??= result;
      compare(result, expected, `${form.target} ${stage}`);
    }
    const last = [...ir.values()].at(-1)!;
    const step = qnnEvaluator(qnn, { constants, hostEmbedding });
    compare(run(last, step, tokens), expected!, `${form.target} lower`);
  }
}
