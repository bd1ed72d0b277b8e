/**
 * Lowering: tensor IR in its final form -> QNN graph. Each IR operation has a file in `ops/`; what is here is common to
 * all: layouts, the graph's inputs and outputs, the order of nodes.
 *
 * After: nodes are topological, layer by layer; every tensor has the graph's float type but for token ids.
 */
import type { ManifestState, ManifestStateSlice, ManifestTensor } from "../emit/manifest.ts";
import { type IrGraph, type IrState, shapeOf, topological, type Value } from "../ir/ir.ts";
import type { CompileOptions } from "../pipeline.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { headDims, qnnDims, wireDims } from "./layout.ts";
import { lowerValue } from "./ops/index.ts";
import type { HostEmbedding, QnnGraph, QnnTensor } from "./qnn-graph.ts";

export type LowerOptions = Pick<CompileOptions, "name" | "precision" | "embedding" | "target">;

export interface Lowered {
  readonly graph: QnnGraph;
  readonly hostEmbedding: HostEmbedding | null;
}

/** What lowering an operation may use. */
export class LowerContext {
  readonly builder: GraphBuilder;
  readonly heads: ReadonlySet<string>;
  readonly backend: string;
  readonly tensors = new Map<Value, QnnTensor>();
  /** Values that must be graph outputs, with the output's name. */
  readonly outputs = new Map<Value, string>();
  private readonly users = new Map<Value, Value[]>();

  constructor(graph: IrGraph, options: LowerOptions) {
    this.builder = new GraphBuilder(options.precision === "fp16" ? "float16" : "float32");
    this.heads = headDims(graph);
    this.backend = options.target.backend;
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

  usersOf(value: Value): readonly Value[] {
    return this.users.get(value) ?? [];
  }

  /** The tensor that holds a value; constants become static tensors when first used. */
  tensor(value: Value): QnnTensor {
    const known = this.tensors.get(value);
    if (known) return known;
    if (value.op.kind !== "constant") throw new Error(`lower: ${value.name} (${value.op.kind}) is used before it is made`);
    const { constant } = value.op;
    return constant.kind === "fill" && value.axes.length === 0
      ? this.builder.number(constant.value)
      : this.builder.static(constant, this.dims(value), this.constantName(value));
  }

  private constantName(value: Value): string {
    const { op } = value;
    return op.kind === "constant" && op.constant.kind === "tensor" ? op.constant.tensor : `${value.name}.constant`;
  }
}

export function lower(graph: IrGraph, options: LowerOptions): Lowered {
  const context = new LowerContext(graph, options);
  const { builder, tensors } = context;
  const values = topological(graph);

  const { inputs, hostEmbedding } = lowerEmbedding(context, values, options);
  const stateOutputs = new Map<Value, number[]>();
  graph.states.forEach((state, i) => {
    const input = builder.input(`state${i}_in`, wireDims(qnnDims(state.axes, context.heads)));
    const old = values.find((v) => v.op.kind === "state" && v.op.state === state.name);
    if (old) tensors.set(old, input);
    stateOutputs.set(state.next, [...(stateOutputs.get(state.next) ?? []), i]);
  });
  const states = graph.states.map((state, i) => manifestState(state, i, context));
  context.outputs.set(graph.logits, "out");
  for (const [value, [first]] of stateOutputs) {
    const direct = wireDims(context.dims(value)).join() === context.dims(value).join();
    if (direct && first !== undefined && canBeOutput(value)) context.outputs.set(value, `state${first}_out`);
  }

  for (const value of values) {
    if (value.op.kind === "state") {
      const wire = tensors.get(value);
      if (wire) tensors.set(value, builder.reshape(wire, context.dims(value), value));
    } else if (value.op.kind !== "constant" && value.op.kind !== "token" && !tensors.has(value)) {
      tensors.set(value, lowerValue(value, context));
    }
    for (const i of stateOutputs.get(value) ?? []) {
      const name = `state${i}_out`;
      if (context.outputs.get(value) === name) continue;
      builder.reshape(context.tensor(value), wireDims(context.dims(value)), value, name);
    }
  }

  const logits = context.tensor(graph.logits);
  const outputs: ManifestTensor[] = [{ name: "out", role: "logits", dtype: builder.dtype, shape: logits.dims }];
  return {
    graph: { name: options.name, kind: "decode", tokens: 1, layerCount: graph.layerCount, nodes: builder.nodes, inputs, outputs, states },
    hostEmbedding,
  };
}

/** Operations whose own result tensor can be a graph output; others get a copy. */
const canBeOutput = (value: Value): boolean => !["state", "constant", "token", "slice", "regroup"].includes(value.op.kind);

/** The graph's first input: token ids, or the rows that the host looks up. */
function lowerEmbedding(context: LowerContext, values: readonly Value[], options: LowerOptions): { inputs: ManifestTensor[]; hostEmbedding: HostEmbedding | null } {
  const { builder, tensors } = context;
  const gathers = values.filter((v) => v.op.kind === "gather");
  const [gather] = gathers;
  const table = gather?.inputs[0];
  if (options.embedding === "host" && gather && gathers.length === 1 && table?.op.kind === "constant" && table.axes.length === 2) {
    const input = builder.input("in", context.dims(gather));
    tensors.set(gather, input);
    return {
      inputs: [{ name: input.name, role: "embedding", dtype: builder.dtype, shape: input.dims }],
      hostEmbedding: { table: table.op.constant, dtype: builder.dtype },
    };
  }
  const input = builder.input("in", [1], "int32");
  for (const v of values) if (v.op.kind === "token") tensors.set(v, input);
  return { inputs: [{ name: input.name, role: "token", dtype: "int32", shape: [1] }], hostEmbedding: null };
}

function manifestState(state: IrState, index: number, context: LowerContext): ManifestState {
  const shape = shapeOf(state.axes);
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((n, extent) => n * extent, 1));
  const slice: ManifestStateSlice = { name: state.name, shape, offset: 0, strides, scale: state.scale, initial: state.initial };
  return {
    input: `state${index}_in`,
    output: `state${index}_out`,
    dtype: context.builder.dtype,
    shape: wireDims(qnnDims(state.axes, context.heads)),
    slices: [slice],
  };
}
