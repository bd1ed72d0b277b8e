/** Names of the forms that quantization adds, on graphs of a few nodes. */
import { expect, test } from "vitest";

import type { QnnGraph, QnnNode, QnnTensor } from "../../compiler/lower/qnn-graph.ts";
import { nameForms } from "../../compiler/quantize/name-forms.ts";

const tensor = (name: string): QnnTensor => ({ name, kind: "NATIVE", dtype: "float16", dims: [1, 4] });
const node = (type: string, input: string, output: string, part: string, layer: number): QnnNode => ({
  name: `${output}.${type}`,
  type,
  inputs: [tensor(input)],
  params: [],
  outputs: [tensor(output)],
  origin: { part, layer, text: "", span: { file: "spec", start: 0, end: 0 } },
});
const pathOf = ({ origin }: QnnNode): string => `blocks.${origin.layer}.${origin.part}.xx`;
const describeNodes = (nodes: readonly QnnNode[]): string[] =>
  nodes.map(({ name, inputs, outputs }) => `${name}: ${inputs[0]!.name} -> ${outputs[0]!.name}`);

/** The nodes that come of `nodes`. */
const named = (given: QnnGraph, nodes: readonly QnnNode[]): readonly QnnNode[] =>
  nameForms(given, { ...given, nodes }, pathOf).nodes;

const made = node("Relu", "in", "blocks.0.channelMix.x", "channelMix", 0);
const read = node("LayerNorm", "blocks.0.channelMix.x", "blocks.1.timeMix.xx", "timeMix", 1);
const given = { nodes: [made, read] } as unknown as QnnGraph;
const conversion = node("Quantize", "blocks.0.channelMix.x", "blocks.0.channelMix.x.q", "timeMix", 1);
const reader = { ...read, inputs: [tensor("blocks.0.channelMix.x.q")] };

test("a form of another part's value is named after the equation that reads it", () => {
  expect(describeNodes(named(given, [made, conversion, reader]))).toEqual([
    "blocks.0.channelMix.x.Relu: in -> blocks.0.channelMix.x",
    "blocks.1.timeMix.xx.x.q.Quantize: blocks.0.channelMix.x -> blocks.1.timeMix.xx.x.q",
    "blocks.1.timeMix.xx.LayerNorm: blocks.1.timeMix.xx.x.q -> blocks.1.timeMix.xx",
  ]);
});

test("a form that is made where its value is keeps the value's name", () => {
  const own = node("Quantize", "blocks.0.channelMix.x", "blocks.0.channelMix.x.q", "channelMix", 0);
  expect(describeNodes(named(given, [made, own, reader]))).toEqual(describeNodes([made, own, reader]));
});

test("a form of a form keeps all of its endings", () => {
  const flat = node("Reshape", "blocks.0.channelMix.x.q", "blocks.0.channelMix.x.q.flat", "timeMix", 1);
  expect(describeNodes(named(given, [made, conversion, flat])).at(-1)).toBe(
    "blocks.1.timeMix.xx.x.q.flat.Reshape: blocks.1.timeMix.xx.x.q -> blocks.1.timeMix.xx.x.q.flat",
  );
});

test("two values whose last names are alike", () => {
  const other = node("Relu", "in", "blocks.0.timeMix.x", "timeMix", 0);
  const second = node("Quantize", "blocks.0.timeMix.x", "blocks.0.timeMix.x.q", "timeMix", 1);
  const graph = { nodes: [other, made, read] } as unknown as QnnGraph;
  const names = named(graph, [other, made, conversion, second]).map(({ outputs }) => outputs[0]!.name);
  expect(names.slice(2)).toEqual(["blocks.1.timeMix.xx.x.q", "blocks.1.timeMix.xx.x_2.q"]);
});

test("an equation whose tensor is such a form", () => {
  const equations = [{ name: "blocks.0.channelMix.x", tensor: "blocks.0.channelMix.x.q" }];
  const graph = { ...given, nodes: [made, conversion, reader], equations } as unknown as QnnGraph;
  expect(nameForms(given, graph, pathOf).equations).toEqual([
    { name: "blocks.0.channelMix.x", tensor: "blocks.1.timeMix.xx.x.q" },
  ]);
});

test("a form tells its value", () => {
  const tensors = named(given, [made, conversion, reader]).flatMap(({ outputs }) => outputs);
  expect(tensors.map(({ formOf }) => formOf)).toEqual([undefined, "blocks.0.channelMix.x", undefined]);
});
