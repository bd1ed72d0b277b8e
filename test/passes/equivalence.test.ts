/** The bundled models after every stage of the pipeline, in double precision. */
import { describe, it } from "vitest";
import { bundledModels, loadBundled } from "../ir/bundled-model.ts";
import { compareStages } from "./stages.ts";

describe.each(bundledModels)("$name", (bundled) => {
  const count = bundled.name === "rwkv5.2-overflow" ? 3 : 8;
  it.each([false, true])("computes the same after every stage (scaling %s)", async (scaling) => {
    const loaded = await loadBundled(bundled);
    if (scaling && loaded.model.policies.length === 0) return;
    compareStages(loaded, loaded.tokens.slice(0, count), { scaling });
  });
});
