/**
 * A lowered float16 graph in fixed point.
 *
 *     a16w8, a16w4      products of weights with 16-bit activations, and what stands between them; the rest stays float16
 *     fp16w8, fp16w4    float16 activations, integer weights
 *
 * Out: the same graph with integer weights, grids on its fixed-point tensors, and one Quantize or Dequantize for each tensor that is
 * read in the other form. Names: a tensor keeps its name where it is made; its other form is NAME.q or NAME.f (see nameForms).
 *
 * An arch that lacks fixed-point layer norms (v68, v69) computes them in float16.
 *
 * Diagnostics: `quantize/missing-range`, `quantize/blocks`.
 */
import { type Diagnostic, inputWarning, type Outcome } from "../diagnostics/diagnostic.ts";
import type { EncodingSet } from "../encodings/encoding.ts";
import type { QnnDtype, QnnGraph, QnnNode, QnnTensor, StoredScales } from "../lower/qnn-graph.ts";
import type { PrecisionPolicy } from "../check/typed.ts";
import { hasFixedActivations, type QuantizedPrecision } from "../targets/targets.ts";
import { calibratedNames } from "./calibrated-names.ts";
import { chooseWeights, type WeightChoice } from "./choose-weights.ts";
import { fixedNodes } from "./domains.ts";
import { Grids } from "./grids.ts";
import { headShapes } from "./head-shapes.ts";
import { nameForms } from "./name-forms.ts";
import { keepsFloat, weightBits } from "./precision-policy.ts";

export interface QuantizeOptions {
  readonly precision: QuantizedPrecision;
  /** Ranges of the activations; not needed for float16 activations. */
  readonly encodings?: EncodingSet | undefined;
  /** The graph that was calibrated, where that is another one: see calibratedNames. */
  readonly decode?: QnnGraph | undefined;
  /** Of the spec and, behind them, of the command line. */
  readonly policies: readonly PrecisionPolicy[];
  /** The NPU's architecture, 75 is v75; undefined: what is built is for none. */
  readonly arch?: number | undefined;
}

/**
 * Of a weight's row. Products of float16 with integer weights whose rows are no multiple of it are wrong on HTP, without an error: 14 dB of
 * signal to noise for 98 and 101 inputs of 8 bits, 67 for 96 and 100; of 4 bits 0 dB for 100 and 68 for 104. With 16-bit activations
 * they are right.
 */
const bytesBesideFloat = 4;

/** Before it layer norms refuse weights of 16 bits. */
const firstWithFixedNorms = 73;

export function quantizeGraph(given: QnnGraph, options: QuantizeOptions): Outcome<QnnGraph> {
  const { precision, policies, arch } = options;
  const pathOf = equationPaths(given);
  const weights = chooseWeights(given, precision, (weight, node) => weightBits(policies, weight, pathOf(node)), arch);
  const graph = headShapes(given);
  const choices = byOutput(graph, weights);
  const diagnostics = withoutBlocks(choices);
  if (!hasFixedActivations(precision)) {
    const nodes = graph.nodes.map((node) => withWeight(node, choices.get(node)));
    diagnostics.push(...keptFloat([...choices]));
    return { value: nameForms(given, { ...graph, nodes }, pathOf), diagnostics };
  }
  const names = options.decode && calibratedNames(given, options.decode);
  const grids = new Grids(graph, options.encodings, names);
  const missing = new Set<string>();
  const hasRanges = (node: QnnNode): boolean => {
    const without = [...node.inputs.filter((t) => t.kind !== "STATIC"), ...node.outputs].filter((t) => !grids.of(t));
    if (choices.has(node)) without.forEach((t) => missing.add(t.name));
    return without.length === 0;
  };
  const products = new Set([...choices.keys()].filter(hasRanges));
  const lacks = ({ type }: QnnNode): boolean =>
    type === "LayerNorm" && arch !== undefined && arch < firstWithFixedNorms;
  const fixed = fixedNodes(graph, {
    products,
    isFloat: (node) => keepsFloat(policies, pathOf(node)) || lacks(node) || !hasRanges(node),
  });
  const nodes = new Rewriter(graph, grids, fixed, choices).nodes();
  if (missing.size > 0) diagnostics.push(missingRanges([...missing]));
  diagnostics.push(...keptFloat([...choices].filter(([node]) => !fixed.has(node))));
  return { value: nameForms(given, { ...graph, nodes }, pathOf), diagnostics };
}

/** Path of the equation that a node is part of: `blocks.3.timeMix.k`. */
export function equationPaths({ equations = [] }: QnnGraph): (node: QnnNode) => string {
  const key = ({ span, layer }: QnnNode["origin"]): string => `${span.file} ${span.start} ${layer}`;
  const paths = new Map(equations.map(({ origin, name }) => [key(origin), name]));
  return ({ origin, name }) => paths.get(key(origin)) ?? name;
}

/** The choices, for the nodes of the graph after a rewrite that kept what they make. */
function byOutput(graph: QnnGraph, choices: ReadonlyMap<QnnNode, WeightChoice>): ReadonlyMap<QnnNode, WeightChoice> {
  const byTensor = new Map([...choices].map(([node, choice]) => [node.outputs[0]!.name, choice]));
  const found = new Map<QnnNode, WeightChoice>();
  for (const node of graph.nodes) {
    const choice = byTensor.get(node.outputs[0]!.name);
    if (choice && node.type === "FullyConnected") found.set(node, choice);
  }
  return found;
}

/** What policies ask for and cannot have. */
function withoutBlocks(choices: ReadonlyMap<QnnNode, WeightChoice>): Diagnostic[] {
  const names = new Map<string, string[]>();
  for (const [node, { withoutBlocks: reason }] of choices) {
    if (reason !== undefined) names.set(reason, [...(names.get(reason) ?? []), node.inputs[1]!.name]);
  }
  if (names.size === 0) return [];
  const count = [...names.values()].flat().length;
  return [
    inputWarning("quantize/blocks", `${count} weights get a scale for each output channel, and none for blocks`, {
      notes: [...names].map(([reason, weights]) => `${reason}: ${someOf(weights)}.`),
      hint: "where 4 bits are too few without blocks, give such a weight 8",
    }),
  ];
}

/** Of products with float16 activations: weights that stay float16. */
function keptFloat(nodes: readonly (readonly [QnnNode, WeightChoice])[]): Diagnostic[] {
  const names = nodes.flatMap(([{ inputs }, { bits }]) => (fitsFloat(inputs[1]!, bits) ? [] : [inputs[1]!]));
  if (names.length === 0) return [];
  return [
    inputWarning("quantize/kept-float", `${names.length} weights stay float16`, {
      notes: [
        `${someOf(names.map(({ name }) => name))}.`,
        `Beside float16 activations HTP computes integer weights wrongly whose rows are no multiple of ${bytesBesideFloat} bytes.`,
      ],
      hint: "16-bit activations (a16w8, a16w4) have no such bound",
    }),
  ];
}

const fitsFloat = ({ dims }: QnnTensor, bits: number): boolean => (dims[1]! * bits) % (8 * bytesBesideFloat) === 0;

const someOf = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;

function missingRanges(names: readonly string[]): Diagnostic {
  return inputWarning("quantize/missing-range", `${names.length} tensors have no 16-bit range in the encodings`, {
    notes: [`${someOf(names)}.`, "The products that read or make them keep float16 activations."],
    hint: "calibrate this spec and checkpoint: rwkvc calibrate",
  });
}

/** A weight of the node as integers; its activations stay as they are. */
function withWeight(node: QnnNode, choice: WeightChoice | undefined): QnnNode {
  const [x, weight, ...others] = node.inputs as [QnnTensor, QnnTensor];
  const isFloat = x.dtype === "float16";
  if (!choice || (isFloat && !fitsFloat(weight, choice.bits))) return node;
  const dtype = choice.bits === 4 ? "sfixed4" : "sfixed8";
  // HTP does not finalize products of float16 with blocks.
  const stored: StoredScales = isFloat ? { per: "channels" } : choice.stored;
  return { ...node, inputs: [x, { ...weight, dtype, stored, multiplies: choice.multiplies }, ...others] };
}

/** Types of the static operands of a layer norm: weight, bias. */
const normTypes: readonly QnnDtype[] = ["sfixed16", "sfixed32"];

class Rewriter {
  private readonly made: QnnNode[] = [];
  /** By the given graph's tensor: its forms. */
  private readonly floats = new Map<QnnTensor, QnnTensor>();
  private readonly integers = new Map<QnnTensor, QnnTensor>();
  private readonly floatReads: ReadonlySet<QnnTensor>;

  constructor(
    private readonly graph: QnnGraph,
    private readonly grids: Grids,
    private readonly fixed: ReadonlySet<QnnNode>,
    private readonly choices: ReadonlyMap<QnnNode, WeightChoice>,
  ) {
    this.floatReads = new Set(graph.nodes.filter((node) => !fixed.has(node)).flatMap((node) => node.inputs));
  }

  nodes(): readonly QnnNode[] {
    for (const node of this.graph.nodes) {
      if (this.fixed.has(node)) this.addFixed(node);
      else this.addFloat(node);
    }
    return this.made;
  }

  private addFloat(node: QnnNode): void {
    const inputs = node.inputs.map((t) => this.floats.get(t) ?? t);
    this.made.push(withWeight({ ...node, inputs }, this.choices.get(node)));
  }

  private addFixed(node: QnnNode): void {
    const inputs = node.inputs.map((t, i) => (t.kind === "STATIC" ? this.constant(node, t, i) : this.integer(t, node)));
    const outputs = node.outputs.map((t) => this.fixedOutput(t));
    this.made.push({ ...node, inputs, outputs });
    // What crosses the boundary does so in float16.
    node.outputs.forEach((t, i) => {
      if (t.kind === "APP_READ") this.convert("Dequantize", outputs[i]!, t, node);
      else if (this.floatReads.has(t)) this.makeFloat(t, outputs[i]!, node);
    });
  }

  private makeFloat(t: QnnTensor, integer: QnnTensor, node: QnnNode): void {
    const tensor: QnnTensor = { name: `${t.name}.f`, kind: "NATIVE", dtype: "float16", dims: t.dims };
    this.convert("Dequantize", integer, tensor, node);
    this.floats.set(t, tensor);
  }

  private fixedOutput(t: QnnTensor): QnnTensor {
    const inside = t.kind === "APP_READ" ? { name: `${t.name}.q`, kind: "NATIVE" as const } : {};
    const tensor: QnnTensor = { ...t, ...inside, dtype: "ufixed16", grid: this.grids.of(t)! };
    this.integers.set(t, tensor);
    if (t.kind === "APP_READ") this.floats.set(t, t);
    return tensor;
  }

  private constant(node: QnnNode, t: QnnTensor, at: number): QnnTensor {
    const choice = this.choices.get(node);
    if (choice) {
      const dtype = choice.bits === 4 ? "sfixed4" : "sfixed8";
      return { ...t, dtype, stored: choice.stored, multiplies: choice.multiplies };
    }
    const dtype = node.type === "LayerNorm" ? normTypes[at - 1]! : "ufixed16";
    // A scalar that float16 nodes read too is a tensor of its own.
    return { ...t, name: `${t.name}.q`, dtype, stored: { per: "tensor" } };
  }

  private integer(t: QnnTensor, reader: QnnNode): QnnTensor {
    const known = this.integers.get(t);
    if (known) return known;
    const grid = this.grids.of(t)!;
    const tensor: QnnTensor = { name: `${t.name}.q`, kind: "NATIVE", dtype: "ufixed16", dims: t.dims, grid };
    this.convert("Quantize", t, tensor, reader);
    this.integers.set(t, tensor);
    return tensor;
  }

  private convert(type: "Quantize" | "Dequantize", from: QnnTensor, to: QnnTensor, { origin }: QnnNode): void {
    const add = (op: string, input: QnnTensor, output: QnnTensor): void => {
      this.made.push({
        name: `${output.name}.${op}`,
        type: op,
        inputs: [input],
        params: [],
        outputs: [output],
        origin,
      });
    };
    const dims = convertedDims(from.dims);
    if (!dims) return add(type, from, to);
    const [before, after] = [
      { ...from, name: `${to.name}.from`, kind: "NATIVE" as const, dims },
      { ...to, name: `${to.name}.rows`, kind: "NATIVE" as const, dims },
    ];
    add("Reshape", from, before);
    add(type, before, after);
    add("Reshape", after, to);
  }
}

/**
 * HTP converts a flat vector ten times as slowly as one in rows: 65,536 logits in 2.7 ms on QCS9100, in rows of 1,024 in next to no
 * time.
 */
function convertedDims(dims: readonly number[]): readonly number[] | undefined {
  const [tokens, width] = dims;
  if (dims.length !== 2 || !tokens || !width) return undefined;
  const row = [1024, 64].find((size) => width % size === 0 && width > size);
  return row === undefined ? undefined : [tokens, width / row, 1, row];
}
