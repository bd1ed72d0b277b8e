/**
 * Every version with weights that overflow float16: magnitudes of all steps in double precision, the policies suggested for them, and
 * what the model stores under these: inside the range, step by step, and the same model.
 */
import { describe, expect, test } from "vitest";

import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { expand } from "../../compiler/expand/expand.ts";
import { equationPaths } from "../../compiler/expand/number-steps.ts";
import { initialStates, irEvaluator } from "../../compiler/ir/evaluate.ts";
import { type IrGraph, isConstant } from "../../compiler/ir/ir.ts";
import { applyScaling } from "../../compiler/passes/apply-scaling.ts";
import { checkedPolicy, scalingOf } from "../../compiler/ranges/spec-scaling.ts";
import { type Magnitude, suggestPolicies } from "../../compiler/ranges/suggest-policies.ts";
import { checkedModel, constantsOf } from "../ir/bundled-model.ts";
import { type Sizes, specText, tinyCheckpoint } from "../ir/tiny-model.ts";
import { compare, run } from "../passes/stages.ts";

const float16Max = 65504;
const tokens = [3, 0, 7, 3, 1, 9];

const v5: Sizes = { L: 4, V: 11, D: 8, H: 2, N: 4, F: 7 };
const v7: Sizes = { ...v5, Rw: 3, Ra: 5, Rv: 2, Rg: 6 };
const specs: readonly { readonly version: string; readonly sizes: Sizes }[] = [
  { version: "4", sizes: { L: 4, V: 11, D: 6, A: 8, F: 7 } },
  ...["5.0", "5.1", "5.2"].map((version) => ({ version, sizes: v5 })),
  { version: "6", sizes: { ...v5, C: 5, Rm: 3, Rw: 2 } },
  { version: "7", sizes: v7 },
  { version: "7a", sizes: { ...v7, I: 2, J: 3 } },
];

/** What the values of tensors whose names match are multiplied by, so that float16 overflows there. */
const overflows: Readonly<Record<string, readonly (readonly [RegExp, number])[]>> = {
  "values and keys": [
    [/att\.value/, 3e4],
    [/att\.key/, 10],
    [/att\.output/, 1e-4],
  ],
  "the square in the channel mix": [
    [/ffn\.key/, 2000],
    [/ffn\.value/, 1e-5],
  ],
  "the hidden state": [[/ffn\.value/, 2e5]],
};

function multiplied(checkpoint: Checkpoint, factors: readonly (readonly [RegExp, number])[]): Checkpoint {
  return {
    ...checkpoint,
    readBits(info, start, out) {
      checkpoint.readBits(info, start, out);
      const by = factors.find(([name]) => name.test(info.name))?.[1] ?? 1;
      const floats = new Float32Array(out.buffer, out.byteOffset, out.length);
      floats.forEach((value, i) => (floats[i] = value * by));
    },
  };
}

/** Largest magnitude of every step that the equations compute, as stored. */
function largestSteps(graph: IrGraph, constants: ReturnType<typeof constantsOf>): Magnitude[] {
  const pathOf = equationPaths(graph);
  const step = irEvaluator(graph, constants);
  const found = new Map<string, Magnitude>();
  let states = initialStates(graph);
  for (const token of tokens) {
    const result = step(token, states);
    for (const [value, data] of result.values) {
      const name = pathOf(value.origin);
      if (isConstant(value) || value.op.kind === "token" || name === undefined) continue;
      const key = `${name} ${value.origin.step}`;
      const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), found.get(key)?.largest ?? 0);
      found.set(key, { name, ...(value.origin.step === undefined ? {} : { step: value.origin.step }), largest });
    }
    states = result.states;
  }
  return [...found.values()];
}

describe.each(specs)("rwkv-$version", ({ version, sizes }) => {
  test.each(Object.keys(overflows))("%s", (what) => {
    const spec = `specs/rwkv-${version}.rwkv.ts`;
    const checkpoint = multiplied(tinyCheckpoint(spec, specText(spec), sizes), overflows[what]!);
    const model = { ...checkedModel(spec, specText(spec), checkpoint), policies: [] };
    const constants = constantsOf(checkpoint);
    const graph = expand(model);
    const measured = largestSteps(graph, constants);
    expect(Math.max(...measured.map(({ largest }) => largest))).toBeGreaterThan(float16Max);

    const { policies, left } = suggestPolicies(measured, [], scalingOf(model, measured), float16Max / 2);
    expect(left.map((at) => measured[at]!)).toEqual([]);
    const { value: scaled } = applyScaling(graph, policies.map(checkedPolicy));
    const beyond = largestSteps(scaled!, constants).filter(({ largest }) => largest > float16Max / 2);
    expect(beyond).toEqual([]);
    compare(
      run(scaled!, irEvaluator(scaled!, constants), tokens),
      run(graph, irEvaluator(graph, constants), tokens),
      what,
    );
  });
});
