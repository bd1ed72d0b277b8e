/** A scaling policy as data and as a spec has it. */
import type { PolicyAst } from "../frontend/ast.ts";

export type Policy =
  | { readonly kind: "scale"; readonly value: string; readonly by: number }
  | { readonly kind: "rescaleHidden"; readonly every: number; readonly by: number };

export const policyOf = (policy: PolicyAst): Policy =>
  policy.kind === "scale"
    ? { kind: "scale", value: policy.value.value, by: policy.by.value }
    : { kind: "rescaleHidden", every: policy.every.value, by: policy.by.value };

/** What it is about: a spec has one policy for each. */
export const policySubject = (policy: Policy): string => (policy.kind === "scale" ? policy.value : policy.kind);

/** As it stands in a spec: `scale("timeMix.k", 1 / 2)`. `rename` gives the names under which the functions were imported. */
export function policyText(policy: Policy, rename: (name: string) => string = (name) => name): string {
  const by = fraction(policy.by);
  return policy.kind === "scale"
    ? `${rename("scale")}("${policy.value}", ${by})`
    : `${rename("rescaleHidden")}({ every: ${policy.every}, by: ${by} })`;
}

const fraction = (by: number): string => (by < 1 ? `1 / ${1 / by}` : String(by));
