/** RWKV-5.0, 5.1 and 5.2 as plain loops over a checkpoint's numbers: independent of specs, in double precision. */

export interface Sizes {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly headSize: number;
}

/** A tensor's elements, row-major. */
export type Numbers = ArrayLike<number>;

type Vector = readonly number[];

interface State {
  attention: Vector;
  channel: Vector;
  /** [head][key][value] */
  readonly S: number[][][];
}

/**
 * Logits after each token, from a zero state. `decay(layer, head, key)` gives w, `bonus` u; the gate is left out where the checkpoint
 * has none.
 */
export function rwkv5(
  tensor: (name: string) => Numbers | undefined,
  sizes: Sizes,
  decay: (layer: number, head: number, key: number) => number,
  bonus: (layer: number, head: number, key: number) => number,
  tokens: readonly number[],
): Vector[] {
  const { layers, width, heads, headSize: size } = sizes;
  const get = (name: string): Numbers => tensor(name)!;
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const affine = (x: Vector, name: string): Vector =>
    x.map((value, i) => value * get(`${name}.weight`)[i]! + get(`${name}.bias`)[i]!);
  const times = (name: string, x: Vector): Vector => {
    const matrix = get(name);
    return range(matrix.length / x.length).map((row) =>
      x.reduce((sum, value, i) => sum + matrix[row * x.length + i]! * value, 0),
    );
  };
  const mixed = (x: Vector, previous: Vector, name: string): Vector =>
    x.map((value, i) => value * get(name)[i]! + previous[i]! * (1 - get(name)[i]!));
  const zeros = (): Vector => range(width).map(() => 0);
  const states = range(layers).map((): State => ({
    attention: zeros(),
    channel: zeros(),
    S: range(heads).map(() => range(size).map(() => range(size).map(() => 0))),
  }));

  function timeMix(x: Vector, layer: number, state: State): Vector {
    const att = `blocks.${layer}.att.`;
    const project = (what: string, mix: string): Vector =>
      times(`${att}${what}.weight`, mixed(x, state.attention, `${att}time_mix_${mix}`));
    const [r, k, v] = [project("receptance", "r"), project("key", "k"), project("value", "v")];
    const hasGate = tensor(`${att}gate.weight`) !== undefined;
    const gate = hasGate ? project("gate", "g").map((value) => value / (1 + Math.exp(-value))) : undefined;
    state.attention = x;
    const heads = state.S.flatMap((S, h) => {
      const y = range(size).map((j) =>
        S.reduce((sum, row, i) => {
          const at = h * size + i;
          return sum + r[at]! * (bonus(layer, h, i) * k[at]! * v[h * size + j]! + row[j]!);
        }, 0),
      );
      for (const [i, row] of S.entries()) {
        for (const j of range(size)) row[j] = decay(layer, h, i) * row[j]! + k[h * size + i]! * v[h * size + j]!;
      }
      return normalised(y, 64e-5);
    });
    const y = affine(heads, `${att}ln_x`);
    return times(`${att}output.weight`, gate ? y.map((value, i) => value * gate[i]!) : y);
  }

  function channelMix(x: Vector, layer: number, state: State): Vector {
    const ffn = `blocks.${layer}.ffn.`;
    const r = times(`${ffn}receptance.weight`, mixed(x, state.channel, `${ffn}time_mix_r`));
    const k = times(`${ffn}key.weight`, mixed(x, state.channel, `${ffn}time_mix_k`));
    state.channel = x;
    const value = times(
      `${ffn}value.weight`,
      k.map((one) => Math.max(0, one) ** 2),
    );
    return value.map((one, i) => one / (1 + Math.exp(-r[i]!)));
  }

  return tokens.map((token) => {
    const row = range(width).map((i) => get("emb.weight")[token * width + i]!);
    let x = affine(normalised(row, 1e-5), "blocks.0.ln0");
    for (const [layer, state] of states.entries()) {
      const add = (what: Vector): Vector => x.map((value, i) => value + what[i]!);
      x = add(timeMix(affine(normalised(x, 1e-5), `blocks.${layer}.ln1`), layer, state));
      x = add(channelMix(affine(normalised(x, 1e-5), `blocks.${layer}.ln2`), layer, state));
    }
    return times("head.weight", affine(normalised(x, 1e-5), "ln_out"));
  });
}

function normalised(x: Vector, eps: number): Vector {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + eps));
}
