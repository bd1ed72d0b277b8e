/**
 * A run of an artefact against the oracle, equation by equation and token by token: either what the model should compute from the
 * tokens on, or, if the oracle goes on with what `add` gives, what each equation should make of the operands that the run had. Differences are taken relative to the largest
 * magnitude that the equation's value has over all tokens, in its layer: single elements may be near zero anywhere.
 */
import type { TypedEquation } from "../check/typed.ts";
import type { OracleValue } from "./run-oracle.ts";
import type { Tensor } from "./tensor.ts";

/** How to read an equation's value from a run: stored value = scale * value, row-major. */
export interface StoredValue {
  readonly tensor: string;
  readonly scale: number;
}

export interface Place {
  /** Position of the token in the sequence. */
  readonly token: number;
  /** One per axis of the equation. */
  readonly index: readonly number[];
}

/** The element that differs most. */
export interface Difference extends Place {
  /** As the spec means it, with the scale divided out. */
  readonly found: number;
  readonly expected: number;
  /** |found - expected| / largest magnitude; infinite when one of the two is not finite, and the other is not the same. */
  readonly relative: number;
}

/** An equation in a layer. */
export interface ComparedEquation {
  readonly path: string;
  readonly equation: TypedEquation;
  readonly layer: number | null;
  readonly stored: StoredValue;
  /** Of the oracle's finite values over all tokens. */
  readonly magnitude: number;
  /** One per token. */
  readonly differences: readonly Difference[];
  /** The first value that the oracle itself has as infinite or NaN. */
  readonly notFinite: Place | undefined;
}

interface Draft {
  readonly path: string;
  readonly equation: TypedEquation;
  readonly layer: number | null;
  readonly stored: StoredValue;
  magnitude: number;
  readonly differences: Difference[];
  notFinite: Place | undefined;
}

export class Comparison {
  /** In the order of computation. */
  private readonly drafts = new Map<string, Draft>();
  private readonly unseen = new Set<string>();

  /**
   * `storedOf` tells where a run has the value of an equation; undefined where it has none. `read` gives a tensor's values after a
   * token. Stored values that differ by `negligible` at most do not differ.
   */
  constructor(
    private readonly storedOf: (equation: TypedEquation, layer: number | null) => StoredValue | undefined,
    private readonly read: (tensor: string, token: number) => ArrayLike<number>,
    private readonly negligible = 0,
  ) {}

  /** To be called with every value of the oracle. Gives the run's value, if all of it is finite. */
  add({ path, equation, layer, token, value }: OracleValue): Tensor | undefined {
    const stored = this.storedOf(equation, layer);
    if (!stored) {
      this.unseen.add(path);
      return undefined;
    }
    const key = `${path}@${equation.span.start}`;
    const draft = this.drafts.get(key) ?? {
      path,
      equation,
      layer,
      stored,
      magnitude: 0,
      differences: [],
      notFinite: undefined,
    };
    this.drafts.set(key, draft);
    const { data, sizes } = value;
    const found = this.read(stored.tensor, token);
    if (found.length !== data.length)
      throw new Error(`${stored.tensor} has ${found.length} values, not ${data.length}`);
    for (const x of data) if (Number.isFinite(x)) draft.magnitude = Math.max(draft.magnitude, Math.abs(x));
    const wrong = data.findIndex((x) => !Number.isFinite(x));
    if (wrong >= 0) draft.notFinite ??= { token, index: indexOf(wrong, sizes) };
    const { at, apart } = largestDifference(found, data, stored.scale, this.negligible);
    draft.differences.push({
      token,
      index: indexOf(at, sizes),
      found: found[at]! / stored.scale,
      expected: data[at]!,
      relative: apart,
    });
    const own = Float64Array.from(found, (x) => x / stored.scale);
    return own.every(Number.isFinite) ? { ...value, data: own } : undefined;
  }

  /** In the order of computation: layer by layer, as the spec has them. */
  equations(): readonly ComparedEquation[] {
    return [...this.drafts.values()].map((draft) => ({
      ...draft,
      differences: draft.differences.map((d) => ({ ...d, relative: relative(d.relative, draft.magnitude) })),
    }));
  }

  /** Paths of equations that the run has no tensor for. */
  notCompared(): readonly string[] {
    return [...this.unseen];
  }
}

const relative = (apart: number, magnitude: number): number => (apart === 0 ? 0 : apart / magnitude);

/** What is not finite differs infinitely, unless the oracle agrees. */
function largestDifference(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale: number,
  negligible: number,
): { at: number; apart: number } {
  let at = 0;
  let most = -1;
  for (let i = 0; i < expected.length; i++) {
    const value = found[i]! / scale;
    const distance = Object.is(value, expected[i]!) ? 0 : Math.abs(value - expected[i]!);
    const apart = Number.isNaN(distance) ? Infinity : distance;
    if (apart <= most) continue;
    at = i;
    most = apart;
  }
  return { at, apart: most * Math.abs(scale) <= negligible ? 0 : most };
}

function indexOf(position: number, sizes: readonly number[]): number[] {
  let rest = position;
  return [...sizes]
    .reverse()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}

/** The difference that is largest over all tokens. */
export const worstOf = ({ differences }: ComparedEquation): Difference =>
  differences.reduce((worst, d) => (d.relative > worst.relative ? d : worst));

/** The first departure in the order of computation: of the earliest token, the earliest equation. */
export function firstDeparture(
  equations: readonly ComparedEquation[],
  tolerance: number,
): { readonly equation: ComparedEquation; readonly difference: Difference } | undefined {
  const tokens = Math.max(0, ...equations.map((e) => e.differences.length));
  for (let token = 0; token < tokens; token++) {
    for (const equation of equations) {
      const difference = equation.differences[token];
      // Written so that NaN departs.
      if (difference && !(difference.relative <= tolerance)) return { equation, difference };
    }
  }
  return undefined;
}
