import { dim, embedding, eq, head, layers, mat, model, norm, scale, tensor, timeMix, vec } from "rwkvc/spec";

/** The data-dependent mixes and decay of RWKV-6: a matrix per mix, slices, a decay that changes with every token. */
export default model({
  name: "v6-like",
  reference: "test only",
  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width"),
    A: dim("width of the time mix", "H N"),
    H: dim("heads"),
    N: dim("head size"),
    C: dim("mixes"),
    R: dim("LoRA rank of the mixes"),
    P: dim("all ranks of the mixes", "C R"),
    Q: dim("LoRA rank of the decay"),
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
        maa_x: vec("att.time_maa_x", "D"),
        maa_w: vec("att.time_maa_w", "D"),
        maa_k: vec("att.time_maa_k", "D"),
        maa_v: vec("att.time_maa_v", "D"),
        maa_r: vec("att.time_maa_r", "D"),
        maa_g: vec("att.time_maa_g", "D"),
        maa_w1: mat("att.time_maa_w1", "D", "P"),
        maa_w2: tensor("att.time_maa_w2", "C R D"),
        decay: vec("att.time_decay", "A"),
        decay_w1: mat("att.time_decay_w1", "D", "Q"),
        decay_w2: mat("att.time_decay_w2", "Q", "A"),
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
        z  = tanh((xx + dx * maa_x) @ maa_w1) : C R
        m[c,d] = z[c,r] * maa_w2[c,r,d]

        w = exp(-exp(decay + tanh((xx + dx * (maa_w + m[0])) @ decay_w1) @ decay_w2)) : H N
        k = key @ (xx + dx * (maa_k + m[1]))         : H N
        v = value @ (xx + dx * (maa_v + m[2]))       : H N
        r = receptance @ (xx + dx * (maa_r + m[3]))  : H N
        g = silu(gate @ (xx + dx * (maa_g + m[4])))  : H N

        y[h,j]    = r[h,i] * (u[h,i] * k[h,i] * v[h,j] + S[h,i,j])
        S'[h,i,j] = k[h,i] * v[h,j] + w[h,i] * S[h,i,j]
        x = x + output @ (group_norm(y, ln_x, eps = 64e-5) * g)
      `,
    }),
  ]),
  head: head({
    weights: { ln_out: norm("ln_out", "D"), head: mat("head.weight", "V", "D") },
    equations: eq`
      logits = head @ layer_norm(x, ln_out)
    `,
  }),
  policies: [scale("timeMix.k", 1 / 2), scale("timeMix.v", 1 / 4)],
});
