/**
 * The range whose grid of 2^bits levels errs least, in the mean of squares over the values seen: those inside err by rounding,
 * step^2 / 12 on average, and those outside by their distance to the range. Both ends are narrowed in turn, from the whole range
 * on, as long as it helps.
 */
import { type Bin, filledBins, type Histogram } from "./histogram.ts";
import { minMaxRange } from "./min-max.ts";
import type { ValueRange } from "./range.ts";

/** Shares of an end that are tried. */
const shares = Array.from({ length: 64 }, (_, i) => (i + 1) / 64);

export function meanSquaredErrorRange(histogram: Histogram, bits: number): ValueRange {
  const bins = filledBins(histogram);
  const whole = minMaxRange(histogram);
  const lows = shares.map((share) => whole.low * share);
  const highs = shares.map((share) => whole.high * share);
  let best = whole;
  let least = squaredError(bins, whole, bits);
  for (let improved = true; improved;) {
    improved = false;
    const candidates = [...lows.map((low) => ({ ...best, low })), ...highs.map((high) => ({ ...best, high }))];
    for (const range of candidates) {
      const error = squaredError(bins, range, bits);
      if (error >= least) continue;
      [best, least, improved] = [range, error, true];
    }
  }
  return best;
}

/** Sum over all values. */
export function squaredError(bins: readonly Bin[], { low, high }: ValueRange, bits: number): number {
  const step = (high - low) / (2 ** bits - 1);
  let sum = 0;
  for (const { middle, count } of bins) {
    const outside = middle < low ? low - middle : middle > high ? middle - high : 0;
    // 0 is on the grid: what is nearer to it than half a step becomes 0.
    const rounding = Math.min((step * step) / 12, middle * middle);
    sum += count * (outside > 0 ? outside * outside : rounding);
  }
  return sum;
}
