/**
 * Writes the statements of a section's nodes: equation by equation, each constant and state in front of its first use. What
 * surrounds them (a function of several layers, or the graph's own function) decides through `Surroundings` how names,
 * offsets and scalar parameters are written.
 */
import { basename } from "node:path";

import type { Grid, QnnDtype, QnnNode, QnnParam, QnnTensor } from "../lower/qnn-graph.ts";
import { call, commentText, floatLiteral, stringLiteral } from "./cpp-text.ts";
import { findLoops, tokenPattern } from "./loops.ts";
import { LoopWriter, type NodeForm } from "./loop-writer.ts";
import type { NameScope } from "./name-scope.ts";
import type { Reference, Section } from "./sections.ts";

/** 1-based line of an offset in a source file's text. */
export type LineOf = (file: string, offset: number) => number;

export interface Surroundings {
  readonly scope: NameScope;
  readonly lineOf: LineOf;
  /** A tensor's or node's name as it is written: with `{}` for the layer's number where layers share the code. */
  readonly pattern: (name: string) => string;
  /** Expressions for the section's externals. */
  readonly externals: readonly string[];
  /** Expression for the offset of the section's constant `index`, whose variable is called `name`. */
  readonly offset: (index: number, name: string) => string;
  /** Expression for the scalar parameter `param` of node `node`. */
  readonly scalar: (node: number, param: number) => string;
  /** Expression for the grid of output `output` of node `node`, which is in fixed point. */
  readonly grid: (node: number, output: number) => string;
}

export const reservedNames = [
  ...["graph", "layer", "f16", "f32", "i32", "u32", "bool8", "values", "output", "rwkvc", "build"],
  ...["uq16", "sq4", "sq8", "sq16", "sq32", "sq4_blocks", "uq16_stored"],
] as const;

const typeFunction: Readonly<Record<QnnDtype, string>> = {
  float16: "f16",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool8: "bool8",
  ufixed16: "uq16",
  sfixed4: "sq4",
  sfixed8: "sq8",
  sfixed16: "sq16",
  sfixed32: "sq32",
};

/** The grid of values is an argument; constants have theirs in the file of weights. */
function typeCall({ dtype, dims, stored }: QnnTensor, grid?: string): string {
  const type = typeFunction[dtype];
  if (stored?.per === "blocks") return `${type}_blocks(${[stored.block, ...dims].join(", ")})`;
  if (stored && dtype === "ufixed16") return `${type}_stored(${dims.join(", ")})`;
  return `${type}(${[...(grid === undefined ? [] : [grid]), ...dims].join(", ")})`;
}

/** `{1.5e-5f, -32768}` */
export const gridLiteral = ({ scale, offset }: Grid): string => `{${floatLiteral(scale)}, ${offset}}`;

/** `graph.input(...)` or `graph.weight(...)` as a declaration of `variable`. */
export function creation(variable: string, tensor: QnnTensor, name: string, offset: string | null): string[] {
  const maker = offset === null ? "input" : "weight";
  const type = typeCall(tensor, tensor.grid && gridLiteral(tensor.grid));
  const args = [stringLiteral(name), ...(offset === null ? [] : [offset]), type];
  return call("  ", `const Tensor ${variable} = graph.${maker}`, args);
}

export function scalarLiteral(param: QnnParam): string {
  if (param.kind !== "scalar") return "";
  switch (param.dtype) {
    case "bool8":
      return param.value ? "true" : "false";
    case "uint32":
      return `${Number(param.value)}u`;
    case "float32":
      return floatLiteral(Number(param.value));
    case "int32":
      return String(Number(param.value));
  }
}

export class NodeWriter {
  readonly statements: string[] = [];
  private readonly variables = new Map<string, string>();
  private readonly used: ReadonlySet<string>;
  private readonly loops: readonly { readonly start: number; readonly end: number; readonly writer: LoopWriter }[];

  constructor(
    private readonly section: Section,
    private readonly exported: readonly (readonly [number, number])[],
    private readonly around: Surroundings,
  ) {
    this.used = usedValues(section, exported);
    this.loops = findLoops(section).map((loop) => {
      const end = loop.start + loop.size * loop.count;
      const readers = section.references.filter((_, n) => n < loop.start || n >= end).flat();
      const outside = [...readers, ...exported.map(([node, output]): Reference => ({ kind: "local", node, output }))];
      const writer = new LoopWriter(section, loop, outside, {
        scope: around.scope,
        statements: this.statements,
        pattern: around.pattern,
        expression: (reference) => this.expression(reference),
        heading: (node, last, indent) => this.heading(node, last, indent),
        add: (node, n, form) => this.add(node, n, form),
      });
      return { start: loop.start, end, writer };
    });
  }

  private loopOf(n: number): LoopWriter | undefined {
    return this.loops.find(({ start, end }) => n >= start && n < end)?.writer;
  }

  /** Variables of the exported values; they choose their names first. */
  nameExports(): void {
    for (const [n, o] of this.exported)
      if (this.section.nodes[n]!.outputs.length === 1 && !this.loopOf(n)) this.nameValue(n, o);
  }

  write(): void {
    const { nodes } = this.section;
    let last: QnnNode | undefined;
    for (let n = 0; n < nodes.length; n++) {
      const loop = this.loops.find(({ start }) => start === n);
      if (loop) {
        loop.writer.write();
        n = loop.end - 1;
        last = undefined;
        continue;
      }
      this.heading(nodes[n]!, last, "  ");
      last = nodes[n]!;
      this.writeNode(last, n);
    }
  }

  /** The expression for a tensor; makes the statement that creates a constant or state at its first use. */
  expression(reference: Reference): string {
    switch (reference.kind) {
      case "local": {
        const loop = this.loopOf(reference.node);
        if (loop) return loop.value(reference.node, reference.output);
        const several = this.variables.get(String(reference.node));
        return several === undefined
          ? this.nameValue(reference.node, reference.output)
          : `${several}[${reference.output}]`;
      }
      case "external":
        return this.around.externals[reference.index]!;
      case "input":
        return this.created(`input ${reference.index}`, this.section.inputs[reference.index]!, () => null);
      case "static": {
        const { index } = reference;
        const offset = (name: string) => this.around.offset(index, name);
        return this.created(`static ${index}`, this.section.statics[index]!, offset);
      }
    }
  }

  /** The equation in front of its first node. */
  private heading(node: QnnNode, last: QnnNode | undefined, indent: string): void {
    if (last && isSameEquation(last, node)) return;
    const { span, text } = node.origin;
    const file = basename(span.file);
    const line = this.around.lineOf(span.file, span.start);
    if (last || (indent === "  " && this.statements.at(-1) === "  }")) this.statements.push("");
    this.statements.push(`${indent}// ${commentText(file)}:${line}   ${commentText(text)}`);
    this.statements.push(`${indent}graph.at(${stringLiteral(file)}, ${line});`);
  }

  private writeNode(node: QnnNode, n: number): void {
    const { pattern } = this.around;
    if (isSplitByToken(node)) {
      const [input] = this.section.references[n]!.map((reference) => this.expression(reference));
      const [first] = node.outputs;
      const path = tokenPattern(pattern(first!.name), 0);
      const target = this.declareSeveral(node, n, path, "rows");
      const grid = first!.grid && this.around.grid(n, 0);
      const args = [stringLiteral(path), input!, String(node.outputs.length), typeCall(first!, grid)];
      this.statements.push(...call("  ", `${target}graph.split`, args));
      return;
    }
    this.add(node, n, { indent: "  ", inputs: this.inputs(n), target: this.declaration(node, n), pattern });
  }

  private inputs(n: number): string {
    const references = this.section.references[n]!;
    const [first] = references;
    const list = first?.kind === "local" ? this.loopOf(first.node)?.list(references) : undefined;
    return list ?? `{${references.map((reference) => this.expression(reference)).join(", ")}}`;
  }

  /** A node is named `value.Op` after its first value; other names are set before it. */
  private add(node: QnnNode, n: number, { indent, inputs, target, pattern }: NodeForm): void {
    const [first] = node.outputs;
    const args = [
      stringLiteral(pattern(first!.name)),
      stringLiteral(node.type),
      inputs,
      `{${node.params.map((param, p) => this.param(param, n, p)).join(", ")}}`,
      this.outputs(node, n, pattern),
    ];
    if (node.name !== `${first!.name}.${node.type}`) {
      this.statements.push(`${indent}graph.name_node(${stringLiteral(pattern(node.name))});`);
    }
    this.statements.push(...call(indent, `${target}graph.add`, args));
  }

  private declaration(node: QnnNode, n: number): string {
    if (node.outputs.length === 1) return this.used.has(`${n}.0`) ? `const Tensor ${this.nameValue(n, 0)} = ` : "";
    return this.declareSeveral(node, n, this.around.pattern(node.outputs[0]!.name), node.type.toLowerCase());
  }

  /** One variable for all outputs. */
  private declareSeveral(node: QnnNode, n: number, path: string, ending: string): string {
    if (!node.outputs.some((_, o) => this.used.has(`${n}.${o}`))) return "";
    const name = this.around.scope.name(path, "", ending);
    this.variables.set(String(n), name);
    return `const Tensors ${name} = `;
  }

  private nameValue(node: number, output: number): string {
    const key = `${node}.${output}`;
    const known = this.variables.get(key);
    if (known !== undefined) return known;
    const isExported = this.exported.some(([n, o]) => n === node && o === output);
    const path = this.around.pattern(this.section.nodes[node]!.outputs[output]!.name);
    const name = this.around.scope.name(path, isExported ? "out" : "");
    this.variables.set(key, name);
    return name;
  }

  private outputs(node: QnnNode, n: number, pattern: (name: string) => string): string {
    const items = node.outputs.map((tensor, o) => {
      const name = o === 0 ? [] : [stringLiteral(pattern(tensor.name))];
      const grid = tensor.grid && this.around.grid(n, o);
      const args = [...name, typeCall(tensor, grid)].join(", ");
      if (tensor.kind === "APP_READ") return `output(${args})`;
      return o === 0 && node.outputs.length === 1 ? args : `Out(${args})`;
    });
    return items.length === 1 ? items[0]! : `{${items.join(", ")}}`;
  }

  private created(key: string, tensor: QnnTensor, offsetOf: (name: string) => string | null): string {
    const known = this.variables.get(key);
    if (known !== undefined) return known;
    const name = this.around.scope.name(this.around.pattern(tensor.name), "");
    this.variables.set(key, name);
    this.statements.push(...creation(name, tensor, this.around.pattern(tensor.name), offsetOf(name)));
    return name;
  }

  private param(param: QnnParam, n: number, p: number): string {
    const name = stringLiteral(param.name);
    if (param.kind === "scalar") return `{${name}, ${this.around.scalar(n, p)}}`;
    const list = param.values.map((v) => (param.dtype === "uint32" ? `${v}u` : String(v))).join(", ");
    const shape = param.dims.length === 1 ? "" : `${typeFunction[param.dtype]}(${param.dims.join(", ")}), `;
    return `values(${name}, ${shape}{${list}})`;
  }
}

const isSameEquation = ({ origin: a }: QnnNode, { origin: b }: QnnNode): boolean =>
  a.text === b.text && a.span.start === b.span.start && a.span.file === b.span.file;

/** A Split of the tokens' values along axis 0 into one part for each token, named `x.t0`, `x.t1`, ... */
function isSplitByToken({ type, params, inputs, outputs }: QnnNode): boolean {
  const path = tokenPattern(outputs[0]?.name ?? "", 0);
  const axis = params.find((param) => param.name === "axis");
  return (
    type === "Split" &&
    path !== outputs[0]?.name &&
    axis?.kind === "scalar" &&
    axis.value === 0 &&
    inputs[0]?.dims[0] === outputs.length &&
    outputs.every((t, i) => t.kind === "NATIVE" && t.dims[0] === 1 && tokenPattern(t.name, i) === path)
  );
}

/** Values that something in the section or after it reads: `node.output`. */
function usedValues(section: Section, exported: readonly (readonly [number, number])[]): Set<string> {
  const used = new Set(exported.map(([n, o]) => `${n}.${o}`));
  for (const inputs of section.references) {
    for (const r of inputs) if (r.kind === "local") used.add(`${r.node}.${r.output}`);
  }
  return used;
}
