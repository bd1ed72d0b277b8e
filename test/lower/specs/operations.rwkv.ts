import { block, dim, embedding, eq, head, layers, mat, model, norm, state, tensor, vec } from "rwkvc/spec";

/** Operations and forms that no RWKV version uses together; it models nothing. */
export default model({
  name: "operations",
  reference: "test only",
  dims: {
    L: dim("layers"),
    V: dim("vocabulary"),
    D: dim("width", "H N"),
    H: dim("groups"),
    N: dim("size of a group"),
    M: dim("size of another"),
  },
  carry: { x: "D" },
  embedding: embedding({
    weights: { emb: mat("emb.weight", "V", "D") },
    equations: eq`
      x = emb[token]
    `,
  }),
  layers: layers("L", "blocks.{layer}", [
    block("functions", {
      weights: { a: vec("a", "D"), b: vec("b", "D"), ln: norm("ln", "D") },
      equations: eq`
        y = layer_norm(x, ln)
        z = sqrt(abs(y * a)) / (1 + y^2) - log(1 + exp(min(y, 2)))
        x = x - max(-z, b * y) + 0.5 * relu(y - 1) - 1 / (2 + sigmoid(y))
      `,
    }),
    block("axes", {
      weights: {
        p: tensor("p", "N M"),
        q: tensor("q", "M N"),
        w: tensor("w", "H M N"),
        t: tensor("t", "H N"),
        g: vec("g", "H"),
        ln: norm("ln2", "D"),
      },
      state: { S: "H M N", n: state("H", 1), last: "H N" },
      equations: eq`
        y = layer_norm(x, ln) : H N
        e[h,m]    = y[h,i] * p[i,m]
        f[h,i]    = q[m,i] * e[h,m]
        c[h,m]    = w[h,m,i] * y[h,i]
        S'[h,m,i] = 0.5 * S[h,m,i] - c[h,m] * y[h,i] * g[h] + e[h,m] * t[h,i]
        s[h]      = S'[h,m,i] * c[h,m] * y[h,i]
        n'[h]     = max(n[h], abs(s[h])) + 0.1
        k[i,h]    = y[h,i] * t[h,i]
        d[h,i]    = k[i,h] / n'[h] + S[h,m,i] * e[h,m] + last[h,i] * g[h]
        last'[h,i] = f[h,i] - y[h,i]
        u[i]      = y[h,i] * g[h]
        z[m,h]    = S[h,m,i]
        a[h]      = y[h,i] * c[h,m]
        b[m]      = S'[h,m,i] * d[h,i]
        v[m,i,h]  = c[h,m] * y[h,i] / (1 + abs(z[m,h])) + w[h,m,i] * b[m]
        o[h,i]    = d[h,i] * u[i] + f[h,i] + 0.1 * v[m,i,h] * a[h] - q[m,i] * e[h,m] * z[m,h]
        x = x + tanh(o)
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
