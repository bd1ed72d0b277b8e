/** Norms on the HTP simulator at fp16: epsilons, zero and tiny vectors, values whose squares leave fp16. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { splitGroupNorm } from "../../compiler/passes/split-group-norm.ts";
import { randomNumbers } from "../ir/tiny-model.ts";
import { withHtp } from "../qualcomm.ts";
import { Bench, largestError, relativeError, ulp } from "./bench.ts";
import { half, input, norm } from "./small-ir.ts";

const width = 64;

function numbers(name: string, magnitude: number, count = width): number[] {
  const random = randomNumbers(name);
  return Array.from({ length: count }, () => half((2 * random() - 1) * magnitude));
}

withHtp("norms at fp16 on the HTP simulator", () => {
  const bench = new Bench();
  beforeAll(() => bench.run());
  afterAll(() => bench.close());
  const weight = bench.weights.add("weight", `D=${width}`, (i) => 0.5 + i / width);
  const bias = bench.weights.add("bias", `D=${width}`, (i) => 1 - i / width);

  const l2 = bench.lowered(
    "l2",
    { y: norm("l2", 1e-12, input("x", `H=5 D=${width}`)) },
    {
      x: [
        // Ordinary, zero, tiny (subnormal numbers among them), large, one element alone.
        ...numbers("a", 1),
        ...Array.from({ length: width }, () => 0),
        ...numbers("b", 1e-4),
        ...numbers("c", 60000),
        ...Array.from({ length: width }, (_, i) => (i === 7 ? -3 : 0)),
      ],
    },
  );

  test("l2 norm: zero stays zero, a tiny vector has length 1 all the same", () => {
    const row = (values: Float64Array, n: number) => Array.from(values.subarray(n * width, (n + 1) * width));
    expect(row(l2.made.y!, 1)).toEqual(row(l2.expected.y!, 1));
    expect(Math.hypot(...row(l2.made.y!, 2))).toBeCloseTo(1, 2);
    expect(largestError(l2.made.y!, l2.expected.y!)).toBeLessThanOrEqual(ulp);
  });

  test("trap: L2Norm's epsilon bounds the sum of squares, so ours is the square of the spec's", () => {
    const epsilon = l2.graph.nodes.flatMap((n) => n.params).find((p) => p.name === "epsilon");
    expect(epsilon).toMatchObject({ value: 1e-24 });
  });

  const layer = (name: string, x: readonly number[], eps: number) =>
    bench.lowered(name, { y: norm("layer", eps, input("x", `D=${width}`), weight, bias) }, { x });
  const ordinary = layer("ordinary", numbers("d", 3), 1e-5);
  const tiny = layer("tiny", numbers("e", 2e-3), 1e-5);
  const constant = layer(
    "constant",
    Array.from({ length: width }, () => 5),
    1e-5,
  );
  const large = layer("large", numbers("f", 60000), 1e-5);
  const extreme = layer(
    "extreme",
    Array.from({ length: width }, (_, i) => (i % 2 ? 65504 : -65504)),
    1e-5,
  );

  test("layer norm: weight and bias are there, and the result is right to fp16", () => {
    expect(ordinary.graph.nodes.find((n) => n.type === "LayerNorm")!.inputs).toHaveLength(3);
    expect(largestError(ordinary.made.y!, ordinary.expected.y!)).toBeLessThanOrEqual(4 * ulp);
  });

  test("layer norm: epsilon counts where the variance is as small", () => {
    expect(largestError(tiny.made.y!, tiny.expected.y!)).toBeLessThanOrEqual(4 * ulp);
    expect(largestError(constant.made.y!, constant.expected.y!)).toBeLessThanOrEqual(ulp);
  });

  test("layer norm of values whose squares overflow fp16", () => {
    expect(largestError(large.made.y!, large.expected.y!)).toBeLessThanOrEqual(4 * ulp);
    expect(largestError(extreme.made.y!, extreme.expected.y!)).toBeLessThanOrEqual(4 * ulp);
  });

  const group = (() => {
    const [w, b] = ["gw", "gb"].map((name, at) =>
      bench.weights.add(name, "H=4 N=64", (i) => (at === 0 ? 1 + i / 256 : 0.5 - i / 256)),
    );
    const x = [0.01, 1, 300, 20000].flatMap((magnitude, h) => numbers(`g${h}`, magnitude));
    const value = norm("group", 64e-5, input("x", "H=4 N=64"), w!, b!);
    // The pass gives weight and bias their own operations.
    const split = splitGroupNorm({ layerCount: 1, states: [], logits: value }).logits;
    return bench.lowered("group", { y: split }, { x });
  })();

  test("group norm is a LayerNorm over each head, epsilon 64e-5", () => {
    expect(group.ops).toContain("LayerNorm");
    expect(group.ops).not.toContain("GroupNorm");
    expect(largestError(group.made.y!, group.expected.y!)).toBeLessThanOrEqual(4 * ulp);
  });

  // Heads whose mean is large against their spread, as numerics would have it: 1 ulp + (mean/sigma) * 7e-5.
  const offset = bench.lowered(
    "offset",
    { y: norm("layer", 1e-5, input("x", `D=${width}`), weight, bias) },
    { x: numbers("o", 1).map((v) => half(v + 30)) },
  );

  test("layer norm of values far from zero loses little", () => {
    expect(relativeError(offset.made.y!, offset.expected.y!, 1)).toBeLessThan(ulp + 60 * 7e-5 * 2);
  });
});
