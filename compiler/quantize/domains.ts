/**
 * Which nodes of a graph compute in fixed point.
 *
 * Products with a quantized weight do. What stands between them does when all its operands come from fixed point and all its results
 * go there: token shift, relu and square, the inner values of a LoRA. A layer norm does when its results are read in fixed point
 * only: its operand is converted. A value that other parts or layers read, the hidden state, stays float16. Everything else stays float16, so that a value changes its form at most once on its way.
 */
import type { QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";

const elementWise = new Set([
  ...["Add", "Subtract", "Multiply", "Maximum", "Minimum"].map((f) => `ElementWise${f}`),
  ...["Relu", "Sigmoid", "Tanh"],
]);
const moves = new Set(["Reshape", "Split"]);

export interface DomainOptions {
  /** Products that have a quantized weight and fixed-point activations. */
  readonly products: ReadonlySet<QnnNode>;
  /** What a policy keeps in float16, or lacks a range. */
  readonly isFloat: (node: QnnNode) => boolean;
}

export function fixedNodes(graph: QnnGraph, { products, isFloat }: DomainOptions): ReadonlySet<QnnNode> {
  const producer = new Map<QnnTensor, QnnNode>();
  const users = new Map<QnnTensor, QnnNode[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) producer.set(output, node);
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const fixed = new Set<QnnNode>(products);
  for (const node of graph.nodes) {
    const may = elementWise.has(node.type) || moves.has(node.type) || node.type === "LayerNorm";
    if (may && !isFloat(node)) fixed.add(node);
  }
  const usersOf = (node: QnnNode): QnnNode[] => node.outputs.flatMap((t) => users.get(t) ?? []);
  const comesFixed = (t: QnnTensor): boolean => {
    const from = producer.get(t);
    return from !== undefined && fixed.has(from);
  };
  const holds = (node: QnnNode): boolean => {
    if (products.has(node)) return true;
    const operands = node.inputs.filter((t) => t.kind !== "STATIC");
    const readers = usersOf(node);
    const allRead = readers.length > 0 && readers.every((user) => fixed.has(user));
    // A Reshape costs the same in either form: it is on the side on which the conversion has the better shape.
    if (moves.has(node.type)) return operands.every(comesFixed) || (node.type === "Reshape" && allRead);
    if (node.type === "LayerNorm") return allRead;
    const isState = (t: QnnTensor): boolean =>
      t.kind === "APP_WRITE" || producer.get(t)?.inputs[0]?.kind === "APP_WRITE";
    if (isCarried(node)) return false;
    return allRead && operands.some(comesFixed) && operands.every((t) => comesFixed(t) || isState(t));
  };
  // What goes on from part to part adds up all layers' errors, and has the outliers.
  const isCarried = (node: QnnNode): boolean =>
    usersOf(node).some(({ origin }) => origin.part !== node.origin.part || origin.layer !== node.origin.layer);
  for (let changed = true; changed;) {
    changed = false;
    for (const node of [...fixed]) {
      if (holds(node)) continue;
      fixed.delete(node);
      changed = true;
    }
  }
  return fixed;
}
