/**
 * RWKV-4 as badly as it can be had in float16: decays so slow that hardly anything is forgotten over hundreds of tokens, so that numerator
 * and denominator of the mean grow all the time, and values so large that the numerator leaves the range at token 1,790 without the
 * spec's policy. The host backend reads 2,048 bytes; the simulator, with RWKVC_LONG_TESTS=1, 512.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import { withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import { build, host, htp, type Library, run } from "./artefacts.ts";
import { asSafetensors } from "./checkpoint-files.ts";

const spec = "specs/rwkv-4.rwkv.ts";
const text = "models/kjv-held-out.bin";
const isLong = process.env.RWKVC_LONG_TESTS === "1";

/** Values 64 times as large, which `output` makes up for; decays of up to one part in 22,000 a token. */
function changed(name: string, value: number): number {
  if (name.endsWith("att.time_decay")) return value - 5;
  if (name.endsWith("att.value.weight")) return value * 64;
  return name.endsWith("att.output.weight") ? value / 64 : value;
}

function changedCheckpoint(base: Checkpoint): Checkpoint {
  return {
    source: "changed",
    tensors: new Map([...base.tensors].map(([name, info]) => [name, { ...info, dtype: "float32" }])),
    readBits({ name }, start, out) {
      const floats = new Float32Array(out.buffer, out.byteOffset, out.length);
      readFloat32(base, base.tensors.get(name)!, start, floats);
      floats.forEach((value, i) => (floats[i] = changed(name, value)));
    },
    close: () => undefined,
  };
}

let weights: string;
beforeAll(async () => {
  weights = join(scratch(), "slow.safetensors");
  const base = await openCheckpoint("models/rwkv4-kjv/model.pth");
  writeFileSync(weights, asSafetensors(changedCheckpoint(base)));
  base.close();
});

interface Evaluated {
  readonly nll: number;
  /** Overflows among them. */
  readonly diagnostics: readonly unknown[];
}
const evaluate = (artefact: string, bytes: number, library: Library) =>
  run<Evaluated>(["eval", artefact, "--text", text, "--limit", String(bytes)], library);

async function judge(options: readonly string[], bytes: number, library: Library, tolerance: number): Promise<void> {
  const exact = await evaluate(await build(spec, weights, [], host), bytes, host);
  const half = await evaluate(await build(spec, weights, options, library), bytes, library);
  expect(half.diagnostics).toEqual([]);
  expect(Math.abs(half.nll - exact.nll)).toBeLessThan(tolerance);
}

test("float16 on the host backend: no overflow, mean NLL within 0.01 nats of float32's", async () => {
  await judge(["--precision", "fp16"], 2048, host, 0.01);
});

withHtp("on the HTP simulator", () =>
  describe.runIf(isLong)("with RWKVC_LONG_TESTS=1", () => {
    test("mean NLL within 0.02 nats of float32's", { timeout: 1_800_000 }, async () => {
      await judge(["--target", "htp-v75", "--soc", "SM8650"], 512, htp, 0.02);
    });
  }),
);
