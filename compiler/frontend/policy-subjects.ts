/** What policies are about, and by which names extensions speak of them. */
import type { PolicyAst, PrecisionPolicyAst } from "./ast.ts";

export interface PolicySubject {
  /** `timeMix.k`, `att.*`, `rescaleHidden`. */
  readonly name: string;
  /** With the kind, which tells policies of one name apart: `scale timeMix.k`. */
  readonly key: string;
}

/** A spec has one policy for each; a `keepFloat` is about all that it names. */
export function policySubjects(policy: PolicyAst | PrecisionPolicyAst): PolicySubject[] {
  const { kind } = policy;
  const subject = (name: string): PolicySubject => ({ name, key: `${kind} ${name}` });
  switch (kind) {
    case "scale":
      return [subject(policy.value.value)];
    case "rescaleHidden":
      return [{ name: kind, key: kind }];
    case "quantize":
      return [subject(policy.pattern.value)];
    case "keepFloat":
      return policy.patterns.map(({ value }) => subject(value));
  }
}

/** What is left of a policy when some of its subjects are taken away. */
export function withoutSubjects(policy: PrecisionPolicyAst, gone: ReadonlySet<string>): PrecisionPolicyAst[] {
  const left = policySubjects(policy).filter(({ key }) => !gone.has(key));
  if (left.length === 0) return [];
  if (policy.kind === "quantize" || left.length === policy.patterns.length) return [policy];
  const patterns = policy.patterns.filter(({ value }) => left.some(({ name }) => name === value));
  return [{ ...policy, patterns, text: `keepFloat(${patterns.map(({ value }) => JSON.stringify(value)).join(", ")})` }];
}
