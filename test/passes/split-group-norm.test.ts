import { it } from "vitest";
import { splitGroupNorm } from "../../compiler/passes/split-group-norm.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, graphOf, input, norm, number, weight } from "./small-graph.ts";

const x = input("x", "H N");

it("takes weight and bias out of a group norm", () => {
  const graph = graphOf(norm("group", 1e-3, x, weight("w", "H N"), weight("b", "H N")));
  expectRewrite(splitGroupNorm, graph, { norm: 1, mul: 1, add: 1 });
});

it("also where they are flat or computed", () => {
  const flat = graphOf(norm("group", 1e-3, x, weight("w", "D"), weight("b", "D")));
  expectRewrite(splitGroupNorm, flat, { norm: 1, mul: 1, add: 1 });
  const computed = graphOf(norm("group", 1e-3, x, binary("add", input("i", "D"), number(1)), weight("b", "D")));
  expectRewrite(splitGroupNorm, computed, { norm: 1, mul: 1, add: 2, regroup: 1 });
});

it("leaves other norms", () => {
  expectUnchanged(splitGroupNorm, graphOf(norm("layer", 1e-3, input("y", "D"), weight("w", "D"), weight("b", "D"))));
  expectUnchanged(splitGroupNorm, graphOf(norm("l2", 1e-3, x)));
});
