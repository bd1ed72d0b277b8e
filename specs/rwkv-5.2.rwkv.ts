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
  tensor,
  timeMix,
  vec,
} from "rwkvc/spec";

/**
 * RWKV-5.2 "Eagle": matrix-valued states with a constant decay per key channel.
 * mix_r, mix_k, ... weigh the *current* token. The state S is [head, key, value]; y reads the old state.
 */
export default model({
  name: "rwkv-5.2",
  reference: "Eagle and Finch: RWKV with Matrix-Valued States (arXiv 2404.05892); ChatRWKV, class RWKV, version 5.2",

  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width of the hidden state"),
    A: dim("width of the time mix", "H N"),
    H: dim("heads"),
    N: dim("head size"),
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
        mix_g: vec("att.time_mix_g", "D"),
        decay: tensor("att.time_decay", "H N"),
        u: tensor("att.time_faaaa", "H N"),
        receptance: mat("att.receptance.weight", "A", "D"),
        key: mat("att.key.weight", "A", "D"),
        value: mat("att.value.weight", "A", "D"),
        gate: mat("att.gate.weight", "A", "D"),
        output: mat("att.output.weight", "D", "A"),
        ln_x: norm("att.ln_x", "A"),
      },
      state: { x_prev: "D", S: "H N N" },
      equations: eq`
        xx = layer_norm(x, ln1)
        xp = shift(xx, x_prev)

        r = receptance @ (xx * mix_r + xp * (1 - mix_r))  : H N
        k = key   @ (xx * mix_k + xp * (1 - mix_k))       : H N
        v = value @ (xx * mix_v + xp * (1 - mix_v))       : H N
        g = silu(gate @ (xx * mix_g + xp * (1 - mix_g)))  : H N
        w = exp(-exp(decay))

        y[h,j]    = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
        S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]

        x = x + output @ (group_norm(y, ln_x, eps = 64e-5) * g)
      `,
    }),

    channelMix({
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
    }),
  ]),

  head: head({
    weights: { ln_out: norm("ln_out", "D"), head: mat("head.weight | emb.weight", "V", "D") },
    equations: eq`
      logits = head @ layer_norm(x, ln_out)
    `,
  }),

  // k v^T and the hidden state leave fp16's range in large models; the norms cancel these factors exactly.
  policies: [scale("timeMix.k", 1 / 2), scale("timeMix.v", 1 / 4), rescaleHidden({ every: 6, by: 1 / 2 })],
});
