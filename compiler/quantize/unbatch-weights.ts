/**
 * A product with a weight for each of several parts of a vector, z[c,r] W[c,r,d], as a FullyConnected for each part: only a weight
 * of two axes has a scale for each output channel. The parts are cut from the flat vector along its last axis, since HTP computes
 * 4-bit products of rows of a Split wrongly.
 *
 * In: a lowered graph. Out: the same values; what the parts' Split made before keeps its names.
 */
import { type Constant, elements } from "../ir/constant.ts";
import type { QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";
import { withoutUnread } from "./unread-nodes.ts";

interface Batched {
  readonly product: QnnNode;
  /** [tokens, parts * inputs] */
  readonly flat: QnnTensor;
  readonly weight: QnnTensor;
  readonly split: QnnNode;
}

export function unbatchWeights(graph: QnnGraph): QnnGraph {
  const producer = new Map<QnnTensor, QnnNode>();
  const users = new Map<QnnTensor, QnnNode[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) producer.set(output, node);
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const found = new Map<QnnNode, Batched>();
  for (const product of graph.nodes) {
    const batched = batchedProduct(product, producer, users);
    if (batched) found.set(batched.split, batched);
  }
  if (found.size === 0) return graph;
  // By the tensor that a Reshape of a part made: what holds it now.
  const now = new Map<QnnTensor, QnnTensor>();
  const nodes = graph.nodes.flatMap((node): QnnNode[] => {
    const batched = found.get(node);
    if (batched) return products(batched, now);
    return [{ ...node, inputs: node.inputs.map((t) => now.get(t) ?? t) }];
  });
  return { ...graph, nodes: withoutUnread(nodes) };
}

function batchedProduct(
  product: QnnNode,
  producer: ReadonlyMap<QnnTensor, QnnNode>,
  users: ReadonlyMap<QnnTensor, readonly QnnNode[]>,
): Batched | undefined {
  const [x, weight] = product.inputs;
  if (product.type !== "MatMul" || !x || weight?.kind !== "STATIC" || weight.dims.length !== 4) return undefined;
  const transposes = product.params.some((p) => p.kind === "scalar" && Boolean(p.value));
  const [one, parts, inputs] = weight.dims as [number, number, number, number];
  if (transposes || one !== 1 || parts < 2) return undefined;
  const tokens = x.dims[2]!;
  let flat: QnnTensor | undefined = x;
  while (flat && flat.dims.join() !== `${tokens},${parts * inputs}`) {
    const from: QnnNode | undefined = producer.get(flat);
    flat = from && isMove(from) ? from.inputs[0] : undefined;
  }
  let made: QnnTensor | undefined = product.outputs[0];
  let split: QnnNode | undefined;
  while (made && !split) {
    const [reader, ...others]: readonly QnnNode[] = users.get(made) ?? [];
    if (!reader || others.length > 0) return undefined;
    if (reader.type === "Split" && reader.outputs.length === parts) split = reader;
    else made = isMove(reader) ? reader.outputs[0] : undefined;
  }
  return flat && split && { product, flat, weight, split };
}

/** Reshapes, and the exchange of tokens and parts. */
function isMove({ type, params }: QnnNode): boolean {
  const [perm] = params;
  return type === "Reshape" || (type === "Transpose" && perm?.kind === "tensor" && perm.values.join() === "1,0,2");
}

function products({ flat, weight, split, product }: Batched, now: Map<QnnTensor, QnnTensor>): QnnNode[] {
  const [, parts, inputs, features] = weight.dims as [number, number, number, number];
  const tokens = flat.dims[0]!;
  const { origin } = product;
  const cuts = Array.from({ length: parts - 1 }, (_, c) => (c + 1) * inputs);
  const pieces = Array.from({ length: parts }, (_, c): QnnTensor => ({
    ...{ name: `${product.outputs[0]!.name}.part${c}`, kind: "NATIVE", dtype: flat.dtype, dims: [tokens, inputs] },
  }));
  const cut: QnnNode = {
    name: `${pieces[0]!.name}.Split`,
    type: "Split",
    inputs: [flat],
    params: [
      { name: "axis", kind: "scalar", dtype: "uint32", value: 1 },
      { name: "split_index", kind: "tensor", dtype: "uint32", dims: [cuts.length], values: cuts },
    ],
    outputs: pieces,
    origin,
  };
  const linear = split.outputs.map((output, c): QnnNode => {
    const made: QnnTensor = { ...output, dims: [tokens, features] };
    now.set(output, made);
    const matrix = partOf(weight, c, inputs, features);
    return {
      name: `${made.name}.FullyConnected`,
      type: "FullyConnected",
      inputs: [pieces[c]!, matrix],
      params: [],
      outputs: [made],
      origin,
    };
  });
  return [cut, ...linear];
}

/** [out features, in features] of part `index`. */
function partOf(weight: QnnTensor, index: number, inputs: number, features: number): QnnTensor {
  const parts = elements(weight.dims) / (inputs * features);
  let arg = weight.constant!;
  if (arg.shape[0] !== parts) arg = { kind: "reshape", arg, shape: [parts, inputs, features] };
  const part: Constant = { kind: "part", arg, index, shape: [inputs, features] };
  const constant: Constant = { kind: "transpose", arg: part, perm: [1, 0], shape: [features, inputs] };
  return { ...weight, name: `${weight.name}.${index}`, dims: [features, inputs], constant };
}
