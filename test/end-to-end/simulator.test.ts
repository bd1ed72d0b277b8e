/**
 * Generated C++ on Qualcomm's HTP simulator at fp16, against the official implementation in float32.
 *
 * Every operation rounds to fp16 there, so logits are judged by what they are for: mean negative log likelihood within
 * 0.01 nats, and the top token. The simulator takes 0.1 s a token: RWKVC_LONG_TESTS=1 reads 1,024 bytes instead of 128.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  build,
  htp,
  htpLibrary,
  largestDifference,
  logitsOf,
  official,
  readFloats,
  run,
  sameTop,
  scratch,
} from "./artefacts.ts";

const bytes = process.env.RWKVC_LONG_TESTS === "1" ? 1024 : 128;

const trained = [
  { model: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts" },
  { model: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts" },
];

describe.runIf(htpLibrary).each(trained)("needs Qualcomm's HTP library: $model", ({ model, spec }) => {
  test(`mean NLL of ${bytes} held-out bytes`, { timeout: 600_000 }, async () => {
    const artefact = await build(spec, `models/${model}/model.pth`, ["--target", "htp-v75", "--soc", "SM8650"], htp);
    const text = join(scratch(), "held-out.txt");
    writeFileSync(text, readFileSync("models/kjv-held-out.bin").subarray(0, bytes));
    const { nll, tokens } = await run<{ nll: number; tokens: number }>(["eval", artefact, "--text", text], htp);
    const reference = readFloats(`models/${model}/nll.f32.bin`).slice(0, bytes - 1);
    const mean = reference.reduce((sum, value) => sum + value, 0) / reference.length;
    expect(tokens).toBe(bytes);
    expect(Math.abs(nll - mean)).toBeLessThan(0.01);
  });
});

describe.runIf(htpLibrary)("needs Qualcomm's HTP library: a model that overflows fp16", () => {
  const { tokens, logits, vocab } = official("rwkv5.2-overflow");
  const count = 64;
  const reference = logits.slice(0, count * vocab);
  const agreement = async (options: readonly string[]): Promise<number> => {
    const [spec, weights] = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-overflow/model.pth"];
    const artefact = await build(spec, weights, ["--target", "htp-v75", "--no-context", ...options], htp);
    return sameTop((await logitsOf(artefact, tokens.slice(0, count), htp)).logits, reference, vocab);
  };

  test("is right with its scaling policies", async () => {
    expect(await agreement([])).toBeGreaterThanOrEqual(60);
  });

  test("is wrong without", async () => {
    expect(await agreement(["--no-scaling"])).toBeLessThan(count / 2);
  });
});

describe.runIf(htpLibrary)("needs Qualcomm's HTP library: every SoC", () => {
  const socs = [
    { soc: "SM8550", arch: 73 },
    { soc: "SM8650", arch: 75 },
    { soc: "SM8750", arch: 79 },
    { soc: "SM8850", arch: 81 },
  ];
  const cases = trained.flatMap((t) => socs.map((s) => ({ ...t, ...s })));

  test.each(cases)(
    "$model for $soc: its context binary loads, tells its SoC, and computes",
    async ({ model, spec, soc, arch }) => {
      // Every node passes the library's backendValidateOpConfig for that SoC: composing fails otherwise.
      const artefact = await build(spec, `models/${model}/model.pth`, ["--soc", soc], htp);
      type Info = { soc: string; dspArch: number; graphs: { name: string }[] };
      const info = await run<Info>(["inspect", join(artefact, "context", soc, "model.bin")], htp);
      expect(info).toMatchObject({ soc, dspArch: arch, graphs: [{ name: "model" }] });
      const { tokens, logits, vocab } = official(model);
      const made = await logitsOf(artefact, tokens.slice(0, 8), htp);
      // 0.1: fp16 with the Sigmoid op, and token 0 of RWKV-5, whose state is empty.
      expect(largestDifference(made.logits, logits.slice(0, 8 * vocab))).toBeLessThan(0.1);
    },
  );
});
