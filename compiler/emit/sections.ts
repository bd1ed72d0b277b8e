/**
 * Cuts a graph into sections and finds those of equal structure, so that each structure becomes one C++ function.
 *
 * A section is a run of nodes of one part in one layer. Two sections have the same structure when they differ in nothing
 * but the layer's number inside names, where their constants lie, and the values of scalar parameters.
 */
import type { QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";

/** A tensor as a section's node sees it. */
export type Reference =
  /** Output `output` of the section's node `node`. */
  | { readonly kind: "local"; readonly node: number; readonly output: number }
  /** A constant. */
  | { readonly kind: "static"; readonly index: number }
  /** A state that only this layer's section reads. */
  | { readonly kind: "input"; readonly index: number }
  /** Comes from outside: an earlier section's value, or another graph input. */
  | { readonly kind: "external"; readonly index: number };

export interface Section {
  readonly part: string;
  readonly layer: number | null;
  readonly nodes: readonly QnnNode[];
  /** Inputs of each node. */
  readonly references: readonly (readonly Reference[])[];
  readonly statics: readonly QnnTensor[];
  readonly inputs: readonly QnnTensor[];
  readonly externals: readonly QnnTensor[];
  /** Values that other sections read: [node, output]. */
  readonly exported: readonly (readonly [number, number])[];
}

export interface Structure {
  /** In graph order; all have the same structure. */
  readonly instances: readonly Section[];
  /** Union of the instances' exported values. */
  readonly exported: readonly (readonly [number, number])[];
}

export interface SectionedGraph {
  readonly sections: readonly Section[];
  readonly structures: readonly Structure[];
  readonly structureOf: ReadonlyMap<Section, Structure>;
  /** Inputs that the graph function makes: those of the whole model, and states that several sections read. */
  readonly shared: readonly QnnTensor[];
}

/** `blocks.3.timeMix.k` in layer 3 -> `blocks.{}.timeMix.k`. Only the first part of the path that is the layer's number. */
export function namePattern(name: string, layer: number | null): string {
  if (layer === null) return name;
  return name.replace(new RegExp(`(?<=^|\\.)${layer}(?=\\.|$)`), "{}");
}

export function sectionGraph(graph: QnnGraph): SectionedGraph {
  const runs = cutRuns(graph.nodes);
  const runOf = new Map<string, number>();
  const users = new Map<string, Set<number>>();
  runs.forEach((nodes, run) => {
    for (const node of nodes) {
      for (const output of node.outputs) runOf.set(output.name, run);
      for (const input of node.inputs) {
        const known = users.get(input.name);
        if (known) known.add(run);
        else users.set(input.name, new Set([run]));
      }
    }
  });
  const modelInputs = new Set(graph.inputs.map((input) => input.name));
  const sections = runs.map((nodes, run) => describe(nodes, run, users, modelInputs));
  const groups = new Map<string, Section[]>();
  for (const section of sections) {
    const key = structureKey(section);
    const group = groups.get(key);
    if (group) group.push(section);
    else groups.set(key, [section]);
  }
  const structures = [...groups.values()].map((instances) => ({ instances, exported: unionOfExports(instances) }));
  const structureOf = new Map<Section, Structure>();
  for (const structure of structures) for (const section of structure.instances) structureOf.set(section, structure);
  const shared = new Map<string, QnnTensor>();
  for (const section of sections) {
    for (const tensor of section.externals) if (!runOf.has(tensor.name)) shared.set(tensor.name, tensor);
  }
  return { sections, structures, structureOf, shared: [...shared.values()] };
}

function cutRuns(nodes: readonly QnnNode[]): QnnNode[][] {
  const runs: QnnNode[][] = [];
  let last: QnnNode | undefined;
  for (const node of nodes) {
    if (last && last.origin.part === node.origin.part && last.origin.layer === node.origin.layer)
      runs.at(-1)!.push(node);
    else runs.push([node]);
    last = node;
  }
  return runs;
}

function describe(
  nodes: readonly QnnNode[],
  run: number,
  users: ReadonlyMap<string, ReadonlySet<number>>,
  modelInputs: ReadonlySet<string>,
): Section {
  const { part, layer } = nodes[0]!.origin;
  const local = new Map<string, Reference>();
  const lists = { static: [] as QnnTensor[], input: [] as QnnTensor[], external: [] as QnnTensor[] };
  const outside = (tensor: QnnTensor): Reference => {
    const known = local.get(tensor.name);
    if (known) return known;
    const own = layer !== null && users.get(tensor.name)!.size === 1 && !modelInputs.has(tensor.name);
    const kind = tensor.kind === "STATIC" ? "static" : tensor.kind === "APP_WRITE" && own ? "input" : "external";
    const reference: Reference = { kind, index: lists[kind].push(tensor) - 1 };
    local.set(tensor.name, reference);
    return reference;
  };
  const exported: (readonly [number, number])[] = [];
  const references = nodes.map((node, n) => {
    const inputs = node.inputs.map(outside);
    node.outputs.forEach((output, o) => {
      local.set(output.name, { kind: "local", node: n, output: o });
      if ([...(users.get(output.name) ?? [])].some((user) => user !== run)) exported.push([n, o]);
    });
    return inputs;
  });
  return {
    part,
    layer,
    nodes,
    references,
    statics: lists.static,
    inputs: lists.input,
    externals: lists.external,
    exported,
  };
}

function structureKey(section: Section): string {
  const { layer } = section;
  const tensor = (t: QnnTensor) => [namePattern(t.name, layer), t.kind, t.dtype, t.dims, t.stored];
  return JSON.stringify([
    section.part,
    layer === null,
    section.nodes.map((node, n) => [
      namePattern(node.name, layer),
      node.type,
      section.references[n],
      node.params.map((p) => (p.kind === "scalar" ? [p.name, p.dtype] : p)),
      node.outputs.map(tensor),
      node.origin.text,
      node.origin.span,
    ]),
    section.statics.map(tensor),
    section.inputs.map((t) => [tensor(t), t.grid]),
    section.externals.map((t) => [t.dtype, t.dims]),
  ]);
}

function unionOfExports(instances: readonly Section[]): (readonly [number, number])[] {
  const all = new Map<string, readonly [number, number]>();
  for (const { exported } of instances) for (const value of exported) all.set(value.join("."), value);
  return [...all.values()].sort(([n, o], [m, p]) => n - m || o - p);
}
