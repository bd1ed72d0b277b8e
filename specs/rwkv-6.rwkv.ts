import { channelMix, dim, eq, layers, mat, model, norm, rescaleHidden, scale, tensor, timeMix, vec } from "rwkvc/spec";
import v4 from "./rwkv-4.rwkv.ts";

/**
 * RWKV-6 "Finch": the decay, and how the previous token is mixed in, depend on the input, by low-rank matrices.
 * maa_r, maa_w, ... weigh the *previous* token. The state S is [head, key, value]; y reads the old state.
 */
export default model({
  name: "rwkv-6",
  reference: "Eagle and Finch: RWKV with Matrix-Valued States (arXiv 2404.05892); ChatRWKV, class RWKV, version 6",

  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width of the hidden state"),
    A: dim("width of the time mix", "H N"),
    H: dim("heads"),
    N: dim("head size"),
    F: dim("width of the channel mix"),
    C: dim("mixes: w, k, v, r, g"),
    Rm: dim("LoRA rank of each mix"),
    M: dim("LoRA ranks of all mixes", "C Rm"),
    Rw: dim("LoRA rank of the decay"),
  },

  carry: { x: "D" },
  embedding: v4.embedding,

  layers: layers("L", "blocks.{layer}", [
    timeMix({
      weights: {
        ln1: norm("ln1", "D"),
        maa_x: vec("att.time_maa_x", "D"),
        maa_w: vec("att.time_maa_w", "D"),
        maa_k: vec("att.time_maa_k", "D"),
        maa_v: vec("att.time_maa_v", "D"),
        maa_r: vec("att.time_maa_r", "D"),
        maa_g: vec("att.time_maa_g", "D"),
        maa_w1: mat("att.time_maa_w1", "D", "M"),
        maa_w2: tensor("att.time_maa_w2", "C Rm D"),
        decay: vec("att.time_decay", "A"),
        decay_w1: mat("att.time_decay_w1", "D", "Rw"),
        decay_w2: mat("att.time_decay_w2", "Rw", "A"),
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
        dx = shift(xx, x_prev) - xx

        # how much of the previous token: a learned part, and one that depends on the input
        z      = tanh((xx + dx * maa_x) @ maa_w1)  : C Rm
        m[c,d] = z[c,r] * maa_w2[c,r,d]

        w = exp(-exp(decay + tanh((xx + dx * (maa_w + m[0])) @ decay_w1) @ decay_w2)) : H N
        k = key   @ (xx + dx * (maa_k + m[1]))       : H N
        v = value @ (xx + dx * (maa_v + m[2]))       : H N
        r = receptance @ (xx + dx * (maa_r + m[3]))  : H N
        g = silu(gate @ (xx + dx * (maa_g + m[4])))  : H N

        y[h,j]    = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
        S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]

        x = x + output @ (group_norm(y, ln_x, eps = 64e-5) * g)
      `,
    }),

    channelMix({
      weights: {
        ln2: norm("ln2", "D"),
        maa_r: vec("ffn.time_maa_r", "D"),
        maa_k: vec("ffn.time_maa_k", "D"),
        receptance: mat("ffn.receptance.weight", "D", "D"),
        key: mat("ffn.key.weight", "F", "D"),
        value: mat("ffn.value.weight", "D", "F"),
      },
      state: { x_prev: "D" },
      equations: eq`
        xx = layer_norm(x, ln2)
        dx = shift(xx, x_prev) - xx
        r  = sigmoid(receptance @ (xx + dx * maa_r))
        k  = relu(key @ (xx + dx * maa_k))
        x  = x + r * (value @ k^2)
      `,
    }),
  ]),

  head: v4.head,

  // k v^T and the hidden state leave fp16's range in large models; the norms cancel these factors exactly.
  policies: [scale("timeMix.k", 1 / 2), scale("timeMix.v", 1 / 4), rescaleHidden({ every: 6, by: 1 / 2 })],
});
