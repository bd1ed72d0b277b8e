/**
 * The bundled specs at sizes that no checkpoint here has, against the IR as expanded, evaluated in double precision: at fp32 on the host
 * backend and on Qualcomm's CPU backend, and each version once at fp16 as a context binary on the HTP simulator.
 * Tolerance of the largest logit: 1e-4, float32 against float64; at fp16 see there.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { expand } from "../../compiler/expand/expand.ts";
import { initialStates, irEvaluator } from "../../compiler/ir/evaluate.ts";
import { type Sizes, specText, tinyCheckpoint, tinyModel } from "../ir/tiny-model.ts";
import { withCpu, withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import { build, cpu, host, htp, largest, largestDifference, type Library, logitsOf, run } from "./artefacts.ts";
import { asPth, asSafetensors } from "./checkpoint-files.ts";

interface Case {
  readonly version: string;
  readonly sizes: Sizes;
  readonly file: "pth" | "safetensors";
}
const cases: readonly Case[] = [
  { version: "7", file: "pth", sizes: { L: 1, V: 37, D: 96, H: 3, N: 32, F: 200, Rw: 5, Ra: 20, Rv: 7, Rg: 33 } },
  {
    version: "7",
    file: "safetensors",
    sizes: { L: 3, V: 300, D: 72, H: 4, N: 16, F: 50, Rw: 16, Ra: 1, Rv: 3, Rg: 9 },
  },
  { version: "7", file: "pth", sizes: { L: 13, V: 37, D: 64, H: 4, N: 16, F: 101, Rw: 3, Ra: 5, Rv: 1, Rg: 11 } },
  {
    version: "7a",
    file: "pth",
    sizes: { L: 3, V: 300, D: 72, H: 4, N: 16, F: 50, Rw: 16, Ra: 1, Rv: 3, Rg: 9, I: 5, J: 12 },
  },
  { version: "5.2", file: "pth", sizes: { L: 13, V: 37, D: 40, H: 5, N: 8, F: 61 } },
  { version: "5.2", file: "safetensors", sizes: { L: 1, V: 300, D: 96, H: 3, N: 32, F: 100 } },
  { version: "5.2", file: "pth", sizes: { L: 3, V: 37, D: 64, H: 4, N: 16, F: 61 } },
  { version: "4", file: "pth", sizes: { L: 13, V: 37, D: 40, A: 40, F: 61 } },
  { version: "4", file: "safetensors", sizes: { L: 1, V: 300, D: 33, A: 65, F: 100 } },
  { version: "5.0", file: "pth", sizes: { L: 7, V: 37, D: 40, H: 5, N: 8, F: 61 } },
  { version: "5.0-faaaa", file: "safetensors", sizes: { L: 1, V: 300, D: 33, H: 3, N: 32, F: 100 } },
  { version: "5.1", file: "pth", sizes: { L: 7, V: 37, D: 40, H: 5, N: 8, F: 61 } },
  { version: "5.1-faaaa", file: "safetensors", sizes: { L: 1, V: 300, D: 33, H: 3, N: 32, F: 100 } },
  { version: "6", file: "pth", sizes: { L: 13, V: 37, D: 40, H: 5, N: 8, F: 61, C: 5, Rm: 7, Rw: 33 } },
  { version: "6", file: "safetensors", sizes: { L: 1, V: 300, D: 96, H: 3, N: 32, F: 100, C: 5, Rm: 32, Rw: 1 } },
];
const tokens = [3, 0, 36, 17, 3, 8];

const first = cases.filter(({ version }, i) => cases.findIndex((c) => c.version === version) === i);

const backends = [
  { suite: describe, library: host, target: "host", cases },
  { suite: withCpu, library: cpu, target: "qnn-cpu", cases: first },
];

for (const { suite, library, target, cases } of backends) {
  suite(`other sizes, at fp32 on ${library.backend}`, () => {
    test.each(cases)("$version, .$file, $sizes", async (made) => {
      const artefact = await built(made, ["--target", target], library);
      const { logits } = await logitsOf(artefact, tokens, library);
      const expected = exactLogits(made);
      expect(largestDifference(logits, expected)).toBeLessThan(1e-4 * largest(expected));
    });
  });
}

withHtp("each version as a context binary for SM8650 at fp16", () => {
  // Made-up weights amplify roundings (measured: 0.001 to 0.017); the first token of an empty state is ill-conditioned and left out.
  test.each(first)("$version, $sizes", async (made) => {
    const artefact = await built(made, ["--soc", "SM8650"], htp);
    type Info = { soc: string; graphs: unknown[] };
    const info = await run<Info>(["inspect", join(artefact, "context/SM8650/model.bin")], htp);
    expect(info.soc).toBe("SM8650");
    const { logits } = await logitsOf(artefact, tokens, htp);
    const expected = exactLogits(made);
    const vocabulary = made.sizes.V!;
    const difference = largestDifference(logits.slice(vocabulary), expected.slice(vocabulary));
    expect(difference).toBeLessThan(0.05 * largest(expected));
  });
});

const specOf = ({ version }: Case): string => `specs/rwkv-${version}.rwkv.ts`;

async function built(made: Case, options: readonly string[], library: Library): Promise<string> {
  const weights = join(scratch(), `model.${made.file}`);
  const checkpoint = tinyCheckpoint(specOf(made), specText(specOf(made)), made.sizes);
  writeFileSync(weights, made.file === "pth" ? asPth(checkpoint) : asSafetensors(checkpoint));
  return build(specOf(made), weights, options, library);
}

/** Once for all backends. */
const exact = new Map<Case, number[]>();

function exactLogits(made: Case): number[] {
  const known = exact.get(made) ?? computeLogits(made);
  exact.set(made, known);
  return known;
}

function computeLogits(made: Case): number[] {
  const { model, constants } = tinyModel(specOf(made), specText(specOf(made)), made.sizes);
  const graph = expand(model);
  const step = irEvaluator(graph, constants);
  let states = initialStates(graph);
  return tokens.flatMap((token) => {
    const result = step(token, states);
    states = result.states;
    return [...result.logits];
  });
}
