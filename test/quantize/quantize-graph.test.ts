/** What quantization makes of the bundled specs' graphs, with made-up ranges. */
import { describe, expect, it } from "vitest";

import { type EncodingSet, rangeEncoding } from "../../compiler/encodings/encoding.ts";
import { sectionGraph } from "../../compiler/emit/sections.ts";
import { graphTensors } from "../../compiler/encodings/graph-tensors.ts";
import type { QnnGraph, QnnNode, QnnTensor } from "../../compiler/lower/qnn-graph.ts";
import { compile } from "../../compiler/pipeline.ts";
import { findTarget, type QuantizedPrecision } from "../../compiler/targets/targets.ts";
import type { CheckedModel, PrecisionPolicy } from "../../compiler/check/typed.ts";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { tinySizes } from "../specs/tiny-sizes.ts";

// Wide enough that heads and blocks divide them.
const sizes: Sizes = {
  ...tinySizes,
  ...{ D: 128, A: 128, H: 2, N: 64, F: 256, V: 256, Rw: 32, Ra: 32, Rv: 32, Rg: 32, Rm: 32 },
};
const modelOf = (name: string, layers = sizes["L"]!): CheckedModel => {
  const spec = `specs/${name}.rwkv.ts`;
  return tinyModel(spec, specText(spec), { ...sizes, L: layers }).model;
};

interface Options {
  readonly precision?: QuantizedPrecision;
  readonly without?: (tensor: string) => boolean;
  readonly policies?: readonly PrecisionPolicy[];
  readonly prefill?: readonly number[];
  readonly target?: string;
}

function quantized(
  model: CheckedModel,
  { precision = "a16w4", without, policies = [], prefill = [], target = "host" }: Options = {},
) {
  const common = { name: "test", target: findTarget("host")!, embedding: "graph", scaling: true } as const;
  const form = compile(model, { ...common, precision: "fp32", form: precision }).value!;
  const names = [...graphTensors(form.graphs).activations].filter((name) => !without?.(name));
  const activations = new Map(names.map((name) => [name, rangeEncoding(-8, 8)]));
  const encodings: EncodingSet = { activations, params: new Map() };
  const options = { ...common, target: findTarget(target)! };
  const compiled = compile(model, { ...options, precision, encodings, precisionPolicies: policies, prefill });
  return { graphs: compiled.value!.graphs, diagnostics: compiled.diagnostics };
}

const isFixed = ({ dtype }: QnnTensor): boolean => dtype.includes("fixed");
const ofType = ({ nodes }: QnnGraph, type: string): QnnNode[] => nodes.filter((node) => node.type === type);

describe.each(["rwkv-4", "rwkv-5.2", "rwkv-6", "rwkv-7"])("%s", (name) => {
  const model = modelOf(name);
  const { graphs, diagnostics } = quantized(model, { prefill: [4] });

  it.each(["a16w4", "fp16w8"] as const)(
    "%s: behind the first layer, each part is one function of the C++",
    (precision) => {
      const { graphs } = quantized(modelOf(name, 4), { precision, prefill: [4] });
      for (const graph of graphs) {
        const functions = sectionGraph(graph).structures.map(({ instances }) =>
          instances.filter(({ layer }) => layer !== null).map(({ part, layer }) => `${part} ${layer}`),
        );
        // Layer 0 may be one of them.
        expect(functions).toContainEqual(expect.arrayContaining(["timeMix 1", "timeMix 2", "timeMix 3"]));
        expect(functions).toContainEqual(expect.arrayContaining(["channelMix 1", "channelMix 2", "channelMix 3"]));
      }
    },
  );

  it.each(graphs.map((graph) => [graph.kind, graph] as const))(
    "%s: all products of weights are in 4 bits",
    (_, graph) => {
      expect(diagnostics).toEqual([]);
      const products = ofType(graph, "FullyConnected");
      expect(products.length).toBeGreaterThan(10);
      for (const { inputs } of products) expect(inputs.map(({ dtype }) => dtype)).toEqual(["ufixed16", "sfixed4"]);
    },
  );

  it.each(graphs.map((graph) => [graph.kind, graph] as const))("%s: 4-bit products read flat vectors", (_, graph) => {
    for (const { inputs } of ofType(graph, "FullyConnected")) expect(inputs[0]!.dims).toHaveLength(2);
  });

  it.each(graphs.map((graph) => [graph.kind, graph] as const))("%s: a value changes its form once", (_, graph) => {
    const conversions = [...ofType(graph, "Quantize"), ...ofType(graph, "Dequantize")];
    const made = new Map(graph.nodes.flatMap((node) => node.outputs.map((t) => [t.name, node] as const)));
    const source = (t: QnnTensor): QnnTensor => {
      const node = made.get(t.name);
      return node?.type === "Reshape" ? source(node.inputs[0]!) : t;
    };
    const sources = conversions.map(({ type, inputs }) => `${type} ${source(inputs[0]!).name}`);
    expect(new Set(sources).size).toBe(sources.length);
    for (const { inputs } of conversions)
      expect(made.get(source(inputs[0]!).name)?.type ?? "input").not.toMatch(/Quantize|Dequantize/);
  });

  it("the boundary is float16", () => {
    for (const graph of graphs) {
      const boundary = graph.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
      for (const t of boundary) if (t.kind === "APP_READ" || t.kind === "APP_WRITE") expect(isFixed(t)).toBe(false);
    }
  });
});

describe("what is asked for", () => {
  const model = modelOf("rwkv-7");
  const key = (graph: QnnGraph) =>
    ofType(graph, "FullyConnected").find(({ inputs }) => inputs[1]!.name === "blocks.0.ffn.key.weight")!;
  const policy = (part: object) =>
    ({ span: model.head.equations[0]!.span, text: "", ...part }) as unknown as PrecisionPolicy;

  it("a policy's bits are the least", () => {
    const policies = [policy({ kind: "quantize", pattern: "ffn.*", bits: 8 })];
    expect(key(quantized(model, { policies }).graphs[0]!).inputs[1]!.dtype).toBe("sfixed8");
  });

  it("blocks of inputs", () => {
    const policies = [policy({ kind: "quantize", pattern: "att.{key,value}", bits: 4, block: 32 })];
    const { graphs, diagnostics } = quantized(model, { policies });
    const products = ofType(graphs[0]!, "FullyConnected").map(({ inputs }) => inputs[1]!);
    const [att] = products.filter(({ name }) => name === "blocks.0.att.key.weight");
    expect(att!.stored).toEqual({ per: "blocks", block: 32 });
    expect(diagnostics).toEqual([]);
  });

  it("no blocks where HTP has none, and a warning that names the weights", () => {
    const blocks = (pattern: string, block: number) => policy({ kind: "quantize", pattern, bits: 4, block });
    // 256 outputs of 128 inputs.
    const wide = quantized(model, { policies: [blocks("ffn.*", 32)] });
    expect(key(wide.graphs[0]!).inputs[1]!.stored).toEqual({ per: "channels" });
    const narrow = quantized(model, { policies: [blocks("att.w2", 64)] });
    const beside = quantized(model, { policies: [blocks("att.key", 32)], precision: "fp16w4" });
    const notes = [wide, narrow, beside].map(({ diagnostics }) => diagnostics.map((d) => [d.code, d.notes]));
    expect(notes).toEqual([
      [["quantize/blocks", [expect.stringMatching(/^HTP computes .* outputs than inputs: blocks.0.ffn.key.weight, /)]]],
      [["quantize/blocks", [expect.stringMatching(/^blocks of 64 do not divide 32 inputs: blocks.0.att.w2/)]]],
      [["quantize/blocks", [expect.stringMatching(/^HTP does not take .* float16 activations: blocks.0.att.key/)]]],
    ]);
  });

  it.each([
    ["htp-v68", "float16"],
    ["htp-v69", "float16"],
    ["htp-v73", "ufixed16"],
  ])("layer norms before products on %s: %s", (target, dtype) => {
    const { graphs, diagnostics } = quantized(model, { target });
    const made = new Map(graphs[0]!.nodes.flatMap((node) => node.outputs.map((t) => [t.name, node] as const)));
    const [norm] = ofType(graphs[0]!, "LayerNorm").filter(({ outputs }) => outputs[0]!.name.includes("channelMix"));
    expect(made.get(norm!.outputs[0]!.name)!.outputs[0]!.dtype).toBe(dtype);
    for (const { inputs } of ofType(graphs[0]!, "LayerNorm"))
      if (dtype === "float16") expect(new Set(inputs.map((t) => t.dtype))).toEqual(new Set(["float16"]));
    expect(diagnostics).toEqual([]);
  });

  it("no blocks before v73", () => {
    const policies = [policy({ kind: "quantize", pattern: "att.key", bits: 4, block: 32 })];
    const notes = ["htp-v69", "htp-v73"].map((target) => quantized(model, { policies, target }).diagnostics[0]?.notes);
    expect(notes).toEqual([
      ["blocks need HTP v73, and this is v69: blocks.0.att.key.weight, blocks.1.att.key.weight."],
      undefined,
    ]);
  });

  it("an equation that stays float keeps its weights", () => {
    const policies = [policy({ kind: "keepFloat", patterns: ["channelMix.k"] })];
    expect(key(quantized(model, { policies }).graphs[0]!).inputs.map(({ dtype }) => dtype)).toEqual([
      "float16",
      "float16",
    ]);
  });

  it("a tensor without a range keeps float16, and a warning names it", () => {
    const made = key(quantized(model).graphs[0]!).outputs[0]!.name;
    const { graphs, diagnostics } = quantized(model, { without: (name) => name === made });
    expect(key(graphs[0]!).inputs.map(({ dtype }) => dtype)).toEqual(["float16", "sfixed4"]);
    expect(diagnostics.map(({ code, notes }) => [code, notes?.[0]])).toEqual([["quantize/missing-range", `${made}.`]]);
  });

  it.each(["fp16w8", "fp16w4"] as const)("%s: only weights are integers", (precision) => {
    const { graphs } = quantized(model, { precision });
    expect(ofType(graphs[0]!, "Quantize")).toEqual([]);
    const [product] = ofType(graphs[0]!, "FullyConnected");
    expect(product!.inputs.map(({ dtype }) => dtype)).toEqual([
      "float16",
      precision === "fp16w8" ? "sfixed8" : "sfixed4",
    ]);
  });

  it("beside float16 activations a matrix that narrows to an eighth stays float16, unless a policy names it", () => {
    const narrow = tinyModel("specs/rwkv-7.rwkv.ts", specText("specs/rwkv-7.rwkv.ts"), {
      ...sizes,
      Rw: 16,
      Ra: 17,
    }).model;
    const dtypes = (options: Options) =>
      ["w1", "w2", "a1"].map((weight) => {
        const nodes = ofType(quantized(narrow, options).graphs[0]!, "FullyConnected");
        return nodes.find(({ inputs }) => inputs[1]!.name === `blocks.0.att.${weight}`)!.inputs[1]!.dtype;
      });
    expect(dtypes({ precision: "fp16w8" })).toEqual(["float16", "sfixed8", "sfixed8"]);
    expect(dtypes({ precision: "a16w8" })).toEqual(["sfixed8", "sfixed8", "sfixed8"]);
    const policies = [policy({ kind: "quantize", pattern: "att.w1", bits: 8 })];
    expect(dtypes({ precision: "fp16w4", policies })).toEqual(["sfixed8", "sfixed4", "sfixed4"]);
  });

  it("a matrix of one row or column stays float16", () => {
    const { model } = tinyModel("specs/rwkv-7.rwkv.ts", specText("specs/rwkv-7.rwkv.ts"), { ...sizes, Ra: 1 });
    const products = ofType(quantized(model).graphs[0]!, "FullyConnected");
    const dtypes = products.map(({ inputs: [, weight] }) => [weight!.dims.includes(1), weight!.dtype] as const);
    expect(dtypes.filter(([isThin]) => isThin).map(([, dtype]) => dtype)).toEqual(Array(4).fill("float16"));
    expect(new Set(dtypes.filter(([isThin]) => !isThin).map(([, dtype]) => dtype))).toEqual(new Set(["sfixed4"]));
  });
});
