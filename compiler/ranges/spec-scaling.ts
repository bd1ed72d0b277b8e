/**
 * What scaling policies do to the values of a checked spec: the compiler's own proof (`apply-scaling`), asked for factors
 * instead of a graph.
 */
import type { CheckedModel, CheckedPart, CheckedPolicy } from "../check/typed.ts";
import { expand } from "../expand/expand.ts";
import { equationPaths } from "../expand/number-steps.ts";
import { scalingFactors } from "../passes/apply-scaling.ts";
import { fuseTokenShift } from "../passes/fuse-token-shift.ts";
import type { Magnitude, Scaling } from "./suggest-policies.ts";
import type { Policy } from "./policy.ts";

export function scalingOf(model: CheckedModel, magnitudes: readonly Magnitude[]): Scaling {
  const graph = fuseTokenShift(expand(model));
  const pathOf = equationPaths(graph);
  const known = new Map<string, readonly number[] | undefined>();
  const solve = (policies: readonly Policy[]): readonly number[] | undefined => {
    const factors = scalingFactors(graph, policies.map(checkedPolicy));
    if (!factors) return undefined;
    const scales = new Map<string, number>();
    for (const [{ origin }, factor] of factors) scales.set(keyOf(pathOf(origin) ?? "", origin.step), factor);
    for (const { name, value } of graph.definitions ?? []) {
      const factor = factors.get(value) ?? 1;
      scales.set(keyOf(name, undefined), factor);
      // A tensor with the states of all layers has no layer of its own; layers agree on a state's scale.
      scales.set(keyOf(name.replace(/^blocks\.\d+\./, ""), undefined), factor);
    }
    return magnitudes.map(({ name, step }) => scales.get(keyOf(name, step)) ?? scales.get(keyOf(name, undefined)) ?? 1);
  };
  return {
    factors: (policies) => {
      const key = JSON.stringify(policies);
      if (!known.has(key)) known.set(key, solve(policies));
      return known.get(key);
    },
    scalable: [model.embedding, ...model.parts].flatMap((part) => scalableValues(part, part === model.embedding)),
    layerCount: model.layerCount,
  };
}

const keyOf = (name: string, step: number | undefined): string => `${name} ${step ?? "value"}`;

/** What the part's equations compute and keep to themselves; of the embedding also the hidden state with which it begins. */
function scalableValues(part: CheckedPart, isFirst: boolean): string[] {
  const names = part.equations.flatMap(({ target: { kind, name } }) =>
    kind === "local" || (isFirst && kind === "carry") ? [name] : [],
  );
  return [...new Set(names)].map((name) => `${part.name}.${name}`);
}

export function checkedPolicy(policy: Policy): CheckedPolicy {
  const span = { file: "", start: 0, end: 0 };
  if (policy.kind === "rescaleHidden") return { ...policy, span, text: "" };
  const [part, value] = policy.value.split(/\.(.*)/s) as [string, string];
  return { kind: "scale", part, value, by: policy.by, span, text: "" };
}
