/**
 * Element-wise work on vectors of the hidden state is done on [T, H, 1, N] instead of [T, D].
 *
 * HTP computes it four times as fast there, and a Quantize or Dequantize of a flat vector costs more than the 8-bit product that it
 * stands before. (In float16 graphs traffic of the weights hides both, and flat vectors save Reshapes.) Vectors stay flat where an
 * operation works on the last axis, and inside the channel mix, whose hidden values are slower in any other form. States of one vector
 * cross the graph's boundary on [1, H, 1, N] too.
 *
 * In: a lowered graph. Out: the same values; tensors keep their names, those that Reshapes add are called `NAME.heads` and `NAME.flat`.
 */
import type { QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";
import { withoutUnread } from "./unread-nodes.ts";

const elementWise = new Set([
  ...["Add", "Subtract", "Multiply", "Divide", "Maximum", "Minimum", "Neg", "Exp", "Log"].map((f) => `ElementWise${f}`),
  ...["Relu", "Sigmoid", "Tanh"],
]);

/** Of a width that no head divides: the extent that vectors of HTP like. */
const plainRow = 64;

export function headShapes(graph: QnnGraph): QnnGraph {
  const rows = rowsOf(graph);
  const headDims = ({ dims }: QnnTensor): readonly number[] | undefined => {
    const row = dims.length === 2 ? rows.get(dims[1]!) : undefined;
    return row === undefined ? undefined : [dims[0]!, dims[1]! / row, 1, row];
  };
  const nodes: QnnNode[] = [];
  /** By the tensor of the given graph: what holds it now, and its other forms as they are made. */
  const now = new Map<QnnTensor, QnnTensor>();
  const forms = new Map<QnnTensor, Map<string, QnnTensor>>();
  const current = (t: QnnTensor): QnnTensor => now.get(t) ?? t;

  const formOf = (given: QnnTensor, dims: readonly number[], ending: string, node: QnnNode): QnnTensor => {
    const tensor = current(given);
    if (tensor.dims.join() === dims.join()) return tensor;
    if (tensor.kind === "STATIC") return { ...tensor, dims };
    const known = forms.get(tensor)?.get(dims.join());
    if (known) return known;
    const made: QnnTensor = { name: `${tensor.name}.${ending}`, kind: "NATIVE", dtype: tensor.dtype, dims };
    nodes.push(reshapeNode(tensor, made, node));
    forms.set(tensor, (forms.get(tensor) ?? new Map<string, QnnTensor>()).set(dims.join(), made));
    return made;
  };

  const stateNames = new Set(graph.states.flatMap(({ input, output }) => [input, output]));
  for (const input of new Set(graph.nodes.flatMap((node) => node.inputs))) {
    const dims = stateNames.has(input.name) ? headDims(input) : undefined;
    if (dims) now.set(input, { ...input, dims });
  }
  for (const node of graph.nodes) {
    const [output] = node.outputs as [QnnTensor];
    const heads = headDims(output);
    const atBoundary = output.kind === "APP_READ" && !stateNames.has(output.name);
    if (elementWise.has(node.type) && heads && node.inputs.every((t) => headDims(t) ?? t.dims.length === 1)) {
      const inputs = node.inputs.map((t) => {
        const dims = headDims(t);
        return dims ? formOf(t, dims, "heads", node) : t;
      });
      const made: QnnTensor = {
        ...output,
        dims: heads,
        ...(atBoundary && { name: `${output.name}.heads`, kind: "NATIVE" as const }),
      };
      nodes.push({ ...node, inputs, outputs: [made] });
      now.set(output, made);
      if (atBoundary) nodes.push(reshapeNode(made, output, node));
      continue;
    }
    if (node.type === "Reshape" && output.kind === "NATIVE") {
      const [input] = node.inputs as [QnnTensor];
      const source = current(input);
      const wanted = heads ?? output.dims;
      const known = source.dims.join() === wanted.join() ? source : forms.get(source)?.get(wanted.join());
      if (known && source.kind !== "STATIC") {
        now.set(output, known);
        continue;
      }
      if (source.kind !== "STATIC" && wanted.join() === output.dims.join())
        forms.set(source, (forms.get(source) ?? new Map<string, QnnTensor>()).set(wanted.join(), output));
    }
    const inputs = node.inputs.map((t) => {
      // FullyConnected would fold any form to rows; but with 4-bit weights HTP computes it wrongly where rows have lain side by side.
      return node.type === "Reshape" ? current(t) : formOf(t, t.dims, "flat", node);
    });
    // States cross the boundary in the form in which they are converted.
    if (heads && stateNames.has(output.name) && node.outputs.length === 1) {
      const flat: QnnTensor = { ...output, name: `${output.name}.flat`, kind: "NATIVE" };
      const made: QnnTensor = { ...output, dims: heads };
      if (node.type === "Reshape") {
        nodes.push({ ...node, inputs, outputs: [made] });
        now.set(output, made);
        continue;
      }
      nodes.push({ ...node, inputs, outputs: [flat] }, reshapeNode(flat, made, node));
      now.set(output, made);
      forms.set(made, new Map([[output.dims.join(), flat]]));
      continue;
    }
    nodes.push({ ...node, inputs });
  }
  const states = graph.states.map((state) => {
    const dims = headDims({ name: "", kind: "NATIVE", dtype: "float16", dims: state.shape });
    return dims ? { ...state, shape: dims } : state;
  });
  return { ...graph, states, nodes: withoutUnread(nodes), equations: renamed(graph, now) };
}

/** Widths that are computed in heads, with the heads' size. */
function rowsOf(graph: QnnGraph): ReadonlyMap<number, number> {
  const rows = new Map<number, number>();
  for (const { type, inputs, outputs } of graph.nodes) {
    for (const { dims } of [...inputs, ...outputs]) {
      const [, heads, one, size] = dims;
      if (dims.length === 4 && one === 1 && heads! > 1 && size! > 1) rows.set(heads! * size!, size!);
    }
    const width = inputs[0]?.dims.at(-1) ?? 0;
    const isPlain = type === "LayerNorm" && inputs[0]?.dims.length === 2 && width % plainRow === 0 && width > plainRow;
    if (isPlain && !rows.has(width)) rows.set(width, plainRow);
  }
  return rows;
}

function reshapeNode(from: QnnTensor, to: QnnTensor, { origin }: QnnNode): QnnNode {
  return { name: `${to.name}.Reshape`, type: "Reshape", inputs: [from], params: [], outputs: [to], origin };
}

/** Equations whose tensor was a Reshape that is gone. */
function renamed(graph: QnnGraph, now: ReadonlyMap<QnnTensor, QnnTensor>): NonNullable<QnnGraph["equations"]> {
  const names = new Map([...now].map(([before, after]) => [before.name, after.name]));
  return (graph.equations ?? []).map((equation) => {
    const name = equation.tensor === null ? undefined : names.get(equation.tensor);
    return name === undefined ? equation : { ...equation, tensor: name };
  });
}
