/**
 * fp16 on the host backend: against fp32 on the same backend, and against Qualcomm's HTP simulator on the same artefact.
 * RWKVC_LONG_TESTS=1 reads 4,096 bytes instead of 1,024, and 64 tokens on the simulator instead of 16.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import {
  fp16,
  fp32,
  host,
  htp,
  largest,
  largestDifference,
  logitsOf,
  official,
  run,
  sameTop,
  shared,
} from "./artefacts.ts";

const trained = [
  { model: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts" },
  { model: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts" },
  { model: "rwkv4-kjv", spec: "specs/rwkv-4.rwkv.ts" },
  { model: "rwkv6-kjv", spec: "specs/rwkv-6.rwkv.ts" },
];

const isLong = process.env.RWKVC_LONG_TESTS === "1";
const bytes = isLong ? 4096 : 1024;

describe.each(trained)("fp16 on the host backend: $model", ({ model, spec }) => {
  const weights = `models/${model}/model.pth`;
  let half: string;
  beforeAll(async () => {
    half = await shared(spec, weights, fp16, host);
  });

  test(`mean NLL of ${bytes} held-out bytes is within 0.005 nats of fp32's`, async () => {
    const text = join(scratch(), "held-out.txt");
    writeFileSync(text, readFileSync("models/kjv-held-out.bin").subarray(0, bytes));
    const full = await shared(spec, weights, fp32, host);
    const [a, b] = [await evaluate(half, text), await evaluate(full, text)];
    expect([a.tokens, b.tokens]).toEqual([bytes, bytes]);
    expect(Math.abs(a.nll - b.nll)).toBeLessThan(0.005);
  });

  test("writes the text of fp32, as far as two logits are not too near", async () => {
    const prompt = "In the beginning ";
    const { text } = official(model).greedy.find((g) => g.prompt_text === prompt)!;
    const made = await run<{ text: string }>(["run", half, "--prompt", prompt, "--tokens", "16"], host);
    expect(text!.slice(0, made.text.length)).toBe(made.text);
  });

  // Both round every value to fp16, and one unit in the last place anywhere shifts all roundings behind it: two runs that round
  // independently are as far from each other as both from the model together. (Op by op the host gives the simulator's own bits
  // in 99.9 % of all elements: test/simulator/host-agreement.test.ts.) The simulator takes 0.1 s a token. Measured over 256 tokens:
  // rwkv7-kjv 1.23e-6 nats and 0.0156 between the two, 9.2e-7 and 0.0156 from the simulator to fp32; rwkv5.2-kjv 1.29e-6 and
  // 0.0156, 1.25e-6 and 0.0198.
  withHtp("beside the HTP simulator", () => {
    const { tokens, logits: exact, vocab } = official(model);
    const count = isLong ? 64 : 16;
    const read = async (library: typeof host) => (await logitsOf(half, tokens.slice(0, count), library)).logits;

    test(`${count} tokens: logits are nearer to each other than to fp32`, { timeout: 1_800_000 }, async () => {
      const [ours, simulated] = [await read(host), await read(htp)];
      const reference = exact.slice(0, count * vocab);
      const unit = 2 ** (Math.floor(Math.log2(largest(reference))) - 10);
      expect(largestDifference(ours, simulated)).toBeLessThanOrEqual(2 * unit);
      expect(meanDivergence(simulated, ours, vocab)).toBeLessThan(
        meanDivergence(reference, simulated, vocab) + meanDivergence(reference, ours, vocab),
      );
      expect(sameTop(ours, simulated, vocab)).toBe(count);
    });
  });
});

const evaluate = (artefact: string, text: string) =>
  run<{ nll: number; tokens: number }>(["eval", artefact, "--text", text], host);

/** Kullback-Leibler divergence of the next token's distribution from P's to Q's, in nats, the mean over the tokens. */
function meanDivergence(p: Float32Array, q: Float32Array, vocabulary: number): number {
  let sum = 0;
  for (let at = 0; at < p.length; at += vocabulary) {
    const [a, b] = [p, q].map((logits) => logProbabilities(logits.subarray(at, at + vocabulary))) as [
      number[],
      number[],
    ];
    sum += a.reduce((total, logP, i) => total + Math.exp(logP) * (logP - b[i]!), 0);
  }
  return (sum * vocabulary) / p.length;
}

function logProbabilities(logits: Float32Array): number[] {
  const most = logits.reduce((m, x) => Math.max(m, x), -Infinity);
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0)) + most;
  return Array.from(logits, (x) => x - total);
}
