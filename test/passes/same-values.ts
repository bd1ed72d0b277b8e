/** Test support: whether two graphs compute the same from made-up weights and variables, in double precision. */
import { expect } from "vitest";
import { irEvaluator } from "../../compiler/ir/evaluate.ts";
import type { IrGraph } from "../../compiler/ir/ir.ts";
import { printIr } from "../../compiler/ir/print.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { relativeDifference } from "../ir/bundled-model.ts";
import { operations, smallConstants, variables } from "./small-graph.ts";

export interface Results {
  readonly logits: Float64Array;
  readonly states: ReadonlyMap<string, Float64Array>;
}

export const valuesOf = (graph: IrGraph): Results => irEvaluator(graph, smallConstants)(2, variables(graph));

export function compareResults(actual: Results, expected: Results, what: () => string): void {
  const names = [...expected.states.keys()];
  const apart = [
    relativeDifference(actual.logits, expected.logits),
    ...names.map((name) => relativeDifference(actual.states.get(name)!, expected.states.get(name)!)),
  ];
  if (apart.some((d) => d > 1e-9)) expect.fail(`logits, ${names.join(", ")}: ${apart.join(", ")}\n${what()}`);
}

/** The pass changes the graph into these operations, and not its values. */
export function expectRewrite(
  pass: (graph: IrGraph) => IrGraph,
  graph: IrGraph,
  expected: Readonly<Record<string, number>>,
): void {
  const after = pass(graph);
  verifyIr(after, pass.name);
  compareResults(valuesOf(after), valuesOf(graph), () => printIr(after));
  expect(operations(after), printIr(after)).toEqual(expected);
}

/** A near miss: the pass leaves the graph as it is. */
export function expectUnchanged(pass: (graph: IrGraph) => IrGraph, graph: IrGraph): void {
  expect(printIr(pass(graph))).toBe(printIr(graph));
}
