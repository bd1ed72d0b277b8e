/** The manifest `model.json`, from what was compiled and written. Its type: `manifest.ts`. */
import { createHash } from "node:crypto";
import { basename, relative, resolve } from "node:path";

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { elements } from "../ir/constant.ts";
import type { HostEmbedding, QnnGraph, QnnNode } from "../lower/qnn-graph.ts";
import type { Precision, Target } from "../targets/targets.ts";
import type { Manifest, ManifestFile, ManifestGraph } from "./manifest.ts";
import { storedBytes } from "./plan-weights.ts";
import { isBundled, specPath } from "./spec-files.ts";

export interface ManifestInputs {
  readonly name: string;
  readonly compilerVersion: string;
  readonly spec: { readonly name: string; readonly file: string };
  /** Text of every source file of the spec. */
  readonly sources: ReadonlyMap<string, string>;
  readonly dims: Readonly<Record<string, number>>;
  readonly vocabulary: number;
  readonly precision: Precision;
  readonly target: Target;
  readonly policies: readonly string[];
  readonly tokenizer: Manifest["tokenizer"];
  readonly graphs: readonly QnnGraph[];
  readonly hostEmbedding: HostEmbedding | null;
  /** Of quantized builds. */
  readonly calibration?: Manifest["calibration"];
}

export const embeddingFile = "embedding.bin";

export function makeManifest(
  inputs: ManifestInputs,
  checkpoint: Checkpoint,
  products: {
    /** Where the artefact will be. */
    readonly place: string;
    readonly weights: string | null;
    readonly libraries: Readonly<Record<string, string>>;
    readonly files: readonly ManifestFile[];
  },
): Manifest {
  const { soc } = inputs.target;
  return {
    format: "rwkvc-artefact",
    formatVersion: 1,
    name: inputs.name,
    compilerVersion: inputs.compilerVersion,
    spec: {
      name: inputs.spec.name,
      file: basename(inputs.spec.file),
      path: specPath(inputs),
      from: isBundled(inputs.spec.file)
        ? inputs.spec.file
        : relative(resolve(products.place), resolve(inputs.spec.file)),
      sha256: specHash(inputs),
    },
    checkpoint: { source: checkpoint.source, dtype: commonDtype(checkpoint) },
    dims: sorted(inputs.dims),
    layers: inputs.graphs[0]?.layerCount ?? 0,
    vocabulary: inputs.vocabulary,
    precision: inputs.precision,
    target: inputs.target.name,
    htp: soc ? { soc: soc.name, socModel: soc.model, arch: soc.arch, vtcmMb: soc.vtcmMb } : null,
    policies: inputs.policies,
    ...(inputs.calibration !== undefined && { calibration: inputs.calibration }),
    tokenizer: inputs.tokenizer,
    embedding: embedding(inputs.hostEmbedding),
    weights: products.weights,
    libraries: sorted(products.libraries),
    graphs: inputs.graphs.map(manifestGraph),
    files: [...products.files].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** Of the spec's own text, followed by those of the specs that it imports, by name. */
function specHash({ spec, sources }: ManifestInputs): string {
  const hash = createHash("sha256");
  hash.update(sources.get(spec.file) ?? "");
  const others = [...sources]
    .filter(([file]) => file !== spec.file)
    .map(([file, text]) => [basename(file), text] as const);
  for (const [, text] of others.sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(text);
  return hash.digest("hex");
}

function commonDtype(checkpoint: Checkpoint): string {
  const counts = new Map<string, number>();
  for (const { dtype } of checkpoint.tensors.values()) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0] ?? "float32";
}

const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

function embedding(host: HostEmbedding | null): Manifest["embedding"] {
  if (!host) return { placement: "graph" };
  const [vocabulary, width] = host.table.shape as [number, number];
  return { placement: "host", file: embeddingFile, dtype: host.dtype, shape: [vocabulary, width] };
}

/** A graph as the manifest describes it. */
export function manifestGraph(graph: QnnGraph): ManifestGraph {
  const nodesPerLayer = new Array<number>(graph.layerCount).fill(0);
  const statics = new Map<string, number>();
  let macs = 0;
  for (const node of graph.nodes) {
    if (node.origin.layer !== null) nodesPerLayer[node.origin.layer]!++;
    for (const input of node.inputs) {
      // A gather reads rows, not the table.
      if (input.kind !== "STATIC" || statics.has(input.name)) continue;
      const read = node.type === "Gather" ? node.outputs[0]!.dims : input.dims;
      statics.set(input.name, storedBytes({ ...input, dims: read }));
    }
    macs += macsOf(node);
  }
  return {
    name: graph.name,
    kind: graph.kind,
    tokens: graph.tokens,
    inputs: graph.inputs,
    outputs: graph.outputs,
    states: graph.states,
    nodes: graph.nodes.length,
    nodesPerLayer,
    weightBytes: [...statics.values()].reduce((sum, bytes) => sum + bytes, 0),
    macs,
  };
}

/** Multiply-accumulates of a node: of those that are matrix products. */
export function macsOf(node: QnnNode): number {
  const [left, right] = node.inputs;
  const output = node.outputs[0];
  if (!left || !right || !output) return 0;
  switch (node.type) {
    case "MatMul": {
      const transposed = node.params.some((p) => p.name === "transpose_in0" && p.kind === "scalar" && Boolean(p.value));
      return elements(output.dims) * (left.dims.at(transposed ? -2 : -1) ?? 1);
    }
    case "FullyConnected":
      return elements(output.dims) * (right.dims.at(-1) ?? 1);
    case "Conv2d":
      // Filter [height, width, in, out].
      return elements(output.dims) * elements(right.dims.slice(0, 3));
    default:
      return 0;
  }
}
