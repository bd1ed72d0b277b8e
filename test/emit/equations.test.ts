/** equations.json: from tensors to lines of the spec. That values are what it says: test/lower/equation-tensors.test.ts. */
import { describe, expect, it } from "vitest";
import { type EquationsJson, emitEquations, tensorPlaces } from "../../compiler/emit/equations.ts";
import { lineText, lineTable } from "../../compiler/diagnostics/text-position.ts";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "../passes/stages.ts";

function emitted(spec: string, sizes: Sizes) {
  const { model } = tinyModel(spec, specText(spec), sizes);
  const { qnn } = stagesOf(model, { target: "host", precision: "fp16", scaling: true });
  const file = emitEquations([qnn], { spec: { file: spec }, sources: model.sources });
  return { file, qnn, json: JSON.parse(file.text) as EquationsJson };
}

const v7 = { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7 };

describe("equations.json", () => {
  it("is small and readable", async () => {
    await expect(emitted("specs/rwkv-7.rwkv.ts", v7).file.text).toMatchFileSnapshot("golden/rwkv-7/equations.json");
  });

  it("has every tensor that is not constant once, in the order of computation", () => {
    const { qnn, json } = emitted("specs/rwkv-7.rwkv.ts", v7);
    const names = json.graphs[0]!.tensors.map(([name]) => name);
    const all = qnn.nodes.flatMap(({ inputs, outputs }) => [
      ...inputs.filter((t) => t.kind === "APP_WRITE"),
      ...outputs,
    ]);
    expect(names).toEqual([...new Set(all.map((t) => t.name))]);
  });

  it("gives the line on which the equation's text begins", () => {
    const path = "specs/rwkv-5.2.rwkv.ts";
    const { json } = emitted(path, { L: 7, V: 37, D: 24, H: 3, N: 8, F: 50 });
    const table = lineTable(specText(path));
    expect(json.files).toEqual(["spec/rwkv-5.2.rwkv.ts"]);
    for (const { line, column, text } of json.equations) {
      const rest = lineText(table, line)
        .slice(column - 1)
        .replace(/\s+/g, " ");
      expect(text.startsWith(rest) || rest.startsWith(text), `${line}:${column} ${text}`).toBe(true);
    }
  });

  it("leads from a tensor's name to its equation, layer and part", () => {
    const places = tensorPlaces(emitted("specs/rwkv-7.rwkv.ts", v7).json, "test");
    expect(places.get("blocks.1.timeMix.kk")).toMatchObject({
      ...{ path: "blocks.1.timeMix.kk", layer: 1, part: "timeMix", name: "kk", isValue: true, line: 82 },
      text: "kk = l2_norm(kx * k_k)",
    });
    expect(places.get("blocks.1.timeMix.kk.1")).toMatchObject({ path: "blocks.1.timeMix.kk", isValue: false });
    expect(places.get("out")).toMatchObject({ path: "head.logits", layer: null, isValue: true });
    expect(places.get("blocks.0.timeMix.x_prev_in")).toMatchObject({ layer: 0, part: "timeMix", isValue: false });
  });

  it("tells the scale that a policy gives a value", () => {
    const { json } = emitted("specs/rwkv-5.2.rwkv.ts", { L: 7, V: 37, D: 24, H: 3, N: 8, F: 50 });
    const scales = (name: string, layer: number | null): number[] =>
      json.graphs[0]!.values.filter((v) => json.equations[v.equation]!.name === name && v.layer === layer).map(
        (v) => v.scale,
      );
    expect(scales("k", 3).slice(0, 1)).toEqual([1 / 2]);
    expect(scales("v", 3)).toEqual([1 / 4]);
    expect(scales("S", 3)).toEqual([1 / 8]);
    expect(scales("x", 6)).toEqual([1 / 2, 1 / 2]);
    expect(scales("logits", null)).toEqual([1]);
  });

  it("stays below 1 MB for 24 layers", () => {
    const { file } = emitted("specs/rwkv-7.rwkv.ts", { ...v7, L: 24 });
    expect(file.text.length).toBeLessThan(1_000_000);
  });
});
