/** From what was seen of a tensor to its encoding, by one of the methods. */
import { type IntegerEncoding, rangeEncoding } from "../encodings/encoding.ts";
import { entropyRange } from "./entropy.ts";
import type { Histogram } from "./histogram.ts";
import { meanSquaredErrorRange } from "./mean-squared-error.ts";
import { minMaxRange } from "./min-max.ts";
import { percentileRange } from "./percentile.ts";
import type { ValueRange } from "./range.ts";

export type RangeMethod = "min-max" | "percentile" | "mse" | "entropy";

const methods: Readonly<Record<RangeMethod, (histogram: Histogram, bits: number) => ValueRange>> = {
  "min-max": minMaxRange,
  percentile: (histogram) => percentileRange(histogram),
  mse: meanSquaredErrorRange,
  entropy: entropyRange,
};

export const rangeMethods = Object.keys(methods) as readonly RangeMethod[];
export const defaultRangeMethod: RangeMethod = "min-max";

const largestFloat = 2 ** 128 - 2 ** 104;

/**
 * Of a tensor that is 0 throughout, or was never finite, too: a range of nothing has an encoding. `headroom`: how many times larger than
 * on the text seen values may get before they are clipped.
 */
export function chooseEncoding(histogram: Histogram, method: RangeMethod, bits = 16, headroom = 1): IntegerEncoding {
  const { low, high } = methods[method](histogram, bits);
  return rangeEncoding(Math.max(low * headroom, -largestFloat), Math.min(high * headroom, largestFloat), bits);
}
