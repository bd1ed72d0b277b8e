/**
 * What scaling policies do to the values of a checked spec: the compiler's own proof (`apply-scaling`), asked for factors
 * instead of a graph.
 */
import type { CheckedModel, CheckedPart, CheckedPolicy } from "../check/typed.ts";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import { expand } from "../expand/expand.ts";
import { applyScaling } from "../passes/apply-scaling.ts";
import { fuseTokenShift } from "../passes/fuse-token-shift.ts";
import type { Magnitude, Scaling } from "./suggest-policies.ts";
import type { Policy } from "./policy.ts";

export function scalingOf(model: CheckedModel, magnitudes: readonly Magnitude[]): Scaling {
  const graph = fuseTokenShift(expand(model));
  const known = new Map<string, readonly number[] | undefined>();
  const solve = (policies: readonly Policy[]): readonly number[] | undefined => {
    const { value, diagnostics } = applyScaling(graph, policies.map(checked));
    if (!value || hasErrors(diagnostics)) return undefined;
    const scales = new Map((value.definitions ?? []).map(({ name, scale }) => [name, scale]));
    // A tensor with the states of all layers has no layer of its own; layers agree on a state's scale.
    for (const { name, scale } of value.definitions ?? []) scales.set(name.replace(/^blocks\.\d+\./, ""), scale);
    return magnitudes.map(({ name }) => scales.get(name) ?? 1);
  };
  return {
    factors: (policies) => {
      const key = JSON.stringify(policies);
      if (!known.has(key)) known.set(key, solve(policies));
      return known.get(key);
    },
    scalable: model.parts.flatMap(scalableValues),
    layerCount: model.layerCount,
  };
}

/** What the part's equations compute and keep to themselves. */
function scalableValues(part: CheckedPart): string[] {
  const names = part.equations.flatMap(({ target }) => (target.kind === "local" ? [target.name] : []));
  return [...new Set(names)].map((name) => `${part.name}.${name}`);
}

function checked(policy: Policy): CheckedPolicy {
  const span = { file: "", start: 0, end: 0 };
  if (policy.kind === "rescaleHidden") return { ...policy, span, text: "" };
  const [part, value] = policy.value.split(/\.(.*)/s) as [string, string];
  return { kind: "scale", part, value, by: policy.by, span, text: "" };
}
