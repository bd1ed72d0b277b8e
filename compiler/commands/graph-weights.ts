/** The weights of a model's graph that quantized builds store as integers, and the bits that a build gives each. */
import type { CheckedModel } from "../check/typed.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { elements } from "../ir/constant.ts";
import type { QnnGraph } from "../lower/qnn-graph.ts";
import { compile } from "../pipeline.ts";
import { equationPaths } from "../quantize/quantize-graph.ts";
import { checkpointNames, weightBits } from "../quantize/precision-policy.ts";
import type { Bits, GraphWeight } from "../sensitivity/groups.ts";
import { findTarget, type QuantizedPrecision, weightBitsOf } from "../targets/targets.ts";

export function graphWeights(model: CheckedModel, precision: QuantizedPrecision): GraphWeight[] {
  const options = { name: "weights", precision: "fp16", form: precision, embedding: "graph", scaling: true } as const;
  const { value, diagnostics } = compile(model, { ...options, target: findTarget("host")! });
  if (!value) throw new DiagnosticError(diagnostics);
  return weightsOf(value.graphs[0]!, model, weightBitsOf(precision));
}

function weightsOf(graph: QnnGraph, model: CheckedModel, least: Bits): GraphWeight[] {
  const known = declaredWeights(model);
  const pathOf = equationPaths(graph);
  const found = new Map<string, GraphWeight>();
  for (const node of graph.nodes) {
    const weight = node.inputs[1];
    if (node.type !== "FullyConnected" || weight?.kind !== "STATIC") continue;
    const names = checkpointNames(weight);
    const [name = weight.name] = names;
    const declared = known.get(name);
    if (!declared || found.has(name)) continue;
    const policy = weightBits(model.precisionPolicies, names, pathOf(node));
    const bits = Math.max(least, policy?.bits ?? 0) as Bits;
    found.set(name, { name, ...declared, elements: elements(weight.dims), bits });
  }
  return [...found.values()];
}

/** By the checkpoint's name in full. */
function declaredWeights(model: CheckedModel): ReadonlyMap<string, Pick<GraphWeight, "short" | "prefix" | "layer">> {
  const layers = Array.from({ length: model.layerCount }, (_, layer) => layer);
  const known = new Map<string, Pick<GraphWeight, "short" | "prefix" | "layer">>();
  for (const { weights } of [model.embedding, ...model.parts, model.head]) {
    for (const { tensor } of weights.values()) {
      const [prefix = "", after] = tensor.split("{layer}");
      const short = (after ?? tensor).replace(/^\./, "").replace(/\.weight$/, "");
      if (after === undefined) known.set(tensor, { short, prefix: "", layer: null });
      else for (const layer of layers) known.set(prefix + layer + after, { short, prefix, layer });
    }
  }
  return known;
}
