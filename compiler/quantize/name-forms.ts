/**
 * Names for the other forms of values (NAME.q, NAME.f, NAME.heads, NAME.flat) that are made where they are read. Of a value of another
 * part of the model, a form is named after the equation that reads it: `blocks.1.timeMix.xx.x.q`, not `blocks.0.channelMix.x.q`. So
 * layers differ in nothing but their numbers, and share one function of the generated code.
 */
import type { QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";

/** `given`: the graph before forms were added to it. `pathOf`: the path of a node's equation. */
export function nameForms(given: QnnGraph, graph: QnnGraph, pathOf: (node: QnnNode) => string): QnnGraph {
  const { nodes, equations = [] } = graph;
  const makers = new Map(given.nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
  const kept = new Set([
    ...given.nodes.flatMap((node) => [...node.inputs, ...node.outputs].map(({ name }) => name)),
    ...nodes.flatMap((node) => node.outputs.map(({ name }) => name)),
  ]);
  const names = new Map<string, string>();
  for (const node of nodes) {
    for (const { name, kind } of node.outputs) {
      if (kind !== "NATIVE" || makers.has(name)) continue;
      const value = valueOf(name, makers);
      if (value === undefined || isSameSection(makers.get(value)!, node)) continue;
      const plain = `${pathOf(node)}.${value.slice(value.lastIndexOf(".") + 1)}`;
      let unique = plain;
      for (let n = 2; kept.has(unique + name.slice(value.length)); n++) unique = `${plain}_${n}`;
      names.set(name, unique + name.slice(value.length));
      kept.add(names.get(name)!);
    }
  }
  const tensors = new Map<QnnTensor, QnnTensor>();
  const renamed = (t: QnnTensor): QnnTensor => {
    const name = names.get(t.name);
    if (name === undefined) return t;
    const known = tensors.get(t) ?? { ...t, name };
    tensors.set(t, known);
    return known;
  };
  return {
    ...graph,
    nodes: nodes.map((node) => {
      const [old] = node.outputs;
      const outputs = node.outputs.map(renamed);
      const name = node.name === `${old!.name}.${node.type}` ? `${outputs[0]!.name}.${node.type}` : node.name;
      return { ...node, name, inputs: node.inputs.map(renamed), outputs };
    }),
    equations: equations.map((e) => ({ ...e, tensor: e.tensor === null ? null : (names.get(e.tensor) ?? e.tensor) })),
  };
}

/** The value that a form is of: its name without the last components. */
function valueOf(form: string, makers: ReadonlyMap<string, QnnNode>): string | undefined {
  for (let name = form; ;) {
    const end = name.lastIndexOf(".");
    if (end < 0) return undefined;
    name = name.slice(0, end);
    if (makers.has(name)) return name;
  }
}

const isSameSection = ({ origin: a }: QnnNode, { origin: b }: QnnNode): boolean =>
  a.part === b.part && a.layer === b.layer;
