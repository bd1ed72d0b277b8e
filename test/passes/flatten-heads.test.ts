import { describe, it } from "vitest";
import { flattenHeads } from "../../compiler/passes/flatten-heads.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, contract, graphOf, input, number, regroup, unary, weight } from "./small-graph.ts";

const [a, b] = [input("a", "D"), input("b", "D")];
const [x, state] = [input("x", "H N"), input("s", "H M N")];
const heads = (v: typeof a) => regroup(v, "H N");
const output = (v: typeof a) => contract(weight("o", "M D"), regroup(v, "D"), "M");

describe("element-wise work", () => {
  it("on split vectors is done before the split", () => {
    expectRewrite(flattenHeads, graphOf(binary("mul", heads(a), unary("sigmoid", heads(b)))), {
      sigmoid: 1,
      mul: 1,
      regroup: 1,
    });
  });
  it("with constants as well, which are reshaped", () => {
    expectRewrite(flattenHeads, graphOf(binary("mul", binary("sub", heads(a), number(1)), weight("q", "H N"))), {
      sub: 1,
      mul: 1,
      regroup: 1,
    });
  });
  it("that leads to a linear layer only is done after the merge", () => {
    expectRewrite(flattenHeads, graphOf(output(binary("mul", x, heads(a)))), { regroup: 1, mul: 1, contract: 1 });
  });
  it("stays with the heads where these use it", () => {
    expectUnchanged(flattenHeads, graphOf(contract(state, binary("mul", x, heads(a)), "H M")));
    expectUnchanged(flattenHeads, graphOf(binary("mul", heads(a), input("h", "H"))));
  });
  it("that is also a result stays", () => {
    const product = binary("mul", x, heads(a));
    expectUnchanged(flattenHeads, graphOf(output(product), product));
  });
});
