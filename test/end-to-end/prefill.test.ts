/**
 * Graphs for several tokens, generated and run: the same logits, states and text as from the graph for one token, and as from
 * the official implementation.
 *
 * Tolerance 2e-4 of the largest logit as for the graph for one token (official-logits.test.ts); the two graphs sum in the same order
 * but for a matrix product's rows: 2e-5 between them. fp16 on HTP: see below.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import type { Manifest } from "../../compiler/emit/manifest.ts";
import { withCpu, withHtp } from "../qualcomm.ts";
import { problems } from "../commands/command-line.ts";
import { scratch } from "../scratch.ts";
import {
  build,
  cpu,
  fp32,
  host,
  htp,
  largest,
  largestDifference,
  type Library,
  logitsOf,
  official,
  qnnCpu,
  run,
  sameTop,
  shared,
} from "./artefacts.ts";

const models = [
  { model: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts" },
  { model: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts" },
  { model: "rwkv4-kjv", spec: "specs/rwkv-4.rwkv.ts" },
  { model: "rwkv6-kjv", spec: "specs/rwkv-6.rwkv.ts" },
  { model: "rwkv5.2-overflow", spec: "specs/rwkv-5.2.rwkv.ts" },
];
const prefill = ["--graph", "prefill"];

const isLong = process.env.RWKVC_LONG_TESTS === "1";

function judge(library: Library, options: readonly string[], judged = models): void {
  describe.each(judged)("$model", ({ model, spec }) => {
    const reference = official(model);
    const weights = `models/${model}/model.pth`;
    // 16 and 64 tokens at a time, and a rest for the graph for one.
    const tokens = reference.tokens.slice(0, 64 + 16 + 3);
    let artefact: string;
    beforeAll(async () => {
      artefact = await shared(spec, weights, [...options, "--prefill", "16,64"], library);
    });

    test("logits after every token, and the state, are those of the graph for one token, and the official ones", async () => {
      const one = await logitsOf(artefact, tokens, library);
      const many = await logitsOf(artefact, tokens, library, prefill);
      expect(many.logits.length).toBe(tokens.length * reference.vocab);
      expect(largestDifference(many.logits, one.logits)).toBeLessThan(2e-5 * largest(one.logits));
      expect(largestDifference(many.state, one.state)).toBeLessThan(2e-5 * largest(one.state));
      const expected = reference.logits.subarray(0, many.logits.length);
      expect(largestDifference(many.logits, expected)).toBeLessThan(2e-4 * largest(expected));
      expect(sameTop(many.logits, expected, reference.vocab)).toBe(tokens.length);
    });

    test.runIf(model === "rwkv7-kjv")("run reads the prompt with it and writes the official text", async () => {
      const [greedy] = reference.greedy;
      const count = String(Math.min(greedy!.tokens.length, 24));
      const wanted = ["--prompt", greedy!.prompt_text ?? "", "--tokens", count];
      const made = await run<{ text: string }>(["run", artefact, ...wanted], library);
      expect(greedy!.text!.startsWith(made.text)).toBe(true);
      expect(made.text.length).toBeGreaterThan(10);
    });

    test.runIf(model === "rwkv7-kjv")("with the embedding on the host as well", async () => {
      const other = await shared(spec, weights, [...options, "--prefill", "16", "--embedding", "host"], library);
      const some = tokens.slice(0, 33);
      const [a, b] = [await logitsOf(other, some, library, prefill), await logitsOf(artefact, some, library)];
      expect(largestDifference(a.logits, b.logits)).toBeLessThan(2e-5 * largest(b.logits));
    });

    test("the manifest lists the graphs", () => {
      const manifest = JSON.parse(readFileSync(join(artefact, "model.json"), "utf8")) as Manifest;
      expect(manifest.graphs.map(({ name, kind, tokens: t }) => [name, kind, t])).toEqual([
        ["model", "decode", 1],
        ["model_prefill_16", "prefill", 16],
        ["model_prefill_64", "prefill", 64],
      ]);
      const [decode, ...others] = manifest.graphs;
      for (const { states } of others) expect(states).toEqual(decode!.states);
    });

    test.runIf(model === "rwkv7-kjv")("weights are stored once", async () => {
      const plain = await shared(spec, weights, options, library);
      const size = (folder: string): number => readFileSync(join(folder, "weights.bin")).length;
      // The vectors of token shifts, which are rows of one constant in the other graph, are stored apart.
      expect(size(artefact)).toBeLessThan(1.02 * size(plain));
    });
  });
}

describe("on the host backend", () => judge(host, fp32));
// The same graphs as on the host: of two kinds of recurrence one model each, but in the long run.
withCpu("on Qualcomm's CPU backend", () =>
  judge(cpu, qnnCpu, isLong ? models : models.filter(({ model }) => /^rwkv[47]-kjv$/.test(model))),
);

/**
 * Everything rounds to fp16 there, in other orders for rows than for one: 0.05 for logits of up to 14 (measured: 0.0104), which
 * changes no top token of these.
 */
withHtp("fp16 on the HTP simulator", () => {
  test.each(models.filter(({ model }) => model.endsWith("kjv")))(
    "$model, 8 tokens at a time",
    async ({ model, spec }) => {
      const reference = official(model);
      const options = ["--target", "htp-v75", "--soc", "SM8650", "--prefill", "8", "--no-context"];
      const artefact = await build(spec, `models/${model}/model.pth`, options, htp);
      const { logits } = await logitsOf(artefact, reference.tokens.slice(0, 32), htp, prefill);
      const expected = reference.logits.subarray(0, logits.length);
      expect(largestDifference(logits, expected)).toBeLessThan(0.05);
      expect(sameTop(logits, expected, reference.vocab)).toBe(32);
    },
    900_000,
  );
});

test("--graph prefill needs an artefact that has such a graph", async () => {
  const artefact = await shared("specs/rwkv-7.rwkv.ts", "models/rwkv7-random/model.pth", fp32, host);
  const folder = scratch();
  const ids = join(folder, "ids.txt");
  const args = ["logits", artefact, "--tokens", ids, "--out", join(folder, "out"), ...prefill, "--backend", "host"];
  writeFileSync(ids, "1 2 3");
  expect(await problems(args, host.env)).toEqual({ code: 2, codes: ["runtime/artefact/no-graph"] });
});
