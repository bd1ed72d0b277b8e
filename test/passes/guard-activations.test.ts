import { describe, it } from "vitest";
import type { Value } from "../../compiler/ir/ir.ts";
import { guardActivations } from "../../compiler/passes/guard-activations.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, contract, graphOf, input, number, regroup, unary, weight } from "./small-graph.ts";

const [a, b] = [input("a", "D"), input("b", "D")];
const linear = contract(weight("p", "D D2"), input("z", "D2"), "D");

describe.each(["sigmoid", "tanh"] as const)("%s", (f) => {
  it("of a linear layer gets a Multiply between them", () => {
    expectRewrite(guardActivations, graphOf(unary(f, linear)), { contract: 1, mul: 1, [f]: 1 });
  });
  it("through a regroup too", () => {
    expectRewrite(guardActivations, graphOf(unary(f, regroup(linear, "H N"))), {
      contract: 1,
      mul: 1,
      regroup: 1,
      [f]: 1,
    });
  });
  it("of a sum gets one as well", () => {
    expectRewrite(guardActivations, graphOf(unary(f, binary("add", a, b))), { add: 1, mul: 1, [f]: 1 });
  });
  it("of a sum with a constant subtracts it, on either side", () => {
    expectRewrite(guardActivations, graphOf(unary(f, binary("add", a, weight("w", "D")))), { sub: 1, [f]: 1 });
    expectRewrite(guardActivations, graphOf(unary(f, binary("add", weight("w", "D"), linear))), {
      contract: 1,
      sub: 1,
      [f]: 1,
    });
    expectRewrite(guardActivations, graphOf(unary(f, binary("add", number(1), a))), { sub: 1, [f]: 1 });
  });
  it("of anything else stays", () => {
    for (const value of [a, binary("mul", a, b), binary("sub", a, b), binary("max", a, b), unary("neg", a)]) {
      expectUnchanged(guardActivations, graphOf(unary(f, value)));
    }
  });
});

it("leaves other functions of sums", () => {
  expectUnchanged(guardActivations, graphOf(unary("relu", binary("add", a, b))));
});

describe("exp", () => {
  it("is kept between -80 and 11", () => {
    expectRewrite(guardActivations, graphOf(unary("exp", a)), { max: 1, min: 1, exp: 1 });
  });
  it("on the open side only", () => {
    expectRewrite(guardActivations, graphOf(unary("exp", unary("relu", a))), { relu: 1, min: 1, exp: 1 });
    expectRewrite(guardActivations, graphOf(unary("exp", unary("neg", unary("abs", a)))), {
      abs: 1,
      neg: 1,
      max: 1,
      min: 1,
      exp: 1,
    });
    expectRewrite(guardActivations, graphOf(unary("exp", unary("neg", unary("relu", a)))), {
      relu: 1,
      neg: 1,
      max: 1,
      exp: 1,
    });
  });
  it("of what is bounded stays", () => {
    const s = unary("sigmoid", a);
    for (const value of [
      s,
      binary("mul", s, number(-0.6)),
      binary("sub", unary("tanh", a), s),
      binary("min", binary("max", a, number(-9)), number(3)),
    ]) {
      expectUnchanged(guardActivations, graphOf(unary("exp", value)));
    }
  });
});

describe("exp of a difference from a maximum", () => {
  const most = binary("max", a, b);
  const expOf = (arg: Value) => graphOf(unary("exp", arg));
  it("is bounded below only: it is never positive", () => {
    const once = { max: 2, sub: 1, exp: 1 };
    expectRewrite(guardActivations, expOf(binary("sub", a, most)), once);
    expectRewrite(guardActivations, expOf(binary("sub", b, most)), once);
  });
  it("is bounded on both sides when the maximum is of others, or not what is subtracted", () => {
    const both = { max: 2, min: 1, sub: 1, exp: 1 };
    expectRewrite(guardActivations, expOf(binary("sub", input("c", "D"), most)), both);
    expectRewrite(guardActivations, expOf(binary("sub", most, a)), both);
  });
});
