/**
 * Test support: what a QNN graph computes, in double precision, each op as QNN defines it. Holds lowering against the IR without
 * any library. Shapes that an op's definition does not give, and reads of what nothing wrote, are errors.
 *
 * States go in and come out by their path in the spec, laid out as the manifest's slices say: a wrong offset or stride shows.
 */
import { elements } from "../../compiler/ir/constant.ts";
import type { ConstantValues, States, Tokens } from "../../compiler/ir/evaluate.ts";
import type { ManifestState } from "../../compiler/emit/manifest.ts";
import type { HostEmbedding, QnnGraph, QnnNode } from "../../compiler/lower/qnn-graph.ts";

export interface QnnStep {
  readonly logits: Float64Array;
  readonly states: States;
  /** By tensor name. */
  readonly tensors: ReadonlyMap<string, Float64Array>;
}

export interface QnnEvaluation {
  readonly constants: ConstantValues;
  readonly hostEmbedding?: HostEmbedding | null;
}

export function qnnEvaluator(graph: QnnGraph, evaluation: QnnEvaluation): (tokens: Tokens, states: States) => QnnStep {
  const statics = new Map<string, Float64Array>();
  const nodes = graph.nodes.map((node) => {
    for (const t of node.inputs) if (t.constant) statics.set(t.name, evaluation.constants(t.constant));
    return { node, compute: computation(node) };
  });
  return (tokens, states) => {
    const tensors = new Map(statics);
    const ids = typeof tokens === "number" ? [tokens] : tokens;
    for (const { name, role, shape } of graph.inputs) {
      if (elements(shape.slice(0, 1)) !== ids.length) throw new Error(`${name} takes ${shape[0]} tokens`);
      tensors.set(name, joined(ids.map((id) => inputOf(role, id, elements(shape.slice(1)), evaluation))));
    }
    for (const state of graph.states) tensors.set(state.input, pack(state, states));
    const of = (name: string): Float64Array => required(tensors.get(name), name);
    for (const { node, compute } of nodes) {
      const results = compute(node.inputs.map((t) => of(t.name)));
      node.outputs.forEach((t, i) => {
        const result = required(results[i], t.name);
        if (result.length !== elements(t.dims))
          throw new Error(`${t.name} has ${result.length} elements, not [${t.dims.join()}]`);
        if (tensors.has(t.name)) throw new Error(`${t.name} is written twice`);
        tensors.set(t.name, result);
      });
    }
    const next = graph.states.flatMap((state) => unpack(state, of(state.output)));
    return { logits: of(graph.outputs.find((o) => o.role === "logits")!.name), states: new Map(next), tensors };
  };
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`nothing writes ${what}`);
  return value;
}

function inputOf(
  role: string,
  token: number,
  count: number,
  { constants, hostEmbedding }: QnnEvaluation,
): Float64Array {
  if (role === "token") return Float64Array.of(token);
  if (!hostEmbedding) throw new Error("no embedding of the host");
  const table = constants(hostEmbedding.table);
  return table.subarray(token * count, (token + 1) * count);
}

function pack(state: ManifestState, states: States): Float64Array {
  const tensor = new Float64Array(elements(state.shape)).fill(NaN);
  for (const slice of state.slices) {
    const values = required(states.get(slice.name), slice.name);
    positions(slice.shape, slice.strides).forEach((at, i) => (tensor[slice.offset + at] = values[i]!));
  }
  if (tensor.some(Number.isNaN)) throw new Error(`slices of ${state.input} leave gaps, or a state is not a number`);
  return tensor;
}

const unpack = (state: ManifestState, tensor: Float64Array): [string, Float64Array][] =>
  state.slices.map(({ name, shape, strides, offset }) => [
    name,
    Float64Array.from(positions(shape, strides), (at) => tensor[offset + at]!),
  ]);

type Dims = readonly number[];
type Computation = (inputs: readonly Float64Array[]) => readonly Float64Array[];

const unaryFunctions: Readonly<Record<string, (x: number) => number>> = {
  ElementWiseNeg: (x) => -x,
  ElementWiseExp: Math.exp,
  ElementWiseLog: Math.log,
  ElementWiseSquareRoot: Math.sqrt,
  ElementWiseRsqrt: (x) => 1 / Math.sqrt(x),
  ElementWiseAbs: Math.abs,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Tanh: Math.tanh,
  Relu: (x) => Math.max(x, 0),
};

const binaryFunctions: Readonly<Record<string, (x: number, y: number) => number>> = {
  ElementWiseAdd: (x, y) => x + y,
  ElementWiseSubtract: (x, y) => x - y,
  ElementWiseMultiply: (x, y) => x * y,
  ElementWiseDivide: (x, y) => x / y,
  ElementWiseMaximum: Math.max,
  ElementWiseMinimum: Math.min,
};

function computation(node: QnnNode): Computation {
  const ins = node.inputs.map((t) => t.dims);
  const outs = node.outputs.map((t) => t.dims);
  const expect = (...dims: Dims[]): void => {
    if (dims.join(";") !== outs.join(";"))
      throw new Error(`${node.name} gives [${dims.join("; ")}], declared [${outs.join("; ")}]`);
  };
  const [a, b] = ins as [Dims, Dims];
  const unary = unaryFunctions[node.type];
  if (unary) {
    expect(a);
    return ([x]) => [x!.map(unary)];
  }
  const binary = binaryFunctions[node.type];
  if (binary) {
    const out = broadcast(a, b);
    expect(out);
    const [left, right] = [stretched(a, out), stretched(b, out)];
    return ([x, y]) => [Float64Array.from(left, (at, i) => binary(x![at]!, y![right[i]!]!))];
  }
  switch (node.type) {
    case "Reshape":
      if (elements(a) !== elements(outs[0]!)) throw new Error(`${node.name} changes the number of elements`);
      return ([x]) => [x!];
    case "Transpose": {
      const perm = list(node, "perm");
      expect(perm.map((p) => a[p]!));
      const from = positions(
        perm.map((p) => a[p]!),
        perm.map((p) => strides(a)[p]!),
      );
      return ([x]) => [pick(x!, from)];
    }
    case "FullyConnected": {
      const [rows, columns] = b as [number, number];
      expect([elements(a) / columns, rows]);
      return ([x, w, bias]) => [fullyConnected(x!, w!, bias, rows, columns)];
    }
    case "MatMul":
      return matMul(node, expect);
    case "LayerNorm": {
      expect(a);
      if (list(node, "axes").join() !== String(a.length - 1)) throw new Error(`${node.name}: not the last axis`);
      const eps = number(node, "epsilon");
      return ([x, gamma, beta]) => [layerNorm(x!, a.at(-1)!, eps, required(gamma, "gamma"), required(beta, "beta"))];
    }
    case "L2Norm": {
      expect(a);
      if (number(node, "axis") !== a.length - 1) throw new Error(`${node.name}: not the last axis`);
      const eps = number(node, "epsilon");
      // Of the sum of squares on HTP, whose graphs are float16; of the norm on the CPU backend.
      const least = node.inputs[0]?.dtype === "float32" ? eps ** 2 : eps;
      return ([x]) => [l2Norm(x!, a.at(-1)!, least)];
    }
    case "ReduceSum": {
      const axes = list(node, "axes");
      expect(a.map((d, i) => (axes.includes(i) ? 1 : d)));
      const to = stretched(outs[0]!, a);
      return ([x]) => {
        const sums = new Float64Array(elements(outs[0]!));
        to.forEach((at, i) => (sums[at]! += x![i]!));
        return [sums];
      };
    }
    case "Gather": {
      expect([...b, ...a.slice(1)]);
      const row = elements(a.slice(1));
      return ([table, index]) => [
        Float64Array.from([...index!].flatMap((i) => [...table!.subarray(i * row, (i + 1) * row)])),
      ];
    }
    case "Split":
      return split(node, expect);
    case "Concat": {
      const axis = number(node, "axis");
      expect(a.map((d, i) => (i === axis ? ins.reduce((n, dims) => n + dims[i]!, 0) : d)));
      const after = elements(a.slice(axis + 1));
      return (inputs) => {
        const rows = inputs.map((x, i) => chunks(x, ins[i]![axis]! * after));
        return [joined(rows[0]!.flatMap((_, r) => rows.map((list) => list[r]!)))];
      };
    }
    default:
      throw new Error(`no definition of ${node.type}`);
  }
}

function fullyConnected(
  x: Float64Array,
  w: Float64Array,
  bias: Float64Array | undefined,
  rows: number,
  columns: number,
): Float64Array {
  const out = new Float64Array((x.length / columns) * rows);
  for (let i = 0; i < out.length; i++) {
    const [at, row] = [Math.floor(i / rows) * columns, (i % rows) * columns];
    let total = bias?.[i % rows] ?? 0;
    for (let c = 0; c < columns; c++) total += x[at + c]! * w[row + c]!;
    out[i] = total;
  }
  return out;
}

/** [batch, m, k] x [batch, k, n], either transposed in its last two axes; batches broadcast. */
function matMul(node: QnnNode, expect: (...dims: Dims[]) => void): Computation {
  const [a, b] = node.inputs.map((t) => t.dims) as [Dims, Dims];
  const matrix = (dims: Dims, transposed: boolean): { rows: number; columns: number; row: number; column: number } => {
    const [first, last] = dims.slice(-2) as [number, number];
    return transposed
      ? { rows: last, columns: first, row: 1, column: last }
      : { rows: first, columns: last, row: last, column: 1 };
  };
  const [x, y] = [matrix(a, flag(node, "transpose_in0")), matrix(b, flag(node, "transpose_in1"))];
  if (x.columns !== y.rows) throw new Error(`${node.name}: inner extents ${x.columns} and ${y.rows}`);
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  expect([...batch, x.rows, y.columns]);
  const [left, right] = [stretched(a.slice(0, -2), batch), stretched(b.slice(0, -2), batch)];
  return ([p, q]) => {
    const out = new Float64Array(left.length * x.rows * y.columns);
    let at = 0;
    left.forEach((start, n) => {
      const [from, other] = [start * x.rows * x.columns, right[n]! * y.rows * y.columns];
      for (let i = 0; i < x.rows; i++) {
        for (let j = 0; j < y.columns; j++) {
          let total = 0;
          for (let k = 0; k < x.columns; k++)
            total += p![from + i * x.row + k * x.column]! * q![other + k * y.row + j * y.column]!;
          out[at++] = total;
        }
      }
    });
    return [out];
  };
}

function layerNorm(x: Float64Array, width: number, eps: number, gamma: Float64Array, beta: Float64Array): Float64Array {
  if (gamma.length !== width || beta.length !== width) throw new Error("gamma and beta have the last axis' extent");
  const rows = chunks(x, width).map((row) => {
    const mean = row.reduce((n, v) => n + v, 0) / width;
    const variance = row.reduce((n, v) => n + (v - mean) ** 2, 0) / width;
    return row.map((v, i) => ((v - mean) / Math.sqrt(variance + eps)) * gamma[i]! + beta[i]!);
  });
  return joined(rows);
}

/** `eps` bounds the sum of squares. */
function l2Norm(x: Float64Array, width: number, eps: number): Float64Array {
  const rows = chunks(x, width).map((row) => {
    const squares = row.reduce((n, v) => n + v * v, 0);
    return row.map((v) => v / Math.sqrt(Math.max(squares, eps)));
  });
  return joined(rows);
}

function split(node: QnnNode, expect: (...dims: Dims[]) => void): Computation {
  const a = node.inputs[0]!.dims;
  const axis = number(node, "axis");
  const starts = [0, ...list(node, "split_index")];
  const extents = starts.map((start, i) => (starts[i + 1] ?? a[axis]!) - start);
  if (extents.some((extent) => extent < 1)) throw new Error(`${node.name}: an empty part`);
  expect(...extents.map((extent) => a.map((d, i) => (i === axis ? extent : d))));
  const after = elements(a.slice(axis + 1));
  return ([x]) => {
    const rows = chunks(x!, a[axis]! * after);
    return starts.map((start, i) => {
      const part = rows.map((row) => row.subarray(start * after, (start + extents[i]!) * after));
      return joined(part);
    });
  };
}

const chunks = (x: Float64Array, width: number): Float64Array[] =>
  Array.from({ length: x.length / width }, (_, i) => x.subarray(i * width, (i + 1) * width));

function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let start = 0;
  for (const part of parts) {
    out.set(part, start);
    start += part.length;
  }
  return out;
}

const pick = (x: Float64Array, at: Int32Array): Float64Array => Float64Array.from(at, (i) => x[i]!);

function param(node: QnnNode, name: string): QnnNode["params"][number] {
  const found = node.params.find((p) => p.name === name);
  if (!found) throw new Error(`${node.name} has no ${name}`);
  return found;
}
function number(node: QnnNode, name: string): number {
  const p = param(node, name);
  if (p.kind !== "scalar" || typeof p.value !== "number") throw new Error(`${name} of ${node.name} is no number`);
  return p.value;
}
function flag(node: QnnNode, name: string): boolean {
  const p = node.params.find((q) => q.name === name);
  return p?.kind === "scalar" && p.value === true;
}
function list(node: QnnNode, name: string): readonly number[] {
  const p = param(node, name);
  if (p.kind !== "tensor") throw new Error(`${name} of ${node.name} is no tensor`);
  return p.values;
}

const strides = (dims: Dims): Dims => dims.map((_, i) => elements(dims.slice(i + 1)));

/** As NumPy: aligned at the last axis, 1 stretches. */
function broadcast(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  const at = (dims: Dims, i: number): number => dims[dims.length - rank + i] ?? 1;
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [at(a, i), at(b, i)];
    if (m !== n && m !== 1 && n !== 1) throw new Error(`[${a.join()}] and [${b.join()}] do not broadcast`);
    return m === 1 ? n : m;
  });
}

/** For each element of `out`, the place in an operand of dims `from`. */
function stretched(from: Dims, out: Dims): Int32Array {
  const own = strides(from);
  const lead = out.length - from.length;
  return positions(
    out,
    out.map((_, i) => ((from[i - lead] ?? 1) === 1 ? 0 : own[i - lead]!)),
  );
}

/** For each index over `dims`, row-major: its place under `steps`. */
function positions(dims: Dims, steps: Dims): Int32Array {
  let at = Int32Array.of(0);
  dims.forEach((size, i) => {
    const next = new Int32Array(at.length * size);
    for (let n = 0; n < next.length; n++) next[n] = at[Math.floor(n / size)]! + (n % size) * steps[i]!;
    at = next;
  });
  return at;
}
