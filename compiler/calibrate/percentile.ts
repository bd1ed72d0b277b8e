/**
 * The range without the outermost values: of all values, a share of `tail` may lie below it and as many above. Within a bin
 * the values are taken to be spread evenly.
 */
import { filledBins, type Histogram } from "./histogram.ts";
import type { ValueRange } from "./range.ts";

/** One in 100,000 on either side. */
export const defaultTail = 1e-5;

export function percentileRange(histogram: Histogram, tail = defaultTail): ValueRange {
  const bins = filledBins(histogram);
  const allowed = tail * histogram.finite;
  const low = Math.min(edge(bins, allowed, "from", "to"), 0);
  const high = Math.max(edge([...bins].reverse(), allowed, "to", "from"), 0);
  return { low, high };
}

/** Where `allowed` values are passed, from the first bin's outer edge inwards. */
function edge(
  bins: ReturnType<typeof filledBins>,
  allowed: number,
  outer: "from" | "to",
  inner: "from" | "to",
): number {
  let left = allowed;
  for (const bin of bins) {
    if (bin.count > left) return bin[outer] + (bin[inner] - bin[outer]) * (left / bin.count);
    left -= bin.count;
  }
  return 0;
}
