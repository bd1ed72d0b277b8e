/**
 * Which values of a graph for one token can be computed for all tokens at once, and which only one token after the other.
 *
 * A value depends on its operands, and a state's old value on its new value of the token before. Values that in this sense depend
 * on themselves are the recurrence (strongly connected components); nothing else has to wait. But where the recurrence is
 * read, values are computed token by token up to where they are smallest (y, not all tokens' matrices S), and so are values that
 * it reads and that are larger than what they are made from (the outer product of v and k).
 */
import { elements } from "../ir/constant.ts";
import { type IrGraph, shapeOf, topological, type Value } from "../ir/ir.ts";

/** fixed: the same for every token; all: for all tokens at once; token: one after the other. */
export type TokenKind = "fixed" | "all" | "token";

export interface TokenPlan {
  readonly kindOf: (value: Value) => TokenKind;
  /** All values that are not fixed, operands first; values that need each other are one group, in the order of a step. */
  readonly order: readonly (readonly Value[])[];
}

export function planTokens(graph: IrGraph): TokenPlan {
  const values = topological(graph);
  const next = new Map(graph.states.map((state) => [state.name, state.next]));
  const dependencies = (v: Value): readonly Value[] => (v.op.kind === "state" ? [next.get(v.op.state)!] : v.inputs);
  const kinds = new Map<Value, TokenKind>();
  for (const v of values) kinds.set(v, changes(v, kinds) ? "all" : "fixed");

  const rank = new Map(values.map((v, i) => [v, i]));
  const groups = components(values, dependencies);
  for (const group of groups) {
    const [only] = group as [Value];
    if (group.length > 1 || dependencies(only).includes(only)) for (const v of group) kinds.set(v, "token");
    group.sort((a, b) => rank.get(a)! - rank.get(b)!);
  }
  markReads(graph, values, kinds);
  markSpreads(graph, values, kinds);
  return {
    kindOf: (v) => kinds.get(v)!,
    order: groups.filter(([first]) => kinds.get(first!) !== "fixed"),
  };
}

const changes = ({ op, inputs }: Value, kinds: ReadonlyMap<Value, TokenKind>): boolean =>
  op.kind === "token" || op.kind === "state" || inputs.some((input) => kinds.get(input) !== "fixed");

const sizeOf = (v: Value): number => elements(shapeOf(v.axes));

/** Weights are read once for all tokens: what multiplies them, and what is costly by row, does not go token by token. */
function isLight({ op, inputs }: Value, kinds: ReadonlyMap<Value, TokenKind>): boolean {
  if (op.kind === "contract") return inputs.every((input) => kinds.get(input) !== "fixed");
  return op.kind !== "norm" && op.kind !== "gather" && op.kind !== "token" && op.kind !== "state";
}

/** Values computed from the recurrence, as long as they, or what they lead to, are smaller than what they read. */
function markReads(graph: IrGraph, values: readonly Value[], kinds: Map<Value, TokenKind>): void {
  const users = usersOf(values);
  const roots = rootsOf(graph);
  const smallest = new Map<Value, number>();
  for (const v of [...values].reverse()) {
    const list = users.get(v) ?? [];
    const later = list.reduce((n, user) => n + (isLight(user, kinds) ? smallest.get(user)! : Infinity), 0);
    smallest.set(v, list.length === 0 || roots.has(v) ? sizeOf(v) : Math.min(sizeOf(v), later));
  }
  for (const v of values) {
    const read = v.inputs.filter((input) => kinds.get(input) === "token").map(sizeOf);
    if (kinds.get(v) === "all" && isLight(v, kinds) && smallest.get(v)! < Math.max(0, ...read)) kinds.set(v, "token");
  }
}

/** Values that only the recurrence reads, and that are larger than what they are made from. */
function markSpreads(graph: IrGraph, values: readonly Value[], kinds: Map<Value, TokenKind>): void {
  const users = usersOf(values);
  const roots = rootsOf(graph);
  const smallest = new Map<Value, number>();
  for (const v of values) {
    const variable = v.inputs.filter((input) => kinds.get(input) !== "fixed");
    const before = variable.reduce((n, input) => n + smallest.get(input)!, 0);
    smallest.set(v, isLight(v, kinds) && variable.length > 0 ? Math.min(sizeOf(v), before) : sizeOf(v));
  }
  for (const v of [...values].reverse()) {
    const onlyRecurrence = !roots.has(v) && (users.get(v) ?? []).every((user) => kinds.get(user) === "token");
    if (kinds.get(v) === "all" && onlyRecurrence && smallest.get(v)! < sizeOf(v)) kinds.set(v, "token");
  }
}

function usersOf(values: readonly Value[]): ReadonlyMap<Value, readonly Value[]> {
  const users = new Map<Value, Value[]>();
  for (const v of values) for (const input of new Set(v.inputs)) users.set(input, [...(users.get(input) ?? []), v]);
  return users;
}

const rootsOf = (graph: IrGraph): ReadonlySet<Value> =>
  new Set([graph.logits, ...graph.states.map((state) => state.next)]);

/**
 * Strongly connected components, each after those that it depends on (Tarjan, "Depth-first search and linear graph
 * algorithms", 1972; without recursion, since graphs are thousands of values deep).
 */
function components(values: readonly Value[], dependencies: (v: Value) => readonly Value[]): Value[][] {
  const index = new Map<Value, number>();
  const low = new Map<Value, number>();
  const open: Value[] = [];
  const isOpen = new Set<Value>();
  const found: Value[][] = [];
  const path: { readonly value: Value; at: number }[] = [];
  const enter = (value: Value): void => {
    index.set(value, index.size);
    low.set(value, index.get(value)!);
    open.push(value);
    isOpen.add(value);
    path.push({ value, at: 0 });
  };
  for (const root of values) {
    if (index.has(root)) continue;
    enter(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { value } = top;
      const dependency = dependencies(value)[top.at++];
      if (dependency === undefined) {
        path.pop();
        const parent = path.at(-1)?.value;
        if (parent) low.set(parent, Math.min(low.get(parent)!, low.get(value)!));
        if (low.get(value) !== index.get(value)) continue;
        const group = open.splice(open.lastIndexOf(value));
        for (const member of group) isOpen.delete(member);
        found.push(group);
      } else if (!index.has(dependency)) enter(dependency);
      else if (isOpen.has(dependency)) low.set(value, Math.min(low.get(value)!, index.get(dependency)!));
    }
  }
  return found;
}
