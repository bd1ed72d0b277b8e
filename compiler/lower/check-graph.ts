/**
 * Holds a QNN graph against the op table (`op-table.json`: inputs, params, ranks and types per backend): what a backend
 * would refuse is refused here first, at the equation that asked for it. Also asserts what every graph must keep:
 * topological order, unique names, each tensor written once.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { internalError, unsupportedError } from "../diagnostics/diagnostic.ts";
import { elements } from "../ir/constant.ts";
import type { CompileOptions } from "../pipeline.ts";
import opTableJson from "./op-table.json" with { type: "json" };
import type { QnnDtype, QnnGraph, QnnNode, QnnTensor } from "./qnn-graph.ts";

interface TensorRule {
  readonly name: string;
  readonly optional?: boolean;
  readonly minRank?: number;
}
interface ParamRule {
  readonly name: string;
  readonly kind: string;
  readonly optional?: boolean;
  readonly dtypes?: string | readonly string[];
}
interface RankLimit {
  readonly maxRank?: number;
  readonly rank?: readonly number[];
}
interface BackendRule {
  /** What the columns of `dtypes` stand for. */
  readonly columns: readonly string[];
  /** Allowed combinations of types, by configuration. */
  readonly dtypes: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly limits?: Readonly<Record<string, Readonly<Record<string, RankLimit>>>>;
}
export interface OpRule {
  readonly inputs: readonly TensorRule[];
  readonly parameters: readonly ParamRule[];
  readonly outputs: readonly TensorRule[];
  readonly backends: Readonly<Record<string, BackendRule>>;
}

export const opTable = opTableJson as unknown as Readonly<Record<string, OpRule>>;

const shortNames: Readonly<Record<QnnDtype, string>> = {
  float16: "f16",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool8: "b8",
  ufixed16: "uq16",
  // HTP gets 4-bit values in cells of 8 bits.
  sfixed4: "sq8",
  sfixed8: "sq8",
  sfixed16: "sq16",
  sfixed32: "sq32",
};

/**
 * Columns of the table that a graph must fit. The host backend has HTP's rules; a float32 graph for it must run on Qualcomm's
 * CPU backend as well.
 */
function columnsOf({ target, precision }: Pick<CompileOptions, "target" | "precision">): readonly string[] {
  switch (target.backend) {
    case "host":
      return precision === "fp32" ? ["HTP", "CPU"] : ["HTP"];
    case "htp":
      return ["HTP"];
    case "cpu":
      return ["CPU"];
    case "gpu":
      return ["GPU"];
  }
}

export function checkGraph(
  graph: QnnGraph,
  options: Pick<CompileOptions, "target" | "precision">,
): readonly Diagnostic[] {
  const columns = columnsOf(options);
  return [
    ...graph.nodes.flatMap((node) => columns.flatMap((backend) => checkNode(node, backend))),
    ...checkStructure(graph),
  ];
}

/** Diagnostics of one node against the table's rule for `backend` ("HTP", "CPU", "GPU"). */
export function checkNode(node: QnnNode, backend: string): readonly Diagnostic[] {
  const rule = opTable[node.type];
  const refuse = (problem: string): Diagnostic =>
    unsupportedError("lower/refused-op", `${backend} does not take this ${node.type}: ${problem}`, {
      primary: { span: node.origin.span, text: `becomes ${node.name}` },
      notes: [`inputs ${node.inputs.map(describe).join(", ")}; outputs ${node.outputs.map(describe).join(", ")}`],
    });
  if (!rule) return [refuse("the op table has no such op")];
  const { inputs, parameters } = rule;
  const many = inputs.some((i) => i.name.includes(".."));
  const needed = inputs.filter((i) => !i.optional).length;
  const problems: string[] = [];
  if (!many && (node.inputs.length < needed || node.inputs.length > inputs.length))
    problems.push(`it has ${node.inputs.length} inputs, not ${needed} to ${inputs.length}`);
  node.inputs.forEach((t, i) => {
    const least = inputs[i]?.minRank ?? 0;
    if (t.dims.length < least) problems.push(`rank of in[${i}] is ${t.dims.length}, not at least ${least}`);
  });
  for (const p of parameters)
    if (!p.optional && !node.params.some((q) => q.name === p.name)) problems.push(`parameter ${p.name} is missing`);
  for (const q of node.params) {
    const p = parameters.find((candidate) => candidate.name === q.name);
    if (!p) problems.push(`it has no parameter ${q.name}`);
    else if (p.kind !== q.kind) problems.push(`parameter ${q.name} must be a ${p.kind}`);
    else if (
      p.dtypes &&
      ![p.dtypes]
        .flat()
        .flatMap((d) => d.split("|"))
        .includes(shortNames[q.dtype])
    )
      problems.push(`parameter ${q.name} must be ${String(p.dtypes)}`);
  }
  const of = rule.backends[backend];
  if (!of) problems.push("the backend has no such op");
  else problems.push(...rankProblems(node, of), ...typeProblems(node, of));
  return problems.map(refuse);
}

const describe = (t: QnnTensor): string => `${t.name} ${t.dtype} [${t.dims.join(", ")}]`;

function rankProblems(node: QnnNode, rule: BackendRule): string[] {
  const problems: string[] = [];
  const each = (tensors: readonly QnnTensor[], side: "in" | "out"): void =>
    tensors.forEach((t, i) => {
      for (const [config, limits] of Object.entries(rule.limits ?? {})) {
        if (!["All", "all", "FP16", "fp32"].includes(config)) continue;
        const limit = limits[`${side}[${i}]`] ?? limits[`${side}[0..m]`];
        const [low, high] = [limit?.rank?.[0] ?? 0, limit?.maxRank ?? limit?.rank?.[1] ?? Infinity];
        if (t.dims.length < low || t.dims.length > high)
          problems.push(`rank of ${side}[${i}] is ${t.dims.length}, not ${low} to ${high}`);
      }
    });
  each(node.inputs, "in");
  each(node.outputs, "out");
  return problems;
}

function typeProblems(node: QnnNode, rule: BackendRule): string[] {
  const rows = Object.values(rule.dtypes).flat();
  const fits = (row: readonly string[]): boolean =>
    rule.columns.every((column, c) => {
      const allowed = (row[c] ?? "").split("|");
      const actual = columnTensors(node, column);
      return row[c] === "" || row[c] === undefined || actual.every((t) => allowed.includes(shortNames[t.dtype]));
    });
  if (rows.length === 0 || rows.some(fits)) return [];
  return [`no combination of types allows ${[...node.inputs, ...node.outputs].map((t) => t.dtype).join(", ")}`];
}

function columnTensors(node: QnnNode, column: string): readonly QnnTensor[] {
  const match = /^(in|out)\[(\d+)(\.\.m|\u2026.*)?\]/.exec(column);
  if (!match) return [];
  const list = match[1] === "in" ? node.inputs : node.outputs;
  const at = Number(match[2]);
  return match[3] ? list : list.slice(at, at + 1);
}

/** Breaches here are bugs of the lowering, not of the spec. */
function checkStructure(graph: QnnGraph): readonly Diagnostic[] {
  const bugs: string[] = [];
  const written = new Set(graph.inputs.map((t) => t.name).concat(graph.states.map((s) => s.input)));
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) bugs.push(`two nodes are called ${node.name}`);
    names.add(node.name);
    for (const t of node.inputs) {
      if (t.kind === "STATIC" ? t.constant && elements(t.constant.shape) !== elements(t.dims) : !written.has(t.name)) {
        bugs.push(
          t.kind === "STATIC"
            ? `${t.name} has another size than its constant`
            : `${node.name} reads ${t.name} before it is written`,
        );
      }
    }
    for (const t of node.outputs) {
      if (written.has(t.name)) bugs.push(`${t.name} is written twice`);
      written.add(t.name);
    }
    if (node.type === "Reshape" && elements(node.inputs[0]?.dims ?? []) !== elements(node.outputs[0]?.dims ?? []))
      bugs.push(`${node.name} changes the number of elements`);
  }
  for (const name of [...graph.outputs.map((t) => t.name), ...graph.states.map((s) => s.output)])
    if (!written.has(name)) bugs.push(`output ${name} is never written`);
  return bugs.map((bug) => internalError("internal/qnn-graph", bug));
}
