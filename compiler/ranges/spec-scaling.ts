/**
 * What scaling policies do to the values of a checked spec: the compiler's own proof (`apply-scaling`), asked for factors
 * instead of a graph.
 */
import type { CheckedModel, CheckedPart, CheckedPolicy } from "../check/typed.ts";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import { expand } from "../expand/expand.ts";
import type { Definition } from "../ir/ir.ts";
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
    const scales = new Map<string, number>();
    for (const { name, scale } of beforeRescaling(value.definitions ?? [], policies, model.layerCount)) {
      scales.set(name, scale);
      // A tensor with the states of all layers has no layer of its own; layers agree on a state's scale.
      scales.set(name.replace(/^blocks\.\d+\./, ""), scale);
    }
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

/** The hidden state at the end of a layer is computed first and rescaled then: what has to fit is what was computed. */
function beforeRescaling(definitions: readonly Definition[], policies: readonly Policy[], layerCount: number) {
  const rescale = policies.find((policy) => policy.kind === "rescaleHidden");
  if (rescale?.kind !== "rescaleHidden") return definitions;
  const last = new Map<number, Definition>();
  for (const definition of definitions) {
    const { layer } = definition.origin;
    if (layer !== null && definition.name.endsWith(".x")) last.set(layer, definition);
  }
  return definitions.map((definition) => {
    const { layer } = definition.origin;
    const isRescaled =
      layer !== null && last.get(layer) === definition && (layer + 1) % rescale.every === 0 && layer + 1 < layerCount;
    return isRescaled ? { ...definition, scale: definition.scale / rescale.by } : definition;
  });
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
