/**
 * Writes the statements of a section's nodes: equation by equation, each constant and state in front of its first use. What
 * surrounds them (a function of several layers, or the graph's own function) decides through `Surroundings` how names,
 * offsets and scalar parameters are written.
 */
import { basename } from "node:path";

import type { QnnDtype, QnnNode, QnnParam, QnnTensor } from "../lower/qnn-graph.ts";
import { call, commentText, floatLiteral, stringLiteral } from "./cpp-text.ts";
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
}

export const reservedNames = [
  ...["graph", "layer", "f16", "f32", "i32", "u32", "bool8", "values", "output", "rwkvc", "build"],
] as const;

const typeFunction: Readonly<Record<QnnDtype, string>> = {
  float16: "f16",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool8: "bool8",
};

const typeCall = (tensor: QnnTensor): string => `${typeFunction[tensor.dtype]}(${tensor.dims.join(", ")})`;

/** `graph.input(...)` or `graph.weight(...)` as a declaration of `variable`. */
export function creation(variable: string, tensor: QnnTensor, name: string, offset: string | null): string[] {
  const maker = offset === null ? "input" : "weight";
  const args = [stringLiteral(name), ...(offset === null ? [] : [offset]), typeCall(tensor)];
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

  constructor(
    private readonly section: Section,
    private readonly exported: readonly (readonly [number, number])[],
    private readonly around: Surroundings,
  ) {
    this.used = usedValues(section, exported);
  }

  /** Variables of the exported values; they choose their names first. */
  nameExports(): void {
    for (const [n, o] of this.exported) if (this.section.nodes[n]!.outputs.length === 1) this.nameValue(n, o);
  }

  write(): void {
    let last: QnnNode | undefined;
    this.section.nodes.forEach((node, n) => {
      if (!last || !isSameEquation(last, node)) this.heading(node, last !== undefined);
      last = node;
      this.writeNode(node, n);
    });
  }

  /** The expression for a tensor; makes the statement that creates a constant or state at its first use. */
  expression(reference: Reference): string {
    switch (reference.kind) {
      case "local": {
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

  private heading(node: QnnNode, apart: boolean): void {
    const { span, text } = node.origin;
    const file = basename(span.file);
    const line = this.around.lineOf(span.file, span.start);
    if (apart) this.statements.push("");
    this.statements.push(`  // ${commentText(file)}:${line}   ${commentText(text)}`);
    this.statements.push(`  graph.at(${stringLiteral(file)}, ${line});`);
  }

  /** A node is named `value.Op` after its first value; other names are set before it. */
  private writeNode(node: QnnNode, n: number): void {
    const inputs = this.section.references[n]!.map((reference) => this.expression(reference));
    const [first] = node.outputs;
    const args = [
      stringLiteral(this.around.pattern(first!.name)),
      stringLiteral(node.type),
      `{${inputs.join(", ")}}`,
      `{${node.params.map((param, p) => this.param(param, n, p)).join(", ")}}`,
      this.outputs(node),
    ];
    if (node.name !== `${first!.name}.${node.type}`) {
      this.statements.push(`  graph.name_node(${stringLiteral(this.around.pattern(node.name))});`);
    }
    this.statements.push(...call("  ", `${this.declaration(node, n)}graph.add`, args));
  }

  private declaration(node: QnnNode, n: number): string {
    if (node.outputs.length === 1) return this.used.has(`${n}.0`) ? `const Tensor ${this.nameValue(n, 0)} = ` : "";
    if (!node.outputs.some((_, o) => this.used.has(`${n}.${o}`))) return "";
    const name = this.around.scope.name(this.around.pattern(node.outputs[0]!.name), "", node.type.toLowerCase());
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

  private outputs(node: QnnNode): string {
    const items = node.outputs.map((tensor, o) => {
      const name = o === 0 ? [] : [stringLiteral(this.around.pattern(tensor.name))];
      const args = [...name, typeCall(tensor)].join(", ");
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

/** Values that something in the section or after it reads: `node.output`. */
function usedValues(section: Section, exported: readonly (readonly [number, number])[]): Set<string> {
  const used = new Set(exported.map(([n, o]) => `${n}.${o}`));
  for (const inputs of section.references) {
    for (const r of inputs) if (r.kind === "local") used.add(`${r.node}.${r.output}`);
  }
  return used;
}
