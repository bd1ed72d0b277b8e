/**
 * What calibration has seen of one tensor's values, as `rwkv-run calibrate` counts them: bins of equal width around 0,
 * a power of two wide.
 */
export interface Histogram {
  readonly name: string;
  /** Of the finite values; both 0 where there were none. */
  readonly low: number;
  readonly high: number;
  readonly finite: number;
  /** inf and NaN; they are in no bin. */
  readonly notFinite: number;
  /** Finite values that are 0, which every encoding holds exactly. They are in the bins too. */
  readonly zeros: number;
  /** Bin i holds [(i - bins / 2) * 2^exponent, that + 2^exponent). */
  readonly exponent: number;
  readonly counts: Float64Array;
}

/** A part of the values: as good as `count` values at `middle`, none of them below `from` or above `to`. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly middle: number;
  readonly count: number;
}

/** The bins that hold anything, in order, without the values that are 0, and no wider than the values are. */
export function filledBins({ low, high, zeros, exponent, counts }: Histogram): readonly Bin[] {
  const bins: Bin[] = [];
  const width = 2 ** exponent;
  const half = counts.length / 2;
  for (const [i, all] of counts.entries()) {
    const count = i === half ? all - zeros : all;
    if (count <= 0) continue;
    const from = Math.max((i - half) * width, low);
    const to = Math.min((i - half + 1) * width, high);
    bins.push({ from, to, middle: (from + to) / 2, count });
  }
  return bins;
}
