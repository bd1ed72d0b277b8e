/** What each stage makes of the bundled specs at a readable size. A change here is read in review as code is. */
import { describe, expect, it } from "vitest";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "./stages.ts";

const cases: readonly { readonly name: string; readonly sizes: Sizes }[] = [
  { name: "rwkv-7", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6 } },
  { name: "rwkv-7a", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6, I: 3, J: 4 } },
  { name: "rwkv-5.2", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12 } },
  { name: "rwkv-4", sizes: { L: 2, V: 11, D: 8, A: 8, F: 12 } },
  { name: "rwkv-5.0", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12 } },
  { name: "rwkv-5.1", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12 } },
  { name: "rwkv-6", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12, C: 5, Rm: 3, Rw: 6 } },
];

describe.each(cases)("$name", ({ name, sizes }) => {
  const spec = `specs/${name}.rwkv.ts`;
  const { model } = tinyModel(spec, specText(spec), sizes);

  it("has these stages for htp-v75 at fp16", async () => {
    const { prints } = stagesOf(model, { target: "htp-v75", precision: "fp16", scaling: true });
    for (const [i, [stage, text]] of [...prints].entries()) {
      const file = `golden/${name}/${String(i).padStart(2, "0")}-${stage}.txt`;
      await expect(text, stage).toMatchFileSnapshot(file);
    }
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
