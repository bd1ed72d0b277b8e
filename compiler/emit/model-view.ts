/**
 * The view that `templates/model.cpp.hbs` prints: every function, table and statement of the generated model, in order and
 * already formatted. Pure: graphs in, text pieces out.
 *
 * Sections of equal structure (see `sections.ts`) share one function; what differs between them stands in a table with one
 * row per layer: the layer's number, the offsets of its weights, scalar parameters that vary.
 */
import { basename } from "node:path";

import type { QnnDtype, QnnGraph, QnnNode, QnnParam, QnnTensor } from "../lower/qnn-graph.ts";
import { call, commentText, floatLiteral, lineWidth, pascalCase, snakeCase, stringLiteral } from "./cpp-text.ts";
import { NameScope } from "./name-scope.ts";
import { weightOf, type WeightPlan } from "./plan-weights.ts";
import {
  namePattern,
  sectionGraph,
  type Reference,
  type Section,
  type SectionedGraph,
  type Structure,
} from "./sections.ts";

export interface GraphView {
  /** C++ namespace that holds the graph's functions. */
  readonly space: string;
  /** Element of the table of graphs. */
  readonly entry: string;
  readonly summary: string;
  readonly functions: readonly FunctionView[];
  /** Body of `build`. */
  readonly statements: readonly string[];
}

export interface FunctionView {
  /** `Layers 1 to 23: timeMix.` */
  readonly summary: string;
  /** null when there is one instance only. */
  readonly table: TableView | null;
  /** Declaration of the struct that the function returns, or null. */
  readonly result: string | null;
  readonly signature: readonly string[];
  /** `graph.layer(...)` and the nodes, equation by equation. */
  readonly statements: readonly string[];
}

export interface TableView {
  readonly type: string;
  readonly name: string;
  readonly fields: readonly string[];
  readonly heading: readonly string[];
  readonly rows: readonly string[];
}

/** 1-based line of an offset in a source file's text. */
export type LineOf = (file: string, offset: number) => number;

export function lineFinder(sources: ReadonlyMap<string, string>): LineOf {
  return (file, offset) => (sources.get(file) ?? "").slice(0, offset).split("\n").length;
}

const typeFunction: Readonly<Record<QnnDtype, string>> = {
  float16: "f16",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool8: "bool8",
};

/** What a function's body refers to by these names. */
const reservedNames = ["graph", "layer", "f16", "f32", "i32", "u32", "bool8", "values", "output", "rwkvc", "build"];

const scalarType: Readonly<Record<string, string>> = {
  float32: "float",
  uint32: "uint32_t",
  int32: "int32_t",
  bool8: "bool",
};

export function graphView(graph: QnnGraph, space: string, plan: WeightPlan, lineOf: LineOf): GraphView {
  const sectioned = sectionGraph(graph);
  const names = functionNames(sectioned.structures);
  const emitters = new Map<Structure, StructureEmitter>();
  for (const structure of sectioned.structures) {
    emitters.set(structure, new StructureEmitter(structure, names.get(structure)!, plan, lineOf));
  }
  const tokens = graph.tokens === 1 ? "one token" : `${graph.tokens} tokens`;
  return {
    space,
    entry: `{${stringLiteral(graph.name)}, ${space}::build}`,
    summary: `Graph ${commentText(graph.name)}: ${tokens}, ${graph.layerCount} layers, ${graph.nodes.length} nodes.`,
    functions: [...emitters.values()].map((emitter) => emitter.view()),
    statements: buildStatements(graph, sectioned, emitters, plan),
  };
}

/** The commonest structure of a part gets the plain name. */
function functionNames(structures: readonly Structure[]): Map<Structure, string> {
  const scope = new Set(["build"]);
  const result = new Map<Structure, string>();
  const byCount = [...structures].sort((a, b) => b.instances.length - a.instances.length);
  for (const structure of byCount) {
    const { part, layer } = structure.instances[0]!;
    const plain = snakeCase(part);
    const special = structure.instances.length === 1 && layer !== null ? `${plain}_layer_${layer}` : `${plain}_2`;
    let name = scope.has(plain) ? special : plain;
    for (let n = 3; scope.has(name); n++) name = `${plain}_${n}`;
    scope.add(name);
    result.set(structure, name);
  }
  return result;
}

/** Everything about one structure's function. */
class StructureEmitter {
  readonly tableName: string;
  private readonly first: Section;
  private readonly scope = new NameScope(reservedNames);
  private readonly externals: readonly string[];
  private readonly exports: readonly string[];
  private readonly variables = new Map<string, string>();
  private readonly columns: Column[] = [];
  private readonly statements: string[] = [];
  private readonly used: ReadonlySet<string>;

  constructor(
    readonly structure: Structure,
    readonly functionName: string,
    private readonly plan: WeightPlan,
    private readonly lineOf: LineOf,
  ) {
    this.first = structure.instances[0]!;
    this.tableName = `k${pascalCase(functionName)}`;
    this.externals = this.first.externals.map((tensor, i) => this.scope.name(this.externalPath(tensor, i), ""));
    this.used = usedLocals(structure);
    this.nameExports();
    this.emitNodes();
    this.exports = structure.exported.map(([n, o]) => this.reference({ kind: "local", node: n, output: o }));
  }

  get hasTable(): boolean {
    return this.structure.instances.length > 1;
  }

  get exportCount(): number {
    return this.structure.exported.length;
  }

  /** How the caller reads the section's value, where `variable` holds the call's result. */
  readExport(variable: string, node: number, output: number): string {
    const index = this.structure.exported.findIndex(([n, o]) => n === node && o === output);
    return this.exportCount === 1 ? variable : `${variable}.${this.fieldNames()[index]}`;
  }

  view(): FunctionView {
    const parameters = [
      "Graph& graph",
      ...(this.hasTable ? [`const ${this.rowType}& layer`] : []),
      ...this.externals.map((name) => `Tensor ${name}`),
    ];
    const type = this.exportCount === 0 ? "void" : this.exportCount === 1 ? "Tensor" : this.resultType;
    return {
      summary: this.summary(),
      table: this.hasTable ? this.table() : null,
      result: this.exportCount > 1 ? `struct ${this.resultType} { Tensor ${this.fieldNames().join(", ")}; };` : null,
      signature: call("", `${type} ${this.functionName}`, parameters, ") {"),
      statements: [
        ...(this.hasTable ? ["  graph.layer(layer.number);", ""] : []),
        ...this.statements,
        ...this.returnStatement(),
      ],
    };
  }

  private get rowType(): string {
    return `${pascalCase(this.functionName)}Layer`;
  }

  private get resultType(): string {
    return `${pascalCase(this.functionName)}Result`;
  }

  private summary(): string {
    const layers = this.structure.instances.map((s) => s.layer).filter((layer): layer is number => layer !== null);
    const part = commentText(this.first.part);
    if (layers.length === 0) return `${part}.`;
    return `${part} of ${layers.length === 1 ? `layer ${layers[0]}` : `layers ${ranges(layers)}`}.`;
  }

  /** A value that always comes from one fixed layer is named after it. */
  private externalPath(tensor: QnnTensor, index: number): string {
    const layerIn = (section: Section) =>
      /(?<![A-Za-z0-9])(\d+)(?![A-Za-z0-9])/.exec(section.externals[index]!.name)?.[1];
    const same = this.structure.instances.every((s) => s.externals[index]!.name === tensor.name);
    const layer = layerIn(this.first);
    if (same && this.hasTable && layer !== undefined) return `layer${layer}_${tensor.name.split(".").at(-1)!}`;
    return tensor.name;
  }

  /** Exported values choose their names first: they are part of the function's face. */
  private nameExports(): void {
    for (const [n, o] of this.structure.exported) this.nameLocal(n, o);
  }

  private nameLocal(node: number, output: number): string {
    const key = `${node}.${output}`;
    const known = this.variables.get(key);
    if (known !== undefined) return known;
    const exported = this.structure.exported.some(([n, o]) => n === node && o === output);
    const name = this.scope.name(this.pattern(this.first.nodes[node]!.outputs[output]!.name), exported ? "out" : "");
    this.variables.set(key, name);
    return name;
  }

  private fieldNames(): string[] {
    return this.structure.exported.map(([n, o]) => this.variables.get(`${n}.${o}`)!);
  }

  private returnStatement(): string[] {
    if (this.exportCount === 0) return [];
    return [this.exportCount === 1 ? `  return ${this.exports[0]};` : `  return {${this.exports.join(", ")}};`];
  }

  private pattern(name: string): string {
    return this.hasTable ? namePattern(name, this.first.layer) : name;
  }

  private emitNodes(): void {
    let last: QnnNode | undefined;
    this.first.nodes.forEach((node, n) => {
      const { span, text } = node.origin;
      if (
        !last ||
        last.origin.text !== text ||
        last.origin.span.start !== span.start ||
        last.origin.span.file !== span.file
      ) {
        const file = basename(span.file);
        const line = this.lineOf(span.file, span.start);
        if (last) this.statements.push("");
        this.statements.push(`  // ${commentText(file)}:${line}   ${commentText(text)}`);
        this.statements.push(`  graph.at(${stringLiteral(file)}, ${line});`);
      }
      last = node;
      this.emitNode(node, n);
    });
  }

  private emitNode(node: QnnNode, n: number): void {
    const inputs = this.first.references[n]!.map((reference) => this.reference(reference));
    const args = [
      stringLiteral(this.pattern(node.name)),
      stringLiteral(node.type),
      `{${inputs.join(", ")}}`,
      `{${node.params.map((param, p) => this.param(param, n, p)).join(", ")}}`,
      this.outputs(node),
    ];
    this.statements.push(...call("  ", `${this.declaration(node, n)}graph.add`, args));
  }

  private declaration(node: QnnNode, n: number): string {
    if (node.outputs.length > 1) {
      if (!node.outputs.some((_, o) => this.used.has(`${n}.${o}`))) return "";
      const name = this.scope.name(this.pattern(node.name), "outputs");
      node.outputs.forEach((_, o) => this.variables.get(`${n}.${o}`) ?? this.variables.set(`${n}.${o}`, name));
      this.variables.set(`${n}`, name);
      return `const Tensors ${name} = `;
    }
    return this.used.has(`${n}.0`) ? `const Tensor ${this.nameLocal(n, 0)} = ` : "";
  }

  private outputs(node: QnnNode): string {
    const items = node.outputs.map((tensor) => {
      const type = typeCall(tensor);
      const name = stringLiteral(this.pattern(tensor.name));
      const named = tensor.name !== node.name;
      if (tensor.kind === "APP_READ") return named ? `output(${name}, ${type})` : `output(${type})`;
      return named ? `Out(${name}, ${type})` : type;
    });
    return items.length === 1
      ? items[0]!
      : `{${items.map((i) => (/^(Out|output)\(/.test(i) ? i : `Out(${i})`)).join(", ")}}`;
  }

  /** The expression for a tensor; makes the statement that creates a constant or input at its first use. */
  private reference(reference: Reference): string {
    switch (reference.kind) {
      case "local": {
        const several = this.variables.get(`${reference.node}`);
        return several === undefined
          ? this.nameLocal(reference.node, reference.output)
          : `${several}[${reference.output}]`;
      }
      case "external":
        return this.externals[reference.index]!;
      case "input":
        return this.made(`input ${reference.index}`, this.first.inputs[reference.index]!, () => []);
      case "static":
        return this.made(`static ${reference.index}`, this.first.statics[reference.index]!, (name) => [
          this.column(
            name,
            "uint64_t",
            this.structure.instances.map((s) => String(weightOf(this.plan, s.statics[reference.index]!).offset)),
          ),
        ]);
    }
  }

  private made(key: string, tensor: QnnTensor, extra: (name: string) => string[]): string {
    const known = this.variables.get(key);
    if (known !== undefined) return known;
    const name = this.scope.name(this.pattern(tensor.name), "");
    this.variables.set(key, name);
    const maker = tensor.kind === "STATIC" ? "weight" : "input";
    const args = [stringLiteral(this.pattern(tensor.name)), ...extra(name), typeCall(tensor)];
    this.statements.push(...call("  ", `const Tensor ${name} = graph.${maker}`, args));
    return name;
  }

  private param(param: QnnParam, n: number, p: number): string {
    const name = stringLiteral(param.name);
    if (param.kind === "tensor") {
      const list = param.values.map((v) => (param.dtype === "uint32" ? `${v}u` : String(v))).join(", ");
      const flat = param.dims.length === 1;
      return `values(${name}, ${flat ? "" : `${typeFunction[param.dtype]}(${param.dims.join(", ")}), `}{${list}})`;
    }
    const literals = this.structure.instances.map((section) => {
      const own = section.nodes[n]!.params[p]!;
      return own.kind === "scalar" ? scalarLiteral(own.dtype, own.value) : "";
    });
    return `{${name}, ${this.column(param.name, scalarType[param.dtype]!, literals)}}`;
  }

  /** The common literal, or the field of the layer's row that holds it. */
  private column(name: string, type: string, literals: readonly string[]): string {
    if (literals.every((literal) => literal === literals[0])) return literals[0]!;
    let field = name;
    for (let i = 2; field === "number" || this.columns.some((c) => c.field === field); i++) field = `${name}_${i}`;
    this.columns.push({ field, type, literals });
    return `layer.${field}`;
  }

  private table(): TableView {
    const numbers = this.structure.instances.map((section) => String(section.layer));
    const columns: Column[] = [{ field: "number", type: "uint32_t", literals: numbers }, ...this.columns];
    const lines = breakColumns(columns);
    return {
      type: this.rowType,
      name: this.tableName,
      fields: fieldDeclarations(columns),
      heading: lines.map((line) => `  // ${line.map((c) => c.field.padStart(columnWidth(c))).join("  ")}`),
      rows: numbers.flatMap((_, row) =>
        lines.map((line, i) => {
          const cells = line.map((c) => c.literals[row]!.padStart(columnWidth(c))).join(", ");
          return `${i === 0 ? "    {" : "     "}${cells}${i === lines.length - 1 ? "}," : ","}`;
        }),
      ),
    };
  }
}

interface Column {
  readonly field: string;
  readonly type: string;
  readonly literals: readonly string[];
}

const columnWidth = (column: Column): number =>
  Math.max(column.field.length, ...column.literals.map((literal) => literal.length));

/** Columns of one table row, cut into lines that fit. */
function breakColumns(columns: readonly Column[]): Column[][] {
  const lines: Column[][] = [[]];
  let width = 6;
  for (const column of columns) {
    const needed = columnWidth(column) + 2;
    if (width + needed > lineWidth) {
      lines.push([]);
      width = 6;
    }
    lines.at(-1)!.push(column);
    width += needed;
  }
  return lines;
}

/** `uint64_t x_r, x_w;`: neighbours of one type in one declaration. */
function fieldDeclarations(columns: readonly Column[]): string[] {
  const lines: string[] = [];
  let type = "";
  for (const column of columns) {
    const current = lines.at(-1);
    const joined = `${current?.slice(0, -1)}, ${column.field};`;
    if (current !== undefined && column.type === type && joined.length <= lineWidth) lines[lines.length - 1] = joined;
    else lines.push(`  ${column.type} ${column.field};`);
    type = column.type;
  }
  return lines;
}

/** Values that something in the section or after it reads: `node.output`. */
function usedLocals(structure: Structure): Set<string> {
  const used = new Set(structure.exported.map(([n, o]) => `${n}.${o}`));
  for (const inputs of structure.instances[0]!.references) {
    for (const r of inputs) if (r.kind === "local") used.add(`${r.node}.${r.output}`);
  }
  return used;
}

/** `time_mix_3`; outside the layers the value's own name. */
function resultName(section: Section): string {
  const [first, ...more] = section.exported;
  if (section.layer === null && first && more.length === 0) return section.nodes[first[0]]!.outputs[first[1]]!.name;
  const part = snakeCase(section.part);
  return section.layer === null ? part : `${part}_${section.layer}`;
}

const typeCall = (tensor: QnnTensor): string => `${typeFunction[tensor.dtype]}(${tensor.dims.join(", ")})`;

function scalarLiteral(dtype: string, value: number | boolean): string {
  switch (dtype) {
    case "bool8":
      return value ? "true" : "false";
    case "uint32":
      return `${Number(value)}u`;
    case "float32":
      return floatLiteral(Number(value));
    default:
      return String(Number(value));
  }
}

/** [0, 1, 2, 5] -> `0 to 2, 5`. */
function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length;) {
    let j = i;
    while (numbers[j + 1] === numbers[j]! + 1) j++;
    parts.push(i === j ? `${numbers[i]}` : `${numbers[i]} to ${numbers[j]}`);
    i = j + 1;
  }
  return parts.join(", ");
}

/** The graph function's body: what is shared is made first, then one call per section. */
function buildStatements(
  graph: QnnGraph,
  sectioned: SectionedGraph,
  emitters: ReadonlyMap<Structure, StructureEmitter>,
  plan: WeightPlan,
): string[] {
  const scope = new NameScope([...reservedNames, ...[...emitters.values()].map((emitter) => emitter.functionName)]);
  const statements: string[] = [];
  const expressions = new Map<string, string>();
  // Graph inputs in the order in which the manifest lists them.
  const order = [...graph.inputs.map((t) => t.name), ...graph.states.map((s) => s.input)];
  const rank = (t: QnnTensor) => (t.kind === "APP_WRITE" ? order.indexOf(t.name) : order.length);
  for (const tensor of [...sectioned.shared].sort((a, b) => rank(a) - rank(b))) {
    const name = scope.name(tensor.name, "");
    expressions.set(tensor.name, name);
    const offset = tensor.kind === "STATIC" ? [String(weightOf(plan, tensor).offset)] : [];
    const maker = tensor.kind === "STATIC" ? "weight" : "input";
    const args = [stringLiteral(tensor.name), ...offset, typeCall(tensor)];
    statements.push(...call("  ", `const Tensor ${name} = graph.${maker}`, args));
  }
  if (statements.length > 0) statements.push("");
  const rows = new Map<Structure, number>();
  let layer: number | null = null;
  for (const section of sectioned.sections) {
    const structure = sectioned.structureOf.get(section)!;
    const emitter = emitters.get(structure)!;
    const row = rows.get(structure) ?? 0;
    rows.set(structure, row + 1);
    const args = [
      "graph",
      ...(emitter.hasTable ? [`${emitter.tableName}[${row}]`] : []),
      ...section.externals.map((tensor) => expressions.get(tensor.name)!),
    ];
    let head = emitter.functionName;
    if (section.exported.length > 0) {
      const variable = scope.name(resultName(section), "result");
      for (const [n, o] of section.exported) {
        expressions.set(section.nodes[n]!.outputs[o]!.name, emitter.readExport(variable, n, o));
      }
      head = `const auto ${variable} = ${head}`;
    }
    if (section.layer !== layer && layer !== null && section.layer === null) statements.push("");
    layer = section.layer;
    statements.push(...call("  ", head, args));
  }
  return statements;
}
