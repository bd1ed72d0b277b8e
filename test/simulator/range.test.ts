/** The ends of fp16 on the HTP simulator, Divide, and Gather's first and last row. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { withHtp } from "../qualcomm.ts";
import { Bench, ramp, relativeError, ulp } from "./bench.ts";
import { binary, contract, gather, input, number, token, unary } from "./small-ir.ts";

withHtp("the ends of fp16 on the HTP simulator", () => {
  const bench = new Bench();
  beforeAll(() => bench.run());
  afterAll(() => bench.close());

  const [a, b] = [input("a", "D=32"), input("b", "D=32")];
  const quotient = (name: string, from: number, to: number) =>
    bench.lowered(name, { y: binary("div", a, b) }, { a: ramp(1, 1000, 32), b: ramp(from, to, 32) });
  const sane = quotient("sane", 0.01, 16384);
  const beyond = quotient("beyond", 16400, 65504);

  test("quotients by up to 16384", () => {
    expect(relativeError(sane.made.y!, sane.expected.y!, 2 ** -10)).toBeLessThanOrEqual(2.5 * ulp);
  });

  test("trap: a quotient by more than 16384 is 0, as its reciprocal is; divisors have to be scaled by a policy", () => {
    expect(Array.from(beyond.made.y!)).toEqual(new Array(32).fill(0));
  });

  const near = (() => {
    const diagonal = bench.weights.add("diagonal", "O=32 D=32", (i) => (i % 33 === 0 ? 1 : 0));
    const results = {
      sum: binary("add", a, b),
      difference: binary("sub", a, unary("neg", b)),
      product: binary("mul", a, number(0.999)),
      linear: contract(diagonal, a, "O"),
      largest: binary("max", a, b),
    };
    return bench.lowered("near", results, { a: ramp(32000, 65504, 32), b: ramp(-32000, 0, 32).reverse() });
  })();

  test("numbers up to 65504 are numbers everywhere", () => {
    for (const [name, expected] of Object.entries(near.expected))
      expect(relativeError(near.made[name]!, expected), name).toBeLessThanOrEqual(ulp);
  });

  const over = (() => {
    const product = binary("mul", a, a);
    const results = { product, back: binary("mul", product, number(0.5)), sum: binary("add", product, b) };
    return bench.lowered("over", results, { a: ramp(270, 350, 32), b: ramp(1, 2, 32) });
  })();

  test("trap: a product beyond 65504 goes on as a number in Multiply, and is none for Add and the reader", () => {
    expect(Array.from(over.made.product!).some(Number.isFinite)).toBe(false);
    expect(Array.from(over.made.sum!).some(Number.isFinite)).toBe(false);
    // Half of it is within range again, and right: nothing downstream need show the overflow.
    expect(relativeError(over.made.back!, over.expected.back!)).toBeLessThanOrEqual(2 * ulp);
  });

  const vocabulary = 37;
  const table = bench.weights.add("table", `V=${vocabulary} D=32`, (i) => i / 100);
  const rows = [0, 1, vocabulary - 1].map((at) => {
    return { at, trial: bench.lowered(`row${at}`, { y: gather(table, token()) }, {}, at) };
  });

  test.each(rows)("row $at of a table is gathered as it is", ({ trial }) => {
    expect(Array.from(trial.made.y!)).toEqual(Array.from(trial.expected.y!));
  });
});
