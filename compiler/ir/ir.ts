/**
 * The tensor IR: what one step of a model computes, as a graph of values without side effects.
 *
 * A value has positional axes (a dimension's name and its extent). An operation on two operands says how their axes
 * meet by giving each axis a label (`["h", "i"]`, `["h", "j"]` -> `["h", "i", "j"]`): equal labels are aligned, a missing
 * label is broadcast, and `contract` sums over the labels that its result lacks. So transposition and broadcasting
 * need no operations of their own, and lowering sees what kind of product it has.
 *
 * A graph is defined by its roots (outputs and next states): what no root needs does not exist, which is all there is to
 * dead code. Values are immutable and shared by identity.
 */
import type { BinaryOp, UnaryOp } from "../check/typed.ts";
import type { Span } from "../diagnostics/diagnostic.ts";
import type { Constant } from "./constant.ts";

export interface IrAxis {
  readonly dim: string;
  readonly size: number;
}

/** Where a value or a node comes from. Everything that users see of it points back there. */
export interface Origin {
  /** The equation (for policies, the policy's line). */
  readonly span: Span;
  /** The equation as written. */
  readonly text: string;
  /** `timeMix`, `channelMix`, `embedding`, `head`, ... */
  readonly part: string;
  /** Layer number, or null outside the layers. */
  readonly layer: number | null;
  /** In a graph of several tokens: the one token that the value belongs to, from 0; absent where it belongs to all. */
  readonly token?: number;
  /** Which of its equation's values it was in the graph as expanded, from 0; what a pass makes has that of the value it stands for. */
  readonly step?: number;
}

/** Name and label of the axis of tokens in a graph of several; no spec can have a dimension of this name. */
export const tokenDim = "#tokens";

export type Labels = readonly string[];

/** Activation functions are the typed equations' less those that `expand` spells out (silu, square). */
export type IrUnary = Exclude<UnaryOp, "silu" | "square">;

export type Op =
  /** The token's id, or the ids of all tokens: [] or [tokens]. */
  | { readonly kind: "token" }
  | { readonly kind: "constant"; readonly constant: Constant }
  /** Old value of the state of this path. */
  | { readonly kind: "state"; readonly state: string }
  | { readonly kind: "unary"; readonly op: IrUnary }
  | {
      readonly kind: "binary";
      readonly op: BinaryOp;
      readonly left: Labels;
      readonly right: Labels;
      readonly out: Labels;
    }
  /** Product of two operands, summed over the labels that `out` lacks. */
  | { readonly kind: "contract"; readonly left: Labels; readonly right: Labels; readonly out: Labels }
  /** Sum over the labels that `out` lacks. */
  | { readonly kind: "sum"; readonly arg: Labels; readonly out: Labels }
  /** Inputs: x, and for layer and group weight and bias. Normalises the last axis; group's weights span all axes. */
  | { readonly kind: "norm"; readonly norm: "layer" | "group" | "l2"; readonly eps: number }
  /** Inputs: table [V, ...], token. Axes: the token's, then the table's without its first. */
  | { readonly kind: "gather" }
  /** The same elements, row-major, under other axes. */
  | { readonly kind: "regroup" }
  | { readonly kind: "transpose"; readonly perm: readonly number[] }
  | { readonly kind: "slice"; readonly axis: number; readonly index: number }
  /** As many elements of axis 0 as the result has, from `start` on. */
  | { readonly kind: "rows"; readonly start: number }
  /** Inputs one after the other along `axis`. */
  | { readonly kind: "concat"; readonly axis: number };

export interface Value {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly axes: readonly IrAxis[];
  /** Path in the spec: `blocks.3.timeMix.k`; parts of an equation have the equation's name. */
  readonly name: string;
  readonly origin: Origin;
}

export interface IrState {
  /** `blocks.3.timeMix.S` */
  readonly name: string;
  readonly axes: readonly IrAxis[];
  readonly initial: number;
  /** Stored value = scale * the spec's value. */
  readonly scale: number;
  readonly next: Value;
}

/** An equation of the spec, and where its value has gone. */
export interface Definition {
  /** Path of what it defines: `blocks.3.timeMix.k`; for a state's new value the state's. */
  readonly name: string;
  readonly origin: Origin;
  /** As in the spec. */
  readonly axes: readonly IrAxis[];
  /** The same elements, row-major, perhaps under other axes. No root: what nothing else needs may be gone from the graph. */
  readonly value: Value;
  /** value = scale * the spec's value. */
  readonly scale: number;
}

export interface IrGraph {
  readonly layerCount: number;
  /** Tokens that one execution takes; absent: 1. */
  readonly tokens?: number;
  readonly states: readonly IrState[];
  /** [V], or [tokens, V]. */
  readonly logits: Value;
  /** In the order of computation; kept for what is said of a compiled model, not for compiling it. */
  readonly definitions?: readonly Definition[];
}

export const shapeOf = (axes: readonly IrAxis[]): readonly number[] => axes.map((a) => a.size);

export const isConstant = (v: Value): v is Value & { op: Extract<Op, { kind: "constant" }> } =>
  v.op.kind === "constant";

/** A scalar constant's value, or undefined. */
export function scalarOf(v: Value): number | undefined {
  return v.op.kind === "constant" && v.op.constant.kind === "fill" && v.axes.length === 0
    ? v.op.constant.value
    : undefined;
}

export const constantValue = (
  constant: Constant,
  axes: readonly IrAxis[],
  like: Pick<Value, "name" | "origin">,
): Value => ({
  op: { kind: "constant", constant },
  inputs: [],
  axes,
  name: like.name,
  origin: like.origin,
});

export const scalar = (value: number, like: Pick<Value, "name" | "origin">): Value =>
  constantValue({ kind: "fill", value, shape: [] }, [], like);

/** Position of a value's part in the model: embedding, layers, head. */
function section(origin: Origin, layerCount: number): number {
  if (origin.layer !== null) return origin.layer;
  return origin.part === "embedding" ? -1 : layerCount;
}

/** Where a value stands in its section of a graph of several tokens: before the first token's own values, or after the last's. */
const beforeTokens = -1;
const afterTokens = Number.MAX_SAFE_INTEGER;

/**
 * All values that the roots need, operands before users, layer by layer, in a layer token by token, and otherwise in the order of
 * the spec's equations as far as operands allow. (A layer needs only itself and earlier ones, so its values stay together.)
 */
export function topological(graph: IrGraph): readonly Value[] {
  const known = orders.get(graph) ?? sorted(graph);
  orders.set(graph, known);
  return known;
}

/** Graphs do not change, and every pass, the verifier and lowering ask for their order. */
const orders = new WeakMap<IrGraph, readonly Value[]>();

function sorted(graph: IrGraph): readonly Value[] {
  const found = reachable(graph);
  const phases = tokenPhases(found, graph.layerCount);
  const rank = new Map<Value, number>();
  found
    .map((value, index) => ({
      value,
      index,
      section: section(value.origin, graph.layerCount),
      token: phases.get(value) ?? beforeTokens,
      at: value.origin.span.start,
    }))
    .sort((a, b) => a.section - b.section || a.token - b.token || a.at - b.at || a.index - b.index)
    .forEach(({ value }, i) => rank.set(value, i));
  const users = new Map<Value, Value[]>();
  const missing = new Map<Value, number>();
  const ready: number[] = [];
  const byRank: Value[] = [];
  for (const value of found) {
    byRank[rank.get(value) ?? 0] = value;
    const operands = new Set(value.inputs);
    missing.set(value, operands.size);
    for (const operand of operands) {
      const known = users.get(operand);
      if (known) known.push(value);
      else users.set(operand, [value]);
    }
    if (operands.size === 0) insert(ready, rank.get(value) ?? 0);
  }
  const order: Value[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    const value = byRank[next] as Value;
    order.push(value);
    for (const user of users.get(value) ?? []) {
      const left = (missing.get(user) ?? 0) - 1;
      missing.set(user, left);
      if (left === 0) insert(ready, rank.get(user) ?? 0);
    }
  }
  return order;
}

/** A value's token; for those of all tokens, whether the tokens' own values in its section lead to it. */
function tokenPhases(operandsFirst: readonly Value[], layerCount: number): ReadonlyMap<Value, number> {
  const phases = new Map<Value, number>();
  for (const value of operandsFirst) {
    const own = section(value.origin, layerCount);
    const isLate = (v: Value): boolean => phases.has(v) && section(v.origin, layerCount) === own;
    const phase = value.origin.token ?? (value.inputs.some(isLate) ? afterTokens : undefined);
    if (phase !== undefined) phases.set(value, phase);
  }
  return phases;
}

/** Keeps `list` sorted, largest first. */
function insert(list: number[], item: number): void {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) > item) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, item);
}

/** Everything the roots need, operands before users. */
function reachable(graph: IrGraph): readonly Value[] {
  const seen = new Set<Value>();
  const order: Value[] = [];
  const visit = (root: Value): void => {
    const stack: { value: Value; next: number }[] = [];
    const push = (value: Value): void => {
      if (seen.has(value)) return;
      seen.add(value);
      stack.push({ value, next: 0 });
    };
    push(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.value.inputs[top.next++];
      if (input) push(input);
      else {
        order.push(top.value);
        stack.pop();
      }
    }
  };
  for (const state of graph.states) visit(state.next);
  visit(graph.logits);
  return order;
}

/** How many operands and roots refer to each value. */
export function countUses(graph: IrGraph): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>();
  const add = (v: Value): void => void uses.set(v, (uses.get(v) ?? 0) + 1);
  for (const value of topological(graph)) value.inputs.forEach(add);
  graph.states.forEach((s) => add(s.next));
  add(graph.logits);
  return uses;
}

/**
 * Rebuilds a graph from its operands up. `visit` gets each value with its operands already replaced, and gives what
 * stands in its place (undefined = itself).
 */
export function rewrite(graph: IrGraph, visit: (value: Value, original: Value) => Value | undefined): IrGraph {
  const made = new Map<Value, Value>();
  const of = (v: Value): Value => made.get(v) ?? v;
  for (const original of topological(graph)) {
    const inputs = original.inputs.map(of);
    const same = inputs.every((input, i) => input === original.inputs[i]);
    const value = same ? original : { ...original, inputs };
    made.set(original, visit(value, original) ?? value);
  }
  return {
    ...graph,
    states: graph.states.map((s) => ({ ...s, next: of(s.next) })),
    logits: of(graph.logits),
    definitions: graph.definitions?.map((d) => ({ ...d, value: moved(d.value, made) })),
  };
}

/** What stands for a definition's value: a split or merge of heads that no root needs any more is still one of a value that is there. */
function moved(value: Value, made: ReadonlyMap<Value, Value>): Value {
  const now = made.get(value);
  if (now || value.op.kind !== "regroup") return now ?? value;
  return { ...value, inputs: value.inputs.map((input) => moved(input, made)) };
}
