import { describe, it } from "vitest";
import { foldAffine } from "../../compiler/passes/fold-affine.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, graphOf, input, number, unary, weight } from "./small-graph.ts";

const a = unary("tanh", input("a", "D"));
const [k, w] = [weight("k", "D"), weight("w", "D")];

describe("chains of constants", () => {
  it.each([
    [
      "1 + (a - 1) * k",
      binary("add", number(1), binary("mul", binary("sub", a, number(1)), k)),
      { tanh: 1, mul: 1, add: 1 },
    ],
    ["(a + 1) + k", binary("add", binary("add", a, number(1)), k), { tanh: 1, add: 1 }],
    ["(a * 2) * k", binary("mul", binary("mul", a, number(2)), k), { tanh: 1, mul: 1 }],
    ["k - (1 - a)", binary("sub", k, binary("sub", number(1), a)), { tanh: 1, mul: 1, add: 1 }],
    [
      "2 - (a * k + w) * 3",
      binary("sub", number(2), binary("mul", binary("add", binary("mul", a, k), w), number(3))),
      { tanh: 1, mul: 1, add: 1 },
    ],
    ["(k - a) * w - 1", binary("sub", binary("mul", binary("sub", k, a), w), number(1)), { tanh: 1, mul: 1, add: 1 }],
  ])("%s", (text, value, expected) => {
    // Two steps in place of two save nothing.
    if (text === "k - (1 - a)") expectUnchanged(foldAffine, graphOf(value));
    else expectRewrite(foldAffine, graphOf(value), expected);
  });

  it.each([
    ["a * k + w", binary("add", binary("mul", a, k), w)],
    ["a variable in between", binary("mul", binary("add", binary("mul", a, k), input("b", "D")), w)],
    ["a division", binary("add", binary("div", binary("add", a, number(1)), k), number(1))],
    [
      "a constant that is spread out",
      binary("add", binary("mul", binary("add", input("h", "H"), number(1)), weight("q", "H N")), number(1)),
    ],
  ])("leaves %s", (_, value) => expectUnchanged(foldAffine, graphOf(value)));

  it("leaves steps that others use", () => {
    const step = binary("sub", a, number(1));
    expectUnchanged(foldAffine, graphOf(binary("mul", binary("mul", step, k), binary("add", step, w)), step));
  });
});
