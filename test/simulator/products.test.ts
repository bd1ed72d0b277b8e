/** Products and sums on the HTP simulator at fp16: outer products, linear layers, rows of a Split, ReduceSum. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { randomNumbers } from "../ir/tiny-model.ts";
import { withHtp } from "../qualcomm.ts";
import { Bench, largestError, relativeError, ulp } from "./bench.ts";
import { binary, contract, half, input, regroup, slice, sum } from "./small-ir.ts";

const [heads, size] = [2, 16];
const width = heads * size;

/** Numbers from -1 to 1. */
function numbers(name: string, count = width): number[] {
  const random = randomNumbers(name);
  return Array.from({ length: count }, () => half(2 * random() - 1));
}
const [a, b] = [numbers("a"), numbers("b")];
const outer = Array.from({ length: heads * size * size }, (_, i) => {
  const [h, rest] = [Math.floor(i / size ** 2), i % size ** 2];
  return a[h * size + Math.floor(rest / size)]! * b[h * size + (rest % size)]!;
});

withHtp("products at fp16 on the HTP simulator", () => {
  const bench = new Bench();
  beforeAll(() => bench.run());
  afterAll(() => bench.close());

  const naive = bench.byHand(
    "naive",
    (g) => {
      const rows = g.node("Reshape", [g.input("a", [1, 1, 1, width])], [1, heads, size, 1]);
      const columns = g.node("Reshape", [g.input("b", [1, 1, 1, width])], [1, heads, 1, size]);
      g.node("ElementWiseMultiply", [rows, columns], [1, heads, size, size], [], "product");
    },
    { a, b },
    { product: outer },
  );
  const ours = (() => {
    const product = binary(
      "mul",
      regroup(input("a", `A=${width}`), `H=${heads} I=${size}`),
      regroup(input("b", `A=${width}`), `H=${heads} J=${size}`),
    );
    // A product per head: what makes H a head.
    const y = contract(product, input("c", `H=${heads} J=${size}`), "H I");
    return bench.lowered("outer", { product, y }, { a, b, c: numbers("c") });
  })();

  test("trap: a Multiply of two Reshapes that broadcast against each other is wrong", () => {
    expect(largestError(naive.made.product!, naive.expected.product!)).toBeGreaterThan(0.1);
  });

  test("an outer product is a MatMul, and exact but for one rounding", () => {
    expect(ours.ops).toContain("MatMul");
    expect(ours.ops).not.toContain("ElementWiseMultiply");
    expect(Array.from(ours.expected.product!)).toEqual(outer);
    expect(relativeError(ours.made.product!, outer)).toBeLessThanOrEqual(ulp / 2);
    // Its operand was rounded before.
    expect(largestError(ours.made.y!, ours.expected.y!)).toBeLessThan(4 * ulp);
  });

  const linear = (() => {
    const x = input("x", "D=64");
    const stored = bench.weights.add("stored", "O=48 D=64", (i) => numbers("stored", 48 * 64)[i]!);
    const lora = bench.weights.add("lora", "D=64 R=5", (i) => numbers("lora", 64 * 5)[i]!);
    const results = { stored: contract(stored, x, "O"), lora: contract(x, lora, "R") };
    return bench.lowered("linear", results, { x: numbers("x", 64) });
  })();

  test("linear layers have no bias, and round once", () => {
    const layers = linear.graph.nodes.filter((n) => n.type === "FullyConnected");
    expect(layers.map((n) => n.inputs.length)).toEqual([2, 2]);
    for (const name of ["stored", "lora"])
      expect(relativeError(linear.made[name]!, linear.expected[name]!, 2 ** -14)).toBeLessThanOrEqual(ulp);
  });

  const rows = (() => {
    const [base, difference] = [input("base", "D=64"), input("difference", "D=64")];
    const mixes = bench.weights.add("mixes", "M=4 D=64", (i) => numbers("mixes", 4 * 64)[i]!);
    const shifted = binary("add", binary("mul", mixes, difference), base);
    const outputs = [0, 1, 2, 3].map((row) => {
      const weight = bench.weights.add(`w${row}`, "O=16 D=64", (i) => numbers(`w${row}`, 16 * 64)[i]!);
      return [`row${row}`, contract(weight, slice(shifted, row), "O")] as const;
    });
    const inputs = { base: numbers("base", 64), difference: numbers("difference", 64) };
    return bench.lowered("rows", Object.fromEntries(outputs), inputs);
  })();

  test("rows of a Split, each into a linear layer", () => {
    expect(rows.ops.filter((op) => op === "Split")).toHaveLength(1);
    expect(rows.ops.filter((op) => op === "FullyConnected")).toHaveLength(4);
    // Each of the 64 terms was rounded before; they are below 2.
    for (const [name, expected] of Object.entries(rows.expected))
      expect(largestError(rows.made[name]!, expected), name).toBeLessThan(8 * ulp);
  });

  const sums = (() => {
    const x = input("x", `H=${heads} N=64`);
    const results = { perHead: sum(x, "H"), all: sum(regroup(x, "A=128"), "") };
    return bench.lowered("sums", results, { x: numbers("s", 128) });
  })();

  test("sums are exact but for one rounding", () => {
    for (const name of ["perHead", "all"])
      expect(relativeError(sums.made[name]!, sums.expected[name]!, 2 ** -10)).toBeLessThanOrEqual(ulp);
  });
});
