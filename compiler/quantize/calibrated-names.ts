/**
 * Calibration runs the decode graph. In a graph of several tokens the same values are there, but moves between them count on other
 * numbers: which tensor is which is found by the operations of each equation, in their order.
 */
import type { QnnGraph, QnnNode } from "../lower/qnn-graph.ts";

const moves = new Set(["Reshape", "Transpose", "Split", "Concat", "Gather"]);

/** Names of the decode graph's tensors by those of `graph`. Where an equation's operations differ, only those before and behind them. */
export function calibratedNames(graph: QnnGraph, decode: QnnGraph): ReadonlyMap<string, string> {
  const known = byEquation(decode);
  const names = new Map<string, string>();
  for (const [key, nodes] of byEquation(graph)) {
    const same = known.get(key) ?? [];
    const pair = (node: QnnNode, other: QnnNode): void =>
      node.outputs.forEach((t, o) => names.set(t.name, other.outputs[o]!.name));
    const least = Math.min(nodes.length, same.length);
    let start = 0;
    while (start < least && nodes[start]!.type === same[start]!.type) pair(nodes[start]!, same[start++]!);
    for (let back = 1; back <= least - start && nodes.at(-back)!.type === same.at(-back)!.type; back++)
      pair(nodes.at(-back)!, same.at(-back)!);
  }
  // What both graphs are given.
  const inputs = new Set(decode.states.map(({ input }) => input));
  for (const { input } of graph.states) if (inputs.has(input)) names.set(input, input);
  return names;
}

function byEquation({ nodes }: QnnGraph): ReadonlyMap<string, readonly QnnNode[]> {
  const found = new Map<string, QnnNode[]>();
  for (const node of nodes) {
    const { span, layer, token = 0 } = node.origin;
    // All tokens' values have the ranges of one's.
    if (moves.has(node.type) || token > 0) continue;
    const key = `${span.file} ${span.start} ${layer}`;
    found.set(key, [...(found.get(key) ?? []), node]);
  }
  return found;
}
