/** Activation functions on the HTP simulator at fp16: outside its range, and behind ops that select a coarse table. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { IrUnary } from "../../compiler/ir/ir.ts";
import { withHtp } from "../qualcomm.ts";
import { Bench, largestError, ramp, relativeError, ulp } from "./bench.ts";
import { binary, contract, input, regroup, unary } from "./small-ir.ts";

const width = 64;
const x = ramp(-7, 7, width);
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const transposeIn1 = { name: "transpose_in1", kind: "scalar", dtype: "bool8", value: true } as const;

withHtp("activation functions at fp16 on the HTP simulator", () => {
  const bench = new Bench();
  beforeAll(() => bench.run());
  afterAll(() => bench.close());
  const identity = bench.weights.add("identity", `O=${width} D=${width}`, (i) => (i % (width + 1) === 0 ? 1 : 0));

  const low = ramp(-120, -89, 32);
  const naiveExp = bench.byHand(
    "naiveExp",
    (g) => void g.node("ElementWiseExp", [g.input("x", [1, 32])], [1, 32], [], "exp"),
    { x: low },
    { exp: low.map(Math.exp) },
  );
  const wide = [...ramp(-30000, -89, 16), ...ramp(-88, 11, 100), ...ramp(11.01, 30000, 16)];
  const exp = bench.lowered("exp", { y: unary("exp", input("x", `D=${wide.length}`)) }, { x: wide });
  const decay = (() => {
    const outer = unary("exp", unary("neg", unary("exp", input("x", "D=32"))));
    return bench.lowered("decay", { outer }, { x: ramp(-8, 8, 32) });
  })();

  test("trap: Exp below -88 is garbage", () => {
    expect(largestError(naiveExp.made.exp!, naiveExp.expected.exp!)).toBeGreaterThan(1);
  });

  test("exp is right over all of fp16, up to exp(11)", () => {
    const expected = wide.map((v) => Math.exp(Math.min(v, 11)));
    expect(relativeError(exp.made.y!, expected, 2 ** -14)).toBeLessThanOrEqual(ulp);
  });

  test("a decay exp(-exp(w)) goes to 0 and 1", () => {
    expect(largestError(decay.made.outer!, decay.expected.outer!)).toBeLessThan(2 * ulp);
    expect(decay.made.outer![31]).toBe(0);
  });

  // Each activation has an operand of its own, from inputs of its own: the table is taken only where nobody else reads it,
  // and equal operations are made one.
  const halves = x.map((v) => v / 2);
  const operands = ["linear", "product", "sum", "heads", "bias", "biasOfLinear", "itself"];
  const inputs = Object.fromEntries(operands.map((name) => [name, name === "sum" ? halves : x]));
  const naive = (["Sigmoid", "Tanh"] as const).map((op) =>
    bench.byHand(
      `naive${op}`,
      (g) => {
        const [dims, weight] = [[1, width], g.weight(identity, [width, width])];
        const part = g.input("sum", dims);
        const behind = {
          linear: g.node("FullyConnected", [g.input("linear", dims), weight], dims),
          product: g.node("MatMul", [g.input("product", dims), weight], dims, [transposeIn1]),
          sum: g.node("ElementWiseAdd", [part, part], dims),
        };
        for (const [name, value] of Object.entries(behind)) g.node(op, [value], dims, [], `${name}_${op}`);
      },
      inputs,
      Object.fromEntries(
        operands.slice(0, 3).map((name) => [`${name}_${op}`, x.map(op === "Tanh" ? Math.tanh : sigmoid)]),
      ),
    ),
  );

  test("trap: behind FullyConnected, MatMul and Add a table of 16 segments takes their place", () => {
    for (const { made, expected } of naive)
      for (const [name, values] of Object.entries(expected))
        expect(largestError(made[name]!, values), name).toBeGreaterThan(2e-3);
  });

  const bias = bench.weights.add("bias", `D=${width}`, () => 0.5);
  const biasOfLinear = bench.weights.add("biasOfLinear", `O=${width}`, () => -0.5);
  const unit = bench.weights.add("unit", "H=2 I=32 J=32", (i) => (Math.floor(i / 32) % 32 === i % 32 ? 1 : 0));
  const guarded = (["sigmoid", "tanh"] satisfies IrUnary[]).map((op) => {
    const of = (name: string) => input(name, `D=${width}`);
    const matrix = binary("mul", unit, regroup(of("product"), "H=2 I=32"));
    const behind = {
      linear: contract(identity, of("linear"), "O"),
      heads: regroup(contract(identity, of("heads"), "O"), "H=2 N=32"),
      product: contract(matrix, input("ones", "H=2 J=32"), "H I"),
      sum: binary("add", of("sum"), of("sum")),
      bias: binary("add", bias, of("bias")),
      biasOfLinear: binary("add", contract(identity, of("biasOfLinear"), "O"), biasOfLinear),
      itself: of("itself"),
    };
    const results = Object.entries(behind).map(([name, value]) => [`${op}_${name}`, unary(op, value)] as const);
    const trial = bench.lowered(op, Object.fromEntries(results), { ...inputs, ones: x.map(() => 1) });
    return { op, trial, tolerance: op === "tanh" ? 5e-4 : 1e-3 };
  });

  test.each(guarded)("our $op stays on the accurate path: $tolerance", ({ trial: { made, expected }, tolerance }) => {
    expect(Object.keys(expected)).toHaveLength(operands.length);
    for (const [name, values] of Object.entries(expected))
      expect(largestError(made[name]!, values), name).toBeLessThan(tolerance);
  });
});
