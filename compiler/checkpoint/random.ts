/**
 * `random:...`: a made-up bfloat16 checkpoint, for trying and timing things without a trained one. An element's value depends on the
 * seed, the tensor's name and the index alone, so any piece can be made at any time, and nothing is kept.
 */

import type { Checkpoint, TensorInfo } from "./checkpoint.ts";
import { float32ToBfloat16 } from "./float16.ts";
import { parseRandom } from "./random-source.ts";
import type { Spread } from "./presets.ts";
import { checkRead } from "./stored-tensor.ts";

/** Diagnostics: checkpoint/random-source, and those of the spec. */
export function openRandom(source: string): Checkpoint {
  const { seed, plans, about } = parseRandom(source);
  const tensors = new Map(plans.map((plan) => [plan.name, { ...plan, dtype: "bfloat16" as const }]));
  return {
    source,
    tensors,
    about,
    readBits(info: TensorInfo, start, out) {
      const tensor = tensors.get(info.name);
      checkRead(source, tensor, info, start, out);
      fill(out, start, keysOf(`${seed}:${tensor.name}`), valueTable(tensor.spread));
    },
    close: () => undefined,
  };
}

/** Elements 2p and 2p + 1 are the table's values at the two halves of a 32-bit hash of p. */
function fill(out: Uint16Array | Uint32Array, start: number, [first, second]: Keys, table: Uint16Array): void {
  let i = 0;
  let pair = Math.floor(start / 2);
  if (start % 2 !== 0 && out.length > 0) out[i++] = table[hash(pair++, first, second) >>> 16]!;
  for (; i + 1 < out.length; i += 2, pair++) {
    const bits = hash(pair, first, second);
    out[i] = table[bits & 0xffff]!;
    out[i + 1] = table[bits >>> 16]!;
  }
  if (i < out.length) out[i] = table[hash(pair, first, second) & 0xffff]!;
}

/** Two 32-bit numbers: with one, tensors would hold shifted copies of each other's values. */
type Keys = readonly [number, number];

/**
 * The integer mixer "lowbias32" of Chris Wellons (nullprogram.com/blog/2018/07/31, public domain), with the second key
 * added between its two multiplications.
 */
function hash(index: number, first: number, second: number): number {
  let bits = index ^ first;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d) + second;
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), finished by the mixer. */
function keysOf(text: string): Keys {
  let bits = 0x811c9dc5;
  for (const byte of Buffer.from(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  return [hash(bits, 0, 0x9e3779b9), hash(bits, 0x85ebca6b, 0)];
}

const tables = new Map<string, Uint16Array>();

/** The spread's quantiles at (i + 1/2) / 65536, in bfloat16: a uniform index draws from the spread. */
function valueTable(spread: Spread): Uint16Array {
  const key = JSON.stringify(spread);
  let table = tables.get(key);
  if (table === undefined) {
    // A preset has some twenty spreads.
    if (tables.size >= 64) tables.clear();
    table = Uint16Array.from({ length: 0x10000 }, (_, i) => float32ToBfloat16(quantile(spread, i)));
    tables.set(key, table);
  }
  return table;
}

function quantile(spread: Spread, index: number): number {
  switch (spread.kind) {
    case "normal":
      return spread.mean + spread.deviation * normalQuantiles()[index]!;
    case "uniform":
      return spread.low + ((spread.high - spread.low) * (index + 0.5)) / 0x10000;
  }
}

let normals: Float64Array | undefined;

/** Of the standard normal distribution, at (i + 1/2) / 65536. */
function normalQuantiles(): Float64Array {
  return (normals ??= Float64Array.from({ length: 0x10000 }, (_, i) => inverseNormal((i + 0.5) / 0x10000)));
}

/**
 * P. J. Acklam's rational approximation of the inverse normal distribution function (relative error below 1.2e-9), in
 * plain arithmetic and square roots but for a logarithm in the tails; bfloat16 keeps three digits of it.
 */
function inverseNormal(p: number): number {
  if (p > 0.5) return -inverseNormal(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(tailOver, q) / horner(tailUnder, q);
  }
  const q = p - 0.5;
  const r = q * q;
  return (horner(middleOver, r) * q) / horner(middleUnder, r);
}

const horner = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, c) => sum * x + c, 0);

const middleOver = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const middleUnder = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
];
const tailOver = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const tailUnder = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
