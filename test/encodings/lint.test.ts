/** What HTP would refuse, one case each beside a near miss; and encodings held against the tensors of a graph. */
import { expect, test } from "vitest";

import { checkNames } from "../../compiler/encodings/check-names.ts";
import type { Encoding } from "../../compiler/encodings/encoding.ts";
import { type GraphTensors, graphTensors, sortByTensors } from "../../compiler/encodings/graph-tensors.ts";
import { lintActivation, lintEncodings, lintParam } from "../../compiler/encodings/lint-encodings.ts";
import type { LoadedEncodings } from "../../compiler/encodings/load-encodings.ts";
import { readEncodings } from "../../compiler/encodings/read-encodings.ts";
import { writeEncodings } from "../../compiler/encodings/write-encodings.ts";
import { findSoc } from "../../compiler/targets/targets.ts";
import { tinyGraph } from "../emit/fixtures/tiny-graph.ts";

const [v75, v69, v68] = [findSoc("SM8650")!, findSoc("SM8450")!, findSoc("SM8350")!];

const integer = (bits: number, symmetric: boolean, channels = 1, offset = symmetric ? 0 : -3): Encoding => ({
  ...{ kind: "integer", bits, symmetric },
  ...{ scales: Array.from({ length: channels }, () => 0.5), offsets: Array.from({ length: channels }, () => offset) },
});
const blocks = (block: number): Encoding => ({ kind: "blocks", bits: 4, block, scales: [1], blockScales: [1, 2] });
const float = (bits: 16 | 32): Encoding => ({ kind: "float", bits });

test("activations", () => {
  const code = (encoding: Encoding, soc = v75) => lintActivation(encoding, soc)?.code;
  for (const fine of [integer(16, false), integer(8, false), integer(16, true), float(16)])
    expect(code(fine)).toBeUndefined();
  expect(code(integer(16, false, 2))).toBe("lint/activation");
  expect(code(blocks(32))).toBe("lint/activation");
  expect(code(integer(4, false))).toBe("lint/bit-width");
  expect(code(integer(32, true))).toBe("lint/bit-width");
  const scaled = (scale: number): Encoding => ({
    ...{ kind: "integer", bits: 16, symmetric: false },
    ...{ scales: [scale], offsets: [-3] },
  });
  // Of float16's least number, 6e-8, and its largest.
  for (const scale of [1e-12, 60000]) expect(code(scaled(scale))).toBeUndefined();
  for (const scale of [1e-13, 1e-30, 70000, 1e10]) expect(code(scaled(scale))).toBe("lint/scale");
  expect(code(float(32))).toBe("lint/float16");
  expect(code(float(16), v68)).toBe("lint/float16");
});

test("parameters", () => {
  const code = (encoding: Encoding, soc = v75, isWeight?: boolean) => lintParam(encoding, soc, isWeight)?.code;
  const fine = [integer(8, true, 3), integer(4, true, 3), integer(8, false), integer(32, true, 3), integer(16, true)];
  for (const encoding of [...fine, blocks(16), blocks(64), float(16)]) expect(code(encoding)).toBeUndefined();
  expect(code(integer(8, false, 3))).toBe("lint/asymmetric-per-channel");
  // Stored from 0 on, and symmetric all the same.
  expect(code(integer(8, false, 3, -128))).toBeUndefined();
  expect(code(integer(4, false))).toBe("lint/asymmetric-weight");
  // Of 16 bits, weights are not as what an element-wise operation reads.
  expect(code(integer(16, true), v75, true)).toBeUndefined();
  expect(code(integer(16, false), v75, true)).toBe("lint/asymmetric-weight");
  expect(code(integer(16, true), v69, true)).toBe("lint/wide-weight");
  expect(code(integer(16, true, 3), v69)).toBe("lint/wide-weight");
  for (const isWeight of [false, undefined]) {
    expect(code(integer(16, false), v75, isWeight)).toBeUndefined();
    expect(code(integer(16, false), v69, isWeight)).toBeUndefined();
  }
  expect(code(integer(5, true))).toBe("lint/bit-width");
  const scaled = (...scales: number[]): Encoding => ({
    ...{ kind: "integer", bits: 8, symmetric: true },
    ...{ scales, offsets: scales.map(() => 0) },
  });
  // Zeros may have any scale.
  expect(code(scaled(1e-38, 1e-30))).toBeUndefined();
  expect(code(scaled(0.01, 1e30))).toBe("lint/scale");
  expect(code(blocks(32), v69)).toBe("lint/blocks");
  expect(code(blocks(8))).toBe("lint/block-size");
  const outputs = (count: number): Encoding => ({
    ...{ kind: "blocks", bits: 4, block: 16 },
    ...{ scales: Array<number>(count).fill(1), blockScales: Array<number>(count).fill(1) },
  });
  expect(code(outputs(16))).toBeUndefined();
  expect(code(outputs(17))).toBe("lint/wide-blocks");
});

function loaded(text: string): LoadedEncodings {
  const { value, diagnostics } = readEncodings("e.json", text);
  expect(diagnostics).toEqual([]);
  return { ...value!, file: "e.json", text };
}

const written = (activations: [string, Encoding][], params: [string, Encoding][]) =>
  loaded(writeEncodings("1.0.0", { activations: new Map(activations), params: new Map(params) }));

test("findings stand where the entry does, and the rest is counted", () => {
  const file = written(
    Array.from({ length: 60 }, (_, i) => [`t${i}`, integer(4, false)]),
    [["w", integer(8, false, 3)]],
  );
  const diagnostics = lintEncodings(file, v75);
  expect(diagnostics.map(({ code }) => code)).toEqual([
    ...Array.from({ length: 6 }, () => "lint/bit-width"),
    "lint/asymmetric-per-channel",
  ]);
  const { start, end } = diagnostics[3]!.primary!.span;
  expect(JSON.parse(file.text.slice(start, end))).toMatchObject({ name: "t3", bw: 4 });
  expect(diagnostics[5]).toMatchObject({ title: "55 more encodings with this fault" });
});

const tensors: GraphTensors = {
  activations: new Set(["blocks.0.timeMix.k", "blocks.0.timeMix.v"]),
  params: new Map([
    ["att.key.weight", { weight: { channels: 2, inputs: 64 }, isWeight: true }],
    ["att.mix", { weight: undefined, isWeight: false }],
  ]),
};

test("names of no tensor are told with the nearest", () => {
  const file = written(
    [
      ["blocks.0.timeMix.k", integer(16, false)],
      ["blocks.0.timeMixk", integer(16, false)],
      ["something else", integer(16, false)],
    ],
    [["att.keyweight", integer(8, true)]],
  );
  const found = checkNames(file, tensors).map(({ code, title, hint }) => [code, title, hint]);
  expect(found).toEqual([
    [
      "encodings/unknown-tensor",
      "there is no tensor blocks.0.timeMixk in the graph",
      "did you mean `blocks.0.timeMix.k`?",
    ],
    ["encodings/unknown-tensor", "there is no tensor something else in the graph", undefined],
    ["encodings/unknown-tensor", "there is no tensor att.keyweight in the graph", "did you mean `att.key.weight`?"],
  ]);
});

test("thousands of unknown names are counted", () => {
  const file = written(
    Array.from({ length: 5000 }, (_, i) => [`unknown.${i}`, integer(16, false)]),
    [],
  );
  const diagnostics = checkNames(file, tensors);
  expect(diagnostics.map(({ code }) => code)).toEqual([
    "encodings/other-model",
    ...Array<string>(6).fill("encodings/unknown-tensor"),
  ]);
  expect(diagnostics[0]!.title).toContain("is of another model: 5000 of its 5000 names are those of no tensor");
  expect(diagnostics.at(-1)!.title).toBe("4995 more names are those of no tensor in the graph");
});

test("some unknown names among many known ones do not make it another model's", () => {
  const all = Array.from({ length: 20 }, (_, i): [string, Encoding] => [`known.${i}`, integer(16, false)]);
  const file = written([...all, ...all.slice(0, 8).map(([name, one]): [string, Encoding] => [`un${name}`, one])], []);
  const many = { activations: new Set(all.map(([name]) => name)), params: new Map<string, never>() };
  const diagnostics = checkNames(file, many);
  expect(diagnostics.map(({ code }) => code)).toEqual(Array<string>(6).fill("encodings/unknown-tensor"));
  expect(diagnostics.at(-1)!.title).toBe("3 more names are those of no tensor in the graph");
});

test("most weights of another size: of another model", () => {
  const names = Array.from({ length: 6 }, (_, i) => `weight.${i}`);
  const file = written(
    [],
    names.map((name) => [name, integer(8, true, 3)]),
  );
  const weight = { channels: 2, inputs: 64 };
  const diagnostics = checkNames(file, {
    activations: new Set(),
    params: new Map(names.map((n) => [n, { weight, isWeight: true }])),
  });
  expect(diagnostics[0]!.code).toBe("encodings/other-model");
  expect(diagnostics.at(-1)!.title).toBe("1 more weights have another size than their encodings");
});

test("wrong sections and wrong counts", () => {
  const weight = (encoding: Encoding) =>
    checkNames(written([], [["att.key.weight", encoding]]), tensors).map(({ code }) => code);
  expect(weight(integer(8, true, 2))).toEqual([]);
  expect(weight(integer(8, true))).toEqual([]);
  expect(weight(integer(8, true, 3))).toEqual(["encodings/count"]);
  expect(weight({ kind: "blocks", bits: 4, block: 32, scales: [1, 1], blockScales: [1, 2, 3, 4] })).toEqual([]);
  expect(weight({ kind: "blocks", bits: 4, block: 32, scales: [1, 1], blockScales: [1, 2] })).toEqual([
    "encodings/count",
  ]);
  expect(weight({ kind: "blocks", bits: 4, block: 48, scales: [1, 1], blockScales: [1, 2] })).toEqual([
    "encodings/count",
  ]);
  const swapped = written([["att.mix", integer(16, false)]], [["blocks.0.timeMix.v", integer(8, true)]]);
  expect(checkNames(swapped, tensors).map(({ code }) => code)).toEqual([
    "encodings/wrong-section",
    "encodings/wrong-section",
  ]);
});

test("schema 2.0.0 does not tell the sections: the graph does", () => {
  const entries = [
    { name: "att.mix", output_dtype: "uint16", y_scale: 1, y_zero_point: 3 },
    { name: "blocks.0.timeMix.k", output_dtype: "int8", y_scale: 1 },
    { name: "unknown", output_dtype: "int8", y_scale: 1 },
  ];
  const file = sortByTensors(loaded(JSON.stringify({ version: "2.0.0", encodings: entries })), tensors);
  expect([...file.encodings.params.keys()]).toEqual(["att.mix", "unknown"]);
  expect([...file.places.activations.keys()]).toEqual(["blocks.0.timeMix.k"]);
});

test("tensors of a graph: no tokens, and weights with their sizes", () => {
  const found = graphTensors([tinyGraph("float16")]);
  expect(found.activations.size).toBeGreaterThan(3);
  expect(found.activations.has("token")).toBe(false);
  for (const name of found.params.keys()) expect(found.activations.has(name)).toBe(false);
});
