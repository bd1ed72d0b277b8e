/**
 * What each pass does to two specs at a size that can be read; docs/passes shows lines of it. Before the first pass, after the last and what
 * lowering makes, for all specs: test/specs/golden.
 */
import { describe, expect, it } from "vitest";
import { tinySizes } from "../specs/tiny-sizes.ts";
import { specText, tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "./stages.ts";

describe.each(["rwkv-7", "rwkv-5.2"])("%s", (name) => {
  const spec = `specs/${name}.rwkv.ts`;
  const { model } = tinyModel(spec, specText(spec), tinySizes);

  it("has these stages for htp-v75 at fp16", async () => {
    const { prints } = stagesOf(model, { target: "htp-v75", precision: "fp16", scaling: true });
    for (const [i, [stage, text]] of [...prints].slice(1, -2).entries()) {
      const file = `golden/${name}/${String(i + 1).padStart(2, "0")}-${stage}.txt`;
      await expect(text, stage).toMatchFileSnapshot(file);
    }
  });

  it("has these states in a quantized build", async () => {
    const form = { precision: "fp32", form: "a16w8" } as const;
    const { prints } = stagesOf(model, { target: "host", ...form, scaling: true });
    for (const stage of ["fold-affine", "fuse-rank-updates", "lower"])
      await expect(prints.get(stage)).toMatchFileSnapshot(`golden/${name}/form-${stage}.txt`);
  });

  it("is this for 3 tokens at once, for qnn-cpu at fp32", async () => {
    const { prints } = stagesOf(model, { target: "qnn-cpu", precision: "fp32", scaling: true, prefill: [3] });
    await expect(prints.get("batch-tokens")).toMatchFileSnapshot(`golden/${name}/prefill-batch-tokens.txt`);
    await expect(prints.get("lower")).toMatchFileSnapshot(`golden/${name}/prefill-lower.txt`);
  });

  it("is lowered like this for qnn-cpu at fp32", async () => {
    const { prints } = stagesOf(model, { target: "qnn-cpu", precision: "fp32", scaling: true });
    await expect(prints.get("lower")).toMatchFileSnapshot(`golden/${name}/lower-qnn-cpu.txt`);
  });
});
