import { expect, test } from "vitest";

import { addErrors, decibels, noErrors } from "../../compiler/compare/error-sums.ts";

test("noise is against the reference, introduced against the ideal, inherited is the ideal's own", () => {
  const sums = noErrors();
  addErrors(sums, { data: [3, 4], scale: 1 }, { data: [3.5, 4], scale: 1 }, [3.25, 4]);
  addErrors(sums, { data: [0, 1], scale: 1 }, { data: [0, 2], scale: 1 }, [0, 1]);
  expect(sums).toMatchObject({ signal: 26, noise: 1.25, introduced: 1.0625, inherited: 0.0625 });
});

test("scales of policies are undone on both sides", () => {
  const sums = noErrors();
  addErrors(sums, { data: [8, 16], scale: 2 }, { data: [1, 2.25], scale: 1 / 4 });
  expect(sums).toMatchObject({ signal: 80, noise: 1, introduced: 0, inherited: 0 });
});

test("what is not finite is counted, and in no sum", () => {
  const sums = noErrors();
  addErrors(sums, { data: [1, NaN, 2], scale: 1 }, { data: [Infinity, 1, 2], scale: 1 }, [1, 1, 2]);
  expect(sums).toEqual({
    ...{ signal: 4, noise: 0, introduced: 0, inherited: 0 },
    ...{ referenceNotFinite: 1, otherNotFinite: 1 },
  });
});

test("decibels", () => {
  expect(decibels(100, 1)).toBeCloseTo(20, 12);
  expect(decibels(1, 0)).toBe(Infinity);
});
