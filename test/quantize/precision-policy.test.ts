/** What policies say of weights and equations, and how options become policies. */
import { expect, test } from "vitest";

import { equationNames, weightNames } from "../../compiler/check/precision-names.ts";
import { runFrontEnd } from "../../compiler/commands/front-end.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { optionPolicies, parseKeepFloat, parseQuantize } from "../../compiler/quantize/precision-options.ts";
import { compile } from "../../compiler/pipeline.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { checkpointNames, keepsFloat, weightBits } from "../../compiler/quantize/precision-policy.ts";

const policies = (quantize: string, keepFloat?: string) =>
  optionPolicies({ quantize: parseQuantize(quantize), ...(keepFloat && { keepFloat: parseKeepFloat(keepFloat) }) });

test("names of weights and equations", () => {
  expect(weightNames("blocks.3.att.key.weight")).toEqual([
    "blocks.3.att.key.weight",
    "blocks.3.att.key",
    "att.key.weight",
    "att.key",
  ]);
  expect(weightNames("rwkv7.layers.3.att.w1")).toEqual(["rwkv7.layers.3.att.w1", "att.w1"]);
  expect(weightNames("layers_3.att.w1")).toEqual(["layers_3.att.w1", "att.w1"]);
  expect(weightNames("head.weight")).toEqual(["head.weight", "head"]);
  expect(equationNames("blocks.3.timeMix.S'")).toEqual(["blocks.3.timeMix.S", "timeMix.S"]);
  expect(equationNames("head.logits")).toEqual(["head.logits"]);
});

test.each([
  ["att.*=w8", 8],
  ["att.key=w8", 8],
  ["att.key.weight=w8", 8],
  ["blocks.3.att.key=w8", 8],
  ["blocks.{0,1,2}.att.key=w8", undefined],
  ["key=w8", undefined],
  ["timeMix.k=w8", 8],
  ["blocks.3.timeMix.k=w8", 8],
  // Equations are named with their part: `k` may be a weight.
  ["k=w8", undefined],
  ["att.*=w4,att.key=w8", 8],
  ["att.key=w8,att.*=w4", 4],
  ["att.key=w8,timeMix.*=f16", 16],
])("the key of layer 3 under %s: %s bits", (text, bits) => {
  expect(weightBits(policies(text), "blocks.3.att.key.weight", "blocks.3.timeMix.k")?.bits).toBe(bits);
});

test("a tensor of a graph goes by the names of the matrices that it was made of", async () => {
  const { model, checkpoint } = await runFrontEnd("specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-kjv/model.pth");
  checkpoint!.close();
  const options = { name: "a", precision: "fp16", form: "a16w4", embedding: "graph", scaling: true } as const;
  const { value } = compile(model!, { ...options, target: findTarget("host")! });
  const weights = value!.graphs[0]!.nodes.flatMap(({ type, inputs }) => (type === "FullyConnected" ? inputs[1]! : []));
  // A policy scales keys and values: the tensors have names of the spec then.
  expect(weights.map(({ name }) => name)).toContain("blocks.0.timeMix.k.weight");
  const names = weights.flatMap(checkpointNames);
  expect(names).toEqual(names.map(() => expect.stringMatching(/^(blocks\.\d\.(att|ffn)|head)\./) as string));
  expect(names).toContain("blocks.0.att.key.weight");
});

test("blocks come with the policy that counts", () => {
  const both = policies("att.*=w4:32,att.value=w8");
  expect(weightBits(both, "blocks.0.att.key.weight")).toEqual({ bits: 4, block: 32 });
  expect(weightBits(both, "blocks.0.att.value.weight")).toEqual({ bits: 8 });
});

test("what stays float16 keeps its weights; a later policy takes it back", () => {
  const kept = policies("att.*=w4", "k,timeMix.{w,S'}");
  expect(weightBits(kept, "blocks.3.att.key.weight", "blocks.3.timeMix.k")).toEqual({ bits: 16 });
  expect(weightBits(kept, "blocks.3.att.value.weight", "blocks.3.timeMix.v")).toEqual({ bits: 4 });
  expect(keepsFloat(kept, "blocks.3.timeMix.S")).toBe(true);
  expect(keepsFloat(kept, "blocks.3.timeMix.w")).toBe(true);
  expect(keepsFloat(kept, "blocks.3.channelMix.w")).toBe(false);
  expect(keepsFloat(kept, "blocks.3.channelMix.k")).toBe(true);
  const back = [...kept, ...policies("channelMix.k=w8")];
  expect(keepsFloat(back, "blocks.3.channelMix.k")).toBe(false);
  expect(keepsFloat(back, "blocks.3.timeMix.k")).toBe(true);
});

test.each([
  ["quantize", "att.*"],
  ["quantize", "att.*=w9"],
  ["quantize", "att.*=w8:32"],
  ["quantize", "att.*=w4:33"],
  ["quantize", "att.{key=w4"],
  ["quantize", "=w4"],
  ["quantize", "att.*=w4,att.*=w8"],
  ["keep-float", "S,,k"],
  ["keep-float", "S,S"],
  ["keep-float", "time mix"],
])("--%s %s is refused", (option, text) => {
  let found: unknown;
  try {
    (option === "quantize" ? parseQuantize : parseKeepFloat)(text);
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(DiagnosticError);
  const [{ code, kind, title, hint }] = (found as DiagnosticError).diagnostics as [
    DiagnosticError["diagnostics"][number],
  ];
  expect([code, kind]).toEqual([`usage/${option}`, "usage"]);
  expect(`${title}${hint === undefined ? "" : ` (${hint})`}`).toMatchSnapshot();
});
