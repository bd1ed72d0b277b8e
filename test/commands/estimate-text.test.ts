/** The lines that show an estimate. */
import { expect, test } from "vitest";

import { describeEstimates } from "../../compiler/commands/estimate-text.ts";
import type { Estimate } from "../../compiler/emit/manifest.ts";

const estimate: Estimate = {
  microseconds: 500,
  cycles: 750_000,
  lowerCycles: 700_000,
  upperCycles: 800_000,
  opsWithoutCost: 0,
  nodesWithoutCost: {},
  bytes: { inputFill: 2 ** 20, intermediateFill: 0, intermediateSpill: 0, outputSpill: 4096 },
};

test("time, cycles, traffic", () => {
  expect(describeEstimates({ decode: estimate, prefill: null })).toEqual([
    "decode: 500 us estimated (2000.0 a second), 750000 cycles (700000 to 800000)",
    "  reads 1.0 MiB of weights and inputs, spills 0 B",
  ]);
});

test("what has no cost is named, the nodes of all layers on one line, the most first", () => {
  const nodesWithoutCost = {
    "out.FullyConnected": 4,
    "blocks.0.channelMix.k.Relu": 64,
    "blocks.1.channelMix.k.Relu": 64,
    "blocks.1.timeMix.v.FullyConnected": 1,
  };
  expect(describeEstimates({ decode: { ...estimate, opsWithoutCost: 133, nodesWithoutCost } }).slice(2)).toEqual([
    "  133 ops without a cost, so it will take longer; by the nodes that they belong to",
    "    channelMix.k.Relu         128 in 2 layers",
    "    out.FullyConnected        4",
    "    timeMix.v.FullyConnected  1 in 1 layer",
  ]);
});
