import { expect, test } from "vitest";

import { PredictionSums } from "../../compiler/compare/predictions.ts";

const log = Math.log;

test("divergence, agreement and likelihood of two distributions", () => {
  const sums = new PredictionSums();
  // Logits are logarithms of probabilities, up to a constant.
  sums.add(0, [log(0.5), log(0.5)], [log(0.25) + 7, log(0.75) + 7], 1);
  sums.add(1, [log(0.9), log(0.1)], [log(0.9), log(0.1)], undefined);
  const { positions, predicted, kl, largestKl, sameTop, nll } = sums.result();
  const first = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75);
  expect({ positions, predicted, sameTop }).toEqual({ positions: 2, predicted: 1, sameTop: 1 });
  expect(kl).toBeCloseTo(first / 2, 12);
  expect(largestKl.token).toBe(0);
  expect(largestKl.kl).toBeCloseTo(first, 12);
  expect(nll[0]).toBeCloseTo(-log(0.5), 12);
  expect(nll[1]).toBeCloseTo(-log(0.75), 12);
});

test("large logits do not overflow, and equal ones do not diverge", () => {
  const sums = new PredictionSums();
  sums.add(0, [60000, 59999], [60000, 59999], 0);
  const { kl, nll } = sums.result();
  expect(kl).toBe(0);
  expect(nll[0]).toBeCloseTo(log(1 + Math.exp(-1)), 10);
});

test("a position with a logit that is not finite is left out", () => {
  const sums = new PredictionSums();
  sums.add(0, [0, NaN], [0, 1], 0);
  sums.add(1, [0, 1], [0, 1], 0);
  expect(sums.result()).toMatchObject({ positions: 1, predicted: 1, sameTop: 1 });
});
