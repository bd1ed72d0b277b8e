/**
 * The made-up checkpoints of `random:SEED:PRESET`: dimensions of public releases, and for each family the tensors that
 * its checkpoints have, under their official names, in their official order and shapes. These tables belong to the
 * generator alone; the compiler learns a model's tensors from its spec.
 */

/** How a tensor's values are spread. */
export type Spread =
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number };

export interface TensorPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly spread: Spread;
}

export interface PresetDims {
  readonly layers: number;
  readonly width: number;
  readonly ffn: number;
  readonly vocab: number;
}

interface LoraRanks {
  readonly w: number;
  readonly a: number;
  readonly v: number;
  readonly g: number;
}

const headSize = 64;

const normal = (deviation: number, mean = 0): Spread => ({ kind: "normal", mean, deviation });
const uniform = (low: number, high: number): Spread => ({ kind: "uniform", low, high });

/** Outputs of about `gain` for inputs of about 1. */
const matrix = (name: string, [out, into]: readonly [number, number], gain: number): TensorPlan => ({
  name,
  shape: [out, into],
  spread: normal(gain / Math.sqrt(into)),
});

/** A low-rank factor, stored [in, out]. */
const lora = (name: string, [into, out]: readonly [number, number], gain: number): TensorPlan => ({
  name,
  shape: [into, out],
  spread: normal(gain / Math.sqrt(into)),
});

const norm = (name: string, width: number, weight = 1): TensorPlan[] => [
  { name: `${name}.weight`, shape: [width], spread: normal(0.1 * weight, weight) },
  { name: `${name}.bias`, shape: [width], spread: normal(0.05) },
];

const vector = (name: string, width: number, spread: Spread): TensorPlan => ({ name, shape: [1, 1, width], spread });

/** What all families share: the embedding, the layers with their norms, the head. */
function plan(
  { layers, width, vocab }: PresetDims,
  layer: (prefix: string, index: number) => TensorPlan[],
): TensorPlan[] {
  const blocks = Array.from({ length: layers }, (_, i) => {
    const prefix = `blocks.${i}.`;
    const ln0 = i === 0 ? norm(`${prefix}ln0`, width) : [];
    return [...norm(`${prefix}ln1`, width), ...norm(`${prefix}ln2`, width), ...ln0, ...layer(prefix, i)];
  });
  return [
    { name: "emb.weight", shape: [vocab, width], spread: normal(0.05) },
    ...blocks.flat(),
    ...norm("ln_out", width),
    matrix("head.weight", [vocab, width], 1),
  ];
}

function planEagle(dims: PresetDims): TensorPlan[] {
  const { width, ffn } = dims;
  const heads = [width / headSize, headSize] as const;
  const mix = uniform(0, 1);
  return plan(dims, (prefix) => {
    const att = `${prefix}att.`;
    const channel = `${prefix}ffn.`;
    return [
      vector(`${att}time_mix_k`, width, mix),
      vector(`${att}time_mix_v`, width, mix),
      vector(`${att}time_mix_r`, width, mix),
      vector(`${att}time_mix_g`, width, mix),
      // exp(-exp(x)): from 0.52 to 0.998 for each token.
      { name: `${att}time_decay`, shape: heads, spread: uniform(-6, -0.4) },
      { name: `${att}time_faaaa`, shape: heads, spread: normal(0.2) },
      matrix(`${att}receptance.weight`, [width, width], 0.5),
      matrix(`${att}key.weight`, [width, width], 0.5),
      matrix(`${att}value.weight`, [width, width], 0.7),
      matrix(`${att}output.weight`, [width, width], 0.7),
      matrix(`${att}gate.weight`, [width, width], 1),
      ...norm(`${att}ln_x`, width, 0.7),
      vector(`${channel}time_mix_k`, width, mix),
      vector(`${channel}time_mix_r`, width, mix),
      matrix(`${channel}key.weight`, [ffn, width], 1),
      matrix(`${channel}receptance.weight`, [width, width], 0.7),
      matrix(`${channel}value.weight`, [width, ffn], 0.7),
    ];
  });
}

function planGoose(dims: PresetDims & { readonly lora: LoraRanks }): TensorPlan[] {
  const { width, ffn, lora: ranks } = dims;
  const mix = uniform(0, 1);
  const pair = (name: string, rank: number, gain: number): TensorPlan[] => [
    lora(`${name}1`, [width, rank], 1),
    lora(`${name}2`, [rank, width], gain),
  ];
  return plan(dims, (prefix, index) => {
    const att = `${prefix}att.`;
    const channel = `${prefix}ffn.`;
    return [
      ...["x_r", "x_w", "x_k", "x_v", "x_a", "x_g"].map((name) => vector(`${att}${name}`, width, mix)),
      ...pair(`${att}w`, ranks.w, 0.5),
      // exp(-0.6065 sigmoid(x)): from 0.69 to 0.9985 for each token.
      vector(`${att}w0`, width, uniform(-6, 0.5)),
      ...pair(`${att}a`, ranks.a, 0.5),
      vector(`${att}a0`, width, normal(0.5)),
      // The first layer has nothing to mix its value with.
      ...(index === 0 ? [] : [...pair(`${att}v`, ranks.v, 0.5), vector(`${att}v0`, width, normal(0.3, 0.7))]),
      ...pair(`${att}g`, ranks.g, 1.5),
      vector(`${att}k_k`, width, normal(0.1, 0.8)),
      vector(`${att}k_a`, width, normal(0.1, 1)),
      { name: `${att}r_k`, shape: [width / headSize, headSize], spread: normal(0.05) },
      matrix(`${att}receptance.weight`, [width, width], 0.5),
      matrix(`${att}key.weight`, [width, width], 0.5),
      matrix(`${att}value.weight`, [width, width], 0.7),
      matrix(`${att}output.weight`, [width, width], 0.7),
      ...norm(`${att}ln_x`, width, 0.7),
      vector(`${channel}x_k`, width, mix),
      matrix(`${channel}key.weight`, [ffn, width], 1),
      matrix(`${channel}value.weight`, [width, ffn], 0.5),
    ];
  });
}

const small: LoraRanks = { w: 64, a: 64, v: 32, g: 128 };
const medium: LoraRanks = { w: 96, a: 96, v: 64, g: 256 };

/** Preset names as the user writes them. */
export const presets: ReadonlyMap<string, () => TensorPlan[]> = new Map([
  ["v5.2-0.4B", () => planEagle({ layers: 24, width: 1024, ffn: 3584, vocab: 65536 })],
  ["v5.2-abc-82M", () => planEagle({ layers: 24, width: 512, ffn: 1792, vocab: 128 })],
  ["v7-0.1B", () => planGoose({ layers: 12, width: 768, ffn: 3072, vocab: 65536, lora: small })],
  ["v7-0.4B", () => planGoose({ layers: 24, width: 1024, ffn: 4096, vocab: 65536, lora: small })],
  ["v7-1.5B", () => planGoose({ layers: 24, width: 2048, ffn: 8192, vocab: 65536, lora: medium })],
]);
