/**
 * Names for the other forms of values (NAME.q, NAME.f, NAME.heads, NAME.flat) that are made where they are read. Of a value of another
 * part of the model, a form is named after the equation that reads it: `blocks.1.timeMix.xx.x.q`, not `blocks.0.channelMix.x.q`. So
 * layers differ in nothing but their numbers, and share one function of the generated code.
 */
import type { QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";

/**
 * `given`: the graph before forms were added to it. `pathOf`: the path of a node's equation. Out: each form tells the value that it is
 * of (`formOf`).
 */
export function nameForms(given: QnnGraph, graph: QnnGraph, pathOf: (node: QnnNode) => string): QnnGraph {
  const { nodes, equations = [] } = graph;
  const makers = new Map(given.nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
  const values = namesOf(given.nodes);
  const taken = new Set([...values, ...namesOf(nodes)]);
  const names = new Map<string, string>();
  for (const node of nodes) {
    for (const { name } of node.outputs) {
      const value = valueOf(name, values);
      const maker = value === undefined ? undefined : makers.get(value);
      if (value === undefined || !maker || isSameSection(maker, node)) continue;
      const ending = name.slice(value.length);
      const plain = `${pathOf(node)}.${value.slice(value.lastIndexOf(".") + 1)}`;
      let unique = plain;
      for (let n = 2; taken.has(unique + ending); n++) unique = `${plain}_${n}`;
      names.set(name, unique + ending);
      taken.add(unique + ending);
    }
  }
  const forms = new Map<QnnTensor, QnnTensor>();
  const named = (t: QnnTensor): QnnTensor => {
    const formOf = valueOf(t.name, values);
    if (formOf === undefined) return t;
    const form = forms.get(t) ?? { ...t, name: names.get(t.name) ?? t.name, formOf };
    forms.set(t, form);
    return form;
  };
  return {
    ...graph,
    nodes: nodes.map((node) => {
      const [old] = node.outputs;
      const outputs = node.outputs.map(named);
      const name = node.name === `${old!.name}.${node.type}` ? `${outputs[0]!.name}.${node.type}` : node.name;
      return { ...node, name, inputs: node.inputs.map(named), outputs };
    }),
    equations: equations.map((e) => ({ ...e, tensor: e.tensor === null ? null : (names.get(e.tensor) ?? e.tensor) })),
  };
}

const namesOf = (nodes: readonly QnnNode[]): ReadonlySet<string> =>
  new Set(nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ name }) => name)));

/** The value that a form is of: its name without the last components. undefined: it is no form. */
function valueOf(form: string, values: ReadonlySet<string>): string | undefined {
  let name = form;
  while (!values.has(name)) {
    const end = name.lastIndexOf(".");
    if (end < 0) return undefined;
    name = name.slice(0, end);
  }
  return name === form ? undefined : name;
}

const isSameSection = ({ origin: a }: QnnNode, { origin: b }: QnnNode): boolean =>
  a.part === b.part && a.layer === b.layer;
