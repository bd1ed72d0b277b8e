/** Which tensors the linear layers of a graph read: those whose second-order statistics tell how to round the weights. */

/** What is needed of `NAME_net.json`. */
export interface NetJson {
  readonly graph: {
    readonly tensors: Readonly<Record<string, { readonly type: number }>>;
    readonly nodes: Readonly<Record<string, { readonly type: string; readonly input_names: readonly string[] }>>;
  };
}

/** QNN_TENSOR_TYPE_STATIC */
const staticType = 4;

/** Names of the inputs of FullyConnected nodes with a constant weight, each once, in the order of computation. */
export function linearInputs({ graph }: NetJson): readonly string[] {
  const names = new Set<string>();
  for (const { type, input_names: inputs } of Object.values(graph.nodes)) {
    const [input, weight] = inputs;
    if (type !== "FullyConnected" || input === undefined || weight === undefined) continue;
    if (graph.tensors[weight]?.type === staticType) names.add(input);
  }
  return [...names];
}
