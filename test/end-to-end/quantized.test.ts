/**
 * Quantized builds of the trained models: what they lose, what they weigh, and that Qualcomm's HTP simulator computes what the host
 * backend does. Ranges come from held-out text behind what is judged: 1,024 bytes of each, or 2,048 and 4,096 with
 * RWKVC_LONG_TESTS=1, which also reads prompts with RWKV-6.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { problems } from "../commands/command-line.ts";
import { withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import {
  build,
  fp16,
  fp32,
  host,
  htp,
  largest,
  largestDifference,
  logitsOf,
  official,
  run,
  shared,
} from "./artefacts.ts";

const heldOut = readFileSync("models/kjv-held-out.bin");
function textFile(from: number, to: number): string {
  const path = join(scratch(), "text.txt");
  writeFileSync(path, heldOut.subarray(from, to));
  return path;
}
const nllOf = async (artefact: string, text: string): Promise<number> =>
  (await run<{ nll: number }>(["eval", artefact, "--text", text], host)).nll;
/** Bytes of the weights without the embedding, [256, 128] in float16. */
const weightBytes = (artefact: string): number => statSync(join(artefact, "weights.bin")).size - 2 * 256 * 128;

const isLong = process.env.RWKVC_LONG_TESTS === "1";

const trained = [
  { version: "7", prefill: true },
  { version: "6", prefill: isLong },
  { version: "5.2", prefill: false },
  { version: "4", prefill: false },
];
const judged = isLong ? 4096 : 1024;
const calibrating = isLong ? 2048 : 1024;

// NLL in nats above fp32's over 4,096 bytes; weights as a share of fp16's. Measured: a16w8 at most +0.0005 and 0.516, a16w4 +0.0079
// (5.2) and 0.291, fp16w8 and fp16w4 as these.
const limits = [
  { precision: "a16w8", loss: 0.02, share: 0.52 },
  { precision: "a16w4", loss: 0.06, share: 0.3 },
] as const;

const rwkv7 = ["specs/rwkv-7.rwkv.ts", "models/rwkv7-kjv/model.pth"] as const;
const a16w8 = ["--precision", "a16w8"];

describe.each(trained)("rwkv$version-kjv", ({ version, prefill }) => {
  const spec = `specs/rwkv-${version}.rwkv.ts`;
  const weights = `models/rwkv${version}-kjv/model.pth`;
  const encodings = join(scratch(), "encodings.json");
  const made = new Map<string, Promise<string>>();
  const quantized = (precision: string): Promise<string> => {
    const options = ["--precision", precision, "--encodings", encodings];
    const artefact = made.get(precision) ?? build(spec, weights, options, host);
    made.set(precision, artefact);
    return artefact;
  };
  let half: string;
  let exact: number;
  beforeAll(async () => {
    half = await shared(spec, weights, fp16, host);
    exact = await nllOf(await shared(spec, weights, fp32, host), textFile(0, judged));
    // Ranges and statistics for all precisions.
    const text = textFile(4096, 4096 + calibrating);
    await run(["calibrate", spec, "--weights", weights, "--text", text, "--out", encodings], host);
  });

  test.each(limits)("$precision: at most +$loss nats, $share of the bytes", async ({ precision, loss, share }) => {
    const artefact = await quantized(precision);
    expect((await nllOf(artefact, textFile(0, judged))) - exact).toBeLessThan(loss);
    expect(weightBytes(artefact) / weightBytes(half)).toBeLessThanOrEqual(share);
    // Every equation's value can be looked at.
    const limit = ["--text", textFile(0, 64), "--limit", "2"];
    const { equations } = await run<{ equations: unknown[] }>(["compare", half, artefact, ...limit], host);
    expect(equations.length).toBeGreaterThan(8);
    // What a build writes is what the NPU takes.
    await run(["encodings", "lint", join(artefact, "encodings.json"), "--spec", spec, "--weights", weights], host);
  });

  if (prefill) {
    test("a prompt read at once gives the logits of one token after the other", async () => {
      const options = ["--precision", "a16w4", "--prefill", "8", "--encodings", encodings];
      const artefact = await build(spec, weights, options, host);
      const { tokens } = official(`rwkv${version}-kjv`);
      const read = async (graph: string) =>
        (await logitsOf(artefact, tokens.slice(0, 16), host, ["--graph", graph])).logits;
      const [one, many] = [await read("decode"), await read("prefill")];
      expect(largestDifference(one, many)).toBeLessThan(0.02 * largest(one));
    });
  }

  // The simulator takes half a second a token. Both compute products in every bit alike; other operations are a unit apart.
  withHtp("beside the HTP simulator", () => {
    // Whatever is wrong with 8 bits is with 4, and one more thing.
    test.each(version === "7" ? ["a16w8", "a16w4"] : ["a16w4"])(
      "%s: logits",
      { timeout: 1_800_000 },
      async (precision) => {
        const artefact = await quantized(precision);
        const { tokens } = official(`rwkv${version}-kjv`);
        const [ours, simulated] = [
          await logitsOf(artefact, tokens.slice(0, 4), host),
          await logitsOf(artefact, tokens.slice(0, 4), htp),
        ];
        expect(largestDifference(ours.logits, simulated.logits)).toBeLessThan(0.03 * largest(ours.logits));
      },
    );
  });
});

// HTP computes products of float16 with integer weights wrongly whose rows are no multiple of 4 bytes: such weights stay float16.
withHtp("rows of any length, beside the HTP simulator", () => {
  test.each([
    ["fp16w8", "L=1,V=37,D=63,A=64,F=98", true],
    ["fp16w8", "L=1,V=61,D=68,A=100,F=92", false],
    ["fp16w4", "L=1,V=61,D=68,A=100,F=92", true],
    ["fp16w4", "L=1,V=37,D=72,A=104,F=88", false],
    ["a16w4", "L=1,V=37,D=63,A=37,F=101", false],
  ])("%s, %s", async (precision, sizes, keepsSome) => {
    const spec = "specs/rwkv-4.rwkv.ts";
    const folder = join(scratch(), "model");
    const args = ["build", spec, "--weights", `random:1:${spec}:${sizes}`, "--precision", precision, "--out", folder];
    expect((await problems(args)).codes).toEqual(keepsSome ? ["quantize/kept-float"] : []);
    const tokens = [1, 5, 7, 0, 36, 12];
    const [ours, simulated] = [await logitsOf(folder, tokens, host), await logitsOf(folder, tokens, htp)];
    expect(largestDifference(ours.logits, simulated.logits)).toBeLessThan(0.03 * largest(ours.logits));
  });
});

test("without a text the model writes its own, which the manifest tells", async () => {
  const artefact = await shared(...rwkv7, a16w8, host);
  const { calibration } = JSON.parse(readFileSync(join(artefact, "model.json"), "utf8")) as {
    calibration: Record<string, unknown>;
  };
  expect(calibration).toMatchObject({ kind: "calibrated", source: "generated", seed: 0 });
  expect((await nllOf(artefact, textFile(0, 1024))) / 1.0924).toBeLessThan(1.02);
});

test("an artefact's own encodings give the same artefact", async () => {
  const first = await shared(...rwkv7, a16w8, host);
  const again = await build(...rwkv7, [...a16w8, "--encodings", join(first, "encodings.json")], host);
  for (const file of ["weights.bin", "src/model.cpp", "encodings.json"])
    expect(readFileSync(join(again, file)).equals(readFileSync(join(first, file))), file).toBe(true);
});

test("ranges alone do not make rounding errors of 4-bit weights good, which is said; `ranges` wants a float build", async () => {
  const first = await shared(...rwkv7, a16w8, host);
  const own = ["--encodings", join(first, "encodings.json"), "--out", join(scratch(), "out"), "--no-context"];
  const again = ["build", rwkv7[0], "--weights", rwkv7[1], "--precision", "a16w4", ...own];
  expect((await problems(again)).codes).toEqual(["encodings/no-statistics", "encodings/other-width"]);
  expect((await problems(["ranges", first, "--text", textFile(0, 8)])).codes).toEqual(["usage/precision"]);
});

test("--compensate at fp16w4, without a text: on one that the model writes", async () => {
  const artefact = await build(...rwkv7, ["--precision", "fp16w4", "--compensate"], host);
  const plain = await build(...rwkv7, ["--precision", "fp16w4"], host);
  const { calibration } = JSON.parse(readFileSync(join(artefact, "model.json"), "utf8")) as { calibration: unknown };
  expect(calibration).toMatchObject({ kind: "calibrated", source: "generated" });
  const text = textFile(0, 1024);
  expect(await nllOf(artefact, text)).toBeLessThan(await nllOf(plain, text));
});

test.each(["fp16w8", "fp16w4"])("%s needs no calibration", async (precision) => {
  const artefact = await build(...rwkv7, ["--precision", precision], host);
  const exact = await nllOf(await shared(...rwkv7, fp32, host), textFile(0, 1024));
  expect((await nllOf(artefact, textFile(0, 1024))) - exact).toBeLessThan(0.06);
});
