/**
 * The compiler on one page: from a checked model to a QNN graph.
 *
 *     checked model --expand--> tensor IR --passes--> tensor IR --lower--> QNN graph
 *
 * Every pass is one file, one function, one name for `--dump-ir`, and one page in docs/passes. The driver verifies the IR
 * after each.
 */
import type { CheckedModel, CheckedPolicy, PrecisionPolicy } from "./check/typed.ts";
import { hasErrors, type Diagnostic, type Outcome } from "./diagnostics/diagnostic.ts";
import type { EncodingSet } from "./encodings/encoding.ts";
import { expand } from "./expand/expand.ts";
import type { IrGraph } from "./ir/ir.ts";
import { printIr } from "./ir/print.ts";
import { verifyIr } from "./ir/verify.ts";
import { checkGraph } from "./lower/check-graph.ts";
import { lower, type Lowered } from "./lower/lower.ts";
import { printQnnGraph } from "./lower/print-graph.ts";
import type { HostEmbedding, QnnGraph } from "./lower/qnn-graph.ts";
import { applyScaling } from "./passes/apply-scaling.ts";
import { batchTokens } from "./passes/batch-tokens.ts";
import { flattenHeads } from "./passes/flatten-heads.ts";
import { foldAffine } from "./passes/fold-affine.ts";
import { foldConstants } from "./passes/fold-constants.ts";
import { fuseRankUpdates } from "./passes/fuse-rank-updates.ts";
import { fuseStateUpdate } from "./passes/fuse-state-update.ts";
import { fuseTokenShift } from "./passes/fuse-token-shift.ts";
import { guardActivations } from "./passes/guard-activations.ts";
import { splitGroupNorm } from "./passes/split-group-norm.ts";
import { stackTokenShifts } from "./passes/stack-token-shifts.ts";
import { quantizeGraph } from "./quantize/quantize-graph.ts";
import { unbatchWeights } from "./quantize/unbatch-weights.ts";
import { isQuantized, type Precision, type Target } from "./targets/targets.ts";

export interface CompileOptions {
  /** Graph name: `kjv`. */
  readonly name: string;
  readonly target: Target;
  readonly precision: Precision;
  /** The precision whose passes make the graph, where that is not `precision`: calibration reads in float32 what a quantized build will have. */
  readonly form?: Precision;
  /** Ranges of activations, and scales of weights, for quantized builds. */
  readonly encodings?: EncodingSet | undefined;
  readonly embedding: "graph" | "host";
  /** Further policies about precision, which count behind the model's. */
  readonly precisionPolicies?: readonly PrecisionPolicy[];
  /** false leaves the spec's scaling policies out. */
  readonly scaling: boolean;
  /** Further graphs that read this many tokens at once, each from 2 on; absent: none. */
  readonly prefill?: readonly number[];
  /** Called after each stage of `stageNames`, with its result as text and as it is. */
  readonly onStage?: (stage: string, print: () => string, result: IrGraph | QnnGraph) => void;
}

export interface Compiled {
  readonly graphs: readonly QnnGraph[];
  readonly hostEmbedding: HostEmbedding | null;
  /** Policies that were applied, as written in the spec. */
  readonly policies: readonly string[];
}

type PassOptions = Pick<CompileOptions, "target"> & {
  readonly form: Precision;
  readonly policies: readonly CheckedPolicy[];
  /** That one execution reads. */
  readonly tokens: number;
};

interface Pass {
  readonly name: string;
  readonly run: (graph: IrGraph, options: PassOptions) => IrGraph | Outcome<IrGraph>;
  /** Passes without it run always. */
  readonly when?: (options: PassOptions) => boolean;
}

const passes: readonly Pass[] = [
  { name: "fuse-token-shift", run: fuseTokenShift },
  { name: "apply-scaling", run: (graph, { policies }) => applyScaling(graph, policies) },
  { name: "fold-constants", run: foldConstants },
  { name: "split-group-norm", run: splitGroupNorm },
  { name: "flatten-heads", run: flattenHeads },
  { name: "fold-affine", run: foldAffine },
  // Rows of mixes and rows of tokens would need another Reshape for each mix. HTP computes 4-bit products of rows of a Split wrongly, and
  // beside 16-bit integers rows are no faster. (Estimates of 12 layers of v7-0.4B at fp16w8: 5.9 ms, with rows 5.7.)
  {
    name: "stack-token-shifts",
    run: stackTokenShifts,
    when: ({ tokens, form }) => tokens === 1 && (!isQuantized(form) || form === "fp16w8"),
  },
  // Qualcomm's CPU backend takes far longer for a MatMul of a transposed matrix (0.4 s a token of rwkv5.2-overflow).
  // Beside quantized weights its diagonal matrices would be a good part of what is stored and read.
  {
    name: "fuse-state-update",
    run: fuseStateUpdate,
    when: ({ target, form }) => target.backend !== "cpu" && !isQuantized(form),
  },
  // In float16 the weights' traffic hides what this saves.
  { name: "fuse-rank-updates", run: fuseRankUpdates, when: ({ form }) => isQuantized(form) },
  {
    name: "guard-activations",
    run: guardActivations,
    // For the host too: an fp16 artefact is right on HTP whichever of the two it was built for.
    when: ({ form }) => form !== "fp32",
  },
  { name: "batch-tokens", run: (graph, { tokens }) => batchTokens(graph, tokens), when: ({ tokens }) => tokens > 1 },
];

/** Names for `--dump-ir`, in order. */
export const stageNames: readonly string[] = ["expand", ...passes.map((p) => p.name), "lower", "quantize"];

/** Expansion and all passes: the IR that lowering gets. */
function optimise(model: CheckedModel, options: GraphOptions): Outcome<IrGraph> {
  const passOptions: PassOptions = {
    ...options,
    form: options.form ?? options.precision,
    policies: options.scaling ? model.policies : [],
  };
  const diagnostics: Diagnostic[] = [];
  let graph = expand(model);
  verifyIr(graph, "expand");
  options.onStage?.("expand", () => printIr(graph), graph);
  for (const pass of passes) {
    if (pass.when && !pass.when(passOptions)) continue;
    const result = pass.run(graph, passOptions);
    if ("diagnostics" in result) {
      diagnostics.push(...result.diagnostics);
      if (!result.value) return { value: undefined, diagnostics };
      graph = result.value;
    } else graph = result;
    verifyIr(graph, pass.name);
    const now = graph;
    options.onStage?.(pass.name, () => printIr(now), now);
  }
  return { value: graph, diagnostics };
}

/** Whether the spec's scaling policies leave the model unchanged: what `check` needs of the pipeline. */
export function checkScaling(model: CheckedModel): readonly Diagnostic[] {
  return model.policies.length === 0 ? [] : applyScaling(fuseTokenShift(expand(model)), model.policies).diagnostics;
}

type GraphOptions = Omit<CompileOptions, "prefill"> & { readonly tokens: number };

/** The decode graph, and behind it those for several tokens, the smallest first. */
export function compile(model: CheckedModel, options: CompileOptions): Outcome<Compiled> {
  const decode = compileGraph(model, { ...options, tokens: 1 });
  if (!decode.value) return { value: undefined, diagnostics: decode.diagnostics };
  const graphs = [decode.value.graph];
  const diagnostics = [...decode.diagnostics];
  const prefill = [...(options.prefill ?? [])].sort((a, b) => a - b);
  for (const tokens of prefill) {
    const name = `${options.name}_prefill${prefill.length === 1 ? "" : `_${tokens}`}`;
    const made = compileGraph(
      model,
      { ...options, name, tokens, onStage: onlyLater(options.onStage) },
      decode.value.form,
    );
    if (!made.value) return { value: undefined, diagnostics: made.diagnostics };
    graphs.push(made.value.graph);
    // All else has been said of the decode graph.
    diagnostics.push(...made.diagnostics.filter(({ code }) => code.startsWith("quantize/")));
  }
  const policies = options.scaling ? model.policies.map((p) => p.text) : [];
  const { hostEmbedding } = decode.value;
  return { value: { graphs, hostEmbedding, policies }, diagnostics };
}

interface CompiledGraph extends Lowered {
  /** The graph as it was lowered, before it was quantized. */
  readonly form: QnnGraph;
}

function compileGraph(model: CheckedModel, options: GraphOptions, decode?: QnnGraph): Outcome<CompiledGraph> {
  const optimised = optimise(model, options);
  if (!optimised.value) return { value: undefined, diagnostics: optimised.diagnostics };
  const plain = lower(optimised.value, options);
  const isForm = isQuantized(options.form ?? options.precision);
  const lowered = isForm ? { ...plain, graph: unbatchWeights(plain.graph) } : plain;
  options.onStage?.("lower", () => printQnnGraph(lowered.graph), lowered.graph);
  const quantized = quantize(lowered.graph, model, options, decode);
  const graph = quantized.value;
  if (!graph) return { value: undefined, diagnostics: [...optimised.diagnostics, ...quantized.diagnostics] };
  const diagnostics = [...optimised.diagnostics, ...quantized.diagnostics, ...checkGraph(graph, options)];
  return { value: hasErrors(diagnostics) ? undefined : { ...lowered, graph, form: lowered.graph }, diagnostics };
}

function quantize(
  graph: QnnGraph,
  model: CheckedModel,
  { precision, target, encodings, precisionPolicies = [], onStage }: GraphOptions,
  decode: QnnGraph | undefined,
): Outcome<QnnGraph> {
  if (!isQuantized(precision)) return { value: graph, diagnostics: [] };
  const policies = [...model.precisionPolicies, ...precisionPolicies];
  const quantized = quantizeGraph(graph, { precision, encodings, decode, policies, arch: target.soc?.arch });
  const made = quantized.value;
  if (made) onStage?.("quantize", () => printQnnGraph(made), made);
  return quantized;
}

/** The stages at which a graph of several tokens differs from that of one. */
function onlyLater(onStage: CompileOptions["onStage"]): CompileOptions["onStage"] {
  return (stage, print, result) => {
    if (["batch-tokens", "lower", "quantize"].includes(stage)) onStage?.(stage, print, result);
  };
}
