import { channelMix, dim, embedding, eq, layers, mat, model, vec } from "rwkvc/spec";
import goose from "./rwkv-7.rwkv.ts";

/**
 * RWKV-7 with DeepEmbed: every layer has an embedding of its own. A token's row of it is a small matrix between two small projections
 * of the channel mix's input, which gates the channel mix. The row gets an addition from the model's embedding `e`.
 *
 * In the reference the gate's matrix is 32 x 32 and all its elements are a table's row: 65536 x 1024 a layer.
 */
export default model({
  name: "rwkv-7a",
  reference: "RWKV-LM, RWKV-v7/rwkv_v7a_demo.py",

  dims: {
    ...goose.dims,
    G: dim("elements of a token's gate matrix", "I J"),
    I: dim("rows of a token's gate matrix"),
    J: dim("columns of a token's gate matrix"),
  },

  carry: { ...goose.carry, e: "D" },

  embedding: embedding({
    weights: goose.embedding.weights,
    equations: eq`
      x = layer_norm(emb[token], ln0)
      e = x
    `,
  }),

  layers: layers(goose.layers.count, goose.layers.prefix, [
    goose.layers.parts[0]!,

    channelMix({
      weights: {
        ...goose.layers.parts[1]!.weights,
        s_emb: mat("ffn.s_emb.weight", "V", "G"),
        s_emb_x: mat("ffn.s_emb_x.weight", "G", "D"),
        s0: vec("ffn.s0", "F"),
        s1: mat("ffn.s1", "D", "I"),
        s2: mat("ffn.s2", "J", "F"),
      },
      state: goose.layers.parts[1]!.state,
      equations: eq`
        xx = layer_norm(x, ln2)
        dx = shift(xx, x_prev) - xx
        k  = relu(key @ (xx + dx * x_k))

        deep = s_emb[token] + s_emb_x @ e  : I J
        z    = xx @ s1
        s[j] = z[i] * deep[i,j]

        x  = x + value @ (k^2 * (s @ s2 + s0))
      `,
    }),
  ]),

  head: goose.head,
});
