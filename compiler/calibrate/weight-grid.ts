/**
 * The values that a quantized weight may have: stored * scale of its output channel, and with blocks of inputs also * the block's
 * integer scale (LPBQ). Stored values are signed, from -2^(bits - 1) to 2^(bits - 1) - 1.
 */
export interface WeightGrid {
  readonly bits: 4 | 8;
  /** [out], float32 values above 0. */
  readonly scales: Float64Array;
  /** Where inputs have blocks. */
  readonly blocks?: {
    /** Inputs of one block; it divides their number. */
    readonly size: number;
    /** [out][inputs / size], 1 to 16. */
    readonly scales: Uint8Array;
  };
}

export const leastStored = (bits: number): number => -(2 ** (bits - 1));
export const mostStored = (bits: number): number => 2 ** (bits - 1) - 1;

/** The scale of every weight of a row, [inputs]. */
export function rowScales({ scales, blocks }: WeightGrid, row: number, inputs: number, into: Float64Array): void {
  const scale = scales[row]!;
  if (!blocks) {
    into.fill(scale, 0, inputs);
    return;
  }
  const count = inputs / blocks.size;
  for (let b = 0; b < count; b++)
    into.fill(scale * blocks.scales[row * count + b]!, b * blocks.size, (b + 1) * blocks.size);
}

/** Adding and subtracting it rounds doubles below 2^51 to integers, halves to even. */
const toInteger = 1.5 * 2 ** 52;

/** The nearest integer from `least` to `most`, as `leastStored` and `mostStored` give them; of two as near the even one. */
export function nearestStored(quotient: number, least: number, most: number): number {
  return (quotient < least ? least : quotient > most ? most : quotient) + toInteger - toInteger;
}

/** Every weight to the nearest value of its grid. `rows`: [out][inputs]. */
export function roundToNearest(rows: Float32Array | Float64Array, inputs: number, grid: WeightGrid): Int8Array {
  const stored = new Int8Array(rows.length);
  const scales = new Float64Array(inputs);
  const [least, most] = [leastStored(grid.bits), mostStored(grid.bits)];
  for (let row = 0, at = 0; at < rows.length; row++) {
    rowScales(grid, row, inputs, scales);
    for (let i = 0; i < inputs; i++, at++) stored[at] = nearestStored(rows[at]! / scales[i]!, least, most);
  }
  return stored;
}
