import { channelMix, dim, embedding, eq, head, layers, mat, model, norm, tensor, timeMix, vec } from "rwkvc/spec";

/**
 * RWKV-7 "Goose": a delta rule with vector-valued decay and in-context learning rate.
 * x_r, x_w, ... weigh the *previous* token. The state S is [head, value, key]; y reads the new state.
 */
export default model({
  name: "rwkv-7",
  reference: "RWKV-7 'Goose' with Expressive Dynamic State Evolution (arXiv 2503.14456); ChatRWKV, class RWKV_x070",

  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width of the hidden state"),
    A: dim("width of the time mix", "H N"),
    H: dim("heads"),
    N: dim("head size"),
    F: dim("width of the channel mix"),
    Rw: dim("LoRA rank of the decay"),
    Ra: dim("LoRA rank of the in-context learning rate"),
    Rv: dim("LoRA rank of the value residual"),
    Rg: dim("LoRA rank of the gate"),
  },

  carry: { x: "D", v_first: "H N" },

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
        x_r: vec("att.x_r", "D"),
        x_w: vec("att.x_w", "D"),
        x_k: vec("att.x_k", "D"),
        x_v: vec("att.x_v", "D"),
        x_a: vec("att.x_a", "D"),
        x_g: vec("att.x_g", "D"),
        w0: vec("att.w0", "A"),
        w1: mat("att.w1", "D", "Rw"),
        w2: mat("att.w2", "Rw", "A"),
        a0: vec("att.a0", "A"),
        a1: mat("att.a1", "D", "Ra"),
        a2: mat("att.a2", "Ra", "A"),
        v0: vec("att.v0", "A"),
        v1: mat("att.v1", "D", "Rv"),
        v2: mat("att.v2", "Rv", "A"),
        g1: mat("att.g1", "D", "Rg"),
        g2: mat("att.g2", "Rg", "A"),
        k_k: vec("att.k_k", "A"),
        k_a: vec("att.k_a", "A"),
        r_k: tensor("att.r_k", "H N"),
        receptance: mat("att.receptance.weight", "A", "D"),
        key: mat("att.key.weight", "A", "D"),
        value: mat("att.value.weight", "A", "D"),
        output: mat("att.output.weight", "D", "A"),
        ln_x: norm("att.ln_x", "A"),
      },
      state: { x_prev: "D", S: "H N N" },
      equations: eq`
        xx = layer_norm(x, ln1)
        dx = shift(xx, x_prev) - xx

        r  = receptance @ (xx + dx * x_r)                                  : H N
        w  = exp(-0.606531 * sigmoid(w0 + tanh((xx + dx * x_w) @ w1) @ w2)) : H N
        kx = key @ (xx + dx * x_k)                                         : H N
        xv = xx + dx * x_v
        vx = value @ xv                                                    : H N
        a  = sigmoid(a0 + (xx + dx * x_a) @ a1 @ a2)                       : H N
        g  = sigmoid((xx + dx * x_g) @ g1) @ g2                            : H N

        # the first layer's value is mixed into every later one
        v       = vx                                                when layer == 0
        v_first = v                                                 when layer == 0
        v       = vx + (v_first - vx) * sigmoid(v0 + xv @ v1 @ v2)  when layer > 0

        kk = l2_norm(kx * k_k)
        k  = kx * (1 + (a - 1) * k_a)

        # remove what the state holds at kk, add the new value at k
        sa[h,i]   = S[h,i,j] * kk[h,j]
        S'[h,i,j] = S[h,i,j] * w[h,j] - sa[h,i] * kk[h,j] * a[h,j] + v[h,i] * k[h,j]
        y[h,i]    = S'[h,i,j] * r[h,j]
        bonus[h]  = r[h,j] * k[h,j] * r_k[h,j]

        x = x + output @ ((group_norm(y, ln_x, eps = 64e-5) + bonus * v) * g)
      `,
    }),

    channelMix({
      weights: {
        ln2: norm("ln2", "D"),
        x_k: vec("ffn.x_k", "D"),
        key: mat("ffn.key.weight", "F", "D"),
        value: mat("ffn.value.weight", "D", "F"),
      },
      state: { x_prev: "D" },
      equations: eq`
        xx = layer_norm(x, ln2)
        dx = shift(xx, x_prev) - xx
        k  = relu(key @ (xx + dx * x_k))
        x  = x + value @ k^2
      `,
    }),
  ]),

  head: head({
    weights: { ln_out: norm("ln_out", "D"), head: mat("head.weight | emb.weight", "V", "D") },
    equations: eq`
      logits = head @ layer_norm(x, ln_out)
    `,
  }),

  // No policies: the published models stay inside fp16's range. `rwkvc ranges` finds those that another checkpoint needs.
});
