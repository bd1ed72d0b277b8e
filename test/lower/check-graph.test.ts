/** One case for every refusal, and for every breach of a graph's structure. */
import { describe, expect, it } from "vitest";
import { checkGraph, checkNode } from "../../compiler/lower/check-graph.ts";
import type { QnnDtype, QnnGraph, QnnNode, QnnParam, QnnTensor } from "../../compiler/lower/qnn-graph.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { specText, tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "../passes/stages.ts";

const origin = { span: { file: "x", start: 0, end: 1 }, text: "x", part: "mix", layer: 0 };
const tensor = (name: string, dims: readonly number[], dtype: QnnDtype = "float16"): QnnTensor => ({
  name,
  kind: "NATIVE",
  dtype,
  dims,
});
const node = (
  type: string,
  inputs: readonly QnnTensor[],
  outputs: readonly QnnTensor[],
  params: readonly QnnParam[] = [],
): QnnNode => ({
  name: `${outputs[0]?.name}.${type}`,
  type,
  inputs,
  params,
  outputs,
  origin,
});

const [a, b, out] = [tensor("a", [1, 4]), tensor("b", [1, 4]), tensor("out", [1, 4])];
const deep = tensor("deep", [1, 1, 1, 1, 4]);
const axes: QnnParam = { name: "axes", kind: "tensor", dtype: "uint32", dims: [1], values: [1] };
const axis: QnnParam = { name: "axis", kind: "scalar", dtype: "uint32", value: 0 };

const accepted: readonly (readonly [string, QnnNode, string])[] = [
  ["an Add", node("ElementWiseAdd", [a, b], [out]), "HTP"],
  ["a LayerNorm", node("LayerNorm", [a, b, b], [out], [axes]), "HTP"],
  ["a Concat of many", node("Concat", [a, b, a, b], [tensor("out", [4, 4])], [axis]), "HTP"],
  ["float32 on the CPU", node("Relu", [tensor("a", [1, 4], "float32")], [tensor("out", [1, 4], "float32")]), "CPU"],
];

const refused: readonly (readonly [string, QnnNode, string, string])[] = [
  ["an unknown op", node("Softsign", [a], [out]), "HTP", "the op table has no such op"],
  ["too few inputs", node("ElementWiseAdd", [a], [out]), "HTP", "it has 1 inputs, not 2 to 2"],
  ["too many inputs", node("ElementWiseAdd", [a, b, a], [out]), "HTP", "it has 3 inputs, not 2 to 2"],
  ["a missing parameter", node("LayerNorm", [a, b, b], [out]), "HTP", "parameter axes is missing"],
  ["an unknown parameter", node("ElementWiseAdd", [a, b], [out], [axis]), "HTP", "it has no parameter axis"],
  [
    "a scalar for a tensor",
    node("LayerNorm", [a, b, b], [out], [{ ...axis, name: "axes" }]),
    "HTP",
    "parameter axes must be a tensor",
  ],
  [
    "a parameter's type",
    node("Concat", [a, b], [out], [{ ...axis, dtype: "int32" }]),
    "HTP",
    "parameter axis must be u32",
  ],
  ["a backend without the op", node("Quantize", [a], [out]), "GPU", "the backend has no such op"],
  ["a rank above the backend's", node("ElementWiseExp", [deep], [deep]), "HTP", "rank of in[0] is 5, not 0 to 4"],
  [
    "a rank below the op's",
    node("FullyConnected", [tensor("a", [4]), tensor("w", [4, 4])], [out]),
    "HTP",
    "rank of in[0] is 1, not at least 2",
  ],
  ["float16 on the CPU", node("Relu", [a], [out]), "CPU", "no combination of types allows float16, float16"],
  [
    "mixed types",
    node("ElementWiseAdd", [a, tensor("b", [1, 4], "float32")], [out]),
    "HTP",
    "no combination of types allows",
  ],
];

describe("checkNode", () => {
  it.each(accepted)("takes %s", (_, made, backend) => expect(checkNode(made, backend)).toEqual([]));

  it.each(refused)("refuses %s", (_, made, backend, problem) => {
    const diagnostics = checkNode(made, backend);
    expect(diagnostics.map((d) => d.title).join("\n")).toContain(
      `${backend} does not take this ${made.type}: ${problem}`,
    );
    for (const d of diagnostics) {
      expect(d).toMatchObject({ code: "lower/refused-op", kind: "unsupported", primary: { span: origin.span } });
    }
  });
});

const graph = (nodes: readonly QnnNode[], change: Partial<QnnGraph> = {}): QnnGraph => ({
  name: "g",
  kind: "decode",
  tokens: 1,
  layerCount: 1,
  nodes,
  inputs: [{ name: "a", role: "embedding", dtype: "float16", shape: [1, 4] }],
  outputs: [],
  states: [],
  ...change,
});
const relu = node("Relu", [a], [b]);
const fill = { kind: "fill", value: 1, shape: [3] } as const;

const broken: readonly (readonly [string, QnnGraph, string])[] = [
  [
    "two nodes of one name",
    graph([relu, { ...node("Relu", [a], [out]), name: relu.name }]),
    "two nodes are called b.Relu",
  ],
  ["a read before the write", graph([node("Relu", [b], [out]), relu]), "out.Relu reads b before it is written"],
  ["two writes", graph([relu, node("Sigmoid", [a], [b])]), "b is written twice"],
  ["a write to an input", graph([node("Relu", [a], [a])]), "a is written twice"],
  [
    "a constant of another size",
    graph([node("ElementWiseAdd", [a, { ...b, kind: "STATIC", constant: fill }], [out])]),
    "b has another size than its constant",
  ],
  [
    "a Reshape to another size",
    graph([node("Reshape", [a], [tensor("out", [1, 5])])]),
    "out.Reshape changes the number of elements",
  ],
  [
    "an output that nothing writes",
    graph([relu], { outputs: [{ name: "out", role: "logits", dtype: "float16", shape: [1, 4] }] }),
    "output out is never written",
  ],
];

describe("checkGraph", () => {
  const options = { target: findTarget("htp-v75")!, precision: "fp16" } as const;

  it("takes a sound graph", () => expect(checkGraph(graph([relu]), options)).toEqual([]));

  it.each(broken)("finds %s, a bug of lowering", (_, made, bug) => {
    expect(checkGraph(made, options)).toMatchObject([{ code: "internal/qnn-graph", kind: "internal", title: bug }]);
  });

  it.each([
    ["host", "fp16"],
    ["host", "fp32"],
    ["qnn-gpu", "fp16"],
    ["htp-v68", "fp16"],
    ["htp-v81", "fp16"],
  ] as const)("takes RWKV-7 for %s at %s", (name, precision) => {
    const spec = "specs/rwkv-7.rwkv.ts";
    const { model } = tinyModel(spec, specText(spec), {
      L: 2,
      V: 11,
      D: 8,
      H: 2,
      N: 4,
      F: 12,
      Rw: 3,
      Ra: 5,
      Rv: 2,
      Rg: 6,
    });
    expect(() => stagesOf(model, { target: name, precision, scaling: true })).not.toThrow();
  });
});
