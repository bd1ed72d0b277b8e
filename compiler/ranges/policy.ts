/** Policies as data and as a spec has them. */
import { weightWidths } from "../check/check-precision.ts";
import type { KeepFloatPolicy, QuantizePolicy } from "../check/typed.ts";
import type { PolicyAst, PrecisionPolicyAst, SpecAst } from "../frontend/ast.ts";

/** One that scales. */
export type Policy =
  | { readonly kind: "scale"; readonly value: string; readonly by: number }
  | { readonly kind: "rescaleHidden"; readonly every: number; readonly by: number };

/** One about precision. */
export type Precision =
  Pick<KeepFloatPolicy, "kind" | "patterns"> | Pick<QuantizePolicy, "kind" | "pattern" | "bits" | "block">;

export const policyOf = (policy: PolicyAst): Policy =>
  policy.kind === "scale"
    ? { kind: "scale", value: policy.value.value, by: policy.by.value }
    : { kind: "rescaleHidden", every: policy.every.value, by: policy.by.value };

/** Of a spec without mistakes: width and block are right there. */
export function precisionOf(policy: PrecisionPolicyAst): Precision {
  if (policy.kind === "keepFloat") return { kind: "keepFloat", patterns: policy.patterns.map(({ value }) => value) };
  const block = policy.block?.value as QuantizePolicy["block"];
  const bits = weightWidths[policy.width.value] ?? 16;
  return { kind: "quantize", pattern: policy.pattern.value, bits, ...(block !== undefined && { block }) };
}

/** All policies of a spec, those that scale first. */
export const policiesOf = ({ policies, precisionPolicies }: SpecAst): (Policy | Precision)[] => [
  ...policies.map(policyOf),
  ...precisionPolicies.map(precisionOf),
];

/** What it is about, as `frontend/policy-subjects.ts` says of the tree. */
export function subjectsOf(policy: Policy | Precision): { readonly name: string; readonly key: string }[] {
  const { kind } = policy;
  const subject = (name: string) => ({ name, key: `${kind} ${name}` });
  switch (kind) {
    case "scale":
      return [subject(policy.value)];
    case "rescaleHidden":
      return [{ name: kind, key: kind }];
    case "quantize":
      return [subject(policy.pattern)];
    case "keepFloat":
      return policy.patterns.map(subject);
  }
}

export const widthName = (bits: QuantizePolicy["bits"]): string => (bits === 16 ? "f16" : `w${bits}`);

/** As it stands in a spec: `scale("timeMix.k", 1 / 2)`. `rename` gives the names under which the functions were imported. */
export function policyText(policy: Policy | Precision, rename: (name: string) => string = (name) => name): string {
  const call = (...args: readonly string[]): string => `${rename(policy.kind)}(${args.join(", ")})`;
  switch (policy.kind) {
    case "scale":
      return call(quoted(policy.value), fraction(policy.by));
    case "rescaleHidden":
      return call(`{ every: ${policy.every}, by: ${fraction(policy.by)} }`);
    case "keepFloat":
      return call(...policy.patterns.map(quoted));
    case "quantize": {
      const how = policy.block === undefined ? [] : [`{ block: ${policy.block} }`];
      return call(quoted(policy.pattern), quoted(widthName(policy.bits)), ...how);
    }
  }
}

const quoted = (text: string): string => JSON.stringify(text);
const fraction = (by: number): string => (by < 1 ? `1 / ${1 / by}` : String(by));
