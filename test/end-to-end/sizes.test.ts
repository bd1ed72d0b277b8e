/**
 * The bundled specs at sizes that no checkpoint here has, at fp32 on the host backend and on Qualcomm's CPU backend, against the IR as
 * expanded, evaluated in double precision. Tolerance 1e-4 of the largest logit: float32 against float64.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { expand } from "../../compiler/expand/expand.ts";
import { initialStates, irEvaluator } from "../../compiler/ir/evaluate.ts";
import { type Sizes, specText, tinyCheckpoint, tinyModel } from "../ir/tiny-model.ts";
import { withCpu } from "../qualcomm.ts";
import { build, cpu, host, largest, largestDifference, logitsOf, scratch } from "./artefacts.ts";
import { asPth, asSafetensors } from "./checkpoint-files.ts";

interface Case {
  readonly spec: string;
  readonly sizes: Sizes;
  readonly file: "pth" | "safetensors";
}
const [v7, v7a, v5, v4, v6] = ["7", "7a", "5.2", "4", "6"].map((version) => `specs/rwkv-${version}.rwkv.ts`) as [
  string,
  string,
  string,
  string,
  string,
];
const cases: readonly Case[] = [
  { spec: v7, file: "pth", sizes: { L: 1, V: 37, D: 96, H: 3, N: 32, F: 200, Rw: 5, Ra: 20, Rv: 7, Rg: 33 } },
  { spec: v7, file: "safetensors", sizes: { L: 3, V: 300, D: 72, H: 4, N: 16, F: 50, Rw: 16, Ra: 1, Rv: 3, Rg: 9 } },
  { spec: v7, file: "pth", sizes: { L: 13, V: 37, D: 64, H: 4, N: 16, F: 101, Rw: 3, Ra: 5, Rv: 1, Rg: 11 } },
  {
    spec: v7a,
    file: "pth",
    sizes: { L: 3, V: 300, D: 72, H: 4, N: 16, F: 50, Rw: 16, Ra: 1, Rv: 3, Rg: 9, I: 5, J: 12 },
  },
  { spec: v5, file: "pth", sizes: { L: 13, V: 37, D: 40, H: 5, N: 8, F: 61 } },
  { spec: v5, file: "safetensors", sizes: { L: 1, V: 300, D: 96, H: 3, N: 32, F: 100 } },
  { spec: v5, file: "pth", sizes: { L: 3, V: 37, D: 64, H: 4, N: 16, F: 61 } },
  { spec: v4, file: "pth", sizes: { L: 13, V: 37, D: 40, A: 40, F: 61 } },
  { spec: v4, file: "safetensors", sizes: { L: 1, V: 300, D: 33, A: 65, F: 100 } },
  { spec: v6, file: "pth", sizes: { L: 13, V: 37, D: 40, H: 5, N: 8, F: 61, C: 5, Rm: 7, Rw: 33 } },
  { spec: v6, file: "safetensors", sizes: { L: 1, V: 300, D: 96, H: 3, N: 32, F: 100, C: 5, Rm: 32, Rw: 1 } },
];

const backends = [
  { suite: describe, library: host, target: "host" },
  { suite: withCpu, library: cpu, target: "qnn-cpu" },
];

for (const { suite, library, target } of backends) {
  suite(`other sizes, at fp32 on ${library.backend}`, () => {
    test.each(cases)("$spec, .$file, $sizes", async ({ spec, sizes, file }) => {
      const text = specText(spec);
      const weights = join(scratch(), `model.${file}`);
      const checkpoint = tinyCheckpoint(spec, text, sizes);
      writeFileSync(weights, file === "pth" ? asPth(checkpoint) : asSafetensors(checkpoint));
      const tokens = [3, 0, 36, 17, 3, 8];
      const artefact = await build(spec, weights, ["--target", target], library);
      const { logits } = await logitsOf(artefact, tokens, library);

      const { model, constants } = tinyModel(spec, text, sizes);
      const graph = expand(model);
      const step = irEvaluator(graph, constants);
      let states = initialStates(graph);
      const expected = tokens.flatMap((token) => {
        const result = step(token, states);
        states = result.states;
        return [...result.logits];
      });
      expect(largestDifference(logits, expected)).toBeLessThan(1e-4 * largest(expected));
    });
  });
}
