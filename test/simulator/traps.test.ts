/**
 * What Qualcomm's HTP compiler and simulator get wrong, or compute coarsely, without an error, and the form in which our lowering gives it
 * to them. Each case is run on the simulator and held against double precision on the inputs that fp16 holds.
 */
import { beforeAll, describe, expect, test } from "vitest";

import { type Constant } from "../../compiler/ir/constant.ts";
import { irEvaluator, type States } from "../../compiler/ir/evaluate.ts";
import type { IrGraph, Value } from "../../compiler/ir/ir.ts";
import { foldConstants } from "../../compiler/passes/fold-constants.ts";
import { guardActivations } from "../../compiler/passes/guard-activations.ts";
import { splitGroupNorm } from "../../compiler/passes/split-group-norm.ts";
import { htpLibrary } from "../end-to-end/artefacts.ts";
import {
  binary,
  contract,
  gather,
  graphOf,
  input,
  norm,
  number,
  regroup,
  smallConstants,
  sum,
  unary,
  variables,
  weight,
} from "../passes/small-graph.ts";
import { lowered, simulate } from "./run-ir.ts";

const linear = (w: string, x: Value): Value => contract(weight(w, "D2 D"), x, "D2");
const x = input("x", "D");
const v = regroup(input("v", "D"), "H N");
const k = regroup(input("k", "D2"), "H N2");
const matrices = input("S", "H N M");

/** Result of each case, and how far it may be off: absolutely, beside one rounding of its own size. */
const cases: Readonly<Record<string, { readonly value: Value; readonly within: number }>> = {
  "outer product of two regrouped vectors": { value: binary("mul", v, k), within: 0 },
  "sigmoid behind a linear layer": { value: unary("sigmoid", linear("w1", x)), within: 1e-3 },
  "tanh behind a linear layer": { value: unary("tanh", linear("w2", x)), within: 1e-3 },
  "sigmoid behind an addition": { value: unary("sigmoid", binary("add", x, input("y", "D"))), within: 1e-3 },
  "tanh behind an addition of a constant": { value: unary("tanh", binary("add", x, weight("b", "D"))), within: 1e-3 },
  "sigmoid behind a MatMul": {
    value: unary("sigmoid", contract(v, matrices, "H M")),
    within: 1e-3,
  },
  "l2 norm of zeros": { value: norm("l2", 1e-12, regroup(input("zero", "D"), "H N")), within: 0 },
  "l2 norm of tiny values": { value: norm("l2", 1e-12, regroup(input("tiny", "D"), "H N")), within: 2e-3 },
  "l2 norm": { value: norm("l2", 1e-12, v), within: 1e-3 },
  "layer norm of values whose squares leave fp16": {
    value: norm("layer", 1e-5, input("large", "D"), weight("g", "D"), weight("b", "D")),
    within: 4e-3,
  },
  "layer norm whose epsilon counts": {
    value: norm("layer", 64e-5, input("small", "D"), weight("g", "D"), weight("b", "D")),
    within: 2e-3,
  },
  "group norm": {
    value: norm("group", 64e-5, v, regroup(weight("g", "D"), "H N"), regroup(weight("b", "D"), "H N")),
    within: 4e-3,
  },
  "sum over a head": { value: sum(v, "H"), within: 1e-3 },
  "vector times matrix by head": { value: contract(v, matrices, "H M"), within: 1e-3 },
};
/** exp is exact between -80 and 11, and stays finite outside. */
const exponents = Float64Array.of(-100, -88.5, -79.5, 0.5, 10.5, 100);

describe.runIf(htpLibrary)("needs Qualcomm's HTP library", () => {
  const names = Object.keys(cases);
  const table = weight("table", "V D");
  const plain = graphOf(gather(table), ...names.map((n) => cases[n]!.value), unary("exp", input("e", "D")));
  const graph = guardActivations(splitGroupNorm(foldConstants(plain)));
  let inputs: States;
  let made: States;
  let expected: States;
  const result = (index: number): string => `blocks.0.mix.r${index}`;

  beforeAll(async () => {
    const set: Record<string, Float64Array> = {
      zero: new Float64Array(6),
      tiny: Float64Array.of(1, -2, 3, -4, 5, -6).map((v) => v * 2 ** -12),
      large: Float64Array.of(60000, -60000, 30000, -512, 45000, 1024),
      small: Float64Array.of(1, -2, 3, -4, 5, -6).map((v) => v / 256),
      e: exponents,
    };
    inputs = new Map([...variables(graph)].map(([name, values]) => [name, (set[name] ?? values).map(Math.fround)]));
    // What the graph gets: fp16.
    inputs = new Map([...inputs].map(([name, values]) => [name, values.map(half)]));
    made = await simulate(lowered(graph), graph, inputs, 4);
    const step = irEvaluator(plain, (c: Constant) => smallConstants(c))(4, inputs);
    expected = new Map([...step.states, ["out", Float64Array.from(step.logits)]]);
  });

  test.each(names)("%s", (name) => {
    const at = result(names.indexOf(name));
    compare(made.get(at)!, expected.get(at)!, cases[name]!.within);
  });

  test("row of a table", () => compare(made.get("out")!, expected.get("out")!, 0));

  test("exp outside its range stays finite, inside it is exp", () => {
    const values = made.get(result(names.length))!;
    exponents.forEach((e, i) => {
      const clamped = Math.exp(Math.min(Math.max(e, -80), 11));
      expect(Math.abs(values[i]! - clamped), `exp(${e})`).toBeLessThanOrEqual(2e-3 * clamped + 2 ** -24);
    });
  });

  test("without the guard sigmoid and tanh are coarser: the guard is needed on this library", async () => {
    const both = graphOf(number(0), unary("sigmoid", linear("w1", x)), unary("tanh", linear("w2", x)));
    const naive: IrGraph = { ...both, logits: both.states.at(-1)!.next };
    const values = await simulate(lowered(naive), naive, inputs);
    const exact = irEvaluator(naive, smallConstants)(0, inputs).states;
    const error = (states: States, from: States, at: string, of: string): number =>
      Math.max(...states.get(at)!.map((v, i) => Math.abs(v - from.get(of)![i]!)));
    const coarse = error(values, exact, result(0), result(0)) + error(values, exact, result(1), result(1));
    const [s, t] = [names.indexOf("sigmoid behind a linear layer"), names.indexOf("tanh behind a linear layer")];
    const fine = error(made, expected, result(s), result(s)) + error(made, expected, result(t), result(t));
    expect(coarse).toBeGreaterThan(fine);
  });
});

/** Nearest float16 of a value in its normal range, or its subnormal grid. */
function half(value: number): number {
  if (value === 0) return 0;
  const step = 2 ** Math.max(Math.floor(Math.log2(Math.abs(value))) - 10, -24);
  return Math.round(value / step) * step;
}

function compare(actual: Float64Array, wanted: Float64Array, within: number): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((w, i) => {
    // Weights were rounded to fp16 too: two units in the last place of the result, beside what the operation costs.
    expect(Math.abs(actual[i]! - w), `element ${i}: ${actual[i]} for ${w}`).toBeLessThanOrEqual(
      within + Math.abs(w) * 2 ** -9,
    );
  });
}
