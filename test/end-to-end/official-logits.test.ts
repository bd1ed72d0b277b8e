/**
 * Generated C++ at fp32, on the host backend and on Qualcomm's CPU backend, against the official implementation.
 *
 * Tolerance of the largest logit: 1e-4 on the host, which sums in double precision or by blocks, 2e-4 on Qualcomm's, which sums in
 * float32 in its own order (the reference is itself 1e-5 from other implementations, 1e-4 for the model that is built to overflow
 * fp16). State: 1e-3 of its largest value.
 *
 * Qualcomm's takes some 20 ms a token: of the official texts the first 16 tokens are read there, all with RWKVC_LONG_TESTS=1.
 */
import { beforeAll, describe, expect, test } from "vitest";

import { withCpu } from "../qualcomm.ts";
import {
  cpu,
  fp32,
  host,
  largest,
  largestDifference,
  type Logits,
  logitsOf,
  official,
  qnnCpu,
  run,
  sameTop,
  shared,
} from "./artefacts.ts";

const models = [
  { model: "rwkv7-kjv", spec: "specs/rwkv-7.rwkv.ts", file: "model.pth" },
  { model: "rwkv7-random", spec: "specs/rwkv-7.rwkv.ts", file: "model.pth" },
  { model: "rwkv7-random", spec: "specs/rwkv-7.rwkv.ts", file: "model.safetensors" },
  { model: "rwkv5.2-kjv", spec: "specs/rwkv-5.2.rwkv.ts", file: "model.pth" },
  { model: "rwkv5.2-overflow", spec: "specs/rwkv-5.2.rwkv.ts", file: "model.pth" },
  { model: "rwkv4-kjv", spec: "specs/rwkv-4.rwkv.ts", file: "model.pth" },
  { model: "rwkv6-kjv", spec: "specs/rwkv-6.rwkv.ts", file: "model.pth" },
];

const isLong = process.env.RWKVC_LONG_TESTS === "1";
const backends = [
  { suite: describe, library: host, options: fp32, tolerance: 1e-4, most: Infinity, models },
  {
    ...{ suite: withCpu, library: cpu, options: qnnCpu, tolerance: 2e-4, most: isLong ? Infinity : 16 },
    // How the weights came is the same for both backends.
    models: models.filter(({ file }) => file === "model.pth"),
  },
];

for (const { suite, library, options, tolerance, most, models } of backends) {
  suite(`fp32 on ${library.backend}`, () => {
    describe.each(models)("$model, $file", ({ model, spec, file }) => {
      const reference = official(model);
      let artefact: string;
      let made: Logits;

      beforeAll(async () => {
        artefact = await shared(spec, `models/${model}/${file}`, options, library);
        made = await logitsOf(artefact, reference.tokens, library);
      });

      test("logits and state are the official ones", () => {
        expect(made.logits.length).toBe(reference.logits.length);
        expect(largestDifference(made.logits, reference.logits)).toBeLessThan(tolerance * largest(reference.logits));
        expect(sameTop(made.logits, reference.logits, reference.vocab)).toBe(reference.tokens.length);
        expect(made.state.length).toBe(reference.state.length);
        expect(largestDifference(made.state, reference.state)).toBeLessThan(1e-3 * largest(reference.state));
      });

      test("greedy text is the official one", async () => {
        for (const { prompt, tokens: all, min_top2_margin: margin } of reference.greedy) {
          const tokens = all.slice(0, most);
          // All tokens at once: had one been chosen otherwise, its position's top logit would differ from the next token.
          const read = [...prompt, ...tokens].slice(0, -1);
          const { logits } = await logitsOf(artefact, read, library);
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
          const count = Math.min(tokens.length, most);
          const made = await run<{ text: string }>(
            ["run", artefact, "--prompt", prompt ?? "", "--tokens", String(count)],
            library,
          );
          // A token is a byte.
          expect(made.text).toBe(text!.slice(0, count));
        }
      });
    });
  });
}

describe("fp32 in other forms, on the host", () => {
  test("scaling policies leave results as they are", async () => {
    const [spec, weights] = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-overflow/model.pth"];
    const { tokens } = official("rwkv5.2-overflow");
    const scaled = await logitsOf(await shared(spec, weights, fp32, host), tokens, host);
    const plain = await logitsOf(await shared(spec, weights, [...fp32, "--no-scaling"], host), tokens, host);
    expect(largestDifference(scaled.logits, plain.logits)).toBeLessThan(1e-5 * largest(plain.logits));
    // The state is given in the spec's terms: its scale is divided out.
    expect(largestDifference(scaled.state, plain.state)).toBeLessThan(1e-5 * largest(plain.state));
  });

  test("an embedding on the host and weights inside the library change nothing", async () => {
    const [spec, weights] = ["specs/rwkv-7.rwkv.ts", "models/rwkv7-random/model.pth"];
    const tokens = official("rwkv7-random").tokens.slice(0, 16);
    const plain = await logitsOf(await shared(spec, weights, fp32, host), tokens, host);
    for (const option of [["--embedding", "host"], ["--embed-weights"]]) {
      const other = await logitsOf(await shared(spec, weights, option, host), tokens, host);
      expect(largestDifference(other.logits, plain.logits), option.join(" ")).toBe(0);
    }
  });
});

withCpu("artefacts run on either backend", () => {
  const [spec, weights] = ["specs/rwkv-7.rwkv.ts", "models/rwkv7-random/model.pth"];
  const { tokens, logits } = official("rwkv7-random");

  test.each([fp32, qnnCpu])("%s %s: on the host and on QNN CPU", async (...options) => {
    const artefact = await shared(spec, weights, options, host);
    for (const library of [host, cpu]) {
      const made = await logitsOf(artefact, tokens, library);
      expect(largestDifference(made.logits, logits), library.backend).toBeLessThan(2e-4 * largest(logits));
    }
  });
});
