import { describe, it } from "vitest";
import { stackTokenShifts } from "../../compiler/passes/stack-token-shifts.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, graphOf, input, unary, weight } from "./small-graph.ts";

const [base, other] = [input("a", "D"), input("b", "D")];
const d = binary("sub", other, base);
const mix = (m: string) => binary("add", base, binary("mul", d, weight(m, "D")));

describe("base + d * m1, base + d * m2 -> rows", () => {
  it("takes mixes of one base and difference together", () => {
    expectRewrite(stackTokenShifts, graphOf(mix("m1"), mix("m2"), mix("m3")), { sub: 1, mul: 1, add: 1, slice: 3 });
  });
  it("in any order of operands", () => {
    const turned = binary("add", binary("mul", weight("m2", "D"), d), base);
    expectRewrite(stackTokenShifts, graphOf(mix("m1"), turned), { sub: 1, mul: 1, add: 1, slice: 2 });
  });
  it("leaves a single mix", () => expectUnchanged(stackTokenShifts, graphOf(mix("m1"), unary("tanh", d))));
  it("leaves mixes of different bases or differences", () => {
    const elsewhere = binary("add", other, binary("mul", d, weight("m2", "D")));
    expectUnchanged(stackTokenShifts, graphOf(mix("m1"), elsewhere));
    const apart = binary("add", base, binary("mul", other, weight("m2", "D")));
    expectUnchanged(stackTokenShifts, graphOf(mix("m1"), apart));
  });
  it("leaves weights that are computed, and values of heads", () => {
    const computed = (m: string) => binary("add", base, binary("mul", d, unary("tanh", input(m, "D"))));
    expectUnchanged(stackTokenShifts, graphOf(computed("x"), computed("y")));
    const [x, y] = [input("x", "H N"), input("y", "H N")];
    const wide = (m: string) => binary("add", x, binary("mul", y, weight(m, "H N")));
    expectUnchanged(stackTokenShifts, graphOf(wide("q1"), wide("q2")));
  });
});
