/** Which nodes of a section are steps of a loop, and what their inputs are from step to step. */
import { describe, expect, it } from "vitest";

import { findLoops, tokenPattern } from "../../compiler/emit/loops.ts";
import { sectionGraph } from "../../compiler/emit/sections.ts";
import type { QnnGraph, QnnNode, QnnTensor } from "../../compiler/lower/qnn-graph.ts";

const span = { file: "small", start: 0, end: 1 };
const tensor = (name: string, kind: QnnTensor["kind"] = "NATIVE"): QnnTensor => ({
  name,
  kind,
  dtype: "float32",
  dims: [1, 4],
});
const node = (type: string, inputs: QnnTensor[], output: QnnTensor, token?: number): QnnNode => ({
  name: `${output.name}.${type}`,
  type,
  inputs,
  params: [],
  outputs: [output],
  origin: { span, text: "", part: "mix", layer: 0, token },
});

const [first, weight] = [tensor("S_in", "APP_WRITE"), tensor("w", "APP_WRITE")];
const rows = [0, 1, 2].map((t) => tensor(`blocks.0.mix.k.t${t}`));

/** S.t = tanh(S.(t-1) * w + k.t), for three tokens. */
function recurrence(change: (node: QnnNode) => QnnNode = (n) => n): QnnNode[] {
  const split: QnnNode = { ...node("Split", [tensor("k", "APP_WRITE")], rows[0]!), outputs: rows };
  const nodes = [split];
  let state = first;
  for (let t = 0; t < 3; t++) {
    const product = tensor(`blocks.0.mix.S.t${t}.1`);
    const next = tensor(`blocks.0.mix.S.t${t}`);
    nodes.push(
      node("ElementWiseMultiply", [state, weight], product, t),
      node("ElementWiseAdd", [product, rows[t]!], next, t),
    );
    state = next;
  }
  return nodes.map(change);
}

function loopsOf(nodes: QnnNode[]) {
  const graph: QnnGraph = {
    ...{ name: "g", kind: "prefill", tokens: 3, layerCount: 1, nodes, inputs: [], outputs: [], states: [] },
  };
  return findLoops(sectionGraph(graph).sections[0]!);
}

describe("findLoops", () => {
  it("finds steps, and tells values of the step, of the one before, of all and of each", () => {
    const [loop] = loopsOf(recurrence());
    expect(loop).toMatchObject({ start: 1, size: 2, count: 3 });
    expect(loop!.references[0]).toMatchObject([
      { kind: "before", node: 1, output: 0 },
      { kind: "same", reference: { kind: "input" } },
    ]);
    expect(loop!.references[1]).toMatchObject([{ kind: "step", node: 0, output: 0 }, { kind: "each" }]);
  });

  it("needs the same nodes in every step", () => {
    const other = (n: QnnNode): QnnNode =>
      n.name.startsWith("blocks.0.mix.S.t1.1") ? { ...n, type: "ElementWiseAdd" } : n;
    expect(loopsOf(recurrence(other))).toEqual([]);
  });

  it("needs names that count on", () => {
    const other = (n: QnnNode): QnnNode =>
      n.origin.token === 2 ? { ...n, outputs: n.outputs.map((t) => ({ ...t, name: `${t.name}x` })) } : n;
    expect(loopsOf(recurrence(other))).toEqual([]);
  });

  it("leaves nodes of no token alone", () => {
    const none = recurrence().map((n) => ({ ...n, origin: { ...n.origin, token: undefined } }));
    expect(loopsOf(none)).toEqual([]);
  });
});

describe("tokenPattern", () => {
  it.each([
    ["blocks.3.timeMix.S.t3", 3, "blocks.3.timeMix.S.t[]"],
    ["blocks.3.timeMix.S.t3.2", 3, "blocks.3.timeMix.S.t[].2"],
    ["blocks.3.timeMix.t3.t3", 3, "blocks.3.timeMix.t3.t[]"],
    ["blocks.3.timeMix.S.t31", 3, "blocks.3.timeMix.S.t31"],
    ["blocks.3.timeMix.S", 3, "blocks.3.timeMix.S"],
  ])("%s of token %i is %s", (name, token, pattern) => {
    expect(tokenPattern(name, token)).toBe(pattern);
  });
});
