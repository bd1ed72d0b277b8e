/**
 * The range that loses the least information: the Kullback-Leibler divergence between the distribution of the values, those
 * outside put to the ends, and the same in as few levels as a coarse grid has. With 2^16 levels every range would do, so that the
 * comparison is made with `levels` of them at most; what it finds is where the distribution's body ends.
 */
import { filledBins, type Histogram } from "./histogram.ts";
import { minMaxRange } from "./min-max.ts";
import type { ValueRange } from "./range.ts";

const coarsest = 128;
/** Shares of the whole range that are tried. */
const shares = Array.from({ length: 48 }, (_, i) => (i + 17) / 64);

export function entropyRange(histogram: Histogram, bits: number): ValueRange {
  const whole = minMaxRange(histogram);
  const levels = Math.min(2 ** bits, coarsest);
  let best = whole;
  let least = Infinity;
  // From the widest on, and only the strictly better: of equal ones the widest stays.
  for (const share of [...shares].reverse()) {
    const range = { low: whole.low * share, high: whole.high * share };
    const divergence = divergenceOf(histogram, range, levels);
    if (divergence < least) [best, least] = [range, divergence];
  }
  return best;
}

/** In nats; infinite where the grid has nothing left of what is there. */
export function divergenceOf(histogram: Histogram, { low, high }: ValueRange, levels: number): number {
  const bins = filledBins(histogram);
  const inside = bins.filter(({ middle }) => middle >= low && middle <= high);
  if (inside.length === 0) return bins.length === 0 ? 0 : Infinity;
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  // What is clipped shows in the reference and not in the grid's distribution: that is its price.
  const reference = inside.map(({ count }) => count);
  for (const { middle, count } of bins) {
    if (middle < low) reference[0]! += count;
    else if (middle > high) reference[reference.length - 1]! += count;
  }
  const levelOf = (middle: number) => Math.min(levels - 1, Math.floor(((middle - low) / (high - low)) * levels));
  const counts = new Map<number, { sum: number; bins: number }>();
  for (const { middle, count } of inside) {
    const level = counts.get(levelOf(middle)) ?? { sum: 0, bins: 0 };
    counts.set(levelOf(middle), { sum: level.sum + count, bins: level.bins + 1 });
  }
  const kept = inside.reduce((sum, { count }) => sum + count, 0);
  let divergence = 0;
  for (const [i, { middle }] of inside.entries()) {
    const p = reference[i]! / total;
    const level = counts.get(levelOf(middle))!;
    divergence += p * Math.log((p * kept) / (level.sum / level.bins));
  }
  return divergence;
}
