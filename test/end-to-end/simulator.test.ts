/**
 * Generated C++ on Qualcomm's HTP simulator at fp16, against the official implementation in float32.
 *
 * Every operation rounds to fp16 there, so logits are judged by what they are for: mean negative log likelihood within
 * 0.01 nats, and the top token. The simulator takes 0.1 s a token, and a build for an SoC some ten: RWKVC_LONG_TESTS=1 reads 1,024
 * bytes instead of 32, and takes every model for every SoC.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { hostTriple, libraryPath } from "../../compiler/build/build-library.ts";
import { runProgram } from "../../compiler/build/native-programs.ts";
import { type ArtefactPlan, writeArtefact } from "../../compiler/build/write-artefact.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import type { QnnGraph } from "../../compiler/lower/qnn-graph.ts";
import { findSoc, findTarget } from "../../compiler/targets/targets.ts";
import { htpLibrary, withHtp } from "../qualcomm.ts";
import { Hand } from "../simulator/bench.ts";
import { specFile, specText, Weights } from "../simulator/small-ir.ts";
import { scratch } from "../scratch.ts";
import { build, htp, largestDifference, logitsOf, official, readFloats, run, sameTop } from "./artefacts.ts";

const isLong = process.env.RWKVC_LONG_TESTS === "1";
const bytes = isLong ? 1024 : 32;

/** Ten times what it takes where nothing else runs. */
const slow = { timeout: 1_800_000 };

const trained = [
  { model: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts" },
  { model: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts" },
  { model: "rwkv4-kjv", spec: "specs/rwkv-4.rwkv.ts" },
  { model: "rwkv6-kjv", spec: "specs/rwkv-6.rwkv.ts" },
];
const socs = [
  { soc: "SM8550", arch: 73 },
  { soc: "SM8650", arch: 75 },
  { soc: "SM8750", arch: 79 },
  { soc: "SM8850", arch: 81 },
];

withHtp("fp16 on the HTP simulator", () =>
  describe.each(trained)("$model", ({ model, spec }) => {
    let artefact: string;
    beforeAll(async () => {
      const options = ["--target", "htp-v75", "--soc", "SM8650"];
      artefact = await build(spec, `models/${model}/model.pth`, options, htp);
    });

    test(`mean NLL of ${bytes} held-out bytes`, slow, async () => {
      const text = join(scratch(), "held-out.txt");
      writeFileSync(text, readFileSync("models/kjv-held-out.bin").subarray(0, bytes));
      const { nll, tokens } = await run<{ nll: number; tokens: number }>(["eval", artefact, "--text", text], htp);
      const reference = readFloats(`models/${model}/nll.f32.bin`).slice(0, bytes - 1);
      const mean = reference.reduce((sum, value) => sum + value, 0) / reference.length;
      expect(tokens).toBe(bytes);
      expect(Math.abs(nll - mean)).toBeLessThan(0.01);
    });

    // The library's way is the same for all models.
    test.runIf(isLong || model === "rwkv7-kjv")("the context binary writes the model library's text", async () => {
      const prompt = "In the beginning ";
      const args = ["run", artefact, "--prompt", prompt, "--tokens", "8"];
      type Ran = { text: string; source: string };
      const fromContext = await run<Ran>(args, htp);
      expect(fromContext.source).toBe("context");
      rmSync(join(artefact, "context"), { recursive: true });
      const fromLibrary = await run<Ran>(args, htp);
      expect(fromLibrary.source).toBe("model library");
      expect(fromLibrary.text).toBe(fromContext.text);
      // The same as at fp32, as far as this: later on two logits may be as near as 0.005.
      const greedy = official(model).greedy.find((g) => g.prompt_text === prompt)!;
      expect(greedy.text!.slice(0, fromContext.text.length)).toBe(fromContext.text);
    });
  }),
);

withHtp("a model that overflows fp16, on the HTP simulator", () => {
  const { tokens, logits, vocab } = official("rwkv5.2-overflow");
  const count = isLong ? 64 : 12;
  const reference = logits.slice(0, count * vocab);
  const agreement = async (options: readonly string[]): Promise<number> => {
    const [spec, weights] = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-overflow/model.pth"];
    const artefact = await build(spec, weights, ["--target", "htp-v75", "--no-context", ...options], htp);
    return sameTop((await logitsOf(artefact, tokens.slice(0, count), htp)).logits, reference, vocab);
  };

  test("is right with its scaling policies", slow, async () => {
    expect(await agreement([])).toBeGreaterThanOrEqual(count - 2);
  });

  test("is wrong without", slow, async () => {
    expect(await agreement(["--no-scaling"])).toBeLessThan(0.7 * count);
  });
});

withHtp("every SoC", () => {
  const all = trained.flatMap((t) => socs.map((s) => ({ ...t, ...s })));
  // Each model once and each SoC once.
  const cases = isLong ? all : trained.map((t, i) => ({ ...t, ...socs[i]! }));

  test.each(cases)(
    "$model for $soc: its context binary loads, tells its SoC, and computes",
    async ({ model, spec, soc, arch }) => {
      // Every node passes the library's backendValidateOpConfig for that SoC: composing fails otherwise (see below).
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

  test.each(socs)("a node that the library refuses for $soc fails the build", async ({ soc }) => {
    const folder = join(scratch(), "model");
    const plan: ArtefactPlan = {
      name: "refused",
      compilerVersion: "0.0.0",
      spec: { name: "small", file: specFile },
      sources: new Map([[specFile, specText]]),
      dims: {},
      vocabulary: 1,
      precision: "fp16",
      target: findTarget("htp-v75")!,
      policies: [],
      tokenizer: null,
      graphs: [refusedGraph()],
      hostEmbedding: null,
    };
    await writeArtefact(folder, plan, new Weights());
    const flags = {
      backend: "htp",
      "backend-library": htpLibrary!,
      "soc-model": String(findSoc(soc)!.model),
      "model-library": join(folder, libraryPath("refused", hostTriple)),
      graph: "refused",
      inputs: folder,
      outputs: folder,
      report: join(folder, "report.json"),
    };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const failure = await runProgram("rwkv-run", ["exec", ...args]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DiagnosticError);
    const { diagnostics } = failure as DiagnosticError;
    expect(JSON.stringify(diagnostics)).toMatch(/node out\.MatMul \(MatMul\): the backend refuses it/);
  });
});

/** A MatMul whose inner extents differ. */
function refusedGraph(): QnnGraph {
  const hand = new Hand();
  hand.node("MatMul", [hand.input("a", [4, 8]), hand.input("b", [6, 5])], [4, 5], [], "out");
  return hand.finish("refused");
}

withHtp("an estimate", () => {
  test("has time, cycles and memory traffic", async () => {
    const [{ model, spec }] = trained as [(typeof trained)[number]];
    const weights = `models/${model}/model.pth`;
    const estimates = await run<unknown>(["estimate", spec, "--weights", weights, "--soc", "QCS9100"], htp);
    const count = expect.any(Number) as number;
    const bytes = { inputFill: count, intermediateFill: count, intermediateSpill: count, outputSpill: count };
    expect(estimates).toEqual({
      decode: {
        ...{ microseconds: count, cycles: count, lowerCycles: count, upperCycles: count, bytes },
        ...{ opsWithoutCost: 0, nodesWithoutCost: {} },
      },
    });
  });
});
