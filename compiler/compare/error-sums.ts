/**
 * How far one run's values are from another's, as sums of squares over all tokens and elements: what signal-to-noise ratios are made of.
 *
 * The noise of `other` against `reference` has two parts. What an equation makes of the operands that it had in `other` beyond what the
 * equation in double precision makes of them, it has introduced; the rest came with the operands, and is inherited.
 */
export interface ErrorSums {
  /** Of the reference. */
  signal: number;
  /** (other - reference)^2 */
  noise: number;
  /** (other - ideal)^2, where ideal is the equation in double precision on the operands of `other`. */
  introduced: number;
  /** (ideal - reference)^2 */
  inherited: number;
  /** Values that are infinite or NaN, of the reference and of `other`; they are in no other sum. */
  referenceNotFinite: number;
  otherNotFinite: number;
}

export const noErrors = (): ErrorSums => ({
  ...{ signal: 0, noise: 0, introduced: 0, inherited: 0 },
  ...{ referenceNotFinite: 0, otherNotFinite: 0 },
});

export interface Values {
  readonly data: ArrayLike<number>;
  /** Stored value = scale * value. */
  readonly scale: number;
}

/** Adds one token's values; without `ideal` nothing is said of where the noise comes from. All of the same length. */
export function addErrors(sums: ErrorSums, reference: Values, other: Values, ideal?: ArrayLike<number>): void {
  for (let i = 0; i < other.data.length; i++) {
    const a = reference.data[i]! / reference.scale;
    const b = other.data[i]! / other.scale;
    if (!Number.isFinite(a)) sums.referenceNotFinite++;
    if (!Number.isFinite(b)) sums.otherNotFinite++;
    if (!Number.isFinite(b - a)) continue;
    sums.signal += a * a;
    sums.noise += (b - a) ** 2;
    if (!ideal || !Number.isFinite(ideal[i]!)) continue;
    sums.introduced += (b - ideal[i]!) ** 2;
    sums.inherited += (ideal[i]! - a) ** 2;
  }
}

/** In decibels; infinite where there is no noise. */
export const decibels = (signal: number, noise: number): number =>
  noise === 0 ? Infinity : 10 * Math.log10(signal / noise);
