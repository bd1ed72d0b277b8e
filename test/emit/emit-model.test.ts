import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { emitModel } from "../../compiler/emit/emit-model.ts";
import { planWeights } from "../../compiler/emit/plan-weights.ts";
import { tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "../passes/stages.ts";
import { specFile, specText, tinyGraph } from "./fixtures/tiny-graph.ts";

const options = {
  name: "tiny",
  compilerVersion: "0.0.0",
  spec: { name: "tiny", file: specFile, reference: "none" },
  sources: new Map([[specFile, specText]]),
  precision: "fp32",
  target: "host",
  weightsId: "00".repeat(32),
};

describe("emitModel", () => {
  it("writes one function per structure, called per layer", async () => {
    const graphs = [tinyGraph("float32")];
    const files = emitModel(graphs, planWeights(graphs), options);
    for (const file of files)
      await expect(file.text).toMatchFileSnapshot(`fixtures/tiny/${file.path.split("/").at(-1)}`);
  });

  it("writes a recurrence over tokens as a loop", async () => {
    const spec = "specs/rwkv-7.rwkv.ts";
    const sizes = { L: 3, V: 11, D: 8, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6 };
    const { model } = tinyModel(spec, readFileSync(spec, "utf8"), sizes);
    const { qnn } = stagesOf(model, { target: "qnn-cpu", precision: "fp32", scaling: true, prefill: [5] });
    expect(qnn.tokens).toBe(5);
    const [source] = emitModel([qnn], planWeights([qnn]), { ...options, sources: model.sources });
    await expect(source!.text).toMatchFileSnapshot("fixtures/prefill/model.cpp");
  });

  it("gives the same bytes for the same input", () => {
    const emit = () => emitModel([tinyGraph("float16")], planWeights([tinyGraph("float16")]), options);
    expect(emit()).toEqual(emit());
  });
});
