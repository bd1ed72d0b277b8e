/**
 * The QNN graph: nodes and tensors as a backend will see them, in the order in which they are added. Made by `lower/`,
 * checked by `lower/check-graph.ts`, printed by `emit/`.
 */
import type { Constant } from "../ir/constant.ts";
import type { IrAxis, Origin } from "../ir/ir.ts";
import type { ManifestState, ManifestTensor } from "../emit/manifest.ts";

export type { Origin };

export type FixedPointDtype = "ufixed16" | "sfixed4" | "sfixed8" | "sfixed16" | "sfixed32";
export type QnnDtype = "float16" | "float32" | "int32" | "uint32" | "bool8" | FixedPointDtype;

/** real = (stored + offset) * scale. */
export interface Grid {
  readonly scale: number;
  readonly offset: number;
}

/**
 * How a fixed-point constant is stored. Its scales are found while it is written, and lie behind its values:
 *
 *     tensor    one grid for all
 *     channels  one scale for each extent of axis 0
 *     blocks    as well, times an integer from 1 to 16 for each `block` inputs (axis 1): QNN's BLOCKWISE_EXPANSION
 */
export type StoredScales =
  { readonly per: "tensor" } | { readonly per: "channels" } | { readonly per: "blocks"; readonly block: number };

export interface QnnTensor {
  /** Unique in the graph: the spec's path, `blocks.3.timeMix.k`. */
  readonly name: string;
  /** APP_WRITE: graph input, APP_READ: graph output (nodes may read it too), NATIVE: inside, STATIC: constant. */
  readonly kind: "APP_WRITE" | "APP_READ" | "NATIVE" | "STATIC";
  readonly dtype: QnnDtype;
  readonly dims: readonly number[];
  /** STATIC only: its value, converted to `dtype` when written; `dims` has the same number of elements. */
  readonly constant?: Constant;
  /** Fixed-point values that are not constant. */
  readonly grid?: Grid;
  /** Fixed-point constants. */
  readonly stored?: StoredScales;
  /** A quantized weight: the tensor that it is multiplied with, by its name before quantization (second-order statistics go by it). */
  readonly multiplies?: string;
  /** Of a quantized graph, where a value is there in several shapes and types: the name of the value, which encodings speak of. */
  readonly formOf?: string;
}

export type QnnParam =
  | {
      readonly name: string;
      readonly kind: "scalar";
      readonly dtype: "uint32" | "int32" | "float32" | "bool8";
      readonly value: number | boolean;
    }
  | {
      readonly name: string;
      readonly kind: "tensor";
      readonly dtype: "uint32" | "int32";
      readonly dims: readonly number[];
      readonly values: readonly number[];
    };

export interface QnnNode {
  /** Unique in the graph. */
  readonly name: string;
  /** QNN op type: `MatMul`, `ElementWiseAdd`. Package "qti.aisw". */
  readonly type: string;
  readonly inputs: readonly QnnTensor[];
  readonly params: readonly QnnParam[];
  readonly outputs: readonly QnnTensor[];
  readonly origin: Origin;
}

/** An equation of the spec in a compiled graph. */
export interface GraphEquation {
  /** Path of what it defines: `blocks.3.timeMix.k`; for a state's new value the state's. */
  readonly name: string;
  readonly origin: Origin;
  /** Of the spec's value. */
  readonly axes: readonly IrAxis[];
  /** Name of the tensor that holds the value, row-major over `axes`; null where none does. */
  readonly tensor: string | null;
  /** Stored value = scale * the spec's value. */
  readonly scale: number;
}

export interface QnnGraph {
  readonly name: string;
  readonly kind: "decode" | "prefill";
  readonly tokens: number;
  readonly layerCount: number;
  /** Topological; the nodes of one layer are contiguous. */
  readonly nodes: readonly QnnNode[];
  /** APP_WRITE tensors in creation order, with what they mean. States' inputs and outputs are in `states`. */
  readonly inputs: readonly ManifestTensor[];
  readonly outputs: readonly ManifestTensor[];
  readonly states: readonly ManifestState[];
  /** In the order of computation. */
  readonly equations?: readonly GraphEquation[];
}

/** The host's side of the embedding: rows that the runtime feeds to the input with role `embedding`. */
export interface HostEmbedding {
  /** [vocabulary, width], stored as `dtype`. */
  readonly table: Constant;
  readonly dtype: "float16" | "float32";
}
