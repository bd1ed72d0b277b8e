/**
 * `equations.json`: which equation of the spec every tensor of the graphs belongs to, and which tensors hold an equation's value.
 * Reports on a run (a value that overflows, differs, or is large) go by it from a tensor's name to a line of the spec.
 */
import { lineTable, positionOf } from "../diagnostics/text-position.ts";
import { shapeOf } from "../ir/ir.ts";
import type { Origin, QnnGraph } from "../lower/qnn-graph.ts";
import type { EmittedFile } from "./emit-model.ts";
import { specFilePath, type SpecSources } from "./spec-files.ts";

export const equationsFile = "equations.json";

/** An equation as the spec has it, once for all layers. */
export interface EquationEntry {
  readonly part: string;
  /** What it defines, without a prime: `k`. For a scaling policy: the value that it scales. */
  readonly name: string;
  /** Place in `EquationsJson.files`. */
  readonly file: number;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Offsets in the file's text, in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** As written, blanks squeezed. */
  readonly text: string;
}

/**
 * [tensor, place in `EquationsJson.equations`, layer or null outside the layers, which of the equation's steps (`Origin.step`; absent for
 * what the graph is given)]
 */
export type TensorEntry = readonly [string, number, number | null, number?];

/** A tensor that holds what an equation defines: the same elements, row-major over `axes`; its own dims may split or merge them. */
export interface ValueEntry {
  readonly tensor: string;
  /** Place in `EquationsJson.equations`. */
  readonly equation: number;
  readonly layer: number | null;
  /** Names of the spec's dimensions, and their extents. */
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  /** Stored value = `scale` * value of the spec (scaling policies; 1 without). */
  readonly scale: number;
}

export interface EquationsJson {
  readonly format: "rwkvc-equations";
  readonly formatVersion: 1;
  /** The spec's files, as paths in the artefact's folder. */
  readonly files: readonly string[];
  readonly equations: readonly EquationEntry[];
  readonly graphs: readonly {
    readonly name: string;
    /** All tensors but constants, in the order of computation. */
    readonly tensors: readonly TensorEntry[];
    /** In the order of computation. Equations whose value is constant, only part of a fused operation, or in several tensors, are not here. */
    readonly values: readonly ValueEntry[];
  }[];
}

export function emitEquations(graphs: readonly QnnGraph[], spec: SpecSources): EmittedFile {
  const table = new EquationTable(spec);
  const described = graphs.map((graph) => describeGraph(graph, table));
  const head = { format: "rwkvc-equations", formatVersion: 1, files: table.files };
  // One entry per line: short to read, small to compare.
  const list = (entries: readonly unknown[], indent: string): string =>
    entries.length === 0
      ? "[]"
      : `[\n${entries.map((e) => indent + JSON.stringify(e)).join(",\n")}\n${indent.slice(2)}]`;
  const graphTexts = described.map(
    ({ name, tensors, values }) =>
      `    {\n      "name": ${JSON.stringify(name)},\n` +
      `      "tensors": ${list(tensors, "        ")},\n      "values": ${list(values, "        ")}\n    }`,
  );
  const text =
    `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "equations": ${list(table.entries, "    ")},\n` +
    `  "graphs": [\n${graphTexts.join(",\n")}\n  ]\n}\n`;
  return { path: equationsFile, text };
}

/** Equations by their place in the spec, numbered as they come. */
class EquationTable {
  readonly files: string[] = [];
  readonly entries: EquationEntry[] = [];
  private readonly known = new Map<string, number>();
  private readonly lines = new Map<string, ReturnType<typeof lineTable>>();

  constructor(private readonly spec: SpecSources) {}

  /** `path` is that of what the equation defines. */
  add({ span, part, text, layer }: Origin, path: string): number {
    const key = `${span.file} ${span.start}`;
    const at = this.known.get(key);
    if (at !== undefined) return at;
    this.known.set(key, this.entries.length);
    const prefix = layer === null ? `${part}.` : `blocks.${layer}.${part}.`;
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : path;
    const { start, end } = span;
    this.entries.push({ part, name, file: this.file(span.file), ...this.position(span.file, start), start, end, text });
    return this.entries.length - 1;
  }

  private file(source: string): number {
    const path = specFilePath(this.spec, source);
    return this.files.includes(path) ? this.files.indexOf(path) : this.files.push(path) - 1;
  }

  private position(file: string, offset: number): { line: number; column: number } {
    const table = this.lines.get(file) ?? lineTable(this.spec.sources.get(file) ?? "");
    this.lines.set(file, table);
    return positionOf(table, offset);
  }
}

function describeGraph(graph: QnnGraph, table: EquationTable): EquationsJson["graphs"][number] {
  const equations = graph.equations ?? [];
  for (const { origin, name } of equations) table.add(origin, name);
  const tensors = new Map<string, TensorEntry>();
  const add = (name: string, origin: Origin, step?: number): void => {
    if (tensors.has(name)) return;
    const place = [name, table.add(origin, name), origin.layer] as const;
    tensors.set(name, step === undefined ? place : [...place, step]);
  };
  for (const { inputs, outputs, origin } of graph.nodes) {
    for (const input of inputs) if (input.kind === "APP_WRITE") add(input.name, origin);
    for (const output of outputs) add(output.name, origin, origin.step);
  }
  const values = equations.flatMap(({ tensor, name, origin, axes, scale }): ValueEntry[] => {
    // Quantized graphs may hold it in parts, by a product for each.
    if (tensor === null || !tensors.has(tensor)) return [];
    const equation = table.add(origin, name);
    return [{ tensor, equation, layer: origin.layer, axes: axes.map((a) => a.dim), shape: shapeOf(axes), scale }];
  });
  return { name: graph.name, tensors: [...tensors.values()], values };
}

/** Where a tensor's equation is in the spec. */
export interface TensorPlace extends EquationEntry {
  /** `blocks.3.timeMix.k` */
  readonly path: string;
  readonly layer: number | null;
  /** The spec's file, as a path in the artefact's folder. */
  readonly specFile: string;
  /** The tensor holds the equation's value; else it is a step on the way to it. */
  readonly isValue: boolean;
}

/** The tensors of a graph with their places, by name. */
export function tensorPlaces(json: EquationsJson, graph: string): ReadonlyMap<string, TensorPlace> {
  const found = json.graphs.find(({ name }) => name === graph);
  const values = new Set(found?.values.map(({ tensor, equation }) => `${equation} ${tensor}`));
  return new Map(
    (found?.tensors ?? []).map(([tensor, at, layer]) => {
      const entry = json.equations[at]!;
      const isValue = values.has(`${at} ${tensor}`);
      return [tensor, { ...entry, path: pathOf(entry, layer), layer, specFile: json.files[entry.file]!, isValue }];
    }),
  );
}

/** Path of what the equation defines in a layer: `blocks.3.timeMix.k`. */
export const pathOf = ({ part, name }: EquationEntry, layer: number | null): string =>
  layer === null ? `${part}.${name}` : `blocks.${layer}.${part}.${name}`;
