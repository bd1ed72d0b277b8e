/** Scales of weights and rounding with compensation: against plain definitions, on random and on degenerate problems. */
import { describe, expect, test } from "vitest";

import { factorSecondOrder } from "../../compiler/calibrate/factor-second-order.ts";
import { quantizeWithCompensation } from "../../compiler/calibrate/round-weights.ts";
import { searchScales } from "../../compiler/calibrate/search-scales.ts";
import { nearestStored, rowScales, roundToNearest, type WeightGrid } from "../../compiler/calibrate/weight-grid.ts";

let seed = 11;
const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const random = (count: number) => Float32Array.from({ length: count }, normal);

/** X^T X of `samples` inputs that go together: each is a mix of a few causes, and a little of its own. */
function secondOrder(size: number, samples: number, causes = 4, own = 0.3) {
  const mix = random(causes * size);
  const values = new Float32Array(size * size);
  for (let t = 0; t < samples; t++) {
    const cause = random(causes);
    const x = Float32Array.from({ length: size }, (_, i) => {
      let sum = own * normal();
      for (let c = 0; c < causes; c++) sum += cause[c]! * mix[c * size + i]!;
      return sum;
    });
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) values[i * size + j]! += x[i]! * x[j]!;
  }
  return { size, values };
}

/** (w - q)^T (H + added) (w - q), by row. */
function errors(
  rows: Float32Array,
  stored: Int8Array,
  grid: WeightGrid,
  h: { size: number; values: Float32Array },
  added = 0,
) {
  const { size, values } = h;
  const scales = new Float64Array(size);
  return Array.from({ length: rows.length / size }, (_, row) => {
    rowScales(grid, row, size, scales);
    const e = Float64Array.from(
      { length: size },
      (_, i) => rows[row * size + i]! - scales[i]! * stored[row * size + i]!,
    );
    let sum = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) sum += e[i]! * e[j]! * values[i * size + j]!;
      sum += added * e[i]! * e[i]!;
    }
    return sum;
  });
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const meanDiagonal = ({ size, values }: { size: number; values: Float32Array }) =>
  sum(Array.from({ length: size }, (_, i) => values[i * size + i]!)) / size;

test("the nearest stored value: to even, and clipped", () => {
  const cases = [
    [0.5, 0],
    [1.5, 2],
    [-0.5, -0],
    [-1.5, -2],
    [2.4999, 2],
    [7.6, 7],
    [-9, -8],
    [-8.2, -8],
    [1e300, 7],
    [-1e300, -8],
  ];
  // + 0: not -0.
  for (const [quotient, stored] of cases) expect(nearestStored(quotient!, -8, 7) + 0).toBe(stored! + 0);
});

describe("factors", () => {
  test.each([1, 2, 5, 37])("U^T U is the inverse of the damped matrix, of %i inputs", (size) => {
    const h = secondOrder(size, 50);
    const damping = 0.01;
    const { groups } = factorSecondOrder(h, { damping });
    const [{ inputs, factor }] = groups as [(typeof groups)[0]];
    const added = damping * meanDiagonal(h);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        // (U^T U) H = 1
        let product = 0;
        for (let k = 0; k < size; k++) {
          let inverse = 0;
          for (let m = 0; m < size; m++) inverse += factor[m * size + i]! * factor[m * size + k]!;
          product += inverse * (h.values[inputs[k]! * size + inputs[j]!]! + (k === j ? added : 0));
        }
        expect(product).toBeCloseTo(i === j ? 1 : 0, 4);
      }
    }
  });
});

describe("compensation", () => {
  test.each([
    [4, undefined, 0.01],
    [8, undefined, 0.01],
    [4, 16, 0.01],
    [4, undefined, 1],
    [4, undefined, 1e-9],
  ] as const)(
    "is never worse than the nearest and mostly much better: %i bits, blocks of %s, damping %f",
    (bits, block, damping) => {
      for (const [size, samples] of [
        [16, 64],
        [48, 200],
        [64, 20],
      ] as const) {
        const h = secondOrder(size, samples);
        const rows = random(size * 24);
        const grid = searchScales(rows, size, block === undefined ? { bits } : { bits, block });
        const factored = factorSecondOrder(h, { damping });
        const added = damping * meanDiagonal(h);
        const compensated = errors(rows, quantizeWithCompensation(rows, factored, grid), grid, h, added);
        const nearest = errors(rows, roundToNearest(rows, size, grid), grid, h, added);
        for (const [row, error] of compensated.entries())
          expect(error).toBeLessThanOrEqual(nearest[row]! * 1.0001 + 1e-6);
        if (damping < 0.1) expect(sum(compensated)).toBeLessThan(0.6 * sum(nearest));
      }
    },
  );

  test("a window of rows gives what the whole gives", () => {
    const h = secondOrder(32, 100);
    const rows = random(32 * 20);
    const grid = searchScales(rows, 32, { bits: 4, block: 16 });
    const factored = factorSecondOrder(h);
    const whole = quantizeWithCompensation(rows, factored, grid);
    const part = quantizeWithCompensation(rows.subarray(32 * 5, 32 * 9), factored, {
      ...{ bits: 4, scales: grid.scales.subarray(5, 9) },
      blocks: { size: 16, scales: grid.blocks!.scales.subarray(10, 18) },
    });
    expect(part).toEqual(whole.subarray(32 * 5, 32 * 9));
  });

  test("groups of inputs: still never worse than the nearest within each", () => {
    const h = secondOrder(50, 300);
    const rows = random(50 * 10);
    const grid = searchScales(rows, 50, { bits: 4 });
    const factored = factorSecondOrder(h, { most: 20 });
    expect(factored.groups.map(({ inputs }) => inputs.length)).toEqual([16, 17, 17]);
    const compensated = errors(rows, quantizeWithCompensation(rows, factored, grid), grid, h);
    expect(sum(compensated)).toBeLessThan(sum(errors(rows, roundToNearest(rows, 50, grid), grid, h)));
  });

  test("weights on the grid stay what they are", () => {
    const h = secondOrder(24, 100);
    const grid: WeightGrid = { bits: 4, scales: Float64Array.from([0.5, 2]) };
    const stored = Int8Array.from({ length: 48 }, (_, i) => (i % 16) - 8);
    const rows = Float32Array.from(stored, (value, i) => value * grid.scales[Math.floor(i / 24)]!);
    expect(quantizeWithCompensation(rows, factorSecondOrder(h), grid)).toEqual(stored);
  });

  test("independent inputs: nothing to make good, so the nearest", () => {
    const size = 20;
    const values = new Float32Array(size * size);
    for (let i = 0; i < size; i++) values[i * size + i] = i + 1;
    const rows = random(size * 6);
    const grid = searchScales(rows, size, { bits: 4 });
    expect(quantizeWithCompensation(rows, factorSecondOrder({ size, values }), grid)).toEqual(
      roundToNearest(rows, size, grid),
    );
  });

  test("two inputs that are always equal: the second takes the first one's error over", () => {
    // 0.4 + 0.4 = 0.8: one of them has to be 1, which rounding each by itself does not find.
    const h = { size: 2, values: Float32Array.from([1, 1, 1, 1]) };
    const grid: WeightGrid = { bits: 4, scales: Float64Array.from([1]) };
    const stored = quantizeWithCompensation(
      Float32Array.from([0.4, 0.4]),
      factorSecondOrder(h, { damping: 1e-6 }),
      grid,
    );
    expect([...stored].sort()).toEqual([0, 1]);
  });

  test.each([
    ["all zeros", () => 0],
    ["inputs that are always 0", (i: number, j: number) => (i === j && i % 2 === 0 ? 3 : 0)],
    ["all inputs equal", () => 1e6],
    ["not finite", (i: number, j: number) => (i === j ? NaN : Infinity)],
    ["not positive, by rounding", (i: number, j: number) => (i === j ? 1 : 1.001)],
    ["tiny", (i: number, j: number) => (i === j ? 1e-38 : 0)],
  ])("degenerate statistics: %s", (_name, value) => {
    const size = 12;
    const values = Float32Array.from({ length: size * size }, (_, at) => value(Math.floor(at / size), at % size));
    const rows = random(size * 3);
    const grid = searchScales(rows, size, { bits: 4 });
    const stored = quantizeWithCompensation(rows, factorSecondOrder({ size, values }), grid);
    const nearest = roundToNearest(rows, size, grid);
    for (let i = 0; i < stored.length; i++) if (values.every((v) => !(v > 0))) expect(stored[i]).toBe(nearest[i]);
    expect(stored.length).toBe(rows.length);
  });
});

describe("scales", () => {
  const plainError = (rows: Float32Array, grid: WeightGrid, size: number) => {
    const identity = { size, values: new Float32Array(size * size) };
    for (let i = 0; i < size; i++) identity.values[i * size + i] = 1;
    return sum(errors(rows, roundToNearest(rows, size, grid), grid, identity));
  };

  test.each([4, 8] as const)("err less than those of the largest magnitude, with %i bits", (bits) => {
    const rows = random(64 * 16);
    rows[5] = 30;
    const whole = Float64Array.from({ length: 16 }, (_, row) =>
      Math.fround(Math.max(...rows.subarray(row * 64, (row + 1) * 64).map(Math.abs)) / (2 ** (bits - 1) - 1)),
    );
    const found = searchScales(rows, 64, { bits });
    expect(plainError(rows, found, 64)).toBeLessThan(plainError(rows, { bits, scales: whole }, 64));
    for (const scale of found.scales) expect(scale === Math.fround(scale) && scale > 0).toBe(true);
  });

  test("blocks err less than channels, small blocks less than large ones", () => {
    const rows = random(128 * 16);
    const of = (block?: 16 | 64) =>
      plainError(rows, searchScales(rows, 128, { bits: 4, ...(block && { block }) }), 128);
    expect(of(64)).toBeLessThan(of());
    expect(of(16)).toBeLessThan(of(64));
  });

  test("block scales are integers from 1 to 16, of zeros too", () => {
    const rows = new Float32Array(64 * 2);
    for (let i = 64; i < 80; i++) rows[i] = normal();
    const { scales, blocks } = searchScales(rows, 64, { bits: 4, block: 16 });
    expect(scales[0]).toBeGreaterThan(0);
    for (const scale of blocks!.scales) expect(scale >= 1 && scale <= 16).toBe(true);
    expect(blocks!.scales[4]).toBe(16);
  });

  test("importance: what is never read does not count", () => {
    const rows = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 5 : normal()));
    const importance = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 0 : 1));
    const [plain, weighted] = [searchScales(rows, 32, { bits: 4 }), searchScales(rows, 32, { bits: 4, importance })];
    expect(weighted.scales[0]).toBeLessThan(plain.scales[0]!);
  });
});

test("a square of 1024 in seconds", () => {
  const size = 1024;
  const values = new Float32Array(size * size);
  const base = random(size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) values[i * size + j] = base[i]! * base[j]! + (i === j ? 1 : 0);
  const rows = random(size * size);
  const start = performance.now();
  const times: number[] = [];
  const lap = () => times.push(Math.round(performance.now() - start));
  const grid = searchScales(rows, size, { bits: 4, block: 32 });
  lap();
  const factored = factorSecondOrder({ size, values });
  lap();
  quantizeWithCompensation(rows, factored, grid);
  lap();
  expect(times.at(-1), String(times)).toBeLessThan(30_000);
}, 60_000);
