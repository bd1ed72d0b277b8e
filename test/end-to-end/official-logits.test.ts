/**
 * Generated C++ on Qualcomm's CPU backend at fp32, against the official implementation.
 *
 * Tolerance 2e-4 of the largest logit: both sum in float32 in their own order (the reference is itself 1e-5 from other
 * implementations, 1e-4 for the model that is built to overflow fp16). State: 1e-3 of its largest value.
 */
import { beforeAll, describe, expect, test } from "vitest";

import { withCpu } from "../qualcomm.ts";
import { build, cpu, largest, largestDifference, type Logits, logitsOf, official, run, sameTop } from "./artefacts.ts";

const models = [
  { model: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts", file: "model.pth" },
  { model: "rwkv7-random", spec: "specs/rwkv-7.rwkv.ts", file: "model.pth" },
  { model: "rwkv7-random", spec: "specs/rwkv-7.rwkv.ts", file: "model.safetensors" },
  { model: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts", file: "model.pth" },
  { model: "rwkv5.2-overflow", spec: "specs/rwkv-5.2.rwkv.ts", file: "model.pth" },
];

withCpu("fp32 on the CPU backend", () =>
  describe.each(models)("$model, $file", ({ model, spec, file }) => {
    const reference = official(model);
    let artefact: string;
    let made: Logits;

    beforeAll(async () => {
      artefact = await build(spec, `models/${model}/${file}`, ["--target", "qnn-cpu", "--precision", "fp32"], cpu);
      made = await logitsOf(artefact, reference.tokens, cpu);
    });

    test("logits and state are the official ones", () => {
      expect(made.logits.length).toBe(reference.logits.length);
      expect(largestDifference(made.logits, reference.logits)).toBeLessThan(2e-4 * largest(reference.logits));
      expect(sameTop(made.logits, reference.logits, reference.vocab)).toBe(reference.tokens.length);
      expect(made.state.length).toBe(reference.state.length);
      expect(largestDifference(made.state, reference.state)).toBeLessThan(1e-3 * largest(reference.state));
    });

    test("greedy text is the official one", async () => {
      for (const { prompt, tokens, min_top2_margin: margin } of reference.greedy) {
        // All tokens at once: had one been chosen otherwise, its position's top logit would differ from the next token.
        const all = [...prompt, ...tokens];
        const { logits } = await logitsOf(artefact, all.slice(0, -1), cpu);
        expect(margin).toBeGreaterThan(2 * largestDifference(made.logits, reference.logits));
        for (let i = 0; i < tokens.length; i++) {
          const row = Array.from(
            logits.slice((prompt.length - 1 + i) * reference.vocab, (prompt.length + i) * reference.vocab),
          );
          expect(row.indexOf(Math.max(...row)), `token ${i}`).toBe(tokens[i]);
        }
      }
    });

    test.runIf(model.endsWith("kjv"))("run writes that text", async () => {
      for (const { prompt_text: prompt, text, tokens } of reference.greedy) {
        const made = await run<{ text: string }>(
          ["run", artefact, "--prompt", prompt ?? "", "--tokens", String(tokens.length)],
          cpu,
        );
        expect(made.text).toBe(text);
      }
    });
  }),
);

withCpu("fp32 on the CPU backend, in other forms", () => {
  test("scaling policies leave results as they are", async () => {
    const [spec, weights] = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-overflow/model.pth"];
    const { tokens } = official("rwkv5.2-overflow");
    const options = ["--target", "qnn-cpu"];
    const scaled = await logitsOf(await build(spec, weights, options, cpu), tokens, cpu);
    const plain = await logitsOf(await build(spec, weights, [...options, "--no-scaling"], cpu), tokens, cpu);
    expect(largestDifference(scaled.logits, plain.logits)).toBeLessThan(1e-5 * largest(plain.logits));
    // The state is given in the spec's terms: its scale is divided out.
    expect(largestDifference(scaled.state, plain.state)).toBeLessThan(1e-5 * largest(plain.state));
  });

  test("an embedding on the host and weights inside the library change nothing", async () => {
    const [spec, weights] = ["specs/rwkv-7.rwkv.ts", "models/rwkv7-random/model.pth"];
    const tokens = official("rwkv7-random").tokens.slice(0, 16);
    const options = ["--target", "qnn-cpu"];
    const plain = await logitsOf(await build(spec, weights, options, cpu), tokens, cpu);
    for (const option of [["--embedding", "host"], ["--embed-weights"]]) {
      const other = await logitsOf(await build(spec, weights, [...options, ...option], cpu), tokens, cpu);
      expect(largestDifference(other.logits, plain.logits), option.join(" ")).toBe(0);
    }
  });
});
