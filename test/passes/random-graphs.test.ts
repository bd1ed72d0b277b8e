/**
 * Random graphs through every pass and through lowering: same values, in double precision. Exact in real arithmetic; 1e-9 of the
 * largest magnitude leaves room for double's rounding.
 */
import { describe, expect, it } from "vitest";
import { hasErrors } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import type { IrGraph } from "../../compiler/ir/ir.ts";
import { printIr } from "../../compiler/ir/print.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { checkGraph } from "../../compiler/lower/check-graph.ts";
import { lower } from "../../compiler/lower/lower.ts";
import { flattenHeads } from "../../compiler/passes/flatten-heads.ts";
import { foldAffine } from "../../compiler/passes/fold-affine.ts";
import { foldConstants } from "../../compiler/passes/fold-constants.ts";
import { fuseStateUpdate } from "../../compiler/passes/fuse-state-update.ts";
import { fuseTokenShift } from "../../compiler/passes/fuse-token-shift.ts";
import { guardActivations } from "../../compiler/passes/guard-activations.ts";
import { splitGroupNorm } from "../../compiler/passes/split-group-norm.ts";
import { stackTokenShifts } from "../../compiler/passes/stack-token-shifts.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { qnnEvaluator } from "../lower/evaluate-qnn.ts";
import { compareResults, valuesOf } from "./same-values.ts";
import { randomGraph, smallConstants, variables } from "./small-graph.ts";

const passes: Readonly<Record<string, (graph: IrGraph) => IrGraph>> = {
  fuseTokenShift,
  foldConstants,
  splitGroupNorm,
  flattenHeads,
  foldAffine,
  stackTokenShifts,
  fuseStateUpdate,
  guardActivations,
};
const seeds = Array.from({ length: 400 }, (_, i) => i);

describe("random graphs", () => {
  it.each(Object.keys(passes))("mean the same after %s", (name) => {
    for (const seed of seeds) {
      const graph = randomGraph(seed);
      const after = passes[name]!(graph);
      verifyIr(after, `${name}, seed ${seed}`);
      compareResults(valuesOf(after), valuesOf(graph), () => `seed ${seed}\n${printIr(graph)}\n${printIr(after)}`);
    }
  });

  it.each([
    ["as they are", []],
    ["after all passes", Object.keys(passes)],
  ])("mean the same when lowered, %s", (_, names) => {
    for (const seed of seeds) {
      const before = randomGraph(seed);
      // Group norms have to be split before they are lowered.
      const graph = (names.length ? names : ["splitGroupNorm"]).reduce((g, name) => passes[name]!(g), before);
      for (const [targetName, precision] of [
        ["qnn-cpu", "fp32"],
        ["htp-v75", "fp16"],
        ["host", "fp32"],
      ] as const) {
        const target = findTarget(targetName)!;
        const { graph: qnn } = lower(graph, { name: "random", precision, embedding: "graph", target });
        const diagnostics = checkGraph(qnn, { target, precision });
        if (hasErrors(diagnostics))
          expect.fail(`seed ${seed}\n${renderDiagnostics(diagnostics, new Map(), { colour: false })}`);
        const step = qnnEvaluator(qnn, { constants: smallConstants });
        compareResults(
          step(2, variables(graph)),
          valuesOf(before),
          () => `seed ${seed}, ${targetName}\n${printIr(graph)}`,
        );
      }
    }
  });
});
