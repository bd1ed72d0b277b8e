/**
 * What a graph computes, in double precision and in the plainest way: the judge of expansion, passes and lowering.
 *
 * In: a graph, the values of its constants, its token or tokens and the states before. Out: logits, the states after, and
 * the value of everything in between. States are as stored (a scaling policy's factor applied); all arrays are row-major.
 *
 * Nothing here is rounded to a device's types. Where operands' axes meet, offsets are laid out once, when the evaluator
 * is made, so that a step is a few loops over numbers.
 */
import type { BinaryOp } from "../check/typed.ts";
import { type Constant, elements } from "./constant.ts";
import {
  type IrAxis,
  type IrGraph,
  type IrUnary,
  type Labels,
  type Op,
  shapeOf,
  topological,
  type Value,
} from "./ir.ts";

export interface EvaluatedStep {
  /** [vocabulary], or [tokens, vocabulary] */
  readonly logits: Float64Array;
  /** By path, `blocks.3.timeMix.S`. */
  readonly states: ReadonlyMap<string, Float64Array>;
  readonly values: ReadonlyMap<Value, Float64Array>;
}

export type States = ReadonlyMap<string, Float64Array>;
export type ConstantValues = (constant: Constant) => Float64Array;

/** The states before the first token, as stored. */
export const initialStates = (graph: IrGraph): States =>
  new Map(graph.states.map((s) => [s.name, new Float64Array(elements(shapeOf(s.axes))).fill(s.initial * s.scale)]));

/** What a step reads: its token's id, or the ids of all of them. */
export type Tokens = number | readonly number[];

/** One step. For several, make the evaluator once. */
export const evaluateIr = (graph: IrGraph, constants: ConstantValues, token: Tokens, states: States): EvaluatedStep =>
  irEvaluator(graph, constants)(token, states);

/** Evaluates `graph` for one step after the other. Constants are asked for once, here. */
export function irEvaluator(
  graph: IrGraph,
  constants: ConstantValues,
): (tokens: Tokens, states: States) => EvaluatedStep {
  const order = topological(graph).map((value) => ({ value, compute: computation(value, constants) }));
  return (tokens, states) => {
    const token = typeof tokens === "number" ? [tokens] : tokens;
    if (token.length !== (graph.tokens ?? 1)) throw new Error(`evaluate: ${token.length} tokens for one step`);
    const values = new Map<Value, Float64Array>();
    const of = (value: Value): Float64Array => values.get(value)!;
    for (const { value, compute } of order) values.set(value, compute({ of, token, states }));
    return { logits: of(graph.logits), states: new Map(graph.states.map((s) => [s.name, of(s.next)])), values };
  };
}

interface Now {
  readonly of: (value: Value) => Float64Array;
  readonly token: readonly number[];
  readonly states: States;
}

type Computation = (now: Now) => Float64Array;

function computation(value: Value, constants: ConstantValues): Computation {
  const { op, inputs, axes } = value;
  const [a, b] = inputs as [Value, Value];
  switch (op.kind) {
    case "token":
      return ({ token }) => Float64Array.from(token);
    case "constant": {
      const data = constants(op.constant);
      return () => data;
    }
    case "state":
      return ({ states }) => required(states.get(op.state), op.state);
    case "unary": {
      const f = unaryFunctions[op.op];
      return ({ of }) => of(a).map(f);
    }
    case "binary":
      return binary(op, a, b, axes);
    case "contract":
      return contract(op, a, b, axes);
    case "sum":
      return sum(op, a, axes);
    case "norm":
      return norm(op, inputs);
    case "gather": {
      const row = elements(shapeOf(a.axes.slice(1)));
      return ({ of }) => {
        const rows = Array.from(of(b), (token) => of(a).subarray(token * row, (token + 1) * row));
        return rows.length === 1 ? rows[0]! : Float64Array.from(rows.flatMap((values) => [...values]));
      };
    }
    case "regroup":
      return ({ of }) => of(a);
    case "transpose": {
      const labels = axes.map((_, i) => String(i));
      const from = offsets(labels, axes, operandLabels(op.perm), a.axes);
      return ({ of }) => pick(of(a), from);
    }
    case "slice": {
      const labels = a.axes.map((_, i) => String(i));
      const stride = elements(shapeOf(a.axes.slice(op.axis + 1)));
      const from = offsets(
        labels.filter((_, i) => i !== op.axis),
        axes,
        labels,
        a.axes,
      );
      return ({ of }) => pick(of(a).subarray(op.index * stride), from);
    }
    case "rows": {
      const row = elements(shapeOf(axes.slice(1)));
      return ({ of }) => of(a).subarray(op.start * row, op.start * row + elements(shapeOf(axes)));
    }
    case "concat":
      return concat(op.axis, inputs, axes);
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`evaluate: no value for ${what}`);
  return value;
}

/** Result axis `i` is the operand's axis `perm[i]`: the operand's axes, labelled by where they go. */
const operandLabels = (perm: readonly number[]): Labels => perm.map((_, axis) => String(perm.indexOf(axis)));

const unaryFunctions: Readonly<Record<IrUnary, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  sqrt: Math.sqrt,
  abs: Math.abs,
};

const binaryFunctions: Readonly<Record<BinaryOp, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: Math.max,
  min: Math.min,
};

function binary(op: Extract<Op, { kind: "binary" }>, a: Value, b: Value, axes: readonly IrAxis[]): Computation {
  const f = binaryFunctions[op.op];
  const left = offsets(op.out, axes, op.left, a.axes);
  const right = offsets(op.out, axes, op.right, b.axes);
  return ({ of }) => {
    const [x, y, out] = [of(a), of(b), new Float64Array(left.length)];
    for (let i = 0; i < out.length; i++) out[i] = f(x[left[i]!]!, y[right[i]!]!);
    return out;
  };
}

function contract(op: Extract<Op, { kind: "contract" }>, a: Value, b: Value, axes: readonly IrAxis[]): Computation {
  const summed = op.left
    .filter((l) => !op.out.includes(l))
    .concat(op.right.filter((l) => ![...op.out, ...op.left].includes(l)));
  const summedAxes = summed.map((l) => (a.axes[op.left.indexOf(l)] ?? b.axes[op.right.indexOf(l)])!);
  const [left, right] = [offsets(op.out, axes, op.left, a.axes), offsets(op.out, axes, op.right, b.axes)];
  const [leftTerm, rightTerm] = [
    offsets(summed, summedAxes, op.left, a.axes),
    offsets(summed, summedAxes, op.right, b.axes),
  ];
  return ({ of }) => {
    const [x, y, out] = [of(a), of(b), new Float64Array(left.length)];
    for (let i = 0; i < out.length; i++) {
      const [l, r] = [left[i]!, right[i]!];
      let total = 0;
      for (let s = 0; s < leftTerm.length; s++) total += x[l + leftTerm[s]!]! * y[r + rightTerm[s]!]!;
      out[i] = total;
    }
    return out;
  };
}

function sum(op: Extract<Op, { kind: "sum" }>, a: Value, axes: readonly IrAxis[]): Computation {
  const summed = op.arg.filter((l) => !op.out.includes(l));
  const summedAxes = summed.map((l) => a.axes[op.arg.indexOf(l)]!);
  const from = offsets(op.out, axes, op.arg, a.axes);
  const terms = offsets(summed, summedAxes, op.arg, a.axes);
  return ({ of }) => {
    const [x, out] = [of(a), new Float64Array(from.length)];
    for (let i = 0; i < out.length; i++) for (let s = 0; s < terms.length; s++) out[i]! += x[from[i]! + terms[s]!]!;
    return out;
  };
}

/** Over the last axis. layer, group: (x - mean) / sqrt(variance + eps) * weight + bias. l2: x / max(|x|, eps). */
function norm(op: Extract<Op, { kind: "norm" }>, [x, weight, bias]: readonly Value[]): Computation {
  const width = x!.axes.at(-1)?.size ?? 1;
  const normalise = op.norm === "l2" ? l2 : standardise;
  return ({ of }) => {
    const out = Float64Array.from(of(x!));
    for (let at = 0; at < out.length; at += width) normalise(out.subarray(at, at + width), op.eps);
    if (!weight || !bias) return out;
    const [w, b] = [of(weight), of(bias)];
    return out.map((n, i) => n * w[i % w.length]! + b[i % b.length]!);
  };
}

function l2(row: Float64Array, eps: number): void {
  const length = Math.sqrt(row.reduce((total, n) => total + n * n, 0));
  const factor = 1 / Math.max(length, eps);
  row.forEach((n, i) => (row[i] = n * factor));
}

function standardise(row: Float64Array, eps: number): void {
  const mean = row.reduce((total, n) => total + n, 0) / row.length;
  const variance = row.reduce((total, n) => total + (n - mean) ** 2, 0) / row.length;
  const factor = 1 / Math.sqrt(variance + eps);
  row.forEach((n, i) => (row[i] = (n - mean) * factor));
}

function concat(axis: number, inputs: readonly Value[], axes: readonly IrAxis[]): Computation {
  const after = elements(shapeOf(axes.slice(axis + 1)));
  const row = axes[axis]!.size * after;
  return ({ of }) => {
    const out = new Float64Array(elements(shapeOf(axes)));
    let start = 0;
    for (const input of inputs) {
      const data = of(input);
      const width = input.axes[axis]!.size * after;
      for (let r = 0; r * row < out.length; r++) out.set(data.subarray(r * width, (r + 1) * width), r * row + start);
      start += width;
    }
    return out;
  };
}

const pick = (from: Float64Array, at: Int32Array): Float64Array => Float64Array.from(at, (i) => from[i]!);

/** For each index over `labels` (extents from `axes`), row-major: its place in an operand, 0 along labels that it lacks. */
function offsets(labels: Labels, axes: readonly IrAxis[], operand: Labels, operandAxes: readonly IrAxis[]): Int32Array {
  let at = Int32Array.of(0);
  labels.forEach((label, i) => {
    const position = operand.indexOf(label);
    const stride = position < 0 ? 0 : elements(shapeOf(operandAxes.slice(position + 1)));
    const { size } = axes[i]!;
    const next = new Int32Array(at.length * size);
    for (let n = 0; n < next.length; n++) next[n] = at[Math.floor(n / size)]! + (n % size) * stride;
    at = next;
  });
  return at;
}
