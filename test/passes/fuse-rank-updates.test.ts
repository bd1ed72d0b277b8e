import { describe, expect, it } from "vitest";
import { type IrGraph, topological, type Value } from "../../compiler/ir/ir.ts";
import { fuseRankUpdates } from "../../compiler/passes/fuse-rank-updates.ts";
import { expectRewrite, expectUnchanged } from "./same-values.ts";
import { binary, contract, graphOf, input, number, operations, unary, weight } from "./small-graph.ts";

const S = input("S", "H M N");
const vector = (name: string): Value => input(name, "H N");
const [q, k, b, r, w] = [vector("q"), vector("k"), vector("b"), vector("r"), vector("w")];
const v = input("v", "H M");

const read = (state: Value, by: Value): Value => contract(state, by, "H M");
const outer = (column: Value, row: Value): Value => binary("mul", column, row, "H M N");
const add = (...terms: readonly [Value, ...Value[]]): Value => terms.reduce((sum, term) => binary("add", sum, term));

/** The state's next value is a root of its own, as are further ones. */
const graph = (next: Value, logits: Value, ...others: readonly Value[]): IrGraph => {
  const made = graphOf(logits, next, ...others);
  return {
    ...made,
    states: made.states.filter((s) => s.name !== "S").map((s) => (s.next === next ? { ...s, name: "S" } : s)),
  };
};

const sa = read(S, q);
const kept = binary("mul", S, w);
const deltaRule = binary("add", binary("sub", kept, outer(sa, b)), outer(v, k));
describe("S' = w S - sa b + v k, sa = S q, y = S' r", () => {
  // One product reads, one changes, one makes the decay whole; two make what is read of the outer products.
  const fused = { regroup: 6, concat: 3, slice: 2, contract: 4, mul: 4, add: 2 };

  it("is one read and one change, as RWKV-7 has it", () =>
    expectRewrite(fuseRankUpdates, graph(deltaRule, read(deltaRule, r)), fused));

  it("in another order of terms and factors", () => {
    const next = add(outer(k, v), binary("mul", w, S, "H M N"), outer(sa, b));
    const y = contract(r, next, "H M");
    expectRewrite(fuseRankUpdates, graph(next, y), { ...fused, mul: 3 });
  });

  it("with a constant decay", () => {
    const next = add(binary("mul", S, weight("d", "H N")), outer(sa, b), outer(v, k));
    expectRewrite(fuseRankUpdates, graph(next, read(next, r)), { ...fused, mul: 3 });
  });

  it("with three outer products, and two reads of each state", () => {
    const sb = read(S, k);
    const next = add(kept, outer(sa, b), outer(v, k), outer(sb, q));
    const before = graph(next, read(next, r), read(next, q));
    expectRewrite(fuseRankUpdates, before, {
      ...{ regroup: 10, concat: 3, slice: 4, contract: 6, mul: 4, add: 3 },
    });
  });

  it("reads nothing of the new state any more", () => {
    const after = fuseRankUpdates(graph(deltaRule, read(deltaRule, r)));
    const { next } = after.states.find(({ name }) => name === "S")!;
    expect(topological(after).filter(({ inputs }) => inputs.includes(next))).toEqual([]);
  });
});

describe("near misses", () => {
  const late = unary("tanh", contract(weight("m", "N M"), sa, "H N"));
  it.each([
    ["one outer product", graph(add(kept, outer(sa, b)), read(S, r))],
    ["no read of the old state", graph(add(kept, outer(v, b), outer(v, k)), read(add(kept, outer(v, b)), r))],
    ["no read of the new state", graph(deltaRule, binary("mul", sa, number(2)))],
    ["a vector that is made of the first read", graph(deltaRule, read(deltaRule, late))],
    [
      "a vector that is not there at the first read",
      graph(deltaRule, read(deltaRule, unary("exp", input("later", "H N")))),
    ],
    ["a decay that is subtracted", negated()],
    ["two decays of the state", twice()],
    ["a decay of every element", element()],
    ["a term that is no outer product", other()],
    ["a read along the other axis", across()],
  ])("%s", (_, before) => expectUnchanged(fuseRankUpdates, before));

  function negated(): IrGraph {
    const next = binary("sub", add(outer(sa, b), outer(v, k)), kept);
    return graph(next, read(next, r));
  }
  function twice(): IrGraph {
    const next = add(kept, binary("mul", S, r), outer(sa, b), outer(v, k));
    return graph(next, read(next, r));
  }
  function element(): IrGraph {
    const next = add(binary("mul", S, input("d", "H M N")), outer(sa, b), outer(v, k));
    return graph(next, read(next, r));
  }
  function other(): IrGraph {
    const next = add(kept, outer(sa, b), outer(v, k), unary("tanh", input("x", "H M N")));
    return graph(next, read(next, r));
  }
  function across(): IrGraph {
    const next = add(kept, outer(contract(S, v, "H N"), v), outer(v, k));
    return graph(next, contract(next, v, "H N"));
  }
});

describe("a decay along columns", () => {
  const column = unary("exp", input("c", "H M"));
  const decayed = (decay: Value) => add(binary("mul", S, decay), outer(v, k));

  it("that changes with the token is made a matrix by a product with ones", () => {
    const next = decayed(column);
    expectRewrite(fuseRankUpdates, graph(next, read(S, r)), { exp: 1, mul: 3, add: 1, contract: 1 });
    const after = fuseRankUpdates(graph(next, read(S, r)));
    const whole = topological(after).filter(
      ({ op, inputs }) => op.kind === "binary" && inputs[1]?.op.kind === "constant",
    );
    expect(whole.map(({ axes, inputs }) => [axes.length, inputs[1]!.op])).toEqual([
      [3, { kind: "constant", constant: { kind: "fill", value: 1, shape: [2, 3] } }],
    ]);
  });

  it("that is a weight stays", () => expectUnchanged(fuseRankUpdates, graph(decayed(weight("d", "H M")), read(S, r))));

  it("of a value that is no state stays", () => {
    const value = unary("tanh", S);
    expectUnchanged(fuseRankUpdates, graph(S, read(binary("mul", value, column), r)));
  });
});

it("finds nothing in a graph without such a state", () => {
  const before = graphOf(binary("mul", q, k));
  expect(operations(fuseRankUpdates(before))).toEqual(operations(before));
});
