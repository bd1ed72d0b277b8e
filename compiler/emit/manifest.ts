/**
 * The artefact's manifest, `model.json`: what the emitter writes, and all that the runtime, the context compiler and
 * `inspect` know of a model. Reading side in C++: `runtime-cpp/src/manifest.cc`.
 *
 * Nothing in it depends on the machine, the clock or a Qualcomm library, so that equal inputs give equal bytes; what a
 * Qualcomm library says about a build stands in `context/<soc>/context.json`.
 */

import type { Precision } from "../targets/targets.ts";

/** QNN data types that cross the graph's boundary. */
export type BoundaryDtype = "float16" | "float32" | "int32" | "uint16";

export interface ManifestTensor {
  /** QNN tensor name. */
  readonly name: string;
  /** `token`: an id per token; `embedding`: rows of the host's embedding table; `logits`: [T, vocabulary] values. */
  readonly role: "token" | "embedding" | "logits";
  readonly dtype: BoundaryDtype;
  readonly shape: readonly number[];
}

/** One state of the spec inside a state tensor. */
export interface ManifestStateSlice {
  /** Path in the spec: `blocks.3.timeMix.S`. */
  readonly name: string;
  /** Logical shape, axes in the order of the spec's declaration. */
  readonly shape: readonly number[];
  /** Position of the slice's first element in the state tensor, in elements. */
  readonly offset: number;
  /** Elements between neighbours along each logical axis: how the compiler laid the state out. */
  readonly strides: readonly number[];
  /** Stored value = `scale` * value of the spec (a scaling policy's factor; 1 without one). */
  readonly scale: number;
  /** Value of the spec before the first token. */
  readonly initial: number;
  /** Place among all the model's states in the order of the spec: layer by layer, as declared. */
  readonly order: number;
}

/** A pair of graph tensors: the output of one step is the input of the next. */
export interface ManifestState {
  readonly input: string;
  readonly output: string;
  readonly dtype: BoundaryDtype;
  readonly shape: readonly number[];
  readonly slices: readonly ManifestStateSlice[];
}

export interface ManifestGraph {
  readonly name: string;
  readonly kind: "decode" | "prefill";
  /** Tokens per execution. */
  readonly tokens: number;
  readonly inputs: readonly ManifestTensor[];
  readonly outputs: readonly ManifestTensor[];
  readonly states: readonly ManifestState[];
  readonly nodes: number;
  /** Nodes that belong to each layer. */
  readonly nodesPerLayer: readonly number[];
  /** Static tensor bytes that one execution reads. */
  readonly weightBytes: number;
  /** Multiply-accumulate operations of one execution. */
  readonly macs: number;
}

export interface ManifestFile {
  /** Relative to the artefact's folder. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: "rwkvc-artefact";
  readonly formatVersion: 1;
  readonly name: string;
  readonly compilerVersion: string;
  /** `path`: its text in the artefact. `from`: the file that was built, as seen from the artefact's folder at that time. */
  readonly spec: {
    readonly name: string;
    readonly file: string;
    readonly path: string;
    readonly from: string;
    readonly sha256: string;
  };
  readonly checkpoint: { readonly source: string; readonly dtype: string };
  /** Numbers of the spec's dimensions, by name. */
  readonly dims: Readonly<Record<string, number>>;
  readonly layers: number;
  readonly vocabulary: number;
  readonly precision: Precision;
  readonly target: string;
  /** HTP targets only. `socModel` is Qnn_SocModel_t's number; `vtcmMb` the SoC's VTCM. */
  readonly htp: {
    readonly soc: string;
    readonly socModel: number;
    readonly arch: number;
    readonly vtcmMb: number;
  } | null;
  /** Scaling policies that were applied, as written in the spec. */
  readonly policies: readonly string[];
  /** Quantized builds: where the ranges of activations come from; null where none are needed. */
  readonly calibration?:
    | { readonly kind: "file"; readonly file: string }
    | {
        readonly kind: "calibrated";
        readonly source: "text" | "generated";
        readonly method: string;
        readonly tokens: number;
        readonly tokensSha256: string;
        readonly seed?: number;
      }
    | null;
  /** How text becomes ids, by the runtime's tokenizer of that kind; `file` is its vocabulary. null: only ids are read. */
  readonly tokenizer:
    { readonly kind: "bytes" | "abc" } | { readonly kind: "world" | "huggingface"; readonly file: string } | null;
  /** `host`: `file` is a raw table [vocabulary, width] that the runtime looks rows up in; `graph`: the graph gathers. */
  readonly embedding:
    | { readonly placement: "graph" }
    | {
        readonly placement: "host";
        readonly file: string;
        readonly dtype: "float16" | "float32";
        readonly shape: readonly [number, number];
      };
  /** Static tensors' file, or null when they are inside the library. */
  readonly weights: string | null;
  /** Model libraries by triple: { "x86_64-linux": "lib/x86_64-linux/libNAME.so" }. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly graphs: readonly ManifestGraph[];
  readonly files: readonly ManifestFile[];
}

/** `context/<soc>/context.json`: one per context binary. */
export interface ContextManifest {
  readonly format: "rwkvc-context";
  readonly formatVersion: 1;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly soc: string;
  readonly socModel: number;
  /** sha256 of the artefact's `model.json` that it was made from. */
  readonly model: string;
  readonly library: { readonly buildId: string; readonly coreApi: string; readonly backendApi: string };
  readonly finalizeSeconds: number;
  /** Qualcomm's estimate per graph, null where the SoC has none. */
  readonly estimates: Readonly<Record<string, Estimate | null>>;
}

/** Qualcomm's performance estimate for one execution of a graph (profile events 2004 to 2021). */
export interface Estimate {
  readonly microseconds: number;
  readonly cycles: number;
  readonly lowerCycles: number;
  readonly upperCycles: number;
  /** Ops without a cost: the figures above are too low by an unknown amount when this is not 0. */
  readonly opsWithoutCost: number;
  /** How many of those ops each node of the graph became. */
  readonly nodesWithoutCost: Readonly<Record<string, number>>;
  readonly bytes: {
    readonly inputFill: number;
    readonly intermediateFill: number;
    readonly intermediateSpill: number;
    readonly outputSpill: number;
  };
}
