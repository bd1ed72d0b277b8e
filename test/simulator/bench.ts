/**
 * Test support: small graphs on Qualcomm's HTP simulator at fp16. A test file collects its graphs on one bench; they become one
 * model library by the project's own emission, and each runs once on the inputs given with it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { hostTriple, libraryPath } from "../../compiler/build/build-library.ts";
import { runProgram } from "../../compiler/build/native-programs.ts";
import { type ArtefactPlan, writeArtefact } from "../../compiler/build/write-artefact.ts";
import { float16ToFloat32, float32ToFloat16 } from "../../compiler/checkpoint/float16.ts";
import type { ManifestTensor } from "../../compiler/emit/manifest.ts";
import { elements } from "../../compiler/ir/constant.ts";
import { irEvaluator } from "../../compiler/ir/evaluate.ts";
import { type IrGraph, type IrState, topological, type Value } from "../../compiler/ir/ir.ts";
import { checkGraph } from "../../compiler/lower/check-graph.ts";
import { GraphBuilder } from "../../compiler/lower/graph-builder.ts";
import { lower } from "../../compiler/lower/lower.ts";
import type {
  FixedPointDtype,
  Grid,
  QnnGraph,
  QnnNode,
  QnnParam,
  QnnTensor,
  StoredScales,
} from "../../compiler/lower/qnn-graph.ts";
import { guardActivations } from "../../compiler/passes/guard-activations.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { constantsOf } from "../ir/bundled-model.ts";
import { htpLibrary } from "../qualcomm.ts";
import { half, origin, specFile, specText, Weights } from "./small-ir.ts";

const target = findTarget("htp-v75")!;
const options = { target, precision: "fp16", embedding: "graph" } as const;

export type Numbers = ArrayLike<number>;

/** A graph, what goes in, and (after `Bench.run`) what came out. */
export interface Trial {
  readonly graph: QnnGraph;
  /** In double precision, by the result's name. */
  readonly expected: Readonly<Record<string, Float64Array>>;
  readonly made: Readonly<Record<string, Float64Array>>;
  /** Types of the nodes, in order. */
  readonly ops: readonly string[];
}

interface Planned extends Trial {
  readonly inputs: ReadonlyMap<string, Buffer>;
  /** Name of the result that an output tensor holds. */
  readonly results: ReadonlyMap<string, string>;
  readonly made: Record<string, Float64Array>;
}

export class Bench {
  readonly weights = new Weights();
  private readonly trials: Planned[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "rwkvc-simulator-"));

  /** The form in which the compiler builds these results: the pass for fp16 on HTP, and lowering. */
  lowered(
    name: string,
    results: Readonly<Record<string, Value>>,
    inputs: Readonly<Record<string, Numbers>>,
    token = 0,
  ): Trial {
    const states = new Map<string, Float64Array>();
    for (const [input, values] of Object.entries(inputs))
      states.set(`blocks.0.mix.${input}`, Float64Array.from(values, half));
    const ir = graphOf(results);
    const { states: after } = irEvaluator(ir, constantsOf(this.weights))(token, states);
    const { graph } = lower(guardActivations(ir), { ...options, name });
    const problems = checkGraph(graph, options);
    if (problems.length > 0) throw new Error(problems.map((p) => p.title).join("; "));
    const buffers = new Map<string, Buffer>();
    const tokens = graph.inputs.find((t) => t.role === "token");
    if (tokens) buffers.set(tokens.name, Buffer.from(Int32Array.of(token).buffer));
    for (const { input, slices } of graph.states) {
      const values = states.get(slices[0]!.name);
      buffers.set(input, halves(values ?? new Float64Array(elements(slices[0]!.shape))));
    }
    const outputs = Object.keys(results).map((result) => [`blocks.0.mix.${result}_out`, result] as const);
    const expected = Object.keys(results).map((result) => [result, after.get(`blocks.0.mix.${result}`)!] as const);
    return this.add(graph, buffers, new Map(outputs), Object.fromEntries(expected));
  }

  /** A graph written out node by node. `build` gives the results' tensors; `expected` is what they ought to hold. */
  byHand(
    name: string,
    build: (hand: Hand) => void,
    inputs: Readonly<Record<string, Numbers>>,
    expected: Readonly<Record<string, Numbers>> = {},
  ): Trial {
    const hand = new Hand();
    build(hand);
    const buffers = Object.entries(inputs).map(([input, values]) => [input, halves(values)] as const);
    const results = new Map(Object.keys(expected).map((result) => [result, result]));
    const wanted = Object.entries(expected).map(([result, values]) => [result, Float64Array.from(values)] as const);
    return this.add(hand.finish(name), new Map(buffers), results, Object.fromEntries(wanted));
  }

  private add(
    graph: QnnGraph,
    inputs: Planned["inputs"],
    results: Planned["results"],
    expected: Planned["expected"],
  ): Trial {
    const trial: Planned = { graph, inputs, results, expected, made: {}, ops: graph.nodes.map((n) => n.type) };
    this.trials.push(trial);
    return trial;
  }

  /** Builds the library and runs every graph. For `beforeAll`. */
  async run(): Promise<void> {
    const artefact = join(this.folder, "model");
    const plan: ArtefactPlan = {
      name: "small",
      compilerVersion: "0.0.0",
      spec: { name: "small", file: specFile },
      sources: new Map([[specFile, specText]]),
      dims: {},
      vocabulary: 1,
      precision: "fp16",
      target,
      policies: [],
      tokenizer: null,
      graphs: this.trials.map((t) => t.graph),
      hostEmbedding: null,
    };
    await writeArtefact(artefact, plan, this.weights);
    for (const trial of this.trials) await this.execute(trial, join(artefact, libraryPath("small", hostTriple)));
  }

  private async execute({ graph, inputs, results, made }: Planned, library: string): Promise<void> {
    const [into, from] = ["in", "out"].map((kind) => join(this.folder, graph.name, kind)) as [string, string];
    for (const folder of [into, from]) mkdirSync(folder, { recursive: true });
    for (const [tensor, data] of inputs) writeFileSync(join(into, `${tensor}.raw`), data);
    const flags = {
      backend: "htp",
      "backend-library": htpLibrary!,
      "soc-model": String(target.soc!.model),
      "model-library": library,
      graph: graph.name,
      inputs: into,
      outputs: from,
      report: join(this.folder, "report.json"),
    };
    await runProgram("rwkv-run", ["exec", ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])]);
    for (const [tensor, result] of results) {
      const bits = readFileSync(join(from, `${tensor}.raw`));
      made[result] = Float64Array.from({ length: bits.length / 2 }, (_, i) =>
        float16ToFloat32(bits.readUInt16LE(2 * i)),
      );
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Node by node, with the builder that lowering uses. */
export class Hand {
  private readonly builder = new GraphBuilder("float16");
  private readonly inputs: ManifestTensor[] = [];
  private readonly outputs: ManifestTensor[] = [];
  private nodes = 0;

  /** Nodes so far. */
  get count(): number {
    return this.nodes;
  }

  input(name: string, dims: readonly number[], dtype: "float16" | "int32" = "float16"): QnnTensor {
    this.inputs.push({ name, role: "embedding", dtype, shape: dims });
    return this.builder.input(name, dims, dtype);
  }

  constant(name: string, dims: readonly number[], value: number): QnnTensor {
    return this.builder.static({ kind: "fill", value, shape: dims }, dims, name);
  }

  weight({ op, name }: Value, dims: readonly number[]): QnnTensor {
    if (op.kind !== "constant") throw new Error(`${name} is no constant`);
    return this.builder.static(op.constant, dims, name);
  }

  /** Codes of 16 bits. */
  codes(name: string, dims: readonly number[], grid: Grid): QnnTensor {
    this.inputs.push({ name, role: "embedding", dtype: "uint16", shape: dims });
    return { ...this.builder.input(name, dims, "ufixed16"), grid };
  }

  /** A constant in fixed point, as quantization asks for it. */
  stored(value: Value, dims: readonly number[], dtype: FixedPointDtype, stored: StoredScales): QnnTensor {
    return { ...this.weight(value, dims), name: value.name, dtype, stored };
  }

  /** A node whose result is codes of 16 bits. */
  fixedNode(
    type: QnnNode["type"],
    inputs: readonly QnnTensor[],
    dims: readonly number[],
    grid: Grid,
    output?: string,
    params: readonly QnnParam[] = [],
  ): QnnTensor {
    return Object.assign(this.node(type, inputs, dims, params, output), { dtype: "ufixed16", grid } as const);
  }

  /** `output`: the name of the result that it is. */
  node(
    type: QnnNode["type"],
    inputs: readonly QnnTensor[],
    dims: readonly number[],
    params: readonly QnnParam[] = [],
    output?: string,
  ): QnnTensor {
    if (output) this.outputs.push({ name: output, role: "logits", dtype: "float16", shape: dims });
    return this.builder.node(type, inputs, dims, { name: `n${this.nodes++}`, origin }, params, output);
  }

  /** A node with several outputs, none of them the graph's. */
  nodeWithOutputs(
    type: QnnNode["type"],
    inputs: readonly QnnTensor[],
    dims: readonly (readonly number[])[],
    params: readonly QnnParam[],
  ): readonly QnnTensor[] {
    const name = `n${this.nodes++}`;
    const outputs = dims.map((d, i) => ({ name: `${name}.${i}`, dims: d }));
    return this.builder.nodeWithOutputs(type, inputs, outputs, { name, origin }, params);
  }

  finish(name: string): QnnGraph {
    return {
      name,
      kind: "decode",
      tokens: 1,
      layerCount: 1,
      nodes: this.builder.finish(new Set()),
      inputs: this.inputs,
      outputs: this.outputs,
      states: [],
    };
  }
}

/** Every result is a state's next value, and so is every input, as it was. The logits are of no interest. */
function graphOf(results: Readonly<Record<string, Value>>): IrGraph {
  const next = (name: string, value: Value): IrState => ({
    name,
    axes: value.axes,
    initial: 0,
    scale: 1,
    next: value,
  });
  const made = Object.entries(results).map(([name, value]) => next(`blocks.0.mix.${name}`, value));
  const logits = made[0]!.next;
  const read = new Map<string, IrState>();
  for (const value of topological({ layerCount: 1, states: made, logits })) {
    if (value.op.kind === "state") read.set(value.op.state, next(value.op.state, value));
  }
  return { layerCount: 1, states: [...read.values(), ...made], logits };
}

function halves(values: Numbers): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  Array.from(values).forEach((value, i) => bytes.writeUInt16LE(float32ToFloat16(value), 2 * i));
  return bytes;
}

export const largestError = (made: Numbers, expected: Numbers): number =>
  worst(made, expected, (m, e) => Math.abs(m - e));

/** Of each element's own magnitude; `floor` keeps small ones from counting. */
export const relativeError = (made: Numbers, expected: Numbers, floor = 1e-4): number =>
  worst(made, expected, (m, e) => Math.abs(m - e) / Math.max(Math.abs(e), floor));

function worst(made: Numbers, expected: Numbers, error: (m: number, e: number) => number): number {
  if (made.length !== expected.length) return Infinity;
  let most = 0;
  for (let i = 0; i < made.length; i++) {
    const now = error(made[i]!, expected[i]!);
    if (!(now <= most)) most = Number.isNaN(now) ? Infinity : now;
  }
  return most;
}

/** One unit in the last place of fp16, relative. */
export const ulp = 2 ** -10;

/** `count` numbers from `low` to `high`. */
export const ramp = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => half(low + ((high - low) * i) / (count - 1)));
