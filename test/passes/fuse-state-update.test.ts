import { describe, expect, it } from "vitest";
import type { IrGraph, Value } from "../../compiler/ir/ir.ts";
import { printIr } from "../../compiler/ir/print.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { fuseStateUpdate } from "../../compiler/passes/fuse-state-update.ts";
import { compareResults, expectUnchanged, valuesOf } from "./same-values.ts";
import { binary, contract, graphOf, input, number, operations, unary, weight } from "./small-graph.ts";

const S = input("S", "H M N");
const [k, v, r] = [input("k", "H M"), input("v", "H N"), input("r", "H M")];
const decay = weight("w", "H M");
const bonus = contract(r, k, "H");
const outer = (a = k, b = v) => binary("mul", a, b);
const kept = (w: Value = decay) => binary("mul", S, w);

/** The state's next value is a root of its own. */
const graph = (next: Value, read: Value): IrGraph => {
  const made = graphOf(binary("mul", read, number(2)), next);
  return {
    ...made,
    states: made.states.filter((s) => s.name !== "S").map((s) => (s.next === next ? { ...s, name: "S" } : s)),
  };
};
const read = (number = bonus) => binary("add", binary("mul", v, number), contract(S, r, "H N"));

describe("S' = w S + k v, y = c v + r S", () => {
  it.each([
    ["as expanded", graph(binary("add", outer(), kept()), read())],
    ["the other way round", graph(binary("add", kept(), outer()), read())],
  ])("becomes products with the appended state, %s", (_, before) => {
    const after = fuseStateUpdate(before);
    verifyIr(after, "fuse-state-update");
    compareResults(valuesOf(after), valuesOf(before), () => printIr(after));
    // One state with a row appended, one matrix of weights for the update, one row of weights for the read.
    expect(operations(after)).toEqual({ contract: 3, concat: 3, regroup: 3, mul: 1 });
  });

  it("reads the state as before where the read has another form", () => {
    const before = graph(binary("add", outer(), kept()), contract(S, r, "H N"));
    const after = fuseStateUpdate(before);
    compareResults(valuesOf(after), valuesOf(before), () => printIr(after));
    expect(operations(after)).toEqual({ contract: 2, concat: 2, regroup: 2, mul: 1 });
  });

  it.each([
    [
      "a decay that changes with the token",
      graph(binary("add", outer(), kept(unary("exp", input("d", "H M")))), read()),
    ],
    ["a decay along the other axis", graph(binary("add", outer(), kept(weight("d", "H N"))), read())],
    ["a decay of its own for every element", graph(binary("add", outer(), kept(weight("d", "H M N"))), read())],
    ["a difference", graph(binary("sub", kept(), outer()), read())],
    ["no decay", graph(binary("add", S, outer()), read())],
    ["another state's value", graph(binary("add", outer(), binary("mul", unary("tanh", S), decay)), read())],
  ])("leaves %s", (_, before) => expectUnchanged(fuseStateUpdate, before));
});
