/**
 * RWKV-7 with DeepEmbed, built and run: against the reference's formulas in double precision, at a small size of which no extent but the
 * head size is a power of two.
 *
 * fp32: 1e-4 of the largest logit. fp16: every operation rounds there, a value of about 1 by up to 5e-4; 0.02 of the largest
 * logit over a few tokens of random weights.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import type { Manifest } from "../../compiler/emit/manifest.ts";
import { specText, tinyCheckpoint } from "../ir/tiny-model.ts";
import { referenceRun } from "../oracle/rwkv-7a-reference.ts";
import { withCpu, withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import { build, cpu, host, htp, largest, largestDifference, type Library, logitsOf, run } from "./artefacts.ts";
import { asSafetensors } from "./checkpoint-files.ts";

const spec = "specs/rwkv-7a.rwkv.ts";
const checkpoint = tinyCheckpoint(spec, specText(spec), {
  ...{ L: 3, V: 300, D: 96, H: 6, N: 16, F: 200, Rw: 12, Ra: 12, Rv: 6, Rg: 24 },
  ...{ I: 12, J: 12 },
});
const tokens = [3, 0, 299, 17, 17, 8, 140, 3, 21, 250, 99];
const reference = referenceRun(checkpoint, tokens);
const expected = reference.logits.flatMap((logits) => [...logits]);
const expectedState = [...reference.states.values()].flatMap((values) => [...values]);

let weights: string;
beforeAll(() => {
  weights = join(scratch(), "model.safetensors");
  writeFileSync(weights, asSafetensors(checkpoint));
});

function judge(library: Library, options: readonly string[], tolerance: number): void {
  let artefact: string;
  beforeAll(async () => {
    artefact = await build(spec, weights, [...options, "--prefill", "4"], library);
  });
  test.each([
    ["one token at a time", []],
    ["4 tokens at a time", ["--graph", "prefill"]],
  ])("%s", async (_, how) => {
    const { logits, state } = await logitsOf(artefact, tokens, library, how);
    expect(largestDifference(logits, expected)).toBeLessThan(tolerance * largest(expected));
    expect(largestDifference(state, expectedState)).toBeLessThan(tolerance * largest(expectedState));
  });
}

const embeddings = ["graph", "host"];

describe.each(embeddings)("fp32 on the host backend, embedding in the %s", (place) =>
  judge(host, ["--target", "host", "--precision", "fp32", "--embedding", place], 1e-4),
);
describe.each(embeddings)("fp16 on the host backend, embedding in the %s", (place) =>
  judge(host, ["--target", "host", "--precision", "fp16", "--embedding", place], 0.02),
);
test("the tables of all layers and the embedding are one file of the host's", async () => {
  const artefact = await build(spec, weights, ["--target", "host", "--embedding", "host"], host);
  const manifest = JSON.parse(readFileSync(join(artefact, "model.json"), "utf8")) as Manifest;
  const width = 96 + 3 * 12 * 12;
  expect(manifest.embedding).toMatchObject({ placement: "host", file: "embedding.bin", shape: [300, width] });
  expect(manifest.graphs[0]!.inputs).toMatchObject([{ name: "in", role: "embedding", shape: [1, width] }]);
});
withCpu("fp32 on Qualcomm's CPU backend", () => judge(cpu, ["--target", "qnn-cpu"], 1e-4));
withHtp("fp16 on the HTP simulator, from a context binary", () => {
  judge(htp, ["--target", "htp-v75", "--soc", "SM8650"], 0.02);
  test("the context binary is for that SoC", async () => {
    const artefact = await build(spec, weights, ["--target", "htp-v75", "--soc", "SM8650"], htp);
    const info = await run<unknown>(["inspect", join(artefact, "context", "SM8650", "model.bin")], htp);
    expect(info).toMatchObject({ soc: "SM8650", dspArch: 75, graphs: [{ name: "model" }] });
  });
});
