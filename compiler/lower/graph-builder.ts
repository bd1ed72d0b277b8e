/**
 * Collects nodes and tensors of a QNN graph under construction. Inside tensors get their names at the end: the one that
 * holds an equation's value has the equation's path (`blocks.3.timeMix.k`), the steps to it are `blocks.3.timeMix.k.1`, `.2`, ...
 */
import type { Constant } from "../ir/constant.ts";
import { constantKey } from "../ir/constant.ts";
import type { Origin } from "../ir/ir.ts";
import type { QnnDtype, QnnNode, QnnParam, QnnTensor } from "./qnn-graph.ts";

/** A node's place in the spec: name of its result and origin. */
export interface NodePlace {
  readonly name: string;
  readonly origin: Origin;
}

type Renamable = { -readonly [K in keyof QnnTensor]: QnnTensor[K] };

export class GraphBuilder {
  private readonly drafts: QnnNode[] = [];
  private readonly inside: Renamable[] = [];
  private readonly names = new Map<string, number>();
  private readonly statics = new Map<string, QnnTensor>();
  private readonly reshaped = new Map<QnnTensor, Map<string, QnnTensor>>();
  /** What a Reshape's result was before. */
  private readonly reshapedFrom = new Map<QnnTensor, QnnTensor>();

  constructor(readonly dtype: "float16" | "float32") {}

  /** `name`, or `name_2`, `name_3` when taken. */
  uniqueName(name: string): string {
    const count = (this.names.get(name) ?? 0) + 1;
    this.names.set(name, count);
    return count === 1 ? name : this.uniqueName(`${name}_${count}`);
  }

  input(name: string, dims: readonly number[], dtype: QnnDtype = this.dtype): QnnTensor {
    return { name: this.uniqueName(name), kind: "APP_WRITE", dtype, dims };
  }

  static(constant: Constant, dims: readonly number[], name: string, dtype: QnnDtype = this.dtype): QnnTensor {
    const key = `${dtype} ${dims.join()} ${constantKey(constant)}`;
    const known = this.statics.get(key);
    if (known) return known;
    const tensor: QnnTensor = { name: this.uniqueName(name), kind: "STATIC", dtype, dims, constant };
    this.statics.set(key, tensor);
    return tensor;
  }

  /** A constant of one value. */
  number(value: number, name = `constant_${value}`): QnnTensor {
    return this.static({ kind: "fill", value, shape: [1] }, [1], name.replace(/[^A-Za-z0-9_.]/g, "_"));
  }

  /** Adds a node with one output and returns it. `output` names a graph output that is to hold the result. */
  node(
    type: string,
    inputs: readonly QnnTensor[],
    dims: readonly number[],
    place: NodePlace,
    params: readonly QnnParam[] = [],
    output?: string,
  ): QnnTensor {
    const tensor = output
      ? { name: this.uniqueName(output), kind: "APP_READ" as const, dtype: this.dtype, dims }
      : this.native(place.name, dims);
    this.add(type, inputs, [tensor], place, params);
    return tensor;
  }

  /** A node with several outputs. `fixed` outputs keep their names. */
  nodeWithOutputs(
    type: string,
    inputs: readonly QnnTensor[],
    outputs: readonly { name: string; dims: readonly number[]; fixed?: boolean }[],
    place: NodePlace,
    params: readonly QnnParam[],
  ): readonly QnnTensor[] {
    const tensors = outputs.map((o) =>
      o.fixed
        ? { name: this.uniqueName(o.name), kind: "NATIVE" as const, dtype: this.dtype, dims: o.dims }
        : this.native(o.name, o.dims),
    );
    this.add(type, inputs, tensors, place, params);
    return tensors;
  }

  private native(name: string, dims: readonly number[]): QnnTensor {
    const tensor: Renamable = { name, kind: "NATIVE", dtype: this.dtype, dims };
    this.inside.push(tensor);
    return tensor;
  }

  private add(
    type: string,
    inputs: readonly QnnTensor[],
    outputs: readonly QnnTensor[],
    place: NodePlace,
    params: readonly QnnParam[],
  ): void {
    this.drafts.push({ name: "", type, inputs, outputs, params, origin: place.origin });
  }

  /** What a Reshape's result was before. */
  source(tensor: QnnTensor): QnnTensor | undefined {
    return this.reshapedFrom.get(tensor);
  }

  /** All nodes, with final names. `results` are the tensors that hold equations' values. */
  finish(results: ReadonlySet<QnnTensor>): readonly QnnNode[] {
    const steps = new Map<string, number>();
    const nodes = withoutUnread(this.drafts);
    const made = new Set(nodes.flatMap((node) => node.outputs));
    for (const tensor of this.inside) {
      if (!made.has(tensor)) continue;
      const { name } = tensor;
      if (results.has(tensor) && !this.names.has(name)) {
        tensor.name = this.uniqueName(name);
        continue;
      }
      const step = (steps.get(name) ?? 0) + 1;
      steps.set(name, step);
      tensor.name = this.uniqueName(`${name}.${step}`);
    }
    return nodes.map((node) => ({ ...node, name: `${node.outputs[0]?.name ?? ""}.${node.type}` }));
  }

  /** The tensor under other dims: itself, a constant of that shape, or one Reshape of the original that all users share. */
  reshape(given: QnnTensor, dims: readonly number[], place: NodePlace, output?: string): QnnTensor {
    const tensor = this.reshapedFrom.get(given) ?? given;
    if (!output && tensor.dims.join() === dims.join()) return tensor;
    if (tensor.constant && !output) return this.static(tensor.constant, dims, tensor.name, tensor.dtype);
    const known = output ? undefined : this.reshaped.get(tensor)?.get(dims.join());
    if (known) return known;
    const made = this.node("Reshape", [tensor], dims, { ...place, name: tensor.name }, [], output);
    if (!output) {
      const of = this.reshaped.get(tensor) ?? new Map<string, QnnTensor>();
      this.reshaped.set(tensor, of.set(dims.join(), made));
      this.reshapedFrom.set(made, tensor);
    }
    return made;
  }
}

/** Without Reshapes that no node reads, as a Reshape of the original has taken their place. */
function withoutUnread(nodes: readonly QnnNode[]): readonly QnnNode[] {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  return nodes.filter(
    ({ type, outputs }) => type !== "Reshape" || outputs.some((t) => t.kind === "APP_READ" || read.has(t)),
  );
}
