/**
 * Conversions between float32, IEEE binary16 ("float16") and bfloat16, single values and whole arrays. 16-bit values
 * are their bit patterns; rounding is to nearest, ties to even; a NaN stays a (quiet) NaN of the same sign; subnormal
 * float16 numbers are kept. Finite values beyond float16's range (65504, rounding up from 65520) become infinite, and
 * the bulk conversions count them.
 */

import type { CheckpointDtype } from "./checkpoint.ts";

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);

/** The bits of `value` rounded to float32. */
export function float32ToBits(value: number): number {
  wordAsFloat[0] = value;
  return word[0]!;
}

export function bitsToFloat32(bits: number): number {
  word[0] = bits;
  return wordAsFloat[0]!;
}

export const bfloat16ToFloat32 = (bits: number): number => bitsToFloat32(bits << 16);

/** Of `value` rounded to float32 first. */
export const float32ToBfloat16 = (value: number): number => bfloat16OfBits(float32ToBits(value));

export const float16ToFloat32 = (bits: number): number => bitsToFloat32(float32BitsOfFloat16(bits));

/** Of `value` rounded to float32 first. */
export const float32ToFloat16 = (value: number): number => float16OfBits(float32ToBits(value));

export const bfloat16ToFloat16 = (bits: number): number => float16OfBits((bits << 16) >>> 0);

/** The two arrays have one length and may be the same; returns how many finite values became infinite. */
export function convertBfloat16ToFloat16(source: Uint16Array, target: Uint16Array): number {
  checkLengths(source.length, target.length);
  const table = (bfloat16ToFloat16Table ??= Uint16Array.from({ length: 0x10000 }, (_, bits) =>
    bfloat16ToFloat16(bits),
  ));
  let overflows = 0;
  for (let i = 0; i < target.length; i++) {
    const bits = source[i]!;
    const half = table[bits]!;
    if ((half & 0x7fff) === 0x7c00 && (bits & 0x7fff) !== 0x7f80) overflows++;
    target[i] = half;
  }
  return overflows;
}

/** `source` holds float32 bits; returns how many finite values became infinite. */
export function convertFloat32ToFloat16(source: Uint32Array, target: Uint16Array): number {
  checkLengths(source.length, target.length);
  let overflows = 0;
  for (let i = 0; i < target.length; i++) {
    const bits = source[i]!;
    const half = float16OfBits(bits);
    if ((half & 0x7fff) === 0x7c00 && (bits & 0x7fffffff) !== 0x7f800000) overflows++;
    target[i] = half;
  }
  return overflows;
}

/** Exact. */
export function convertBfloat16ToFloat32(source: Uint16Array, target: Float32Array): void {
  checkLengths(source.length, target.length);
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < words.length; i++) words[i] = source[i]! << 16;
}

/** Exact. */
export function convertFloat16ToFloat32(source: Uint16Array, target: Float32Array): void {
  checkLengths(source.length, target.length);
  const table = (float16ToFloat32Table ??= Uint32Array.from({ length: 0x10000 }, (_, bits) =>
    float32BitsOfFloat16(bits),
  ));
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < words.length; i++) words[i] = table[source[i]!]!;
}

/** Rounded to `dtype`, as bits. */
export function floatToBits(value: number, dtype: CheckpointDtype): number {
  switch (dtype) {
    case "float32":
      return float32ToBits(value);
    case "float16":
      return float32ToFloat16(value);
    case "bfloat16":
      return float32ToBfloat16(value);
  }
}

let bfloat16ToFloat16Table: Uint16Array | undefined;
let float16ToFloat32Table: Uint32Array | undefined;

/** float32 bits to float16 bits. */
function float16OfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) {
    return magnitude === 0x7f800000 ? sign | 0x7c00 : sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  }
  // 65520 and more: infinite.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent (127 - 15 = 112), round off 13 bits; a carry runs into the exponent as it should.
    const rebiased = magnitude - (112 << 23);
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  // Below half of the smallest subnormal 2^-24 (a tie goes to the even 0): zero.
  if (magnitude <= 0x33000000) return sign;
  // Subnormal: the significand in units of 2^-24.
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept);
}

/** float32 bits to bfloat16 bits. */
function bfloat16OfBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) | 0x40) & 0xffff;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** float16 bits to float32 bits. */
function float32BitsOfFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction === 0 ? 0 : 0x400000 | (fraction << 13))) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // Subnormal: shift the leading one into place.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}

function checkLengths(source: number, target: number): void {
  if (source !== target) throw new RangeError(`conversion of ${source} elements into an array of ${target}`);
}
