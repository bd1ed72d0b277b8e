import { describe, expect, it } from "vitest";

import { emitModel } from "../../compiler/emit/emit-model.ts";
import { planWeights } from "../../compiler/emit/plan-weights.ts";
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

  it("gives the same bytes for the same input", () => {
    const emit = () => emitModel([tinyGraph("float16")], planWeights([tinyGraph("float16")]), options);
    expect(emit()).toEqual(emit());
  });
});
