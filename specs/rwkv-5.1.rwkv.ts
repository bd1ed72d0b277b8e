import { eq, layers, mat, model, timeMix, vec } from "rwkvc/spec";
import { gatedChannelMix } from "./rwkv-4.rwkv.ts";
import v50, { weights as ungated } from "./rwkv-5.0.rwkv.ts";

/** What the time mix of 5.1 has besides u, whichever way a checkpoint stores that: see rwkv-5.1-faaaa. */
export const weights = {
  ...ungated,
  mix_g: vec("att.time_mix_g", "D"),
  gate: mat("att.gate.weight", "A", "D"),
};

export const equations = `
        xx = layer_norm(x, ln1)
        xp = shift(xx, x_prev)

        r = receptance @ (xx * mix_r + xp * (1 - mix_r))  : H N
        k = key   @ (xx * mix_k + xp * (1 - mix_k))       : H N
        v = value @ (xx * mix_v + xp * (1 - mix_v))       : H N
        g = silu(gate @ (xx * mix_g + xp * (1 - mix_g)))  : H N
        w = exp(-exp(decay))

        y[h,j]    = r[h,i] * (u[h] * k[h,i] * v[h,j] + S[h,i,j])
        S'[h,i,j] = k[h,i] * v[h,j] + w[h] * S[h,i,j]

        x = x + output @ (group_norm(y, ln_x, eps = 64e-5) * g)
      `;

/**
 * RWKV-5.1: version 5.0 with a gate on what the time mix gives. This spec is for checkpoints that store log(u), as `time_first`;
 * rwkv-5.1-faaaa for those that store u.
 */
export default model({
  ...v50,
  name: "rwkv-5.1",
  reference: "Eagle and Finch: RWKV with Matrix-Valued States (arXiv 2404.05892); ChatRWKV, class RWKV, version 5.1",
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
});
