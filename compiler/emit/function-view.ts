/**
 * The C++ function that builds the sections of one structure: what it takes (the graph, its layer's row of the table, values
 * from outside), its statements, what it returns.
 */
import { call, commentText, identifier, pascalCase } from "./cpp-text.ts";
import { NameScope } from "./name-scope.ts";
import { gridLiteral, NodeWriter, reservedNames, scalarLiteral, type LineOf } from "./node-writer.ts";
import { weightOf, type WeightPlan } from "./plan-weights.ts";
import { namePattern, type Section, type Structure } from "./sections.ts";
import { tableView, type Column, type TableView } from "./table-view.ts";

export interface FunctionView {
  /** `timeMix of layers 1 to 23.` */
  readonly summary: string;
  /** null when one layer has this structure. */
  readonly table: TableView | null;
  /** Declaration of the struct that the function returns, or null. */
  readonly result: string | null;
  readonly signature: readonly string[];
  readonly statements: readonly string[];
}

const scalarType: Readonly<Record<string, string>> = {
  float32: "float",
  uint32: "uint32_t",
  int32: "int32_t",
  bool8: "bool",
};

export class StructureFunction {
  readonly tableName: string;
  readonly view: FunctionView;
  private readonly first: Section;
  private readonly columns: Column[] = [];
  /** By `node.output`. */
  private readonly grids = new Map<string, string>();
  private readonly fields: readonly string[];

  constructor(
    private readonly structure: Structure,
    readonly name: string,
    plan: WeightPlan,
    lineOf: LineOf,
  ) {
    this.first = structure.instances[0]!;
    this.tableName = `k${pascalCase(name)}`;
    const scope = new NameScope(reservedNames);
    const externals = this.first.externals.map((_, i) => scope.name(this.externalPath(i), ""));
    const writer = new NodeWriter(this.first, structure.exported, {
      scope,
      lineOf,
      externals,
      pattern: (tensor) => (this.hasTable ? namePattern(tensor, this.first.layer) : tensor),
      offset: (index, variable) => {
        const offsets = structure.instances.map((s) => String(weightOf(plan, s.statics[index]!).offset));
        return this.column(variable, "uint64_t", offsets);
      },
      scalar: (n, p) => {
        const params = structure.instances.map((section) => section.nodes[n]!.params[p]!);
        return this.column(params[0]!.name, scalarType[params[0]!.dtype]!, params.map(scalarLiteral));
      },
      grid: (n, o) => this.grid(n, o),
    });
    writer.nameExports();
    writer.write();
    const exports = structure.exported.map(([node, output]) => writer.expression({ kind: "local", node, output }));
    this.fields = exports.map((expression) => expression.replace(/\[(\d+)\]/, "_$1"));
    this.view = this.makeView(externals, writer.statements, exports);
  }

  /** The layers that have this structure get their differences from a table. */
  get hasTable(): boolean {
    return this.structure.instances.length > 1;
  }

  /** How the caller reads an exported value, where `variable` holds the call's result. */
  readExport(variable: string, node: number, output: number): string {
    const index = this.structure.exported.findIndex(([n, o]) => n === node && o === output);
    return this.fields.length === 1 ? variable : `${variable}.${this.fields[index]}`;
  }

  private makeView(
    externals: readonly string[],
    statements: readonly string[],
    exports: readonly string[],
  ): FunctionView {
    const resultType = `${pascalCase(this.name)}Result`;
    const rowType = `${pascalCase(this.name)}Layer`;
    const type = exports.length === 0 ? "void" : exports.length === 1 ? "Tensor" : resultType;
    const row = this.hasTable ? [`const ${rowType}& layer`] : [];
    const numbers = this.structure.instances.map((section) => String(section.layer));
    const number: Column = { field: "number", type: "uint32_t", literals: numbers };
    const result = exports.length === 1 ? exports[0] : `{${exports.join(", ")}}`;
    return {
      summary: this.summary(),
      table: this.hasTable ? tableView(rowType, this.tableName, [number, ...this.columns]) : null,
      result: exports.length > 1 ? `struct ${resultType} { Tensor ${this.fields.join(", ")}; };` : null,
      signature: call(
        "",
        `${type} ${this.name}`,
        ["Graph& graph", ...row, ...externals.map((e) => `Tensor ${e}`)],
        ") {",
      ),
      statements: [
        ...(this.hasTable ? ["  graph.layer(layer.number);", ""] : []),
        ...statements,
        ...(exports.length === 0 ? [] : [`  return ${result};`]),
      ],
    };
  }

  private summary(): string {
    const layers = this.structure.instances.map((section) => section.layer!);
    const which = layers.length === 1 ? `layer ${layers[0]}` : `layers ${ranges(layers)}`;
    return `${commentText(this.first.part)} of ${which}.`;
  }

  /** The path that a parameter is named for. A value that comes from one fixed layer says so: `layer0_v`. */
  private externalPath(index: number): string {
    const { name } = this.first.externals[index]!;
    const isFixed = this.structure.instances.every((section) => section.externals[index]!.name === name);
    const match = /(?<![A-Za-z0-9])(\d+)\.(?:[A-Za-z_]+\.)?(.+)$/.exec(name);
    return isFixed && this.hasTable && match ? `layer${match[1]}_${match[2]!.replaceAll(".", "_")}` : name;
  }

  private grid(n: number, o: number): string {
    const [source] = this.first.references[n]!;
    // The same values in another shape are on the same grid.
    if (this.first.nodes[n]!.type === "Reshape" && source?.kind === "local")
      return this.grid(source.node, source.output);
    const tensors = this.structure.instances.map((section) => section.nodes[n]!.outputs[o]!);
    const known =
      this.grids.get(`${n}.${o}`) ??
      this.column(
        this.gridName(tensors[0]!.name),
        "Grid",
        tensors.map((t) => gridLiteral(t.grid!)),
      );
    this.grids.set(`${n}.${o}`, known);
    return known;
  }

  /** `blocks.3.timeMix.k.2` -> `k_2_grid` */
  private gridName(path: string): string {
    const prefix = `.${this.first.part}.`;
    const at = path.indexOf(prefix);
    return `${identifier(at < 0 ? path : path.slice(at + prefix.length))}_grid`;
  }

  /** The common literal, or the field of the layer's row that holds it. */
  private column(name: string, type: string, literals: readonly string[]): string {
    if (literals.every((literal) => literal === literals[0])) return literals[0]!;
    let field = name;
    for (let i = 2; field === "number" || this.columns.some((c) => c.field === field); i++) field = `${name}_${i}`;
    this.columns.push({ field, type, literals });
    return `layer.${field}`;
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
