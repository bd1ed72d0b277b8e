/** What two models predict after each token of one text: how different their distributions are, and how well each foresees the text. */
export interface Predictions {
  /** Positions whose logits are finite in both. */
  readonly positions: number;
  /** Positions that are followed by a token. */
  readonly predicted: number;
  /** Kullback-Leibler divergence of the second from the first, nats a position; the mean, and the largest with its position. */
  readonly kl: number;
  readonly largestKl: { readonly kl: number; readonly token: number };
  /** Positions at which the likeliest token is the same, of `positions`. */
  readonly sameTop: number;
  /** Nats per predicted token, of each. */
  readonly nll: readonly [number, number];
}

export class PredictionSums {
  private positions = 0;
  private predicted = 0;
  private kl = 0;
  private largestKl = { kl: 0, token: 0 };
  private sameTop = 0;
  private nll: [number, number] = [0, 0];

  /** The logits of both after the token at position `token`; `next`: the token that followed. */
  add(token: number, first: ArrayLike<number>, second: ArrayLike<number>, next: number | undefined): void {
    const [p, q] = [logProbabilities(first), logProbabilities(second)];
    if (!p || !q) return;
    let kl = 0;
    for (let i = 0; i < p.length; i++) kl += Math.exp(p[i]!) * (p[i]! - q[i]!);
    kl = Math.max(0, kl);
    this.positions++;
    this.kl += kl;
    if (kl > this.largestKl.kl) this.largestKl = { kl, token };
    if (largestAt(p) === largestAt(q)) this.sameTop++;
    if (next === undefined) return;
    this.predicted++;
    this.nll[0] -= p[next]!;
    this.nll[1] -= q[next]!;
  }

  result(): Predictions {
    const { positions, predicted, largestKl, sameTop } = this;
    const nll = this.nll.map((sum) => sum / predicted) as [number, number];
    return { positions, predicted, kl: this.kl / positions, largestKl, sameTop, nll };
  }
}

/** Undefined where a logit is infinite or NaN. */
function logProbabilities(logits: ArrayLike<number>): Float64Array | undefined {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    if (!Number.isFinite(logits[i]!)) return undefined;
    largest = Math.max(largest, logits[i]!);
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - largest);
  const norm = largest + Math.log(sum);
  return Float64Array.from(logits, (x) => x - norm);
}

function largestAt(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
