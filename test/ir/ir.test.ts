/** The IR itself: order of values, uses, rewriting, what the verifier refuses, what the evaluator computes. */
import { describe, expect, it } from "vitest";
import { evaluateIr } from "../../compiler/ir/evaluate.ts";
import { countUses, type IrGraph, rewrite, topological, type Value } from "../../compiler/ir/ir.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { expand } from "../../compiler/expand/expand.ts";
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
  smallConstants,
  sum,
  transpose,
  unary,
  variables,
  weight,
} from "../passes/small-graph.ts";
import { specText, tinyModel } from "./tiny-model.ts";

const [a, b, c] = [input("a", "D"), input("b", "H N"), input("c", "H M N")];

describe("topological", () => {
  it("has operands before users, each value once, layer by layer", () => {
    const spec = "specs/rwkv-7.rwkv.ts";
    const sizes = { L: 3, V: 11, D: 8, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6 };
    const order = topological(expand(tinyModel(spec, specText(spec), sizes).model));
    const at = new Map(order.map((v, i) => [v, i]));
    expect(at.size).toBe(order.length);
    for (const v of order) for (const operand of v.inputs) expect(at.get(operand)!).toBeLessThan(at.get(v)!);
    const layers = order.flatMap((v) => v.origin.layer ?? []);
    expect(layers).toEqual([...layers].sort());
  });

  it("leaves out what no root needs", () => {
    const used = unary("tanh", a);
    unary("exp", a);
    expect(topological(graphOf(used))).toEqual([a, used]);
  });
});

describe("countUses", () => {
  it("counts operands and roots", () => {
    const t = unary("tanh", a);
    const graph = graphOf(binary("mul", t, t), t);
    expect(countUses(graph).get(t)).toBe(3);
    expect(countUses(graph).get(graph.logits)).toBe(1);
  });
});

describe("rewrite", () => {
  it("keeps values that nothing changes, and shares what it makes", () => {
    const [left, right] = [unary("tanh", a), unary("abs", a)];
    const graph = graphOf(binary("add", left, right), left, right);
    expect(rewrite(graph, () => undefined).logits).toBe(graph.logits);
    const after = rewrite(graph, (v) => (v === left ? unary("neg", a) : undefined));
    expect(after.logits.inputs[0]).toBe(after.states.at(-2)!.next);
    expect(after.logits.inputs[1]).toBe(right);
  });
});

const wrong = (value: Value, change: Partial<Value>): IrGraph => graphOf({ ...value, ...change });
const sumOf = binary("add", a, a);
const op = <K extends Value["op"]["kind"]>(value: Value, _kind: K) => value.op as Extract<Value["op"], { kind: K }>;

describe("verifyIr", () => {
  it.each([
    ["operand counts", wrong(sumOf, { inputs: [a] }), "1 operands"],
    ["axes of a function", wrong(unary("tanh", a), { axes: b.axes }), "result and operand differ in shape"],
    ["a constant's shape", wrong(weight("w", "D"), { axes: b.axes.slice(0, 1) }), "the constant has another shape"],
    [
      "labels for every axis",
      wrong(sumOf, { op: { ...op(sumOf, "binary"), left: [] } }),
      "labels and axes differ in number",
    ],
    ["extents of a label", wrong(sumOf, { inputs: [a, input("n", "N")] }), "label D has extents 6 and 3"],
    [
      "result labels",
      wrong(sumOf, { op: { ...op(sumOf, "binary"), out: ["X"] } }),
      "result label X does not come from an operand",
    ],
    [
      "lost labels",
      graphOf({
        ...binary("mul", a, b),
        op: { kind: "binary", op: "mul", left: ["D"], right: ["H", "N"], out: ["D"] },
        axes: a.axes,
      }),
      "a label is lost",
    ],
    [
      "a label twice",
      wrong(unary("tanh", a), { op: { kind: "sum", arg: ["h", "h"], out: [] }, inputs: [b], axes: [] }),
      "a label occurs twice",
    ],
    ["a regroup's elements", wrong(regroup(a, "H N"), { axes: c.axes }), "another number of elements"],
    ["a permutation", wrong(transpose(b, [1, 0]), { axes: b.axes }), "axes do not follow the permutation"],
    ["a slice's axis", wrong(slice(c, 1, 0), { axes: c.axes.slice(0, 2) }), "the sliced axis must disappear"],
    [
      "a concat's extents",
      graphOf({ ...a, op: { kind: "concat", axis: 0 }, inputs: [a, a] }),
      "extents along the axis do not add up",
    ],
    ["a table's row", wrong(gather(weight("t", "V D")), { axes: b.axes }), "a row of the table has another shape"],
  ])("asks for %s", (_, graph, problem) => {
    expect(() => verifyIr(graph, "a pass")).toThrow(problem);
    expect(() => verifyIr(graph, "a pass")).toThrow(/^after a pass: /);
  });

  it("asks for states that exist, and keep their shape", () => {
    const graph = graphOf(unary("tanh", a));
    expect(() => verifyIr({ ...graph, states: [] }, "x")).toThrow("unknown state a");
    const states = graph.states.map((s) => ({ ...s, axes: b.axes.slice(0, 1) }));
    expect(() => verifyIr({ ...graph, states }, "x")).toThrow("next value of a has another shape");
  });
});

describe("evaluateIr", () => {
  /** The logits, with these values of the variables. */
  const values = (value: Value, given: Record<string, number[]>): number[] => {
    const graph = graphOf(value);
    const states = new Map([
      ...variables(graph),
      ...Object.entries(given).map(([k, v]) => [k, Float64Array.from(v)] as const),
    ]);
    return [...evaluateIr(graph, smallConstants, 2, states).logits];
  };
  const six = [1, 2, 3, 4, 5, 6];

  it.each([
    ["broadcasts by label", binary("mul", b, input("n", "N")), { b: six, n: [1, 10, 100] }, [1, 20, 300, 4, 50, 600]],
    ["gives axes in the order asked for", binary("add", b, number(1), "N H"), { b: six }, [2, 5, 3, 6, 4, 7]],
    [
      "multiplies outwards",
      contract(input("h", "H"), input("n", "N"), "N H"),
      { h: [1, 2], n: [3, 4, 5] },
      [3, 6, 4, 8, 5, 10],
    ],
    ["contracts", contract(b, input("n", "N"), "H"), { b: six, n: [1, 10, 100] }, [321, 654]],
    ["contracts per shared label", contract(b, input("e", "H N"), "H"), { b: six, e: six }, [14, 77]],
    ["sums", sum(b, "N"), { b: six }, [5, 7, 9]],
    ["transposes", transpose(b, [1, 0]), { b: six }, [1, 4, 2, 5, 3, 6]],
    ["slices the last axis", slice(b, 1, 2), { b: six }, [3, 6]],
    ["slices the first axis", slice(b, 0, 1), { b: six }, [4, 5, 6]],
    ["norms to length 1", norm("l2", 1e-12, input("h", "H")), { h: [3, 4] }, [0.6, 0.8]],
    ["bounds the length by epsilon", norm("l2", 10, input("h", "H")), { h: [3, 4] }, [0.3, 0.4]],
    ["takes each row for itself", norm("group", 1, b), { b: [0, 0, 0, 1, 1, 1] }, [0, 0, 0, 0, 0, 0]],
    [
      "concatenates within rows",
      {
        ...transpose(b, [0, 1]),
        op: { kind: "concat", axis: 1 },
        inputs: [b, b],
        axes: [b.axes[0]!, { dim: "N+N", size: 6 }],
      } as Value,
      { b: six },
      [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6],
    ],
  ])("%s", (_, value, given, expected) => {
    values(value, given as Record<string, number[]>).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 12));
  });

  it("looks up the token's row", () => {
    const row = values(gather(weight("t", "V D")), {});
    const table = smallConstants({ kind: "tensor", tensor: "t", shape: [5, 6] });
    expect(row).toEqual([...table.subarray(12, 18)]);
  });
});
