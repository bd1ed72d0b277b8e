/** Test support: hand-made and random tensor IR. Labels are dimensions' names, so operands meet as equations' would. */
import type { BinaryOp } from "../../compiler/check/typed.ts";
import { type Constant, elements } from "../../compiler/ir/constant.ts";
import type { ConstantValues, States } from "../../compiler/ir/evaluate.ts";
import {
  constantValue,
  type IrAxis,
  type IrGraph,
  type IrState,
  type IrUnary,
  type Op,
  type Origin,
  scalar,
  shapeOf,
  topological,
  type Value,
} from "../../compiler/ir/ir.ts";
import { unaryFunctions, binaryFunctions } from "../../compiler/emit/evaluate-constant.ts";
import { randomNumbers } from "../ir/tiny-model.ts";

const sizes: Readonly<Record<string, number>> = { D: 6, H: 2, N: 3, M: 4, V: 5, D2: 6, N2: 3 };
const origin: Origin = { span: { file: "small", start: 0, end: 0 }, text: "", part: "mix", layer: 0 };

const axis = (dim: string): IrAxis => ({ dim, size: sizes[dim]! });
export const dimsOf = (value: Value): string[] => value.axes.map((a) => a.dim);

let count = 0;
const make = (op: Op, inputs: readonly Value[], dims: readonly string[]): Value => ({
  op,
  inputs,
  axes: dims.map(axis),
  name: `blocks.0.mix.v${count++}`,
  origin,
});

/** A variable: the old value of a state of this name. */
export const input = (name: string, dims: string): Value => make({ kind: "state", state: name }, [], words(dims));
export const number = (value: number): Value => scalar(value, { name: "number", origin });
export function weight(name: string, dims: string): Value {
  const axes = words(dims).map(axis);
  return constantValue({ kind: "tensor", tensor: name, shape: shapeOf(axes) }, axes, { name, origin });
}
export const unary = (op: IrUnary, a: Value): Value => make({ kind: "unary", op }, [a], dimsOf(a));
export function binary(op: BinaryOp, a: Value, b: Value, out?: string): Value {
  const [left, right] = [dimsOf(a), dimsOf(b)];
  const labels = out === undefined ? [...new Set([...left, ...right])] : words(out);
  return make({ kind: "binary", op, left, right, out: labels }, [a, b], labels);
}
export const contract = (a: Value, b: Value, out: string): Value =>
  make({ kind: "contract", left: dimsOf(a), right: dimsOf(b), out: words(out) }, [a, b], words(out));
export const sum = (a: Value, out: string): Value =>
  make({ kind: "sum", arg: dimsOf(a), out: words(out) }, [a], words(out));
export const regroup = (a: Value, dims: string): Value => make({ kind: "regroup" }, [a], words(dims));
export const transpose = (a: Value, perm: readonly number[]): Value =>
  make(
    { kind: "transpose", perm },
    [a],
    perm.map((p) => dimsOf(a)[p]!),
  );
export const slice = (a: Value, at: number, index: number): Value =>
  make(
    { kind: "slice", axis: at, index },
    [a],
    dimsOf(a).filter((_, i) => i !== at),
  );
export const norm = (kind: "layer" | "group" | "l2", eps: number, ...inputs: Value[]): Value =>
  make({ kind: "norm", norm: kind, eps }, inputs, dimsOf(inputs[0]!));
export const gather = (table: Value): Value =>
  make({ kind: "gather" }, [table, make({ kind: "token" }, [], [])], dimsOf(table).slice(1));

const words = (text: string): string[] => text.split(" ").filter(Boolean);

/** A graph with these results: the first is the logits, the others become states' next values, as do all variables themselves. */
export function graphOf(...results: readonly Value[]): IrGraph {
  const [logits, ...others] = results as [Value, ...Value[]];
  const made = others.map((next, i): IrState => ({
    name: `blocks.0.mix.r${i}`,
    axes: next.axes,
    initial: 0,
    scale: 1,
    next,
  }));
  const found = topological({ layerCount: 1, states: made, logits }).filter((v) => v.op.kind === "state");
  const variables = found.map((v) => ({
    name: v.op.kind === "state" ? v.op.state : "",
    axes: v.axes,
    initial: 0,
    scale: 1,
    next: v,
  }));
  return { layerCount: 1, states: [...variables, ...made], logits };
}

/** Kinds of operations, with how many there are of each; constants and variables not counted. */
export function operations(graph: IrGraph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of topological(graph)) {
    if (["constant", "state", "token"].includes(op.kind)) continue;
    const name = op.kind === "unary" || op.kind === "binary" ? op.op : op.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Made-up values of weights and variables: numbers from 0.5 to 1.5 with either sign. */
const madeUp = (name: string, size: number): Float64Array => {
  const random = randomNumbers(name);
  return Float64Array.from({ length: size }, () => (0.5 + random()) * (random() < 0.5 ? -1 : 1));
};

export const variables = (graph: IrGraph, seed = 0): States =>
  new Map(graph.states.map((s) => [s.name, madeUp(`${seed} ${s.name}`, elements(shapeOf(s.axes)))]));

export const smallConstants: ConstantValues = (c) => evaluate(c);

/** Index by index, so that it shares nothing with the emitter's evaluation. */
function evaluate(c: Constant): Float64Array {
  const size = elements(c.shape);
  switch (c.kind) {
    case "tensor":
      return madeUp(c.tensor, size);
    case "fill":
      return new Float64Array(size).fill(c.value);
    case "part":
      return evaluate(c.arg).slice(c.index * size, (c.index + 1) * size);
    case "identity":
      return Float64Array.from({ length: size }, (_, i) =>
        Math.floor(i / c.shape.at(-1)!) === i % c.shape.at(-1)! ? 1 : 0,
      );
    case "unary":
      return evaluate(c.arg).map(unaryFunctions[c.op]);
    case "binary": {
      const [a, b] = [evaluate(c.left), evaluate(c.right)];
      const f = binaryFunctions[c.op];
      return Float64Array.from({ length: size }, (_, i) =>
        f(a[stretched(i, c.shape, c.left.shape)]!, b[stretched(i, c.shape, c.right.shape)]!),
      );
    }
    case "layerNorm": {
      const [x, w, b] = [evaluate(c.arg), evaluate(c.weight), evaluate(c.bias)];
      const width = c.shape.at(-1)!;
      return x.map((_, i) => {
        const row = x.subarray(i - (i % width), i - (i % width) + width);
        const mean = row.reduce((n, v) => n + v, 0) / width;
        const variance = row.reduce((n, v) => n + (v - mean) ** 2, 0) / width;
        return ((x[i]! - mean) / Math.sqrt(variance + c.eps)) * w[i % width]! + b[i % width]!;
      });
    }
    case "transpose": {
      const arg = evaluate(c.arg);
      return Float64Array.from({ length: size }, (_, i) => {
        const index = indexOf(i, c.shape);
        const from = c.arg.shape.map((_, at) => index[c.perm.indexOf(at)]!);
        return arg[from.reduce((n, v, at) => n * c.arg.shape[at]! + v, 0)]!;
      });
    }
    case "columns": {
      const parts = c.args.map((arg) => ({ values: evaluate(arg), width: arg.shape.at(-1)! }));
      const width = c.shape.at(-1)!;
      return Float64Array.from({ length: size }, (_, i) => {
        const row = Math.floor(i / width);
        let at = i % width;
        const part = parts.find((p) => (at -= p.width) < 0)!;
        return part.values[row * part.width + at + part.width]!;
      });
    }
    case "reshape":
      return evaluate(c.arg);
    case "stack":
      return Float64Array.from(c.args.flatMap((arg) => [...evaluate(arg)]));
  }
}

function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = position;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

function stretched(position: number, shape: readonly number[], from: readonly number[]): number {
  const index = indexOf(position, shape).slice(shape.length - from.length);
  return from.reduce((n, size, i) => n * size + (size === 1 ? 0 : index[i]!), 0);
}

/** A random graph: operations of all kinds over a few variables and weights, in orders of axes that specs rarely use. */
export function randomGraph(seed: number): IrGraph {
  const random = randomNumbers(`graph ${seed}`);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const shuffled = <T>(list: readonly T[]): T[] =>
    list
      .map((item) => ({ item, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  const pool: Value[] = [
    input("a", "D"),
    input("b", "H N"),
    input("c", "H M N"),
    input("d", "N"),
    input("h", "H"),
    gather(weight("table", "V D")),
    weight("w", "D"),
    weight("p", "M D"),
    weight("q", "H N"),
    weight("t", "N M"),
    number(2),
    number(1),
  ];
  const steps: readonly (() => Value | undefined)[] = [
    () => unary(pick(["neg", "sigmoid", "tanh", "relu", "abs"] as const), pick(pool)),
    () => unary("exp", unary("tanh", pick(pool))),
    () => unary("sqrt", unary("abs", pick(pool))),
    () => {
      const [a, b] = [pick(pool), pick(pool)];
      const out = shuffled([...new Set([...dimsOf(a), ...dimsOf(b)])]);
      const op = pick(["add", "sub", "mul", "mul", "max", "min"] as const);
      return out.length <= 3 ? binary(op, a, b, out.join(" ")) : undefined;
    },
    () => binary("div", pick(pool), binary("add", number(2), unary("sigmoid", input("h", "H")))),
    () => {
      const [a, b] = [pick(pool), pick(pool)];
      const all = [...new Set([...dimsOf(a), ...dimsOf(b)])];
      const out = shuffled(all).filter(() => random() < 0.6);
      return all.length > 0 && out.length < all.length && out.length <= 3 ? contract(a, b, out.join(" ")) : undefined;
    },
    () => {
      const a = pick(pool);
      const out = shuffled(dimsOf(a)).filter(() => random() < 0.5);
      return out.length < a.axes.length ? sum(a, out.join(" ")) : undefined;
    },
    () => {
      const a = pick(pool);
      const dims = dimsOf(a).join(" ");
      if (dims === "D") return regroup(a, "H N");
      return dims === "H N" ? regroup(a, "D") : undefined;
    },
    () => {
      const a = pick(pool);
      return a.axes.length > 1 ? transpose(a, shuffled(a.axes.map((_, i) => i))) : undefined;
    },
    () => {
      const a = pick(pool);
      const at = below(a.axes.length || 1);
      return a.axes.length > 0 && a.axes.length < 4 ? slice(a, at, below(a.axes[at]!.size)) : undefined;
    },
    () => {
      const a = pick(pool.filter((v) => dimsOf(v).at(-1) === "N" && v.axes.length < 3));
      return a.axes.length === 2 && dimsOf(a)[0] === "H" && random() < 0.6
        ? norm("group", 1e-3, a, weight("gw", "H N"), weight("gb", "H N"))
        : // The larger bounds most lengths here.
          norm("l2", pick([1e-12, 1.5]), a);
    },
    () => norm("layer", 1e-3, pick(pool.filter((v) => dimsOf(v).join() === "D")), weight("lw", "D"), weight("lb", "D")),
  ];
  while (pool.length < 26) {
    const value = pick(steps)();
    if (value) pool.push(value);
  }
  const results = pool.filter((v) => v.op.kind !== "constant" && v.op.kind !== "state");
  const logits = results.findLast((v) => v.axes.length === 1) ?? binary("add", input("a", "D"), number(1));
  return graphOf(logits, ...results.slice(-4));
}
