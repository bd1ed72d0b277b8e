/** How a run is held against the oracle: what counts as a difference, and which departure is the first. */
import { describe, expect, it } from "vitest";
import type { TypedEquation } from "../../compiler/check/typed.ts";
import { Comparison, firstDeparture, worstOf } from "../../compiler/oracle/compare.ts";

const span = (start: number) => ({ file: "s", start, end: start + 1 });

/** An equation of one axis. */
function equation(name: string, start: number): TypedEquation {
  const axes = [{ label: "d", dim: "D" }];
  const expr = { kind: "number" as const, value: 0, axes, span: span(start) };
  return { target: { kind: "local", name }, axes, expr, span: span(start), text: name };
}

/** Compares runs of equations in one layer: per equation and token what is expected and what is found. */
function compared(
  runs: Readonly<
    Record<string, { readonly scale?: number; readonly expected: number[][]; readonly found: number[][] }>
  >,
) {
  const comparison = new Comparison(
    ({ target }) => ({ tensor: target.name, scale: runs[target.name]!.scale ?? 1 }),
    (tensor, token) => runs[tensor]!.found[token]!,
  );
  Object.entries(runs).forEach(([name, { expected }], at) =>
    expected.forEach((values, token) =>
      comparison.add({
        ...{ path: `blocks.0.part.${name}`, equation: equation(name, at), part: "part", layer: 0, token },
        value: { labels: ["d"], sizes: [values.length], data: Float64Array.from(values) },
      }),
    ),
  );
  return comparison.equations();
}

describe("the comparison", () => {
  it("takes differences relative to the largest value over all tokens", () => {
    const [a] = compared({
      a: {
        expected: [
          [0.5, 0],
          [-8, 1],
        ],
        found: [
          [0.5, 0.4],
          [-8, 1],
        ],
      },
    });
    expect(worstOf(a!)).toMatchObject({ token: 0, index: [1], found: 0.4, expected: 0 });
    expect(worstOf(a!).relative).toBeCloseTo(0.05, 12);
  });

  it("divides the stored values by their scale", () => {
    const [a] = compared({ a: { scale: 1 / 4, expected: [[4, 8]], found: [[1, 2.5]] } });
    expect(worstOf(a!)).toMatchObject({ found: 10, expected: 8, relative: 0.25 });
  });

  it("lets no value that is not a number pass, nor an infinite one", () => {
    for (const wrong of [NaN, Infinity]) {
      const equations = compared({
        a: { expected: [[1, 2]], found: [[1, 2]] },
        b: { expected: [[1, 2]], found: [[wrong, 2]] },
      });
      expect(firstDeparture(equations, 1e9)?.equation.path).toBe("blocks.0.part.b");
    }
  });

  it("differs infinitely from what is zero throughout", () => {
    const [a, b] = compared({
      a: { expected: [[0]], found: [[0]] },
      b: { expected: [[0]], found: [[1e-9]] },
    });
    expect(worstOf(a!).relative).toBe(0);
    expect(worstOf(b!).relative).toBe(Infinity);
  });

  it("names the earliest token's departure, and of that the first equation's", () => {
    const equations = compared({
      a: { expected: [[1], [1]], found: [[1], [3]] },
      b: { expected: [[1], [1]], found: [[1.5], [1]] },
      c: { expected: [[1], [1]], found: [[2], [2]] },
    });
    expect(firstDeparture(equations, 0.1)).toMatchObject({
      equation: { path: "blocks.0.part.b" },
      difference: { token: 0, relative: 0.5 },
    });
    expect(firstDeparture(equations, 2.5)).toBeUndefined();
  });

  it("leaves what is not finite in the model itself out of the magnitude, and says where it begins", () => {
    const [a] = compared({
      a: {
        expected: [
          [2, 1],
          [2, NaN],
          [Infinity, NaN],
        ],
        found: [
          [2, 1],
          [2, NaN],
          [Infinity, 7],
        ],
      },
    });
    expect(a).toMatchObject({ magnitude: 2, notFinite: { token: 1, index: [1] } });
    expect(a!.differences.map((d) => d.relative)).toEqual([0, 0, Infinity]);
  });
});
