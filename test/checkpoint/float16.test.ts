import { describe, expect, test } from "vitest";

import {
  bfloat16ToFloat16,
  bfloat16ToFloat32,
  bitsToFloat32,
  convertBfloat16ToFloat16,
  convertBfloat16ToFloat32,
  convertFloat16ToFloat32,
  convertFloat32ToFloat16,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToBits,
  float32ToFloat16,
  floatToBits,
} from "../../compiler/checkpoint/float16.ts";
import { ramp, seededRandom } from "./write-files.ts";

/** A binary format by its definition: the value of a pattern, and the nearest pattern of a value, in exact doubles. */
class Format {
  constructor(
    readonly exponentBits: number,
    readonly fractionBits: number,
  ) {}

  get bias(): number {
    return 2 ** (this.exponentBits - 1) - 1;
  }

  value(bits: number): number {
    const sign = bits >>> (this.exponentBits + this.fractionBits) === 1 ? -1 : 1;
    const exponent = Math.floor(bits / 2 ** this.fractionBits) % 2 ** this.exponentBits;
    const fraction = (bits % 2 ** this.fractionBits) / 2 ** this.fractionBits;
    if (exponent === 2 ** this.exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
    if (exponent === 0) return sign * fraction * 2 ** (1 - this.bias);
    return sign * (1 + fraction) * 2 ** (exponent - this.bias);
  }

  /** Round to nearest, ties to even, of a value that is not NaN; halving and doubling are exact. */
  nearest(value: number): number {
    const sign = value < 0 || Object.is(value, -0) ? 2 ** (this.exponentBits + this.fractionBits) : 0;
    let significand = Math.abs(value);
    const infinity = (2 ** this.exponentBits - 1) * 2 ** this.fractionBits;
    if (significand === Infinity) return sign + infinity;
    let exponent = 1;
    significand *= 2 ** (this.bias - 1);
    while (significand >= 2) {
      significand /= 2;
      exponent++;
    }
    const scaled = significand * 2 ** this.fractionBits;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
    // The hidden bit adds one to the exponent field; a subnormal has none.
    return sign + Math.min(infinity, (exponent - 1) * 2 ** this.fractionBits + rounded);
  }
}

const half = new Format(5, 10);
const brain = new Format(8, 7);
const all = ramp(0x10000);

/** Equal also in the sign of zero; NaN equals NaN. */
const differences = (got: (bits: number) => number, expected: (bits: number) => number): number[] =>
  [...all].filter((bits) => !Object.is(got(bits), expected(bits)));

describe("all 65536 patterns", () => {
  test("float16 and bfloat16 to float32", () => {
    expect(differences(float16ToFloat32, (bits) => half.value(bits))).toEqual([]);
    expect(differences(bfloat16ToFloat32, (bits) => brain.value(bits))).toEqual([]);
  });

  test("bfloat16 to float16, to nearest even", () => {
    const expected = (bits: number): number => {
      const value = brain.value(bits);
      return Number.isNaN(value) ? (bits & 0x8000) | 0x7e00 | ((bits & 0x7f) << 3) : half.nearest(value);
    };
    expect(differences(bfloat16ToFloat16, expected)).toEqual([]);
  });

  test("there and back", () => {
    const notNan = (bits: number, format: Format): boolean => !Number.isNaN(format.value(bits));
    expect(
      differences(
        (b) => float32ToFloat16(float16ToFloat32(b)),
        (b) => (notNan(b, half) ? b : b | 0x200),
      ),
    ).toEqual([]);
    expect(
      differences(
        (b) => float32ToBfloat16(bfloat16ToFloat32(b)),
        (b) => (notNan(b, brain) ? b : b | 0x40),
      ),
    ).toEqual([]);
  });

  test("the bulk conversions agree with the single ones", () => {
    const floats = new Float32Array(all.length);
    convertFloat16ToFloat32(all, floats);
    expect(differences((bits) => floats[bits]!, float16ToFloat32)).toEqual([]);
    convertBfloat16ToFloat32(all, floats);
    expect(differences((bits) => floats[bits]!, bfloat16ToFloat32)).toEqual([]);

    const halves = new Uint16Array(all.length);
    const overflows = convertBfloat16ToFloat16(all, halves);
    expect(differences((bits) => halves[bits]!, bfloat16ToFloat16)).toEqual([]);
    const finiteToInfinite = (bits: number): boolean =>
      Math.abs(brain.value(bits)) >= 65520 && Number.isFinite(brain.value(bits));
    expect(overflows).toBe([...all].filter(finiteToInfinite).length);

    const again = new Uint16Array(all.length);
    expect(convertFloat32ToFloat16(new Uint32Array(floats.buffer), again)).toBe(overflows);
    expect(again).toEqual(halves);

    const inPlace = all.slice();
    convertBfloat16ToFloat16(inPlace, inPlace);
    expect(inPlace).toEqual(halves);
  });
});

/** Every value of the format from 0 to infinity, the midpoint to the next one, and the float32 numbers around both. */
function aroundMidpoints(format: Format): number[] {
  const values: number[] = [];
  const infinity = (2 ** format.exponentBits - 1) * 2 ** format.fractionBits;
  for (let bits = 0; bits < infinity; bits++) {
    const value = format.value(bits);
    const next = bits + 1 === infinity ? 2 * value - format.value(bits - 1) : format.value(bits + 1);
    const pattern = float32ToBits((value + next) / 2);
    values.push(value, bitsToFloat32(pattern - 1), bitsToFloat32(pattern), bitsToFloat32(pattern + 1));
  }
  return values.flatMap((value) => [value, -value]);
}

test.each([
  ["float16", half, float32ToFloat16],
  ["bfloat16", brain, float32ToBfloat16],
] as const)("float32 to %s at and around every midpoint", (_, format, convert) => {
  const wrong = aroundMidpoints(format).filter(
    (value) => !Number.isNaN(value) && convert(value) !== format.nearest(value),
  );
  expect(wrong).toEqual([]);
});

test.each([
  ["float16", half, float32ToFloat16],
  ["bfloat16", brain, float32ToBfloat16],
] as const)("float32 to %s, random patterns", (_, format, convert) => {
  const random = seededRandom(1);
  for (let i = 0; i < 100_000; i++) {
    const value = bitsToFloat32(Math.floor(random() * 2 ** 32));
    if (Number.isNaN(value)) expect(format.value(convert(value))).toBeNaN();
    else if (convert(value) !== format.nearest(value))
      expect([value, convert(value)]).toEqual([value, format.nearest(value)]);
  }
});

test("the ends of float16's range", () => {
  expect(float32ToFloat16(65504)).toBe(0x7bff);
  expect(float32ToFloat16(65519.996)).toBe(0x7bff);
  expect(float32ToFloat16(65520)).toBe(0x7c00);
  expect(float32ToFloat16(-1e30)).toBe(0xfc00);
  expect(float32ToFloat16(2 ** -24)).toBe(1);
  expect(float32ToFloat16(2 ** -25)).toBe(0);
  expect(float32ToFloat16(-(2 ** -25) * 1.0000001)).toBe(0x8001);
  expect(float32ToFloat16(-1e-30)).toBe(0x8000);
});

test("only finite values count as overflows", () => {
  const values = Float32Array.of(65504, 65520, -1e9, Infinity, -Infinity, NaN);
  expect(convertFloat32ToFloat16(new Uint32Array(values.buffer), new Uint16Array(6))).toBe(2);
});

test("a value's bits in each dtype", () => {
  expect(floatToBits(-1.5, "float32")).toBe(0xbfc00000);
  expect(floatToBits(-1.5, "float16")).toBe(0xbe00);
  expect(floatToBits(-1.5, "bfloat16")).toBe(0xbfc0);
});

test("arrays of different lengths are refused", () => {
  expect(() => convertBfloat16ToFloat16(new Uint16Array(2), new Uint16Array(3))).toThrow(RangeError);
});
