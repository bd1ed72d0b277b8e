/** The tensors of a graph that encodings speak of. */
import type { QnnGraph } from "../lower/qnn-graph.ts";
import type { EncodingSet } from "./encoding.ts";
import type { EncodingPlaces } from "./encodings-file.ts";

export interface GraphTensors {
  /** Names of what nodes compute and of inputs, all of float values. */
  readonly activations: ReadonlySet<string>;
  /** Of constants, by name. */
  readonly params: ReadonlyMap<string, ParamTensor>;
}

export interface ParamTensor {
  /** Of a linear layer's weight, [channels, inputs]; undefined for other constants. */
  readonly weight: { readonly channels: number; readonly inputs: number } | undefined;
  /** Of a linear layer or a norm: with 16 bits they are symmetric, and need HTP v73. Other constants are as activations are. */
  readonly isWeight: boolean;
}

export function graphTensors(graphs: readonly QnnGraph[]): GraphTensors {
  const activations = new Set<string>();
  const params = new Map<string, ParamTensor>();
  for (const { nodes } of graphs) {
    for (const { type, inputs, outputs } of nodes) {
      for (const [i, { name, kind, dtype, dims }] of [...inputs, ...outputs].entries()) {
        if (dtype !== "float16" && dtype !== "float32") continue;
        const isLinear = type === "FullyConnected" && i === 1 && dims.length === 2;
        const isWeight = isLinear || (type.endsWith("Norm") && i === 1);
        if (kind !== "STATIC") activations.add(name);
        else if (isLinear) params.set(name, { weight: { channels: dims[0]!, inputs: dims[1]! }, isWeight });
        else if (!params.get(name)?.isWeight) params.set(name, { weight: undefined, isWeight });
      }
    }
  }
  return { activations, params };
}

interface Named {
  readonly encodings: EncodingSet;
  readonly places: EncodingPlaces;
}

/** What a build with float16 activations reads: weights of 8 bits and fewer. */
export function integerWeightsOnly<T extends Named>(file: T): T {
  const isRead = (name: string): boolean => {
    const encoding = file.encodings.params.get(name)!;
    return encoding.kind === "blocks" || (encoding.kind === "integer" && encoding.bits <= 8);
  };
  const of = <V>(params: ReadonlyMap<string, V>) => ({
    activations: new Map<string, V>(),
    params: new Map([...params].filter(([name]) => isRead(name))),
  });
  return { ...file, encodings: of(file.encodings.params), places: of(file.places.params) };
}

/** Schema 2.0.0 does not tell activations and parameters apart: the graph does. Unknown names stay where they are. */
export function sortByTensors<T extends Named>(file: T, tensors: GraphTensors): T {
  const isParam = (name: string, was: boolean): boolean =>
    tensors.params.has(name) || (was && !tensors.activations.has(name));
  const split = <V>(activations: ReadonlyMap<string, V>, params: ReadonlyMap<string, V>) => {
    const all = [
      ...[...activations].map(([name, value]) => [name, value, isParam(name, false)] as const),
      ...[...params].map(([name, value]) => [name, value, isParam(name, true)] as const),
    ];
    const pick = (wanted: boolean) =>
      new Map(all.filter(([, , param]) => param === wanted).map(([name, value]) => [name, value]));
    return { activations: pick(false), params: pick(true) };
  };
  return {
    ...file,
    encodings: split(file.encodings.activations, file.encodings.params),
    places: split(file.places.activations, file.places.params),
  };
}
