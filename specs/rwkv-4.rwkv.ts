import {
  channelMix,
  dim,
  embedding,
  eq,
  head,
  layers,
  mat,
  model,
  norm,
  rescaleHidden,
  scale,
  state,
  timeMix,
  vec,
} from "rwkvc/spec";

/** Shared by versions 4 to 5.2: the receptance gates what the squared rectifier lets through. */
export const gatedChannelMix = channelMix({
  weights: {
    ln2: norm("ln2", "D"),
    mix_r: vec("ffn.time_mix_r", "D"),
    mix_k: vec("ffn.time_mix_k", "D"),
    receptance: mat("ffn.receptance.weight", "D", "D"),
    key: mat("ffn.key.weight", "F", "D"),
    value: mat("ffn.value.weight", "D", "F"),
  },
  state: { x_prev: "D" },
  equations: eq`
    xx = layer_norm(x, ln2)
    xp = shift(xx, x_prev)
    r  = sigmoid(receptance @ (xx * mix_r + xp * (1 - mix_r)))
    k  = relu(key @ (xx * mix_k + xp * (1 - mix_k)))
    x  = x + r * (value @ k^2)
  `,
});

/**
 * RWKV-4 "Dove": for each channel a mean of all values so far, weighted by exp(key) and a constant decay.
 * mix_r, mix_k, ... weigh the *current* token. Numerator aa and denominator bb are kept divided by exp(pp), the largest weight so far,
 * so that no exponential overflows.
 */
export default model({
  name: "rwkv-4",
  reference: "RWKV: Reinventing RNNs for the Transformer Era (arXiv 2305.13048); ChatRWKV, class RWKV, version 4",

  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width of the hidden state"),
    A: dim("width of the time mix"),
    F: dim("width of the channel mix"),
  },

  carry: { x: "D" },

  embedding: embedding({
    weights: { emb: mat("emb.weight", "V", "D"), ln0: norm("blocks.0.ln0", "D") },
    equations: eq`
      x = layer_norm(emb[token], ln0)
    `,
  }),

  layers: layers("L", "blocks.{layer}", [
    timeMix({
      weights: {
        ln1: norm("ln1", "D"),
        mix_r: vec("att.time_mix_r", "D"),
        mix_k: vec("att.time_mix_k", "D"),
        mix_v: vec("att.time_mix_v", "D"),
        decay: vec("att.time_decay", "A"),
        u: vec("att.time_first", "A"),
        receptance: mat("att.receptance.weight", "A", "D"),
        key: mat("att.key.weight", "A", "D"),
        value: mat("att.value.weight", "A", "D"),
        output: mat("att.output.weight", "D", "A"),
      },
      // Before the first token exp(pp - p) has to be 0. The reference has -1e30; this is as good for all keys above -4000, and within fp16.
      state: { x_prev: "D", aa: "A", bb: "A", pp: state("A", -4096) },
      equations: eq`
        xx = layer_norm(x, ln1)
        xp = shift(xx, x_prev)

        r = sigmoid(receptance @ (xx * mix_r + xp * (1 - mix_r)))
        k = key   @ (xx * mix_k + xp * (1 - mix_k))
        v = value @ (xx * mix_v + xp * (1 - mix_v))
        w = -exp(decay)

        # the mean so far, with this token's value at a weight of its own
        uk  = u + k
        p   = max(pp, uk)
        a   = exp(pp - p)
        b   = exp(uk - p)
        wkv = (a * aa + b * v) / (a * bb + b)

        # pp - q + w in this order: it also makes up for what the sum pp + w has lost in rounding
        q   = max(pp + w, k)
        c   = exp(pp - q + w)
        d   = exp(k - q)
        aa' = c * aa + d * v
        bb' = c * bb + d
        pp' = q

        x = x + output @ (r * wkv)
      `,
    }),
    gatedChannelMix,
  ]),

  head: head({
    weights: { ln_out: norm("ln_out", "D"), head: mat("head.weight | emb.weight", "V", "D") },
    equations: eq`
      logits = head @ layer_norm(x, ln_out)
    `,
  }),

  // aa adds up the values of all that is remembered, and the hidden state leaves fp16's range in large models; the weights of `output`
  // and the last norm cancel these factors exactly.
  policies: [scale("timeMix.v", 1 / 4), rescaleHidden({ every: 6, by: 1 / 2 })],
});
