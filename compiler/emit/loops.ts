/**
 * Finds the steps of a recurrence in a section of a graph of several tokens: nodes that repeat from token to token. They are
 * written as one loop instead of once per token.
 *
 * In: a section whose nodes' origins name tokens. Out: loops over consecutive nodes, in which every step has the same nodes; what
 * their inputs are from step to step. Nodes that differ in anything else are in no loop and are written one by one.
 */
import type { QnnNode } from "../lower/qnn-graph.ts";
import type { Reference, Section } from "./sections.ts";

/** An input of a step's node. */
export type StepReference =
  /** Output of the same step's node `node`, counted within the step. */
  | { readonly kind: "step"; readonly node: number; readonly output: number }
  /** The same of the step before; `first` in the first step. */
  | { readonly kind: "before"; readonly node: number; readonly output: number; readonly first: Reference }
  /** The same in every step. */
  | { readonly kind: "same"; readonly reference: Reference }
  /** Another one in every step. */
  | { readonly kind: "each"; readonly references: readonly Reference[] };

export interface Loop {
  /** Index in the section of the first step's first node. */
  readonly start: number;
  /** Nodes of a step. */
  readonly size: number;
  /** Steps. */
  readonly count: number;
  /** By node of a step. */
  readonly references: readonly (readonly StepReference[])[];
}

/** `blocks.{}.timeMix.S.t3.2` of token 3 -> `blocks.{}.timeMix.S.t[].2`. */
export const tokenPattern = (name: string, token: number): string =>
  name.replace(new RegExp(`\\.t${token}((?:\\.\\d+)?(?:_\\d+)?)$`), ".t[]$1");

export function findLoops(section: Pick<Section, "nodes" | "references">): readonly Loop[] {
  const loops: Loop[] = [];
  const { nodes } = section;
  for (let start = 0; start < nodes.length;) {
    const loop = nodes[start]?.origin.token === 0 ? loopAt(section, start) : undefined;
    if (loop) loops.push(loop);
    start += loop ? loop.size * loop.count : 1;
  }
  return loops;
}

function loopAt({ nodes, references }: Pick<Section, "nodes" | "references">, start: number): Loop | undefined {
  const tokenAt = (n: number): number | undefined => nodes[n]?.origin.token;
  let end = start;
  while (tokenAt(end) === 0) end++;
  const size = end - start;
  let count = 1;
  const keyOf = (n: number): string => nodeKey(nodes[n]!);
  while (
    Array.from({ length: size }, (_, j) => end + j).every(
      (n) => tokenAt(n) === count && keyOf(n) === keyOf(n - count * size),
    ) &&
    tokenAt(end + size) !== count
  ) {
    count++;
    end += size;
  }
  // A run that goes on differently is no loop: its steps' names would not count on.
  if (count < 2 || tokenAt(end) !== undefined) return undefined;
  const found: StepReference[][] = [];
  for (let j = 0; j < size; j++) {
    const inputs = references[start + j]!.map((_, i) => {
      const all = Array.from({ length: count }, (_, t) => references[start + t * size + j]![i]!);
      return stepReference(all, start, size);
    });
    found.push(inputs);
  }
  return { start, size, count, references: found };
}

/** What the nodes of all steps have in common. */
function nodeKey({ name, type, params, outputs, inputs, origin }: QnnNode): string {
  const token = origin.token ?? 0;
  const { span, text } = origin;
  const made = outputs.map((t) => [tokenPattern(t.name, token), t.kind, t.dtype, t.dims, t.grid]);
  const isDefault = name === `${outputs[0]?.name}.${type}`;
  return JSON.stringify([isDefault ? "" : name, type, params, made, inputs.length, span, text]);
}

function stepReference(references: readonly Reference[], start: number, size: number): StepReference {
  const [first] = references as [Reference];
  const same = (a: Reference, b: Reference): boolean =>
    a.kind === "local"
      ? b.kind === "local" && a.node === b.node && a.output === b.output
      : b.kind === a.kind && a.index === b.index;
  if (references.every((r) => same(r, first))) return { kind: "same", reference: first };
  const moved = (by: number) => (r: Reference, t: number) => {
    const step = t - by;
    return r.kind === "local" && r.node >= start + step * size && r.node < start + (step + 1) * size
      ? { node: r.node - start - step * size, output: r.output }
      : undefined;
  };
  const agree = (places: readonly ({ node: number; output: number } | undefined)[]): boolean =>
    places.every((p) => p && p.node === places[0]?.node && p.output === places[0].output);
  const own = references.map(moved(0));
  if (agree(own)) return { kind: "step", ...own[0]! };
  const before = references.map(moved(1)).slice(1);
  if (agree(before)) return { kind: "before", ...before[0]!, first };
  return { kind: "each", references };
}
