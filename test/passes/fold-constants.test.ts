import { describe, it } from "vitest";
import { foldConstants } from "../../compiler/passes/fold-constants.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import {
  binary,
  contract,
  gather,
  graphOf,
  input,
  norm,
  number,
  regroup,
  slice,
  transpose,
  unary,
  weight,
} from "./small-graph.ts";

const a = input("a", "D");
const b = input("b", "H N");
const w = weight("w", "D");
const p = weight("p", "M D");
const ln = [weight("lw", "D"), weight("lb", "D")];

describe("what depends on weights only", () => {
  it.each([
    ["functions", binary("mul", a, unary("exp", unary("neg", w)))],
    ["two constants", binary("mul", a, binary("add", w, number(2)))],
    ["a broadcast", binary("mul", b, binary("mul", weight("q", "H N"), weight("g", "H")))],
    ["another broadcast", binary("mul", b, binary("mul", weight("d", "N"), weight("g", "H"), "H N"))],
    ["a regroup", binary("mul", b, regroup(w, "H N"))],
    ["a transpose", binary("mul", b, transpose(weight("t", "N H"), [1, 0]))],
  ])("becomes one constant: %s", (_, value) => expectRewrite(foldConstants, graphOf(value), { mul: 1 }));

  it("but for a slice, or a product, of weights", () => {
    expectUnchanged(foldConstants, graphOf(binary("mul", a, slice(p, 0, 1))));
    expectUnchanged(foldConstants, graphOf(binary("mul", a, contract(p, weight("m", "M"), "D"))));
  });

  it("but for operands whose axes have another order", () => {
    expectUnchanged(foldConstants, graphOf(binary("mul", b, binary("mul", weight("q", "H N"), weight("t", "N H")))));
  });
});

describe("layer_norm(table[token]) -> layer_norm(table)[token]", () => {
  const row = gather(weight("table", "V D"));
  it("moves the norm into the table", () => {
    expectRewrite(foldConstants, graphOf(norm("layer", 1e-3, row, ...ln)), { gather: 1 });
  });
  it("leaves it where the plain row is used as well", () => {
    expectUnchanged(foldConstants, graphOf(norm("layer", 1e-3, row, ...ln), binary("mul", row, a)));
  });
  it("leaves another norm", () => {
    expectUnchanged(foldConstants, graphOf(norm("l2", 1e-3, row)));
  });
});

describe("regroups", () => {
  it("that come back disappear", () => {
    expectRewrite(foldConstants, graphOf(regroup(regroup(unary("tanh", a), "H N"), "D")), { tanh: 1 });
  });
  it("in a row become one", () => {
    const twice = regroup(regroup(unary("tanh", b), "D"), "H N");
    expectRewrite(foldConstants, graphOf(binary("mul", twice, b)), { tanh: 1, mul: 1 });
  });
  it("with another shape stay", () => expectUnchanged(foldConstants, graphOf(regroup(a, "H N"))));
});

describe("numbers", () => {
  const product = contract(p, a, "M");
  it("go into a weight: (W x) * s -> (W s) x", () => {
    expectRewrite(foldConstants, graphOf(binary("mul", product, number(2))), { contract: 1 });
  });
  it("through a regroup as well", () => {
    const heads = regroup(contract(weight("o", "D D2"), input("z", "D2"), "D"), "H N");
    expectRewrite(foldConstants, graphOf(binary("mul", heads, number(2))), { contract: 1, regroup: 1 });
  });
  it("not where the product is used elsewhere", () => {
    expectUnchanged(foldConstants, graphOf(binary("mul", product, number(2)), unary("tanh", product)));
  });
  it("not into a product of activations", () => {
    expectUnchanged(foldConstants, graphOf(binary("mul", contract(input("c", "H M N"), b, "H M"), number(2))));
  });
  it("1 and 0 disappear", () => {
    const t = unary("tanh", a);
    expectRewrite(
      foldConstants,
      graphOf(binary("sub", binary("add", binary("mul", t, number(1)), number(0)), number(0))),
      { tanh: 1 },
    );
  });
  it("but 0 * x, x * 2, 0 - x and x / 1 stay", () => {
    const t = unary("tanh", a);
    const values = [
      binary("mul", t, number(0)),
      binary("mul", t, number(2)),
      binary("sub", number(0), t),
      binary("div", t, number(1)),
    ];
    for (const value of values) expectUnchanged(foldConstants, graphOf(value));
  });
  it("keep the order of axes: 1 * x with x transposed", () => {
    expectUnchanged(foldConstants, graphOf(binary("mul", b, number(1), "N H")));
  });
});
