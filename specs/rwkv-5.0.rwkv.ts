import { dim, eq, layers, mat, model, norm, rescaleHidden, scale, timeMix, vec } from "rwkvc/spec";
import v4, { gatedChannelMix } from "./rwkv-4.rwkv.ts";

/** What the time mix of 5.0 has besides u, whichever way a checkpoint stores that: see rwkv-5.0-faaaa. */
export const weights = {
  ln1: norm("ln1", "D"),
  mix_r: vec("att.time_mix_r", "D"),
  mix_k: vec("att.time_mix_k", "D"),
  mix_v: vec("att.time_mix_v", "D"),
  decay: vec("att.time_decay", "H"),
  receptance: mat("att.receptance.weight", "A", "D"),
  key: mat("att.key.weight", "A", "D"),
  value: mat("att.value.weight", "A", "D"),
  output: mat("att.output.weight", "D", "A"),
  ln_x: norm("att.ln_x", "A"),
};

export const equations = `
        xx = layer_norm(x, ln1)
        xp = shift(xx, x_prev)

        r = receptance @ (xx * mix_r + xp * (1 - mix_r))  : H N
        k = key   @ (xx * mix_k + xp * (1 - mix_k))       : H N
        v = value @ (xx * mix_v + xp * (1 - mix_v))       : H N
        w = exp(-exp(decay))

        y[h,j]    = r[h,i] * (u[h] * k[h,i] * v[h,j] + S[h,i,j])
        S'[h,i,j] = k[h,i] * v[h,j] + w[h] * S[h,i,j]

        x = x + output @ group_norm(y, ln_x, eps = 64e-5)
      `;

/**
 * RWKV-5.0, the first with matrix-valued states: one decay w and one bonus u a head, no gate. This spec is for checkpoints that store
 * log(u), as `time_first`; rwkv-5.0-faaaa for those that store u.
 * mix_r, mix_k, ... weigh the *current* token. The state S is [head, key, value]; y reads the old state.
 */
export default model({
  name: "rwkv-5.0",
  reference: "Eagle and Finch: RWKV with Matrix-Valued States (arXiv 2404.05892); ChatRWKV, class RWKV, version 5",

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
  embedding: v4.embedding,

  layers: layers("L", "blocks.{layer}", [
    timeMix({
      weights: { ...weights, first: vec("att.time_first", "H") },
      state: { x_prev: "D", S: "H N N" },
      equations: eq`
        u = exp(first)
        ${equations}
      `,
    }),
    gatedChannelMix,
  ]),

  head: v4.head,

  // k v^T and the hidden state leave fp16's range in large models; the norms cancel these factors exactly.
  policies: [scale("timeMix.k", 1 / 2), scale("timeMix.v", 1 / 4), rescaleHidden({ every: 6, by: 1 / 2 })],
});
