import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { checkSpec } from "../../compiler/check/check-spec.ts";
import type { CheckedModel } from "../../compiler/check/typed.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { scalingOf } from "../../compiler/ranges/spec-scaling.ts";
import { type Magnitude, suggestPolicies } from "../../compiler/ranges/suggest-policies.ts";
import type { Policy } from "../../compiler/ranges/policy.ts";

/** Twelve layers of the spec, with placeholder sizes. */
function modelOf(path: string): CheckedModel {
  const read = readSpec(path, (file) => readFileSync(file, "utf8"));
  const { value } = checkSpec(read.value!, undefined);
  return { ...value!, layerCount: 12, sizes: new Map([...value!.sizes, ["L", 12]]) };
}
const eagle = modelOf("specs/rwkv-5.2.rwkv.ts");

const limit = 65504 / 2;
const suggest = (magnitudes: readonly Magnitude[], present: readonly Policy[] = []) =>
  suggestPolicies(magnitudes, present, scalingOf(eagle, magnitudes), limit);

const inEachLayer = (value: string, largest: (layer: number) => number): Magnitude[] =>
  Array.from({ length: 12 }, (_, layer) => ({ name: `blocks.${layer}.${value}`, largest: largest(layer) }));

/** What is left of the magnitudes under the suggested policies. */
const under = (policies: readonly Policy[], magnitudes: readonly Magnitude[]): readonly number[] =>
  scalingOf(eagle, magnitudes)
    .factors(policies)!
    .map((factor, i) => factor * magnitudes[i]!.largest);

test("values inside the range need nothing", () => {
  expect(suggest(inEachLayer("timeMix.S", () => 30000))).toEqual({ policies: [], left: [] });
});

test("a state that is too large: the smallest power of two on one of the values that it is made from", () => {
  const magnitudes = inEachLayer("timeMix.S", () => 240_000);
  const { policies, left } = suggest(magnitudes);
  expect(left).toEqual([]);
  expect(policies).toEqual([{ kind: "scale", value: expect.stringMatching(/^timeMix\.[kv]$/) as string, by: 1 / 8 }]);
  expect(Math.max(...under(policies, magnitudes))).toBe(30_000);
});

test("a hidden state that grows: rescaled as seldom as it may be", () => {
  const magnitudes = inEachLayer("channelMix.x", (layer) => 5_000 * (layer + 1));
  const { policies, left } = suggest(magnitudes);
  expect(left).toEqual([]);
  expect(policies).toEqual([{ kind: "rescaleHidden", every: expect.any(Number) as number, by: 1 / 2 }]);
  expect(Math.max(...under(policies, magnitudes))).toBeLessThanOrEqual(limit);
  const seldomer = policies.map((p) => (p.kind === "rescaleHidden" ? { ...p, every: p.every + 1 } : p));
  expect(Math.max(...under(seldomer, magnitudes))).toBeGreaterThan(limit);
});

test("what the spec has stays, and is made stronger where that is enough", () => {
  const present: readonly Policy[] = [{ kind: "scale", value: "timeMix.v", by: 1 / 4 }];
  const { policies } = suggest(
    inEachLayer("timeMix.v", () => 200_000),
    present,
  );
  expect(policies).toEqual([{ kind: "scale", value: "timeMix.v", by: 1 / 8 }]);
});

test("what no policy reaches is told", () => {
  const magnitudes = [{ name: "blocks.0.timeMix.w", largest: 1e6 }, ...inEachLayer("timeMix.S", () => 100_000)];
  const { policies, left } = suggest(magnitudes);
  expect(left).toEqual([0]);
  expect(policies).toHaveLength(1);
});

test("infinite magnitudes are beyond every policy", () => {
  expect(suggest([{ name: "blocks.0.timeMix.S", largest: Infinity }])).toEqual({ policies: [], left: [0] });
});
