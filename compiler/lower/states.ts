/**
 * How states cross the graph's boundary.
 *
 * A state of one vector is a graph input and output of its own, and its output is the tensor that computes it. Matrix states of the
 * same name are one tensor for all layers, [L, H, 8, N N / 8], taken apart by a Split before the first layer and put together by
 * a Concat after the last. Measured on whole models (estimates for SoC 77, 24 layers): a tensor per layer costs up to 5 % more,
 * and rows of N elements at the boundary are slow to write.
 */
import type { ManifestState, ManifestStateSlice } from "../emit/manifest.ts";
import { elements } from "../ir/constant.ts";
import { type IrGraph, type IrState, type Origin, shapeOf, topological, type Value } from "../ir/ir.ts";
import { qnnDims, wireDims } from "./layout.ts";
import type { LowerContext } from "./lower.ts";
import type { QnnTensor } from "./qnn-graph.ts";

interface Group {
  /** `blocks.0.timeMix.x_prev`, or `timeMix.S` for a state of all layers. */
  readonly name: string;
  readonly members: readonly IrState[];
  /** Dims of one member inside the graph, and at the boundary. */
  readonly inner: readonly number[];
  readonly wire: readonly number[];
}

export class StateBoundary {
  readonly manifest: readonly ManifestState[];
  private readonly groups: readonly Group[];
  private readonly olds = new Map<string, QnnTensor>();
  private readonly news = new Map<string, QnnTensor>();
  private readonly done = new Set<string>();
  private readonly nexts = new Map<Value, IrState[]>();

  constructor(
    private readonly graph: IrGraph,
    private readonly context: LowerContext,
  ) {
    this.groups = groupStates(graph.states, context);
    const used = new Map<string, Value>();
    for (const v of topological(graph)) if (v.op.kind === "state") used.set(v.op.state, v);
    for (const group of this.groups) this.makeInput(group, used);
    this.manifest = this.groups.map((group) => this.describe(group));
    for (const state of graph.states) this.nexts.set(state.next, [...(this.nexts.get(state.next) ?? []), state]);
    for (const group of this.groups) this.claimOutput(group);
  }

  /** Binds the old value of a state. */
  read(value: Value, state: string): void {
    const tensor = this.olds.get(state);
    if (!tensor) throw new Error(`lower: no input for state ${state}`);
    this.context.tensors.set(value, this.context.builder.reshape(tensor, this.context.dims(value), value));
  }

  /** To be called when a value has its tensor: if it is a state's next value, it goes to the boundary. */
  written(value: Value): void {
    for (const state of this.nexts.get(value) ?? []) {
      const group = this.groupOf(state);
      const tensor = this.context.tensor(value);
      if (group.members.length > 1) this.news.set(state.name, this.context.builder.reshape(tensor, group.wire, value));
      else if (!this.done.has(state.name)) this.context.builder.reshape(tensor, group.wire, value, `${group.name}_out`);
    }
  }

  /** The tensors of all layers' states, after the last layer. */
  finish(): void {
    for (const group of this.groups) {
      const [first] = group.members;
      if (group.members.length < 2 || !first) continue;
      const parts = group.members.map((m) => this.news.get(m.name)).filter((t) => t !== undefined);
      const dims = [group.members.length, ...group.wire.slice(1)];
      const place = { name: group.name, origin: outside(first.next.origin, "head") };
      const axis = { name: "axis", kind: "scalar", dtype: "uint32", value: 0 } as const;
      this.context.builder.node("Concat", parts, dims, place, [axis], `${group.name}_out`);
    }
  }

  private groupOf(state: IrState): Group {
    return this.groups.find((g) => g.members.includes(state)) as Group;
  }

  private makeInput(group: Group, used: ReadonlyMap<string, Value>): void {
    const { builder } = this.context;
    const [first] = group.members;
    if (!first) return;
    if (group.members.length === 1) {
      this.olds.set(first.name, builder.input(`${group.name}_in`, group.wire));
      return;
    }
    const count = group.members.length;
    const input = builder.input(`${group.name}_in`, [count, ...group.wire.slice(1)]);
    const outputs = group.members.map((m) => ({ name: `${m.name}_in`, dims: group.wire, fixed: true }));
    const origin = outside(used.get(first.name)?.origin ?? first.next.origin, "embedding");
    const parts = builder.nodeWithOutputs("Split", [input], outputs, { name: group.name, origin }, [
      { name: "axis", kind: "scalar", dtype: "uint32", value: 0 },
      {
        name: "split_index",
        kind: "tensor",
        dtype: "uint32",
        dims: [count - 1],
        values: Array.from({ length: count - 1 }, (_, i) => i + 1),
      },
    ]);
    group.members.forEach((m, i) => this.olds.set(m.name, parts[i] as QnnTensor));
  }

  /** Lets the operation that computes a state write the graph's output itself. */
  private claimOutput(group: Group): void {
    const [state] = group.members;
    if (!state || group.members.length > 1) return;
    const { next } = state;
    const copies = ["state", "constant", "token", "slice", "rows", "regroup"].includes(next.op.kind);
    if (copies || group.wire.join() !== group.inner.join() || this.context.outputs.has(next)) return;
    this.context.outputs.set(next, `${group.name}_out`);
    this.done.add(state.name);
  }

  private describe(group: Group): ManifestState {
    const slices = group.members.map((state, i): ManifestStateSlice => {
      const shape = shapeOf(state.axes);
      const strides = shape.map((_, at) => elements(shape.slice(at + 1)));
      const order = this.graph.states.indexOf(state);
      return {
        name: state.name,
        shape,
        offset: i * elements(shape),
        strides,
        scale: state.scale,
        initial: startingValue(state, this.context.builder.dtype),
        order,
      };
    });
    const shape = group.members.length === 1 ? group.wire : [group.members.length, ...group.wire.slice(1)];
    return { input: `${group.name}_in`, output: `${group.name}_out`, dtype: this.context.builder.dtype, shape, slices };
  }
}

/**
 * Half of float16's largest number: what stands for a starting value beyond it (-1e30 for minus infinity). It is as good as infinite
 * beside other values, and one of these can be added without an overflow.
 */
const float16Infinity = 32752;

function startingValue({ initial, scale }: IrState, dtype: QnnTensor["dtype"]): number {
  const isBeyond = dtype === "float16" && Math.abs(initial * scale) > 65504;
  return isBeyond ? (Math.sign(initial) * float16Infinity) / scale : initial;
}

/** An origin outside the layers: before them (`embedding`) or after (`head`). */
const outside = (origin: Origin, part: "embedding" | "head"): Origin => ({ ...origin, layer: null, part });

function groupStates(states: readonly IrState[], context: LowerContext): readonly Group[] {
  const groups = new Map<string, IrState[]>();
  const dims = (s: IrState): readonly number[] => qnnDims(s.axes, context.heads);
  const isMatrix = (s: IrState): boolean => dims(s).length === 4 && dims(s)[0] === 1 && (dims(s)[2] ?? 1) > 1;
  for (const state of states) {
    const local = state.name.replace(/^blocks\.\d+\./, "");
    const name = isMatrix(state) ? local : state.name;
    groups.set(name, [...(groups.get(name) ?? []), state]);
  }
  return [...groups].map(([name, members]) => {
    const inner = dims(members[0] as IrState);
    return {
      name: members.length === 1 ? (members[0] as IrState).name : name,
      members,
      inner,
      wire: isMatrix(members[0] as IrState) ? wireDims(inner) : inner,
    };
  });
}
