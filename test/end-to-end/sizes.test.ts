/**
 * The bundled specs at sizes that no checkpoint here has, on Qualcomm's CPU backend, against the IR as expanded, evaluated in double
 * precision. Tolerance 1e-4 of the largest logit: float32 against float64.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { expand } from "../../compiler/expand/expand.ts";
import { initialStates, irEvaluator } from "../../compiler/ir/evaluate.ts";
import { bytesOf, safetensors } from "../checkpoint/write-files.ts";
import { type Sizes, specText, tinyCheckpoint, tinyModel } from "../ir/tiny-model.ts";
import { build, cpu, cpuLibrary, largest, largestDifference, logitsOf, scratch } from "./artefacts.ts";

const cases: readonly { spec: string; sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { L: 1, V: 37, D: 96, H: 3, N: 32, F: 200, Rw: 5, Ra: 20, Rv: 7, Rg: 33 } },
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { L: 3, V: 300, D: 72, H: 4, N: 16, F: 50, Rw: 16, Ra: 1, Rv: 3, Rg: 9 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 13, V: 37, D: 40, H: 5, N: 8, F: 61 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 1, V: 300, D: 96, H: 3, N: 32, F: 100 } },
];

describe.runIf(cpuLibrary)("needs Qualcomm's CPU library", () => {
  test.each(cases)("$spec, $sizes", async ({ spec, sizes }) => {
    const text = specText(spec);
    const weights = join(scratch(), "model.safetensors");
    writeFileSync(weights, asSafetensors(tinyCheckpoint(spec, text, sizes)));
    const tokens = [3, 0, 36, 17, 3, 8];
    const { logits } = await logitsOf(await build(spec, weights, ["--target", "qnn-cpu"], cpu), tokens, cpu);

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

function asSafetensors(checkpoint: Checkpoint): Buffer {
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const info of checkpoint.tensors.values()) {
    const bits = new Uint32Array(info.shape.reduce((n, extent) => n * extent, 1));
    checkpoint.readBits(info, 0, bits);
    const bytes = bytesOf(bits);
    header[info.name] = { dtype: "F32", shape: info.shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  return safetensors(header, Buffer.concat(parts));
}
