/** Test support: the graph after each stage of the pipeline. */
import type { CheckedModel } from "../../compiler/check/typed.ts";
import { hasErrors } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import type { IrGraph } from "../../compiler/ir/ir.ts";
import type { HostEmbedding, QnnGraph } from "../../compiler/lower/qnn-graph.ts";
import { compile } from "../../compiler/pipeline.ts";
import { findTarget, type Precision, type Target } from "../../compiler/targets/targets.ts";

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
  readonly scaling: boolean;
  readonly embedding?: "graph" | "host";
}

export function stagesOf(
  model: CheckedModel,
  { target: name, precision, scaling, embedding = "graph" }: StageOptions,
): Stages {
  const target = findTarget(name)!;
  const ir = new Map<string, IrGraph>();
  const prints = new Map<string, string>();
  const { value, diagnostics } = compile(model, {
    name: "test",
    target,
    precision,
    embedding,
    scaling,
    onStage: (stage, print, result) => {
      prints.set(stage, print());
      if (!("nodes" in result)) ir.set(stage, result);
    },
  });
  if (!value || hasErrors(diagnostics))
    throw new Error(renderDiagnostics(diagnostics, model.sources, { colour: false }));
  return { ir, prints, qnn: value.graphs[0]!, hostEmbedding: value.hostEmbedding, target };
}
