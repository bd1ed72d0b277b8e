/** Groups, mixes and the search, on a made-up model whose losses are known. */
import { describe, expect, test } from "vitest";

import { type GraphWeight, groupWeights } from "../../compiler/sensitivity/groups.ts";
import { type Mix, mixOf, mixPolicies, withBits } from "../../compiler/sensitivity/mix.ts";
import { chooseMix, type Measurement, paretoFront, search } from "../../compiler/sensitivity/search.ts";

const weight = (short: string, layer: number | null, bits: 4 | 8 | 16 = 4, elements = 100): GraphWeight => ({
  ...{ name: layer === null ? `${short}.weight` : `blocks.${layer}.${short}.weight`, short, layer, bits, elements },
  prefix: layer === null ? "" : "blocks.",
});
const layers = [0, 1, 2, 3];
const weights = [
  ...layers.map((layer) => weight("att.key", layer)),
  ...layers.map((layer) => weight("att.value", layer)),
  ...layers.map((layer) => weight("ffn.key", layer, 4, 400)),
  weight("head", null, 8),
];
const groups = groupWeights(weights, { thirds: false, layers: 4 });

describe("groups", () => {
  test("weights of one name in all layers", () => {
    expect(groups.map(({ pattern, bits, elements }) => [pattern, bits, elements])).toEqual([
      ["att.key", 4, 400],
      ["att.value", 4, 400],
      ["ffn.key", 4, 1600],
      ["head", 8, 100],
    ]);
  });

  test("thirds of the layers, by patterns that name them", () => {
    const patterns = groupWeights(weights, { thirds: true, layers: 4 }).map(({ pattern }) => pattern);
    expect(patterns.slice(0, 3)).toEqual(["blocks.{0,1}.att.key", "blocks.2.att.key", "blocks.3.att.key"]);
    expect(patterns.at(-1)).toBe("head");
  });

  test("layers that have other bits stay apart", () => {
    const mixed = layers.map((layer) => weight("att.key", layer, layer === 1 ? 8 : 4));
    expect(groupWeights(mixed, { thirds: false, layers: 4 }).map(({ pattern, bits }) => [pattern, bits])).toEqual([
      ["blocks.{0,2,3}.att.key", 4],
      ["blocks.1.att.key", 8],
    ]);
  });
});

test("the policies of a mix say what has changed, and put names of one beginning together", () => {
  const base = mixOf(groups);
  expect(mixPolicies(groups, base)).toEqual([]);
  const mix = withBits(withBits(withBits(base, "att.key", 8), "att.value", 8), "head", 16);
  expect(mixPolicies(groups, mix)).toEqual([
    { kind: "quantize", pattern: "att.{key,value}", bits: 8 },
    { kind: "quantize", pattern: "head", bits: 16 },
  ]);
  const thirds = groupWeights(weights, { thirds: true, layers: 4 });
  const inLayers = withBits(withBits(mixOf(thirds), "blocks.{0,1}.att.key", 8), "blocks.2.att.key", 8);
  expect(mixPolicies(thirds, inLayers).map((policy) => policy.kind === "quantize" && policy.pattern)).toEqual([
    "blocks.{0,1}.att.key",
    "blocks.2.att.key",
  ]);
});

/** Losses in nats of each group at 4 bits and at 8. */
const losses: Readonly<Record<string, readonly [number, number]>> = {
  "att.key": [0.04, 0.001],
  "att.value": [0.001, 0],
  "ffn.key": [0.02, 0.002],
  head: [0.03, 0.01],
};
const measured: Mix[] = [];
const measure = (mix: Mix): Promise<Measurement> => {
  measured.push(mix);
  let [nll, bytes] = [1, 0];
  for (const { pattern, elements } of groups) {
    const bits = mix.get(pattern)!;
    bytes += (elements * bits) / 8;
    nll += bits === 16 ? 0 : losses[pattern]![bits === 4 ? 0 : 1];
  }
  return Promise.resolve({ nll, bytes });
};

test("each group one step up and down, then together: every mix is measured once", async () => {
  const { base, steps, all } = await search(groups, 4, measure);
  expect(base.nll).toBeCloseTo(1.071, 12);
  expect(steps.map(({ group, direction }) => `${group.pattern} ${direction}`)).toEqual([
    "att.key raised",
    "att.value raised",
    "ffn.key raised",
    "head raised",
    "head lowered",
  ]);
  expect(all.length).toBe(measured.length);
  const front = paretoFront(all);
  // The best of all: everything a step up.
  expect(front.at(-1)!.nll).toBeCloseTo(1.003, 12);
  const bytes = front.map((point) => point.bytes);
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
  const nll = front.map((point) => point.nll);
  expect(nll).toEqual(nll.toSorted((a, b) => b - a));
  // The keys gain most for their bytes; with the head raised as well the loss is 0.022.
  const chosen = chooseMix(front, 1, 0.025);
  expect(Object.fromEntries(chosen.mix)).toEqual({ "att.key": 8, "att.value": 4, "ffn.key": 4, head: 16 });
  expect(chooseMix(front, 1, 0)).toBe(front.at(-1));
});

test("in a build of 8 bits nothing goes below them", async () => {
  const eight = groups.map((group) => ({ ...group, bits: 8 as const }));
  const { steps } = await search(eight, 8, measure);
  expect(new Set(steps.map(({ direction }) => direction))).toEqual(new Set(["raised"]));
});

test("the front has no point that another one beats", () => {
  const points = [
    { bytes: 4, nll: 2 },
    { bytes: 8, nll: 1 },
    { bytes: 6, nll: 3 },
    { bytes: 8, nll: 1.5 },
    { bytes: 9, nll: NaN },
  ];
  expect(paretoFront(points)).toEqual([points[0], points[1]]);
});
