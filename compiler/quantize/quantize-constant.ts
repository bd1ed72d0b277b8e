/**
 * A constant as integers with their scales, in windows of whole rows: what `weights.bin` holds of it. Scales are rounded to the
 * 8 bits of mantissa in which the file stores them before values are rounded on their grid, so that this costs nothing.
 */
import { rangeEncoding } from "../encodings/encoding.ts";
import type { FixedPointDtype, Grid, StoredScales } from "../lower/qnn-graph.ts";

/** Elements `start` to `start + out.length`, row-major; asked for in order. */
export type ReadValues = (start: number, out: Float64Array) => void;

/** Values of one window as they are stored; 4-bit values one to a byte, before they are packed. */
export type Stored = Int8Array | Int16Array | Int32Array | Uint16Array;

const storedRange: Readonly<Record<FixedPointDtype, readonly [number, number]>> = {
  sfixed4: [-8, 7],
  sfixed8: [-127, 127],
  sfixed16: [-32767, 32767],
  // A sum of products is added to it.
  sfixed32: [-(2 ** 30), 2 ** 30],
  ufixed16: [0, 65535],
};

export function storedRangeOf(dtype: FixedPointDtype): readonly [number, number] {
  return storedRange[dtype];
}

/** One grid for all values: read twice. `per: "tensor"`. */
export function tensorGrid(dtype: FixedPointDtype, total: number, read: ReadValues): Grid {
  let [low, high] = [0, 0];
  forWindows(total, read, (values) => {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  });
  if (dtype === "ufixed16") {
    const { scales, offsets } = rangeEncoding(low, high);
    return { scale: scales[0]!, offset: offsets[0]! };
  }
  const largest = Math.max(-low, high);
  return { scale: Math.fround(Math.max(largest, 2 ** -100) / storedRange[dtype][1]), offset: 0 };
}

const windowElements = 2 ** 18;

export function forWindows(total: number, read: ReadValues, body: (values: Float64Array, start: number) => void): void {
  const window = new Float64Array(Math.min(total, windowElements));
  for (let start = 0; start < total; start += window.length) {
    const values = window.subarray(0, Math.min(window.length, total - start));
    read(start, values);
    body(values, start);
  }
}

export function onGrid(values: Float64Array, { scale, offset }: Grid, dtype: FixedPointDtype): Stored {
  const [least, most] = storedRange[dtype];
  const out = makeStored(dtype, values.length);
  for (let i = 0; i < values.length; i++)
    out[i] = Math.min(most, Math.max(least, Math.round(values[i]! / scale) - offset));
  return out;
}

function makeStored(dtype: FixedPointDtype, count: number): Stored {
  if (dtype === "ufixed16") return new Uint16Array(count);
  if (dtype === "sfixed32") return new Int32Array(count);
  return dtype === "sfixed16" ? new Int16Array(count) : new Int8Array(count);
}

/** Upper half of a float32, rounded up: the scale never cuts off what it was made for. */
export function upToBfloat16(scale: number): number {
  single[0] = scale;
  singleBits[0] = (singleBits[0]! + 0xffff) & 0xffff0000;
  return single[0]!;
}

export function bfloat16Bits(scale: number): number {
  single[0] = scale;
  return singleBits[0]! >>> 16;
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Pairs of 4-bit values, the first in the low half. An odd last one stands alone. */
export function pack4(values: Int8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(values.length / 2));
  for (let i = 0; i < values.length; i++) packed[i >> 1]! |= (values[i]! & 15) << (4 * (i & 1));
  return packed;
}

/** Scales of rows, and their values. Blocks: a channel's scale times an integer from 1 to 16 for each block. */
export interface QuantizedRows {
  readonly values: Int8Array;
  /** One per row, all of them bfloat16. */
  readonly scales: Float64Array;
  /** [rows][blocks] */
  readonly blockScales?: Uint8Array;
}

/** How rows of a weight are rounded: `rows` [count][inputs]. */
export type RoundRows = (rows: Float64Array, inputs: number, bits: 4 | 8, stored: StoredScales) => QuantizedRows;
