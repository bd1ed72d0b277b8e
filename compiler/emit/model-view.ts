/**
 * The view that `templates/model.cpp.hbs` prints: every function, table and statement of the generated model, in order and
 * already formatted. Pure: graphs in, text pieces out.
 *
 * Sections of equal structure (see `sections.ts`) share one function, called per layer with its row of a table; what lies outside
 * the layers is written out in the graph's own function, `build`.
 */
import type { QnnGraph } from "../lower/qnn-graph.ts";
import { call, commentText, snakeCase, stringLiteral } from "./cpp-text.ts";
import { StructureFunction, type FunctionView } from "./function-view.ts";
import { NameScope } from "./name-scope.ts";
import { creation, gridLiteral, NodeWriter, reservedNames, scalarLiteral, type LineOf } from "./node-writer.ts";
import { weightOf, type WeightPlan } from "./plan-weights.ts";
import { sectionGraph, type Section, type SectionedGraph, type Structure } from "./sections.ts";

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

export function lineFinder(sources: ReadonlyMap<string, string>): LineOf {
  return (file, offset) => (sources.get(file) ?? "").slice(0, offset).split("\n").length;
}

export function graphView(graph: QnnGraph, space: string, plan: WeightPlan, lineOf: LineOf): GraphView {
  const sectioned = sectionGraph(graph);
  const layered = sectioned.structures.filter((structure) => structure.instances[0]!.layer !== null);
  const names = functionNames(layered);
  const functions = new Map(layered.map((s) => [s, new StructureFunction(s, names.get(s)!, plan, lineOf)]));
  const tokens = graph.tokens === 1 ? "one token" : `${graph.tokens} tokens`;
  return {
    space,
    entry: `{${stringLiteral(graph.name)}, ${space}::build}`,
    summary: `Graph ${commentText(graph.name)}: ${tokens}, ${graph.layerCount} layers, ${graph.nodes.length} nodes.`,
    functions: [...functions.values()].map((f) => f.view),
    statements: new BuildFunction(graph, sectioned, functions, plan, lineOf).statements,
  };
}

/** The commonest structure of a part gets the plain name. */
function functionNames(structures: readonly Structure[]): Map<Structure, string> {
  const taken = new Set(["build"]);
  const result = new Map<Structure, string>();
  for (const structure of [...structures].sort((a, b) => b.instances.length - a.instances.length)) {
    const { part, layer } = structure.instances[0]!;
    const plain = snakeCase(part);
    const special = structure.instances.length === 1 ? `${plain}_layer_${layer}` : `${plain}_2`;
    let name = taken.has(plain) ? special : plain;
    for (let n = 3; taken.has(name); n++) name = `${plain}_${n}`;
    taken.add(name);
    result.set(structure, name);
  }
  return result;
}

/** The graph's own function: its inputs, what lies outside the layers, and a call per layer and part. */
class BuildFunction {
  readonly statements: string[] = [];
  private readonly scope: NameScope;
  /** How a tensor is written, by name. */
  private readonly expressions = new Map<string, string>();
  private readonly rows = new Map<Structure, number>();

  constructor(
    graph: QnnGraph,
    private readonly sectioned: SectionedGraph,
    private readonly functions: ReadonlyMap<Structure, StructureFunction>,
    private readonly plan: WeightPlan,
    private readonly lineOf: LineOf,
  ) {
    this.scope = new NameScope([...reservedNames, ...[...functions.values()].map((f) => f.name)]);
    this.createInputs(graph);
    let wasCall = false;
    for (const section of sectioned.sections) {
      const isCall = section.layer !== null;
      if (this.statements.length > 0 && !(isCall && wasCall)) this.statements.push("");
      if (isCall) this.callFunction(section);
      else this.writeSection(section);
      wasCall = isCall;
    }
  }

  /** In the manifest's order. */
  private createInputs(graph: QnnGraph): void {
    const order = [...graph.inputs.map((t) => t.name), ...graph.states.map((s) => s.input)];
    const inputs = [...this.sectioned.shared].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    for (const tensor of inputs) {
      const variable = this.scope.name(tensor.name, "");
      this.expressions.set(tensor.name, variable);
      this.statements.push(...creation(variable, tensor, tensor.name, null));
    }
  }

  private writeSection(section: Section): void {
    const writer = new NodeWriter(section, section.exported, {
      scope: this.scope,
      lineOf: this.lineOf,
      pattern: (name) => name,
      externals: this.externals(section),
      offset: (index) => String(weightOf(this.plan, section.statics[index]!).offset),
      scalar: (n, p) => scalarLiteral(section.nodes[n]!.params[p]!),
      grid: (n, o) => gridLiteral(section.nodes[n]!.outputs[o]!.grid!),
    });
    writer.nameExports();
    writer.write();
    this.statements.push(...writer.statements);
    for (const [node, output] of section.exported) {
      const { name } = section.nodes[node]!.outputs[output]!;
      this.expressions.set(name, writer.expression({ kind: "local", node, output }));
    }
  }

  private callFunction(section: Section): void {
    const structure = this.sectioned.structureOf.get(section)!;
    const callee = this.functions.get(structure)!;
    const row = this.rows.get(structure) ?? 0;
    this.rows.set(structure, row + 1);
    const table = callee.hasTable ? [`${callee.tableName}[${row}]`] : [];
    let head = callee.name;
    if (section.exported.length > 0) {
      const variable = this.scope.name(`${snakeCase(section.part)}_${section.layer}`, "");
      for (const [n, o] of section.exported) {
        this.expressions.set(section.nodes[n]!.outputs[o]!.name, callee.readExport(variable, n, o));
      }
      head = `const auto ${variable} = ${head}`;
    }
    this.statements.push(...call("  ", head, ["graph", ...table, ...this.externals(section)]));
  }

  private externals(section: Section): string[] {
    return section.externals.map((tensor) => this.expressions.get(tensor.name)!);
  }
}
