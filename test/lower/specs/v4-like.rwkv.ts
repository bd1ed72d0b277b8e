import { channelMix, dim, embedding, eq, head, layers, mat, model, norm, state, timeMix, vec } from "rwkvc/spec";

/** The recurrence of RWKV-4: division, max, a state that starts at -1e30; the time mix is wider than the hidden state. */
export default model({
  name: "v4-like",
  reference: "test only",
  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width"),
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
        first: vec("att.time_first", "A"),
        receptance: mat("att.receptance.weight", "A", "D"),
        key: mat("att.key.weight", "A", "D"),
        value: mat("att.value.weight", "A", "D"),
        output: mat("att.output.weight", "D", "A"),
      },
      state: { x_prev: "D", aa: "A", bb: "A", pp: state("A", -1e30) },
      equations: eq`
        xx = layer_norm(x, ln1)
        xp = shift(xx, x_prev)
        r = sigmoid(receptance @ (xx * mix_r + xp * (1 - mix_r)))
        k = key @ (xx * mix_k + xp * (1 - mix_k))
        v = value @ (xx * mix_v + xp * (1 - mix_v))

        now = first + k
        p   = max(pp, now)
        wkv = (exp(pp - p) * aa + exp(now - p) * v) / (exp(pp - p) * bb + exp(now - p))

        old = pp - exp(decay)
        q   = max(old, k)
        aa' = exp(old - q) * aa + exp(k - q) * v
        bb' = exp(old - q) * bb + exp(k - q)
        pp' = q

        x = x + output @ (r * wkv)
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
    weights: { ln_out: norm("ln_out", "D"), head: mat("head.weight", "V", "D") },
    equations: eq`
      logits = head @ layer_norm(x, ln_out)
    `,
  }),
});
