/**
 * The mildest scaling policies that bring measured magnitudes under a limit. Each step takes the value that is furthest
 * above it and tries, on every value that a policy may name and on the hidden state, the smallest power of two that
 * brings it down; of those that the compiler can prove exact it keeps the one that leaves fewest values above the limit,
 * and of equals the one that scales the rest of the model least.
 */
import type { Policy } from "./policy.ts";

/** The largest magnitude that an equation's values, or one step on the way to them, had in one layer, as the spec means them (no policy applied). */
export interface Magnitude {
  /** Path of what the equation defines: `blocks.3.timeMix.k`. */
  readonly name: string;
  /** On the way to what it defines: which step (`Origin.step`). */
  readonly step?: number;
  readonly largest: number;
}

export interface Scaling {
  /**
   * What policies multiply a value by, in the order of the magnitudes; undefined when they cannot be proved exact.
   */
  readonly factors: (policies: readonly Policy[]) => readonly number[] | undefined;
  /** Values that `scale` may name. */
  readonly scalable: readonly string[];
  readonly layerCount: number;
}

export interface Suggestion {
  /** What the spec is to have, those that it has already included. */
  readonly policies: readonly Policy[];
  /** Places in the list of magnitudes that no policy was found for. */
  readonly left: readonly number[];
}

/** No value needs more: float16's normal numbers reach from 2**-14 to 2**16. */
const mostSteps = 16;

interface State {
  readonly policies: readonly Policy[];
  readonly factors: readonly number[];
}

/** `present`: the policies that the spec has; they are kept, and made stronger where that helps. */
export function suggestPolicies(
  magnitudes: readonly Magnitude[],
  present: readonly Policy[],
  scaling: Scaling,
  limit: number,
): Suggestion {
  const start = scaling.factors(present) ?? magnitudes.map(() => 1);
  let state: State = { policies: present, factors: start };
  // No power of two brings those under any limit.
  const hopeless = new Set(magnitudes.flatMap(({ largest }, at) => (Number.isFinite(largest) ? [] : [at])));
  for (;;) {
    const worst = furthestAbove(state, hopeless);
    if (worst === undefined) return { policies: state.policies, left: [...hopeless].sort((a, b) => a - b) };
    const next = mildest(worst);
    if (next) state = next;
    else hopeless.add(worst);
  }

  function ratio(at: number, { factors }: State): number {
    return (magnitudes[at]!.largest * factors[at]!) / limit;
  }

  function furthestAbove(of: State, without: ReadonlySet<number>): number | undefined {
    let found: number | undefined;
    magnitudes.forEach((_, at) => {
      if (without.has(at) || !(ratio(at, of) > 1)) return;
      if (found === undefined || ratio(at, of) > ratio(found, of)) found = at;
    });
    return found;
  }

  function mildest(worst: number): State | undefined {
    let best: { state: State; cost: readonly [number, number] } | undefined;
    const offers = [...scaling.scalable.map((value) => firstThatHelps(scaleSteps(value), worst)), seldomest(worst)];
    for (const found of offers) {
      if (!found) continue;
      const cost = costOf(found);
      if (!best || cost[0] < best.cost[0] || (cost[0] === best.cost[0] && cost[1] < best.cost[1] - 1e-9)) {
        best = { state: found, cost };
      }
    }
    return best?.state;
  }

  /** Ever stronger forms of one policy: the first that brings `worst` under the limit. */
  function firstThatHelps(attempts: Iterable<readonly Policy[]>, worst: number): State | undefined {
    for (const policies of attempts) {
      const factors = scaling.factors(policies);
      // Refused, or without effect here: stronger ones are no better.
      if (!factors || !(factors[worst]! < state.factors[worst]!)) return undefined;
      const next = { policies, factors };
      if (!(ratio(worst, next) > 1)) return next;
    }
    return undefined;
  }

  /**
   * The hidden state halved (or divided by more, where that is not enough) after as many layers as possible: as seldom as
   * leaves no more values above the limit than doing it after every layer.
   */
  function seldomest(worst: number): State | undefined {
    const own = state.policies.find((policy) => policy.kind === "rescaleHidden");
    for (const by of [1 / 2, 1 / 4, 1 / 16]) {
      const attempt = (every: number): State | undefined => {
        const policies = replaced(own, { kind: "rescaleHidden", every, by });
        const factors = scaling.factors(policies);
        const next = factors && { policies, factors };
        return next && !(ratio(worst, next) > 1) ? next : undefined;
      };
      let best = attempt(1);
      if (!best) continue;
      const fewest = costOf(best)[0];
      let [low, high] = [1, scaling.layerCount];
      while (high - low > 1) {
        const every = Math.floor((low + high) / 2);
        const next = attempt(every);
        if (next && costOf(next)[0] <= fewest) [low, best] = [every, next];
        else high = every;
      }
      return best;
    }
    return undefined;
  }

  /** Values above the limit, then by how many powers of two the rest is scaled down. */
  function costOf(of: State): readonly [number, number] {
    const above = magnitudes.filter((_, at) => ratio(at, of) > 1).length;
    const scaled = of.factors.reduce((sum, factor) => sum + Math.abs(Math.log2(factor)), 0);
    return [above, scaled];
  }

  function* scaleSteps(value: string): Iterable<readonly Policy[]> {
    const own = state.policies.find((policy) => policy.kind === "scale" && policy.value === value);
    for (let n = 1; n <= mostSteps; n++) {
      const by = (own?.by ?? 1) / 2 ** n;
      if (by < 2 ** -mostSteps) return;
      yield replaced(own, { kind: "scale", value, by });
    }
  }

  function replaced(old: Policy | undefined, policy: Policy): readonly Policy[] {
    return old ? state.policies.map((p) => (p === old ? policy : p)) : [...state.policies, policy];
  }
}
