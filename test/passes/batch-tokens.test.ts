/**
 * Graphs for several tokens against the graph for one: T steps of the one are one step of the other, in double precision.
 *
 * Exact in real arithmetic: 1e-9 of the largest magnitude leaves room for double's rounding.
 */
import { describe, expect, it } from "vitest";
import { initialStates, irEvaluator, type States, type Tokens } from "../../compiler/ir/evaluate.ts";
import { type IrGraph, shapeOf, topological, type Value } from "../../compiler/ir/ir.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { checkGraph } from "../../compiler/lower/check-graph.ts";
import { lower } from "../../compiler/lower/lower.ts";
import type { QnnGraph } from "../../compiler/lower/qnn-graph.ts";
import { batchTokens } from "../../compiler/passes/batch-tokens.ts";
import { splitGroupNorm } from "../../compiler/passes/split-group-norm.ts";
import { compile } from "../../compiler/pipeline.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { relativeDifference } from "../ir/bundled-model.ts";
import { type Sizes, specText, type TinyModel, tinyModel } from "../ir/tiny-model.ts";
import { qnnEvaluator } from "../lower/evaluate-qnn.ts";
import { randomGraph, smallConstants, unary, variables } from "./small-graph.ts";

const tolerance = 1e-9;
const tokens = [3, 1, 36, 1, 0, 7, 20, 9, 11, 2, 2, 30];
const v7 = { L: 2, V: 37, D: 12, H: 3, N: 4, F: 9, Rw: 3, Ra: 5, Rv: 2, Rg: 6 };
const v6 = { L: 2, V: 37, D: 12, F: 9, H: 3, N: 4, C: 5, R: 3, Rd: 2 };

const cases: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: v7 },
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { ...v7, L: 1, H: 1, N: 11, D: 13, Rv: 1, Rg: 1 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 3, V: 37, D: 12, H: 3, N: 4, F: 9 } },
  { spec: "test/check/fixtures/v4.rwkv.ts", sizes: { L: 2, V: 37, D: 10, F: 9 } },
  { spec: "test/check/fixtures/v6.rwkv.ts", sizes: v6 },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 24, F: 31 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 37, H: 3, N: 4, M: 5 } },
];

type Step = (tokens: Tokens, states: States) => { readonly logits: Float64Array; readonly states: States };

interface Result {
  readonly logits: number[];
  readonly states: States;
}

/** All tokens, `size` at a time. */
function read(step: Step, states: States, size: number): Result {
  const logits: number[] = [];
  let now = states;
  for (let at = 0; at < tokens.length; at += size) {
    const result = step(tokens.slice(at, at + size), now);
    logits.push(...result.logits);
    now = result.states;
  }
  return { logits, states: now };
}

function compare(actual: Result, expected: Result, what: string): void {
  expect(relativeDifference(actual.logits, expected.logits), `${what}: logits`).toBeLessThan(tolerance);
  for (const [name, values] of expected.states)
    expect(relativeDifference(actual.states.get(name)!, values), `${what}: ${name}`).toBeLessThan(tolerance);
}

interface Form {
  readonly ir: IrGraph;
  readonly qnn: QnnGraph;
}

/** By number of tokens: the graphs that lowering gets and gives. */
function forms({ model }: TinyModel, targetName: string, sizes: readonly number[]): ReadonlyMap<number, Form> {
  const target = findTarget(targetName)!;
  const [irs, made] = [new Map<number, IrGraph>(), new Map<number, Form>()];
  let last: IrGraph | undefined;
  const { value } = compile(model, {
    ...{ name: "tiny", target, precision: target.backend === "htp" ? "fp16" : "fp32", embedding: "graph" },
    scaling: true,
    prefill: sizes,
    onStage: (_, __, result) => {
      if (!("nodes" in result)) last = result;
      else irs.set(result.tokens, last!);
    },
  });
  for (const qnn of value!.graphs) made.set(qnn.tokens, { ir: irs.get(qnn.tokens)!, qnn });
  return made;
}

describe.each(cases.map((c) => ({ ...c, title: Object.entries(c.sizes).flat().join(" ") })))(
  "$spec, $title",
  ({ spec, sizes }) => {
    const tiny = tinyModel(spec, specText(spec), sizes);
    const { constants } = tiny;

    it.each(["qnn-cpu", "htp-v75"])("T steps are one step of the graph for T tokens (%s)", (target) => {
      const made = forms(tiny, target, [2, 3, 4, 12]);
      const { ir } = made.get(1)!;
      const expected = read(irEvaluator(ir, constants), initialStates(ir), 1);
      for (const [count, form] of made) {
        compare(read(irEvaluator(form.ir, constants), initialStates(ir), count), expected, `${count} tokens`);
        const step = qnnEvaluator(form.qnn, { constants });
        compare(read(step, initialStates(ir), count), expected, `${count} tokens, lowered`);
      }
    });

    it("states lie at the boundary as they do for one token", () => {
      const made = forms(tiny, "htp-v75", [4]);
      expect(made.get(4)!.qnn.states).toEqual(made.get(1)!.qnn.states);
    });

    it("weights are read once, however many tokens there are", () => {
      const made = forms(tiny, "qnn-cpu", [4, 12]);
      const linears = (count: number): number =>
        made.get(count)!.qnn.nodes.filter((node) => node.type === "FullyConnected").length;
      expect(linears(4)).toBe(linears(1));
      expect(linears(12)).toBe(linears(1));
    });
  },
);

/** A random graph whose variables are recurrent or remember: each gets a next value that fits, bounded. */
function withTime(seed: number): IrGraph {
  const graph = splitGroupNorm(randomGraph(seed));
  const values = topological(graph).filter(({ op }) => !["constant", "state", "token"].includes(op.kind));
  const sizes = (v: Pick<Value, "axes">): string => shapeOf(v.axes).join();
  const states = graph.states.map((state, i) => {
    const fitting = values.filter((v) => sizes(v) === sizes(state));
    const next = fitting[(seed + i) % (fitting.length || 1)];
    return next ? { ...state, next: unary("tanh", next) } : state;
  });
  return { ...graph, states };
}

describe("random graphs", () => {
  it("mean the same for several tokens, and when lowered", () => {
    const target = findTarget("qnn-cpu")!;
    const ids = [1, 4, 0, 2];
    let recurrent = 0;
    for (let seed = 0; seed < 200; seed++) {
      const graph = withTime(seed);
      const step = irEvaluator(graph, smallConstants);
      let states = variables(graph);
      const logits = ids.flatMap((id) => {
        const result = step(id, states);
        states = result.states;
        return [...result.logits];
      });
      const batched = batchTokens(graph, ids.length);
      verifyIr(batched, `batch-tokens, seed ${seed}`);
      if (topological(batched).some(({ origin }) => origin.token === 1)) recurrent++;
      const whole = irEvaluator(batched, smallConstants)(ids, variables(graph));
      compare({ ...whole, logits: [...whole.logits] }, { logits, states }, `seed ${seed}`);
      const { graph: qnn } = lower(batched, { name: "random", precision: "fp32", embedding: "graph", target });
      expect(checkGraph(qnn, { target, precision: "fp32" }), `seed ${seed}`).toEqual([]);
      const lowered = qnnEvaluator(qnn, { constants: smallConstants })(ids, variables(graph));
      compare({ ...lowered, logits: [...lowered.logits] }, { logits, states }, `seed ${seed}, lowered`);
    }
    expect(recurrent).toBeGreaterThan(100);
  });
});

it("equations are known by their tensors, of all tokens or of each", () => {
  const tiny = tinyModel("specs/rwkv-7.rwkv.ts", specText("specs/rwkv-7.rwkv.ts"), v7);
  const { equations } = forms(tiny, "qnn-cpu", [3]).get(3)!.qnn;
  const named = (name: string): unknown[] =>
    equations!.filter((e) => e.name === `blocks.1.timeMix.${name}`).map(({ tensor, axes }) => [tensor, shapeOf(axes)]);
  expect(named("k")).toEqual([["blocks.1.timeMix.k", [3, 3, 4]]]);
  expect(named("g")).toEqual([["blocks.1.timeMix.g", [3, 3, 4]]]);
  expect(named("sa")).toEqual([0, 1, 2].map((t) => [`blocks.1.timeMix.sa.t${t}`, [3, 4]]));
  expect(named("S")).toEqual([0, 1, 2].map((t) => [`blocks.1.timeMix.S.t${t}`, [3, 4, 4]]));
});

describe("what goes token by token", () => {
  const perToken = (spec: string, sizes: Sizes): string[] => {
    const { ir } = forms(tinyModel(spec, specText(spec), sizes), "qnn-cpu", [4]).get(4)!;
    const values = topological(ir).filter(({ origin }) => origin.token === 2 && origin.layer === 1);
    return values.map(({ op, name }) => `${op.kind === "binary" ? op.op : op.kind} ${name.replace(/^blocks.1./, "")}`);
  };

  it("in RWKV-7: the state's update, and what reads it, up to y", () => {
    expect(perToken("specs/rwkv-7.rwkv.ts", v7)).toEqual([
      "contract timeMix.sa.t2",
      "mul timeMix.S.t2",
      "mul timeMix.S.t2",
      "sub timeMix.S.t2",
      "mul timeMix.S.t2",
      "add timeMix.S.t2",
      "contract timeMix.y.t2",
    ]);
  });

  it("in RWKV-4: the three states, and not the exponentials that only the output needs", () => {
    const values = perToken("test/check/fixtures/v4.rwkv.ts", { L: 2, V: 37, D: 10, F: 9 });
    expect(values.filter((v) => !/\.(aa|bb|pp|q|e1|e2)\.t2$/.test(v))).toEqual([]);
  });

  it("a token shift does not", () => {
    expect(perToken("specs/rwkv-7.rwkv.ts", v7).filter((v) => v.includes("xx") || v.includes("x_prev"))).toEqual([]);
  });
});
