/** Overflow, told by the backend as a tensor and explained as an equation of the spec. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { explainOverflow, type OverflowReport } from "../../compiler/commands/overflow.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import type { EquationsJson } from "../../compiler/emit/equations.ts";
import { scratch } from "../scratch.ts";
import { rwkvc } from "./command-line.ts";

const artefact = join(scratch(), "model");
let equations: EquationsJson;

beforeAll(async () => {
  const [spec, weights] = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-kjv/model.pth"];
  const args = ["build", spec, "--weights", weights, "--precision", "fp16", "--out", artefact];
  expect(await rwkvc(args)).toMatchObject({ code: 0 });
  equations = JSON.parse(readFileSync(join(artefact, "equations.json"), "utf8")) as EquationsJson;
});

/** A tensor that holds the value of this equation in layer 1. */
function tensorOf(name: string): string {
  const graph = equations.graphs[0]!;
  const found = graph.values.find(({ equation, layer }) => equations.equations[equation]!.name === name && layer === 1);
  if (!found) throw new Error(`no tensor holds ${name}`);
  return found.tensor;
}

const overflow = (changes: Partial<OverflowReport>): OverflowReport => ({
  token: 12,
  tokens: 1,
  graph: equations.graphs[0]!.name,
  node: "a.MatMul",
  tensor: tensorOf("k"),
  index: 3,
  value: "inf",
  elements: 2,
  inputs: [
    { tensor: tensorOf("xx"), largest: 251.123456 },
    { tensor: "weight", largest: 3 },
  ],
  ...changes,
});

const rendered = (changes: Partial<OverflowReport>): string => {
  const diagnostic = explainOverflow(overflow(changes), artefact, "fp16");
  const file = diagnostic.primary?.span.file;
  const sources = new Map(file === undefined ? [] : [[file, readFileSync(file, "utf8")]]);
  return renderDiagnostics([diagnostic], sources, { colour: false });
};

test("the equation's line, the token, the layer, what it read, and the cure", () => {
  const text = rendered({});
  expect(text).toContain("warning[run/overflow]: blocks.1.timeMix.k overflows float16 at token 12");
  expect(text).toMatch(/rwkv-5\.2\.rwkv\.ts:\d+:\d+/);
  expect(text).toMatch(/^ *\d+ \| +k += key +@ \(xx/m);
  expect(text).toContain("inf at token 12, layer 1");
  expect(text).toContain("blocks.1.timeMix.xx up to 251.1, weight up to 3");
  expect(text).toContain("2 elements of its result are");
  expect(text).toContain("rwkvc ranges");
});

test("tokens that were read at once are told as a range", () => {
  expect(rendered({ token: 64, tokens: 32 })).toContain("at tokens 64 to 95");
});

test("a tensor on the way to an equation's value", () => {
  const graph = equations.graphs[0]!;
  const values = new Set(graph.values.map(({ tensor }) => tensor));
  const step = graph.tensors.find(([name, , layer]) => layer === 1 && !values.has(name))![0];
  expect(rendered({ tensor: step })).toMatch(/a step on the way to blocks\.1\.\S+ overflows float16/);
});

test("a tensor that the artefact does not know is told by its name", () => {
  const text = rendered({ tensor: "nobody", inputs: [] });
  expect(text).toContain("nobody overflows float16");
  expect(text).toContain("no inputs");
});
