/** Specs that look like mistakes and are none: each passes, and becomes what is written beside it. */
import { expect, test } from "vitest";
import { printEquation } from "../../compiler/check/print-typed.ts";
import { hasErrors } from "../../compiler/diagnostics/diagnostic.ts";
import { check, miniSpec, type MiniSpec } from "./mini-spec.ts";
import { violations } from "./verify-typed.ts";

/** Title, the change, the equation's target, and the typed equations of that name. */
const cases: readonly (readonly [string, MiniSpec, string, ...string[]])[] = [
  ["one shape contains the other", { also: "b[h] = k[h,i] * y[h,i]\nz = b * k" }, "z", "z[H,N] = (b[H] * k[H,N])"],
  ["the other way round", { also: "b[h] = k[h,i] * y[h,i]\nz = k / b" }, "z", "z[H,N] = (k[H,N] / b[H])"],
  ["a number is contained in any shape", { also: "z = 1 - xx / 2" }, "z", "z[D] = (1 - (xx[D] / 2))"],
  [
    "a merged axis is split toward its factors",
    { weights: `u: vec("u", "A"),`, also: "z = u * k" },
    "z",
    "z[H,N] = (view[H,N](u[A]) * k[H,N])",
  ],
  ["and on the right", { weights: `u: vec("u", "A"),`, also: "z = k - u" }, "z", "z[H,N] = (k[H,N] - view[H,N](u[A]))"],
  [
    "also toward one of them",
    { weights: `u: vec("u", "A"),`, also: "b[h] = k[h,i] * y[h,i]\nz = u * b" },
    "z",
    "z[H,N] = (view[H,N](u[A]) * b[H])",
  ],
  [
    "two merged values stay merged",
    { also: "z = key @ xx + key @ x" },
    "z",
    "z[A] = ((key[A,D] @{D} xx[D]) + (key[A,D] @{D} x[D]))",
  ],
  [
    "factors of factors",
    { dims: `B: dim("b", "F A"),`, weights: `u: vec("u", "B"), w: tensor("w", "F H N"),`, also: "z = u * w" },
    "z",
    "z[F,H,N] = (view[F,H,N](u[B]) * w[F,H,N])",
  ],
  [
    "split only as far as needed",
    { dims: `B: dim("b", "F A"),`, weights: `u: vec("u", "B"), w: mat("w", "F", "A"),`, also: "z = u * w" },
    "z",
    "z[F,A] = (view[F,A](u[B]) * w[F,A])",
  ],
  ["an operand of @ is merged", { also: "z = out @ k" }, "z", "z[D] = (out[D,A] @{A} view[A](k[H,N]))"],
  ["on the left as well", { also: "z = k @ key" }, "z", "z[D] = (view[A](k[H,N]) @{A} key[A,D])"],
  ["a vector @ a vector is a number", { also: "z = xx @ x" }, "z", "z = (xx[D] @{D} x[D])"],
  [
    "a square matrix",
    { weights: `w: mat("w", "D", "D"),`, also: "z = w @ xx + x" },
    "z",
    "z[D] = ((w[D,D~10:D] @{D~10} xx[D~10:D]) + x[D])",
  ],
  [
    "from the other side",
    { weights: `w: mat("w", "D", "D"),`, also: "z = xx @ w" },
    "z",
    "z[D] = (xx[D~10:D] @{D~10} w[D~10:D,D])",
  ],
  [
    "two square matrices in a row",
    { weights: `w: mat("w", "D", "D"), q: mat("q", "D", "D"),`, also: "z = w @ (q @ xx)" },
    "z",
    "z[D] = (w[D,D~11:D] @{D~11} (q[D~11:D,D~10:D] @{D~10} xx[D~10:D]))",
  ],
  [
    "a product of square matrices",
    { weights: `w: mat("w", "D", "D"),`, also: "z = (w @ w) @ xx" },
    "z",
    "z[D] = ((w[D,D~11:D] @{D~11} w[D~11:D,D~12:D]) @{D~12} xx[D~12:D])",
  ],
  ["a matrix @ a matrix", { also: "z = up @ out" }, "z", "z[F,A] = (up[F,D] @{D} out[D,A])"],
  [
    "axes in another order are the same axes",
    { also: "z[i,h] = k[h,i]\nq = z * k : H N" },
    "q",
    "q[H,N] = (z[N,H] * k[H,N])",
  ],
  ["a transposed copy", { also: "z[i,h] = k[h,i]" }, "z", "z[i:N,h:H] = k[h:H,i:N]"],
  [
    "letters name axes, not dimensions",
    { also: "z[a,b] = k[a,b] + y[a,b]" },
    "z",
    "z[a:H,b:N] = (k[a:H,b:N] + y[a:H,b:N])",
  ],
  ["a letter may have a value's name", { also: "z[k,y] = k[k,y]" }, "z", "z[k:H,y:N] = k[k:H,y:N]"],
  [
    "two letters may count one dimension",
    { also: "z[h,i,j] = k[h,i] * k[h,j]" },
    "z",
    "z[h:H,i:N,j:N] = (k[h:H,i:N] * k[h:H,j:N])",
  ],
  [
    "each term is summed by itself",
    { also: "z[h] = k[h,i] * y[h,i] - y[h,j]" },
    "z",
    "z[h:H] = (+{i}(k[h:H,i:N] * y[h:H,i:N]) - +{j}(y[h:H,j:N]))",
  ],
  [
    "a term without the letter is not",
    { also: "b[h] = k[h,i]\nz[h] = b[h] + k[h,i]" },
    "z",
    "z[h:H] = (b[h:H] + +{i}(k[h:H,i:N]))",
  ],
  [
    "a sum inside of a product, all of it over the letter",
    { also: "z[h] = 2 * (k[h,i] + y[h,i])" },
    "z",
    "z[h:H] = +{i}(2 * (k[h:H,i:N] + y[h:H,i:N]))",
  ],
  [
    "a factor brings the letter to each part",
    { also: "z[h,j] = k[h,i] * (1 + S[h,i,j])" },
    "z",
    "z[h:H,j:N] = +{i}(k[h:H,i:N] * (1 + S[h:H,i:N,j:N]))",
  ],
  ["a minus before a term", { also: "z[h] = -k[h,i]" }, "z", "z[h:H] = -+{i}(k[h:H,i:N])"],
  [
    "all letters summed, with a constant index",
    { also: "z[i] = S[0,i,1]" },
    "z",
    "z[i:N] = slice(slice(S[H~10:H,i:N,N~11:N], H~10 = 0), N~11 = 1)",
  ],
  [
    "a merged weight with split indices",
    { weights: `u: vec("u", "A"),`, also: "z[h,i] = u[h,i] * k[h,i]" },
    "z",
    "z[h:H,i:N] = (view[h:H,i:N](u[A~10:A]) * k[h:H,i:N])",
  ],
  [
    "a split value with a merged index",
    { weights: `u: vec("u", "A"),`, also: "z[a] = k[a] * u[a]" },
    "z",
    "z[a:A] = (view[a:A](k[H~10:H,N~11:N]) * u[a:A])",
  ],
  [
    "a row of a table",
    { weights: `t: mat("t", "V", "D"),`, also: "z = t[token] * xx" },
    "z",
    "z[D] = (gather(t[V,D], token) * xx[D])",
  ],
  [
    "a row of a table, with indices",
    { weights: `t: tensor("t", "V H N"),`, also: "z[h] = t[token,h,i] * k[h,i]" },
    "z",
    "z[h:H] = +{i}(gather(t[V~10:V,h:H,i:N], token) * k[h:H,i:N])",
  ],
  [
    "a slice of a square matrix is a vector",
    { weights: `w: mat("w", "D", "D"),`, also: "z = w[0] + xx" },
    "z",
    "z[D] = (slice(w[D~10:D,D], D~10 = 0) + xx[D])",
  ],
  [
    "eps by position, computed",
    { weights: `g: norm("g", "A"),`, also: "z = group_norm(k, g, 1e-5 * 8^2)" },
    "z",
    "z[H,N] = group_norm(k[H,N], view[H,N](g.weight[A]), view[H,N](g.bias[A]), 0.00064)",
  ],
  [
    "a layer norm merges what it is given",
    { weights: `g: norm("g", "A"),`, also: "z = layer_norm(k, g)" },
    "z",
    "z[A] = layer_norm(view[A](k[H,N]), g.weight[A], g.bias[A], 0.00001)",
  ],
  [
    "a layer norm over the last axis",
    { weights: `g: norm("g", "N"),`, also: "z = layer_norm(k, g)" },
    "z",
    "z[H,N] = layer_norm(k[H,N], g.weight[N], g.bias[N], 0.00001)",
  ],
  [
    "conditions that leave no layer out",
    { also: "z = xx when layer < 2\nz = x when layer >= 2" },
    "z",
    "z[D] = xx[D] when layer < 2",
    "z[D] = x[D] when layer >= 2",
  ],
  [
    "the second case takes the first one's shape",
    { also: "z = k when layer == 0\nz = key @ xx when layer != 0" },
    "z",
    "z[H,N] = k[H,N] when layer == 0",
    "z[H,N] = view[H,N](key[A,D] @{D} xx[D]) when layer != 0",
  ],
  [
    "a value of one layer, read in that layer only",
    { also: "z = xx when layer == 3\nq = z * 2 when layer == 3" },
    "q",
    "q[D] = (z[D] * 2) when layer == 3",
  ],
  [
    "a carried value that layer 0 sets",
    { carry: `x: "D", f: "D"`, also: "f = xx when layer == 0\nz = f" },
    "z",
    "z[D] = f[D]",
  ],
  [
    "a state updated differently by layer",
    { state: `T: "D",`, also: "T' = xx when layer == 0\nT' = T when layer > 0" },
    "T",
    "T'[D] = xx[D] when layer == 0",
    "T'[D] = T[D] when layer > 0",
  ],
  ["a shift of a split value", { state: `T: "A",`, also: "z = shift(k, T)" }, "z", "z[A] = shift(view[A](k[H,N]), T)"],
  ["a state that is merged", { state: `T: "A",`, also: "T' = k" }, "T", "T'[A] = view[A](k[H,N])"],
  ["a number of its own", { also: "c = 2 * 3\nz = c * xx" }, "z", "z[D] = (c * xx[D])"],
  [
    "`x` twice: what follows sees the new one",
    { also: "x = x + 1" },
    "x",
    "carry x[D] = (x[D] + 1)",
    "carry x[D] = ((x[D] + (out[D,A] @{A} view[A](y[H,N]))) + (down[D,F] @{F} relu(up[F,D] @{D} xx[D])))",
  ],
];

test.each(cases)("%s", (_title, change, name, ...expected) => {
  const { model, diagnostics } = check(miniSpec(change as MiniSpec));
  expect(diagnostics.filter((diagnostic) => diagnostic.severity === "error")).toEqual([]);
  expect(violations(model!)).toEqual([]);
  const equations = model!.parts[0]!.equations.filter((equation) => equation.target.name === name);
  expect(equations.map(printEquation)).toEqual(expected);
});

test("the mini spec itself has nothing to complain of", () => {
  expect(check(miniSpec()).diagnostics).toEqual([]);
});

test("warnings let a model through", () => {
  const { model, diagnostics } = check(miniSpec({ also: "z = xx" }));
  expect(hasErrors(diagnostics)).toBe(false);
  expect(model).toBeDefined();
});

test.each([
  `quantize("key", "w8")`,
  // Both choices are there, one as a weight and one as an equation's value.
  `quantize("{up,mix.k}", "w4", { block: 64 })`,
  `quantize("*", "w8"), quantize("blocks.*.out", "f16")`,
  `quantize("blocks.{1,17}.key", "w4")`,
  `quantize("head", "w8"), quantize("head.logits", "w8")`,
  `keepFloat("S", "S'"), keepFloat("mix.y", "blocks.3.mix.k", "head.*")`,
  `keepFloat("x"), quantize("mix.x", "w8")`,
  // A state that needs no equation.
  `keepFloat("prev")`,
  `keepFloat("mix.k"), quantize("mix.k", "w8"), scale("mix.k", 1)`,
])("policies about precision: %s", (policies) => {
  const text = miniSpec({ policies }).replace("layers, mat,", "keepFloat, quantize, layers, mat,");
  const { model, diagnostics } = check(text);
  expect(diagnostics).toEqual([]);
  const all = [...model!.policies, ...model!.precisionPolicies].map((policy) => policy.text);
  expect(all.toSorted()).toEqual(policies.split(/(?<=\)), /).toSorted());
});
