/**
 * The generated sources of a model library: `model.cpp` and `CMakeLists.txt`. Pure: the same graphs and options give the
 * same bytes. Support files (`runtime-cpp/model/`, QNN headers) are copied beside them when the artefact is written.
 */
import { basename } from "node:path";

import type { QnnGraph } from "../lower/qnn-graph.ts";
import { commentText, snakeCase } from "./cpp-text.ts";
import { graphView, lineFinder } from "./model-view.ts";
import type { WeightPlan } from "./plan-weights.ts";
import { render } from "./templates.ts";

/** A generated text file. */
export interface EmittedFile {
  /** Relative to the artefact's folder. */
  readonly path: string;
  readonly text: string;
}

export interface EmitOptions {
  /** Artefact's name: the library is lib<name>.so. */
  readonly name: string;
  readonly compilerVersion: string;
  readonly spec: { readonly name: string; readonly file: string; readonly reference?: string };
  /** Text of every file that origins point into. */
  readonly sources: ReadonlyMap<string, string>;
  readonly precision: string;
  readonly target: string;
  /** See `weightsId`. */
  readonly weightsId: string;
  /** The weights go into the library. */
  readonly embedWeights?: boolean;
}

export const weightsFile = "weights.bin";

/** C++ files of every model library, in `runtime-cpp/model/` and, copied, in the artefact's `src/`. */
export const supportSources = [
  "composer.cc",
  "graph.cc",
  "model_library.cc",
  "tensor_storage.cc",
  "weights.cc",
] as const;
export const supportHeaders = ["arena.h", "composer.h", "rwkvc_model.h", "tensor_storage.h", "weights.h"] as const;

/** Flags that a model library is compiled with, whoever compiles it. */
export const compileFlags = [
  "-std=c++17",
  "-O1",
  "-fPIC",
  "-fno-exceptions",
  "-fno-rtti",
  "-fvisibility=hidden",
] as const;

export function emitModel(graphs: readonly QnnGraph[], plan: WeightPlan, options: EmitOptions): EmittedFile[] {
  const lineOf = lineFinder(options.sources);
  const spaces = graphSpaces(graphs);
  const view = {
    header: header(graphs, options),
    graphs: graphs.map((graph, i) => graphView(graph, spaces[i]!, plan, lineOf)),
    weights: { file: weightsFile, bytes: String(plan.bytes), id: options.weightsId },
  };
  return [
    { path: "src/model.cpp", text: render("model.cpp", view) },
    { path: "src/CMakeLists.txt", text: render("CMakeLists.txt", buildView(options)) },
  ];
}

function header(graphs: readonly QnnGraph[], options: EmitOptions): string[] {
  const { spec } = options;
  const layers = graphs[0]?.layerCount ?? 0;
  return [
    `${options.name}: ${spec.name}, ${layers} layers, ${options.precision} for ${options.target}.`,
    `Spec: ${basename(spec.file)}. Written by rwkvc ${options.compilerVersion}; it is meant to be read and edited.`,
    ...(spec.reference === undefined ? [] : [`Reference: ${spec.reference}`]),
  ].map(commentText);
}

function graphSpaces(graphs: readonly QnnGraph[]): string[] {
  const taken = new Set<string>();
  return graphs.map((graph) => {
    let space = snakeCase(graph.kind);
    for (let n = 2; taken.has(space); n++) space = `${snakeCase(graph.kind)}_${n}`;
    taken.add(space);
    return space;
  });
}

function buildView(options: EmitOptions): Record<string, unknown> {
  const embedded = options.embedWeights === true;
  const sources = ["model.cpp", ...supportSources, ...(embedded ? ["weights.S"] : [])];
  const defines = embedded ? ` -DRWKVC_EMBED_WEIGHTS '-DRWKVC_WEIGHTS_FILE="../${weightsFile}"'` : "";
  return {
    library: options.name,
    sources,
    embedded,
    weightsFile,
    oneLine: `g++ ${compileFlags.join(" ")}${defines} -shared -I. -IQNN ${sources.join(" ")} -ldl -o lib${options.name}.so`,
  };
}
