/** `rwkvc calibrate` on a trained model. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { openStatistics } from "../../compiler/calibrate/statistics.ts";
import { readEncodings } from "../../compiler/encodings/read-encodings.ts";
import { scratch } from "../scratch.ts";
import { problems, rwkvc } from "./command-line.ts";

const folder = scratch();
const model = ["specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-kjv/model.pth"];
const text = ["--text", "models/kjv-held-out.bin", "--tokens", "200"];

async function calibrate(name: string, ...more: string[]) {
  const out = join(folder, name);
  const ran = await rwkvc(["calibrate", ...model, "--out", out, ...more, "--json"]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return { out, text: readFileSync(out, "utf8"), json: JSON.parse(ran.stdout) as Record<string, unknown> };
}

let first: Awaited<ReturnType<typeof calibrate>>;
beforeAll(async () => {
  first = await calibrate("a.json", ...text);
});

test("encodings of all activations, and how they came about", () => {
  expect(first.json).toMatchObject({ tokens: 200, method: "min-max", source: "text", diagnostics: [] });
  const { value, diagnostics } = readEncodings(first.out, first.text);
  expect(diagnostics).toEqual([]);
  const { activations } = value!.encodings;
  expect(activations.size).toBe(first.json.tensors);
  expect([...activations.keys()]).toContain("blocks.3.timeMix.k");
  expect([...activations.keys()]).toContain("head.logits.1");
  expect(value!.extra).toMatchObject({ rwkvc: { statistics: "a.stats.bin", tokens: 200, source: "text" } });
});

test("second-order statistics of the inputs of linear layers", () => {
  const statistics = openStatistics(join(folder, "a.stats.bin"));
  expect(statistics.tokens).toBe(200);
  expect(statistics.secondOrderSizes.size).toBeGreaterThan(20);
  const name = [...statistics.secondOrderSizes.keys()][0]!;
  const { size, values } = statistics.secondOrder(name)!;
  const histogram = statistics.histograms.find((entry) => entry.name === name)!;
  // The diagonal is a sum of squares, none larger than the largest value allows.
  const largest = Math.max(-histogram.low, histogram.high) ** 2 * 200;
  for (let i = 0; i < size; i++) {
    expect(values[i * size + i]).toBeGreaterThanOrEqual(0);
    expect(values[i * size + i]).toBeLessThanOrEqual(largest * 1.001);
    for (let j = 0; j < i; j++) expect(values[i * size + j]).toBe(values[j * size + i]);
  }
  expect(statistics.secondOrder("no such tensor")).toBeUndefined();
});

test("the same from run to run, and nothing is left behind", async () => {
  const second = await calibrate("b.json", ...text);
  expect(second.text.replace("b.stats.bin", "a.stats.bin")).toBe(first.text);
  expect(readFileSync(join(folder, "b.stats.bin")).equals(readFileSync(join(folder, "a.stats.bin")))).toBe(true);
  expect(readdirSync(folder).filter((name) => !/^[a-z]+\.(json|stats\.bin)$/.test(name))).toEqual([]);
});

test("without a text the model writes one, the same for a seed", async () => {
  const run = (name: string, seed: string) => calibrate(name, "--tokens", "40", "--seed", seed);
  const [a, b, c] = [await run("g.json", "1"), await run("h.json", "1"), await run("i.json", "2")];
  expect(a.json).toMatchObject({ source: "generated", seed: 1, tokens: 40 });
  expect(b.json.tokensSha256).toBe(a.json.tokensSha256);
  expect(c.json.tokensSha256).not.toBe(a.json.tokensSha256);
});

test("what it refuses, before anything runs", async () => {
  const none = join(folder, "none.json");
  expect(await problems(["calibrate", ...model])).toMatchObject({ code: 2, codes: ["usage/missing-option"] });
  expect(await problems(["calibrate", ...model, "--out", none, "--text", "no-such-file"])).toMatchObject({
    ...{ code: 3, codes: ["text/not-found"] },
  });
  expect(await problems(["calibrate", ...model, "--out", none, "--method", "mean"])).toMatchObject({
    ...{ code: 2, codes: ["usage/bad-value"] },
  });
  expect(await problems(["calibrate", ...model, "--out", "models/rwkv7-kjv/model.pth"])).toMatchObject({
    ...{ code: 2, codes: ["usage/out-is-input"] },
  });
  expect(await problems(["calibrate", ...model, "--out", folder])).toMatchObject({
    ...{ code: 2, codes: ["usage/out-is-a-folder"] },
  });
  expect(existsSync(none)).toBe(false);
});

test("a text of a few tokens is warned of: ranges of one cost 0.15 nats a token", async () => {
  const few = await calibrate("few.json", "--text", "models/kjv-held-out.bin", "--tokens", "1");
  expect(few.json.diagnostics).toMatchObject([
    {
      severity: "warning",
      code: "calibrate/few-tokens",
      title: expect.stringContaining("ranges of 1 token are") as string,
    },
  ]);
});

test("the statistics, whose name follows from --out, are not written over the text that is read", async () => {
  const own = join(folder, "own.stats.bin");
  writeFileSync(own, "In the beginning");
  const args = ["calibrate", ...model, "--text", own, "--out", join(folder, "own.json")];
  expect(await problems(args)).toMatchObject({ code: 2, codes: ["usage/out-is-input"] });
  expect(readFileSync(own, "utf8")).toBe("In the beginning");
  rmSync(own);
});
