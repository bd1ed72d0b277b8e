/**
 * The compiler on one page: from a checked model to a QNN graph.
 *
 *     checked model --expand--> tensor IR --passes--> tensor IR --lower--> QNN graph
 */
import type { CheckedModel } from "./check/typed.ts";
import type { Outcome } from "./diagnostics/diagnostic.ts";
import type { HostEmbedding, QnnGraph } from "./lower/qnn-graph.ts";
import type { Precision, Target } from "./targets/targets.ts";

export interface CompileOptions {
  /** Graph name: `kjv`. */
  readonly name: string;
  readonly target: Target;
  readonly precision: Precision;
  readonly embedding: "graph" | "host";
  /** false leaves the spec's scaling policies out. */
  readonly scaling: boolean;
  /** Called with the printed IR after each pass (`expand`, each pass' name, `lower`). */
  readonly onStage?: (stage: string, print: () => string) => void;
}

export interface Compiled {
  readonly graphs: readonly QnnGraph[];
  readonly hostEmbedding: HostEmbedding | null;
  /** Policies that were applied, as written in the spec. */
  readonly policies: readonly string[];
}

/** Names for `--dump-ir`, in order. */
export const stageNames: readonly string[] = [];

export function compile(_model: CheckedModel, _options: CompileOptions): Outcome<Compiled> {
  return { value: undefined, diagnostics: [] };
}
