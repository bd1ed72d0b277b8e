import { describe, expect, it } from "vitest";
import { fuseTokenShift } from "../../compiler/passes/fuse-token-shift.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, graphOf, input, number, operations, weight } from "./small-graph.ts";

const [a, b, c] = [input("a", "D"), input("b", "D"), input("c", "D")];
const m = weight("m", "D");
const rest = (w = m) => binary("sub", number(1), w);

describe("a * m + b * (1 - m) -> b + (a - b) * m", () => {
  it.each([
    ["as written", binary("add", binary("mul", a, m), binary("mul", b, rest()))],
    ["the other way round", binary("add", binary("mul", rest(), b), binary("mul", m, a))],
    [
      "with a weight that is declared twice",
      binary("add", binary("mul", a, weight("m", "D")), binary("mul", b, rest())),
    ],
    ["with a mix that is no constant", binary("add", binary("mul", a, c), binary("mul", b, rest(c)))],
  ])("%s", (_, mix) => expectRewrite(fuseTokenShift, graphOf(mix), { sub: 1, mul: 1, add: 1 }));

  it("shares the difference", () => {
    const mix = (name: string) =>
      binary("add", binary("mul", a, weight(name, "D")), binary("mul", b, rest(weight(name, "D"))));
    const graph = graphOf(mix("m"), mix("n"), mix("o"));
    expect(operations(graph)).toEqual({ sub: 3, mul: 6, add: 3 });
    expectRewrite(fuseTokenShift, graph, { sub: 1, mul: 3, add: 3 });
  });

  it.each([
    ["another weight", binary("add", binary("mul", a, m), binary("mul", b, rest(weight("n", "D"))))],
    ["2 - m", binary("add", binary("mul", a, m), binary("mul", b, binary("sub", number(2), m)))],
    ["a difference", binary("sub", binary("mul", a, m), binary("mul", b, rest()))],
    ["m - 1", binary("add", binary("mul", a, m), binary("mul", b, binary("sub", m, number(1))))],
    [
      "a weight for each head",
      binary(
        "add",
        binary("mul", input("e", "H N"), weight("g", "H")),
        binary("mul", input("f", "H N"), rest(weight("g", "H"))),
      ),
    ],
  ])("leaves %s", (_, mix) => expectUnchanged(fuseTokenShift, graphOf(mix)));
});
