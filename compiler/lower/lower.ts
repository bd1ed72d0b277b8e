/**
 * Lowering: tensor IR in its final form -> QNN graph. Each IR operation has a file in `ops/`; what is here is common to
 * all: layouts, the graph's inputs and outputs, the order of nodes.
 *
 * After: nodes are topological, layer by layer; every tensor has the graph's float type but for token ids.
 */
import type { ManifestTensor } from "../emit/manifest.ts";
import { type Constant, constantKey, elements } from "../ir/constant.ts";
import { type IrGraph, shapeOf, topological, type Value } from "../ir/ir.ts";
import { reshape } from "../passes/fold-constants.ts";
import type { CompileOptions } from "../pipeline.ts";
import { equationTensors } from "./equation-tensors.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { headDims, qnnDims } from "./layout.ts";
import { linearOf } from "./ops/contract.ts";
import { lowerValue } from "./ops/index.ts";
import type { HostEmbedding, QnnGraph, QnnTensor } from "./qnn-graph.ts";
import { StateBoundary } from "./states.ts";

export type LowerOptions = Pick<CompileOptions, "name" | "precision" | "embedding" | "target">;

export interface Lowered {
  readonly graph: QnnGraph;
  readonly hostEmbedding: HostEmbedding | null;
}

/** What lowering an operation may use. */
export class LowerContext {
  readonly builder: GraphBuilder;
  readonly heads: ReadonlySet<string>;
  /** Whether the graph computes in float16, by the rules of HTP; else in float32, by those of the CPU backend. */
  readonly isFloat16: boolean;
  readonly tensors = new Map<Value, QnnTensor>();
  /** Rows of tables that the host looks up, as the graph gets them. */
  readonly hostRows = new Map<Value, QnnTensor>();
  /** Values that must be graph outputs, with the output's name. */
  readonly outputs = new Map<Value, string>();
  private readonly users = new Map<Value, Value[]>();
  private readonly roots: ReadonlySet<Value>;

  constructor(graph: IrGraph, options: LowerOptions) {
    this.isFloat16 = options.precision !== "fp32";
    this.builder = new GraphBuilder(this.isFloat16 ? "float16" : "float32");
    this.heads = headDims(graph);
    this.roots = new Set([graph.logits, ...graph.states.map((s) => s.next)]);
    for (const value of topological(graph)) {
      for (const input of value.inputs) {
        const known = this.users.get(input);
        if (known) known.push(value);
        else this.users.set(input, [value]);
      }
    }
  }

  dims(value: Value): readonly number[] {
    return qnnDims(value.axes, this.heads);
  }

  /** Whether a split or merge of heads has a user that needs it done; FullyConnected takes the vector as it was. */
  needsReshape(value: Value): boolean {
    return this.roots.has(value) || this.usersOf(value).some((user) => linearOf(user)?.vector !== value);
  }

  /** The tensors that hold the values of equations (not steps on the way to them). */
  results(values: readonly Value[]): ReadonlySet<QnnTensor> {
    const last = new Map<string, QnnTensor>();
    for (const value of values) {
      const tensor = this.tensors.get(value);
      if (tensor) last.set(value.name, tensor);
    }
    return new Set(last.values());
  }

  usersOf(value: Value): readonly Value[] {
    return this.users.get(value) ?? [];
  }

  /** The tensor that holds a value, under other dims if asked; constants become static tensors when first used. */
  tensor(value: Value, dims?: readonly number[]): QnnTensor {
    const known = this.tensors.get(value);
    if (known) return dims ? this.builder.reshape(known, dims, value) : known;
    if (value.op.kind !== "constant")
      throw new Error(`lower: ${value.name} (${value.op.kind}) is used before it is made`);
    const { constant } = value.op;
    return constant.kind === "fill" && value.axes.length === 0 && !dims
      ? this.builder.number(constant.value)
      : this.builder.static(constant, dims ?? this.dims(value), this.constantName(value));
  }

  /** The value with its axes in the order `perm`, under `dims`. Constants are transposed when they are written. */
  arranged(value: Value, perm: readonly number[], dims: readonly number[]): QnnTensor {
    if (perm.every((p, i) => p === i)) return this.tensor(value, dims);
    const sizes = shapeOf(value.axes);
    if (value.op.kind !== "constant") return this.transposed(this.tensor(value, sizes), perm, dims, value);
    const { constant } = value.op;
    const arg: Constant =
      constant.shape.join() === sizes.join() ? constant : { kind: "reshape", arg: constant, shape: sizes };
    return this.builder.static(
      { kind: "transpose", arg, perm, shape: perm.map((p) => sizes[p] ?? 1) },
      dims,
      this.constantName(value),
    );
  }

  /** A tensor whose dims are `value`'s axes, one for one, with them in another order. */
  transposed(tensor: QnnTensor, perm: readonly number[], dims: readonly number[], value: Value): QnnTensor {
    const params = [{ name: "perm", kind: "tensor", dtype: "uint32", dims: [perm.length], values: perm }] as const;
    const moved = this.builder.node(
      "Transpose",
      [tensor],
      perm.map((p) => tensor.dims[p] ?? 1),
      value,
      params,
    );
    return this.builder.reshape(moved, dims, value);
  }

  private constantName(value: Value): string {
    const { op } = value;
    return op.kind === "constant" && op.constant.kind === "tensor" ? op.constant.tensor : `${value.name}.constant`;
  }
}

export function lower(graph: IrGraph, options: LowerOptions): Lowered {
  const context = new LowerContext(graph, options);
  const { builder, tensors } = context;
  const { tokens = 1 } = graph;
  const values = topological(graph);

  const { inputs, hostEmbedding } = lowerEmbedding(context, values, tokens, options);
  context.outputs.set(graph.logits, "out");
  const states = new StateBoundary(graph, context);
  for (const value of values) {
    if (value.op.kind === "state") states.read(value, value.op.state);
    else if (value.op.kind === "regroup" && !context.needsReshape(value)) continue;
    else if (value.op.kind !== "constant" && value.op.kind !== "token" && !tensors.has(value)) {
      tensors.set(value, atOutput(lowerValue(value, context), value, context));
    }
    states.written(value);
  }
  states.finish();

  const logits = atOutput(context.tensor(graph.logits), graph.logits, context);
  const nodes = builder.finish(context.results(values));
  const outputs: ManifestTensor[] = [{ name: "out", role: "logits", dtype: builder.dtype, shape: logits.dims }];
  return {
    graph: {
      name: options.name,
      kind: tokens === 1 ? "decode" : "prefill",
      tokens,
      layerCount: graph.layerCount,
      nodes,
      inputs,
      outputs,
      states: states.manifest,
      equations: equationTensors(graph, tensors, (tensor) => builder.source(tensor), nodes),
    },
    hostEmbedding,
  };
}

/** What an operation has not written to the graph's output itself is copied there. */
function atOutput(tensor: QnnTensor, value: Value, { outputs, builder }: LowerContext): QnnTensor {
  const output = outputs.get(value);
  return output === undefined || tensor.kind === "APP_READ"
    ? tensor
    : builder.reshape(tensor, tensor.dims, value, output);
}

/** The graph's first input: token ids, or the rows that the host looks up. */
function lowerEmbedding(
  context: LowerContext,
  values: readonly Value[],
  tokens: number,
  options: LowerOptions,
): { inputs: ManifestTensor[]; hostEmbedding: HostEmbedding | null } {
  const { builder, tensors } = context;
  const gathers = values.filter((v) => v.op.kind === "gather");
  if (options.embedding === "host" && gathers.length > 0) return lowerHostRows(context, gathers, tokens);
  const input = builder.input("in", [tokens], "int32");
  for (const v of values) if (v.op.kind === "token") tensors.set(v, input);
  return { inputs: [{ name: input.name, role: "token", dtype: "int32", shape: [tokens] }], hostEmbedding: null };
}

/**
 * All that is looked up for a token is one row of one table of the host, in the order of the graph: one input, one place to read.
 * Several tables' parts are taken apart in the graph.
 */
function lowerHostRows(
  context: LowerContext,
  gathers: readonly Value[],
  tokens: number,
): { inputs: ManifestTensor[]; hostEmbedding: HostEmbedding } {
  const { builder, hostRows } = context;
  const byTable = new Map<string, { readonly table: Constant; readonly users: Value[] }>();
  for (const gather of gathers) {
    const { constant } = gather.inputs[0]!.op as Extract<Value["op"], { kind: "constant" }>;
    const [rows, ...row] = constant.shape as [number, ...number[]];
    const table = reshape(constant, [rows, elements(row)]);
    const known = byTable.get(constantKey(table));
    if (known) known.users.push(gather);
    else byTable.set(constantKey(table), { table, users: [gather] });
  }
  const parts = [...byTable.values()];
  const widths = parts.map(({ table }) => table.shape[1]!);
  const width = widths.reduce((sum, w) => sum + w, 0);
  const input = builder.input("in", [tokens, width]);
  const pieces = parts.length === 1 ? [input] : splitRow(input, parts, tokens, builder);
  parts.forEach(({ users }, i) => users.forEach((user) => hostRows.set(user, pieces[i]!)));
  const [first] = parts as [(typeof parts)[0]];
  const table: Constant =
    parts.length === 1
      ? first.table
      : { kind: "columns", args: parts.map((part) => part.table), shape: [first.table.shape[0]!, width] };
  return {
    inputs: [{ name: input.name, role: "embedding", dtype: builder.dtype, shape: input.dims }],
    hostEmbedding: { table, dtype: builder.dtype },
  };
}

function splitRow(
  input: QnnTensor,
  parts: readonly { readonly table: Constant; readonly users: readonly Value[] }[],
  tokens: number,
  builder: GraphBuilder,
): readonly QnnTensor[] {
  const widths = parts.map(({ table }) => table.shape[1]!);
  const cuts = widths.slice(1).map((_, i) => widths.slice(0, i + 1).reduce((sum, w) => sum + w, 0));
  const outputs = parts.map(({ users }, i) => ({ name: users[0]!.name, dims: [tokens, widths[i]!] }));
  const { origin } = parts[0]!.users[0]!;
  return builder.nodeWithOutputs("Split", [input], outputs, { name: input.name, origin: { ...origin, layer: null } }, [
    { name: "axis", kind: "scalar", dtype: "uint32", value: 1 },
    { name: "split_index", kind: "tensor", dtype: "uint32", dims: [cuts.length], values: cuts },
  ]);
}
