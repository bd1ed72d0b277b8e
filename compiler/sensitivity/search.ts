/**
 * Which groups of weights deserve more bits, and which need fewer. Each group by itself is raised and lowered one step from the build's mix;
 * then groups are raised together, those first that gain most for their bytes, and lowered together, those first that lose least; every mix
 * on the way is measured, since losses do not add up. With n groups that is some four times n measurements.
 */
import type { WeightGroup } from "./groups.ts";
import { lowered, type Mix, mixOf, raised, withBits } from "./mix.ts";

export interface Measurement {
  /** Nats per token. */
  readonly nll: number;
  /** Of the weights that one token reads. */
  readonly bytes: number;
}

export interface Measured extends Measurement {
  readonly mix: Mix;
}

/** One group one step away from the base. */
export interface Step {
  readonly group: WeightGroup;
  readonly direction: "raised" | "lowered";
  readonly measured: Measured;
}

export interface Search {
  readonly base: Measured;
  readonly steps: readonly Step[];
  /** All that were measured, each mix once. */
  readonly all: readonly Measured[];
}

export type Measure = (mix: Mix) => Promise<Measurement>;

export async function search(groups: readonly WeightGroup[], least: 4 | 8, measure: Measure): Promise<Search> {
  const known = new Map<string, Measured>();
  const tried = async (mix: Mix): Promise<Measured> => {
    const key = [...mix].map(([pattern, bits]) => `${pattern}=${bits}`).join();
    const found = known.get(key) ?? { mix, ...(await measure(mix)) };
    known.set(key, found);
    return found;
  };
  const base = await tried(mixOf(groups));
  const steps: Step[] = [];
  for (const group of groups) {
    for (const [direction, bits] of [
      ["raised", raised(group.bits)],
      ["lowered", lowered(group.bits, least)],
    ] as const) {
      if (bits === undefined) continue;
      steps.push({ group, direction, measured: await tried(withBits(base.mix, group.pattern, bits)) });
    }
  }
  for (const order of [raises(steps, base), lowerings(steps, base)]) {
    let { mix } = base;
    for (const { group, measured } of order) {
      mix = withBits(mix, group.pattern, measured.mix.get(group.pattern)!);
      await tried(mix);
    }
  }
  return { base, steps, all: [...known.values()] };
}

/** Most nats for a byte first; those that gain nothing are left out. */
function raises(steps: readonly Step[], base: Measured): Step[] {
  const gain = ({ measured }: Step): number => (base.nll - measured.nll) / Math.max(1, measured.bytes - base.bytes);
  return steps.filter((step) => step.direction === "raised" && gain(step) > 0).sort((a, b) => gain(b) - gain(a));
}

/** Fewest nats for a byte first. */
function lowerings(steps: readonly Step[], base: Measured): Step[] {
  const loss = ({ measured }: Step): number => (measured.nll - base.nll) / Math.max(1, base.bytes - measured.bytes);
  return steps.filter((step) => step.direction === "lowered").sort((a, b) => loss(a) - loss(b));
}

/** Those that no other one beats in both, the smallest first. */
export function paretoFront<Point extends Measurement>(points: readonly Point[]): Point[] {
  const bySize = [...points].sort((a, b) => a.bytes - b.bytes || a.nll - b.nll);
  let best = Infinity;
  return bySize.filter(({ nll }) => {
    if (!(nll < best)) return false;
    best = nll;
    return true;
  });
}

/** The smallest that loses no more than `loss` against `reference`; where none does, the one that loses least. */
export function chooseMix<Point extends Measurement>(front: readonly Point[], reference: number, loss: number): Point {
  return front.find(({ nll }) => nll - reference <= loss) ?? front.at(-1)!;
}
