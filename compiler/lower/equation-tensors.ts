/**
 * Which tensor holds the value of which equation: what a trace, a report on overflow or a comparison with the spec needs to
 * know of a compiled graph. In: the IR's definitions and the tensors that lowering gave to values. Out: all equations, in the
 * order of computation.
 *
 * An equation has no tensor when its value is a constant, is not needed, or exists only as part of a fused operation.
 */
import { elements } from "../ir/constant.ts";
import { type Definition, type IrGraph, shapeOf, type Value } from "../ir/ir.ts";
import type { GraphEquation, QnnNode, QnnTensor } from "./qnn-graph.ts";

export function equationTensors(
  graph: IrGraph,
  tensors: ReadonlyMap<Value, QnnTensor>,
  /** What a Reshape's result was before. */
  sourceOf: (tensor: QnnTensor) => QnnTensor | undefined,
  nodes: readonly QnnNode[],
): readonly GraphEquation[] {
  const there = new Set(nodes.flatMap((node) => [...node.inputs, ...node.outputs]));
  const tensorOf = (value: Value): QnnTensor | undefined => {
    const tensor = tensors.get(value);
    if (tensor && there.has(tensor)) return tensor;
    const source = tensor && sourceOf(tensor);
    if (source && there.has(source)) return source;
    // A split or merge of heads that nothing needed: the same elements are in its operand's tensor.
    return value.op.kind === "regroup" && value.inputs[0] ? tensorOf(value.inputs[0]) : undefined;
  };
  const describe = ({ name, origin, axes, value, scale }: Definition): GraphEquation => {
    const tensor = tensorOf(value);
    const holds = tensor && tensor.kind !== "STATIC" && elements(tensor.dims) === elements(shapeOf(axes));
    return { name, origin, axes, tensor: holds ? tensor.name : null, scale };
  };
  return (graph.definitions ?? []).map(describe);
}
