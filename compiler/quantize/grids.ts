/**
 * The grids of fixed-point tensors: from the ranges that calibration found, but for what mathematics fixes and for tensors that hold
 * the same values in another shape, which share one.
 */
import type { EncodingSet } from "../encodings/encoding.ts";
import type { Grid, QnnGraph, QnnNode, QnnTensor } from "../lower/qnn-graph.ts";

/** Of 16 bits: the only ones that HTP computes these functions in. */
const fixedByMathematics: Readonly<Record<string, Grid>> = {
  Sigmoid: { scale: 1 / 65536, offset: 0 },
  Tanh: { scale: 1 / 32768, offset: -32768 },
};

const moves = new Set(["Reshape", "Split"]);

export class Grids {
  private readonly producer = new Map<QnnTensor, QnnNode>();
  /** By the tensor that a state's new value is: its old value, and so its grid. */
  private readonly stateOutput = new Map<string, string>();
  private readonly byName = new Map<string, QnnTensor>();

  constructor(
    graph: QnnGraph,
    private readonly encodings: EncodingSet | undefined,
    /** By the graph's names, where it is not the one that was calibrated. */
    private readonly calibrated?: ReadonlyMap<string, string>,
  ) {
    for (const node of graph.nodes) {
      for (const output of node.outputs) {
        this.producer.set(output, node);
        this.byName.set(output.name, output);
      }
    }
    for (const state of graph.states) this.stateOutput.set(state.input, state.output);
  }

  /** undefined: no range is known. */
  of(tensor: QnnTensor): Grid | undefined {
    const node = this.producer.get(tensor);
    const source = node && moves.has(node.type) ? node.inputs[0] : undefined;
    if (source) return this.of(source);
    const mathematics = node && fixedByMathematics[node.type];
    if (mathematics) return mathematics;
    // A state's old value was its new one before.
    const next = this.byName.get(this.stateOutput.get(tensor.name) ?? "");
    if (next && tensor.kind === "APP_WRITE") return this.of(next);
    const name = tensor.name.replace(/\.(flat|heads)$/, "");
    const known = this.calibrated ? this.calibrated.get(name) : name;
    const encoding = known === undefined ? undefined : this.encodings?.activations.get(known);
    if (encoding?.kind !== "integer" || encoding.bits !== 16 || encoding.scales.length !== 1) return undefined;
    const offset = encoding.symmetric ? -(2 ** 15) : encoding.offsets[0]!;
    return { scale: encoding.scales[0]!, offset };
  }
}
