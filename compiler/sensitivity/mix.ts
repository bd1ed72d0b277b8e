/** Mixes of bits: by group, and the policies that say one. */
import type { Precision } from "../ranges/policy.ts";
import type { Bits, WeightGroup } from "./groups.ts";

/** Bits by the group's pattern. */
export type Mix = ReadonlyMap<string, Bits>;

export const mixOf = (groups: readonly WeightGroup[]): Mix =>
  new Map(groups.map(({ pattern, bits }) => [pattern, bits]));

export const withBits = (mix: Mix, pattern: string, bits: Bits): Mix => new Map([...mix, [pattern, bits]]);

/** One step up: 4, 8, float16. */
export const raised = (bits: Bits): Bits | undefined => (({ 4: 8, 8: 16, 16: undefined }) as const)[bits];

/** One step down, to what the build allows. */
export function lowered(bits: Bits, least: Bits): Bits | undefined {
  const below = ({ 4: undefined, 8: 4, 16: 8 } as const)[bits];
  return below !== undefined && below >= least ? below : undefined;
}

/** What makes the mix of the build that the groups were found in: patterns of the same bits and beginning in one. */
export function mixPolicies(groups: readonly WeightGroup[], mix: Mix): Precision[] {
  const changed = groups.filter(({ pattern, bits }) => mix.get(pattern) !== bits);
  const found = new Map<string, { bits: Bits; head: string; tails: string[] }>();
  for (const { pattern } of changed) {
    const bits = mix.get(pattern)!;
    // Braces do not stand inside braces: a pattern with layers stays by itself.
    const at = pattern.includes("{") ? 0 : pattern.lastIndexOf(".") + 1;
    const head = pattern.slice(0, at);
    const key = at === 0 ? pattern : `${head} ${bits}`;
    const entry = found.get(key) ?? { bits, head, tails: [] };
    entry.tails.push(pattern.slice(at));
    found.set(key, entry);
  }
  return [...found.values()].map(({ bits, head, tails }) => ({
    kind: "quantize",
    pattern: tails.length === 1 ? head + tails[0] : `${head}{${tails.join(",")}}`,
    bits,
  }));
}
