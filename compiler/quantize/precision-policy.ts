/**
 * What precision policies, those of a spec and behind them those of the command line, say of a weight or an equation. Of several that
 * match, the last one counts.
 */
import { matchesEquation, matchesValue, matchesWeight } from "../check/precision-names.ts";
import type { PrecisionPolicy, QuantizePolicy } from "../check/typed.ts";
import { tensorsOf } from "../ir/constant.ts";
import type { QnnTensor } from "../lower/qnn-graph.ts";

export type WeightBits = Pick<QuantizePolicy, "bits" | "block">;

/**
 * The least bits that a lower-precision build may give a weight: it has the build's own where those are more. 16 is float16.
 * Undefined: no policy speaks of it. `weightNames`: the checkpoint's, in full (`checkpointNames`); `equationPath`: of the equation that
 * uses it, `blocks.3.timeMix.k`.
 */
export function weightBits(
  policies: readonly PrecisionPolicy[],
  weightNames: string | readonly string[],
  equationPath?: string,
): WeightBits | undefined {
  const found = policies.findLast((policy) => {
    if (policy.kind === "keepFloat") return equationPath !== undefined && isKept(policy.patterns, equationPath);
    const { pattern } = policy;
    if ([weightNames].flat().some((name) => matchesWeight(pattern, name))) return true;
    return equationPath !== undefined && matchesEquation(pattern, equationPath);
  });
  if (!found) return undefined;
  if (found.kind === "keepFloat") return { bits: 16 };
  const { bits, block } = found;
  return { bits, ...(block !== undefined && { block }) };
}

/**
 * The names of a constant tensor of a graph by which policies speak of it: those of the checkpoint's matrices that it was made of. Its
 * own name may be another one, when a policy scales it or a pass has put weights together.
 */
export function checkpointNames({ name, constant }: Pick<QnnTensor, "name" | "constant">): readonly string[] {
  const matrices = constant ? tensorsOf(constant).filter(({ shape }) => shape.length > 1) : [];
  return matrices.length > 0 ? matrices.map(({ tensor }) => tensor) : [name];
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
