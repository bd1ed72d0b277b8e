/** `rwkvc bench`: what it reports, not how fast this machine is. */
import { statSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import type { BenchReport } from "../../compiler/commands/bench.ts";
import { scratch } from "../scratch.ts";
import { rwkvc } from "./command-line.ts";

const artefact = join(scratch(), "model");

beforeAll(async () => {
  const [spec, weights] = ["specs/rwkv-7.rwkv.ts", "models/rwkv7-kjv/model.pth"];
  const args = ["build", spec, "--weights", weights, "--precision", "fp16", "--out", artefact];
  expect(await rwkvc(args)).toMatchObject({ code: 0 });
});

test("one run for each number of threads, with the weights that a token reads", async () => {
  const { code, stdout } = await rwkvc(["bench", artefact, "--threads", "1,2", "--tokens", "8", "--json"]);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as BenchReport;
  expect(report.runs.map((run) => run.threads)).toEqual([1, 2]);
  const file = statSync(join(artefact, "weights.bin")).size;
  for (const { decode } of report.runs) {
    // All of the file but the embedding's other rows, the header and the padding.
    expect(decode.bytesPerToken).toBeGreaterThan(0.8 * file);
    expect(decode.bytesPerToken).toBeLessThan(file);
    expect(decode.bytesPerSecond! / decode.bytesPerToken!).toBeCloseTo(decode.tokensPerSecond, 3);
    expect(decode.bytesPerSecond! / decode.readBandwidth!).toBeCloseTo(decode.share!, 6);
  }
  expect(report.peakMemoryBytes).toBeGreaterThan(file);
});

test("as text", async () => {
  const { code, stdout, stderr } = await rwkvc(["bench", artefact, "--tokens", "4"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^threads +1\n {2}load +[\d.]+ m?s\n {2}decode +[\d.]+ tokens\/s\n/);
  expect(stdout).toMatch(/ {2}share +[\d.]+ %\nmemory, at most +[\d.]+ [MG]B\n$/);
});
