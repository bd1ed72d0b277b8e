/**
 * What precision policies, those of a spec and behind them those of the command line, say of a weight or an equation. Of several that
 * match, the last one counts.
 */
import { matchesEquation, matchesValue, matchesWeight } from "../check/precision-names.ts";
import type { PrecisionPolicy, QuantizePolicy } from "../check/typed.ts";

export type WeightBits = Pick<QuantizePolicy, "bits" | "block">;

/**
 * The least bits that a lower-precision build may give a weight: it has the build's own where those are more. 16 is float16.
 * Undefined: no policy speaks of it. `weightName`: the checkpoint's, in full; `equationPath`: of the equation that uses it,
 * `blocks.3.timeMix.k`.
 */
export function weightBits(
  policies: readonly PrecisionPolicy[],
  weightName: string,
  equationPath?: string,
): WeightBits | undefined {
  const found = policies.findLast((policy) => {
    if (policy.kind === "keepFloat") return equationPath !== undefined && isKept(policy.patterns, equationPath);
    const { pattern } = policy;
    if (matchesWeight(pattern, weightName)) return true;
    return equationPath !== undefined && matchesEquation(pattern, equationPath);
  });
  if (!found) return undefined;
  if (found.kind === "keepFloat") return { bits: 16 };
  const { bits, block } = found;
  return { bits, ...(block !== undefined && { block }) };
}

/** Whether an equation's nodes stay float16 in a quantized build. A later `quantize` of the same equation takes that back. */
export function keepsFloat(policies: readonly PrecisionPolicy[], equationPath: string): boolean {
  const found = policies.findLast((policy) =>
    policy.kind === "keepFloat"
      ? isKept(policy.patterns, equationPath)
      : policy.bits < 16 && matchesEquation(policy.pattern, equationPath),
  );
  return found?.kind === "keepFloat";
}

const isKept = (patterns: readonly string[], path: string): boolean =>
  patterns.some((pattern) => matchesValue(pattern, path));
