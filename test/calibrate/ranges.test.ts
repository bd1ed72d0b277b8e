/** Ranges from histograms: what every method keeps to, and what each is for. */
import { describe, expect, test } from "vitest";

import { chooseEncoding, rangeMethods } from "../../compiler/calibrate/choose-range.ts";
import { divergenceOf, entropyRange } from "../../compiler/calibrate/entropy.ts";
import { filledBins, type Histogram } from "../../compiler/calibrate/histogram.ts";
import { meanSquaredErrorRange, squaredError } from "../../compiler/calibrate/mean-squared-error.ts";
import { minMaxRange } from "../../compiler/calibrate/min-max.ts";
import { percentileRange } from "../../compiler/calibrate/percentile.ts";

/** As rwkv-run counts. */
function histogramOf(values: readonly number[]): Histogram {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const exponent = largest === 0 ? -126 : Math.floor(Math.log2(largest)) + 1 - 10;
  const counts = new Float64Array(2048);
  for (const value of values) counts[Math.floor(value / 2 ** exponent) + 1024]!++;
  const zeros = values.filter((value) => value === 0).length;
  return { name: "x", low, high, finite: values.length, notFinite: 0, zeros, exponent, counts };
}

let seed = 7;
const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const bell = Array.from({ length: 20000 }, () => normal());

const cases: readonly (readonly [string, readonly number[]])[] = [
  ["a bell", bell],
  ["a bell and one far away", [...bell, 400]],
  ["nothing negative", bell.map((x) => Math.max(x, 0) ** 2)],
  ["nothing positive", bell.map((x) => -Math.exp(x))],
  ["all zeros", [0, 0, 0]],
  ["one value", [3]],
  ["one value, negative and tiny", [-1e-30, -1e-30]],
  ["huge values", bell.map((x) => x * 1e37)],
];

describe.each(cases)("%s", (_name, values) => {
  const histogram = histogramOf(values);

  test.each(rangeMethods)("%s gives a valid encoding within what was seen", (method) => {
    for (const bits of [8, 16]) {
      const { scales, offsets, symmetric } = chooseEncoding(histogram, method, bits);
      const [scale, offset] = [scales[0]!, offsets[0]!];
      expect(symmetric).toBe(false);
      expect(scale).toBeGreaterThan(0);
      expect(Math.fround(scale)).toBe(scale);
      expect(Number.isInteger(offset) && offset <= 0 && offset >= -(2 ** bits - 1)).toBe(true);
      // No further than half a step beyond the values, or beyond 0.
      expect(offset * scale).toBeGreaterThanOrEqual(Math.min(histogram.low, 0) - scale);
      expect((2 ** bits - 1 + offset) * scale).toBeLessThanOrEqual(
        Math.max(histogram.high, 0) + 2 ** bits * 2 ** -99 + scale,
      );
    }
  });

  test("min-max clips nothing", () => {
    const { low, high } = minMaxRange(histogram);
    for (const value of values) expect(value >= low && value <= high).toBe(true);
  });

  test("percentile leaves out no more than it may", () => {
    for (const tail of [0, 1e-4, 0.1]) {
      const { low, high } = percentileRange(histogram, tail);
      // A bin is as fine as it gets.
      const width = 2 ** histogram.exponent;
      expect(values.filter((value) => value < low - width).length).toBeLessThanOrEqual(tail * values.length);
      expect(values.filter((value) => value > high + width).length).toBeLessThanOrEqual(tail * values.length);
    }
  });

  test("mse is never worse than min-max", () => {
    const bins = filledBins(histogram);
    for (const bits of [4, 8, 16]) {
      const error = squaredError(bins, meanSquaredErrorRange(histogram, bits), bits);
      expect(error).toBeLessThanOrEqual(squaredError(bins, minMaxRange(histogram), bits));
    }
  });

  test("entropy is never worse than min-max", () => {
    const range = entropyRange(histogram, 8);
    if (range.high > range.low)
      expect(divergenceOf(histogram, range, 128)).toBeLessThanOrEqual(
        divergenceOf(histogram, minMaxRange(histogram), 128),
      );
  });
});

test("one value far away: mse with few bits and percentile leave it out, with many bits it stays", () => {
  const histogram = histogramOf([...bell, 12]);
  expect(meanSquaredErrorRange(histogram, 4).high).toBeLessThan(8);
  expect(meanSquaredErrorRange(histogram, 16).high).toBe(12);
  expect(percentileRange(histogram, 1e-3).high).toBeLessThan(5);
});

test("the exact value at a share of even values", () => {
  const values = Array.from({ length: 10000 }, (_, i) => i + 0.5);
  expect(percentileRange(histogramOf(values), 0.01).high).toBeCloseTo(9900, -1.5);
});

test("headroom widens a range on both sides, and not beyond float32", () => {
  const [scale, wide] = [
    chooseEncoding(histogramOf(bell), "min-max"),
    chooseEncoding(histogramOf(bell), "min-max", 16, 2),
  ];
  expect(wide.scales[0]! / scale.scales[0]!).toBeCloseTo(2, 5);
  expect(Math.abs(wide.offsets[0]! - scale.offsets[0]!)).toBeLessThanOrEqual(1);
  const huge = chooseEncoding(histogramOf([-3e38, 3e38]), "min-max", 16, 1000);
  expect(Number.isFinite(huge.scales[0])).toBe(true);
  expect(Number.isInteger(huge.offsets[0])).toBe(true);
});
