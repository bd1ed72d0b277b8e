/**
 * Test support: RWKV-7 with DeepEmbed in plain double precision, written down from the formulas of RWKV-LM's
 * RWKV-v7/rwkv_v7a_demo.py (the form that reads one token) and knowing nothing of this project's equations. There is no small official
 * checkpoint of this version; where its formulas are RWKV-7's, `official.test.ts` holds the same equations against official outputs.
 */
import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";

type Vector = Float64Array<ArrayBuffer>;

/** A tensor of the checkpoint: all elements, and the extents that are not 1. */
interface Weight {
  readonly data: Vector;
  readonly shape: readonly number[];
}

export interface ReferenceResult {
  /** After each token, [vocabulary]. */
  readonly logits: readonly Vector[];
  /** As `rwkv-7a.rwkv.ts` names them. */
  readonly states: ReadonlyMap<string, Vector>;
}

export function referenceRun(checkpoint: Checkpoint, tokens: readonly number[]): ReferenceResult {
  const w = weightsOf(checkpoint);
  const layers =
    Math.max(...[...checkpoint.tensors.keys()].map((name) => Number(/^blocks\.(\d+)/.exec(name)?.[1] ?? 0))) + 1;
  const [heads, size] = w("blocks.0.att.r_k").shape as [number, number];
  const [vocabulary, width] = w("emb.weight").shape as [number, number];

  // Done once, when the reference loads a model: ln0, and what the embedding adds to each layer's own.
  const emb = rows(w("emb.weight").data, width).map((row) => norm(row, w, "blocks.0.ln0", 1e-5));
  const deep = Array.from({ length: layers }, (_, l) => {
    const own = w(`blocks.${l}.ffn.s_emb.weight`);
    return rows(own.data, own.data.length / vocabulary).map((row, token) =>
      plus(row, times(w(`blocks.${l}.ffn.s_emb_x.weight`), emb[token]!)),
    );
  });

  const zeros = (n: number) => Array.from({ length: layers }, () => new Float64Array(n));
  const [attPrev, ffnPrev, S] = [zeros(width), zeros(width), zeros(heads * size * size)];

  const logits = tokens.map((token) => {
    let x = emb[token]!;
    let first: Vector = new Float64Array(0);
    for (let l = 0; l < layers; l++) {
      const t = (name: string): Weight => w(`blocks.${l}.att.${name}`);
      const xx = norm(x, w, `blocks.${l}.ln1`, 1e-5);
      const mixed = (name: string) => xx.map((v, i) => v + (attPrev[l]![i]! - v) * t(name).data[i]!);
      const [xr, xw, xk, xv, xa, xg] = ["x_r", "x_w", "x_k", "x_v", "x_a", "x_g"].map(mixed) as Vector[];
      attPrev[l] = xx;
      const r = times(t("receptance.weight"), xr!);
      const w1 = into(into(xw!, t("w1")).map(Math.tanh), t("w2"));
      const decay = w1.map((v, i) => Math.exp(-0.606531 * sigmoid(t("w0").data[i]! + v)));
      const k0 = times(t("key.weight"), xk!);
      const v0 = times(t("value.weight"), xv!);
      const a = into(into(xa!, t("a1")), t("a2")).map((v, i) => sigmoid(t("a0").data[i]! + v));
      const g = into(into(xg!, t("g1")).map(sigmoid), t("g2"));
      const kk = Float64Array.from(k0, (v, i) => v * t("k_k").data[i]!);
      for (let h = 0; h < heads; h++) {
        const head = kk.subarray(h * size, (h + 1) * size);
        const length = Math.max(Math.hypot(...head), 1e-12);
        head.forEach((v, i) => (head[i] = v / length));
      }
      const k = k0.map((v, i) => v * (1 + (a[i]! - 1) * t("k_a").data[i]!));
      let v = v0;
      if (l === 0) first = v0;
      else {
        const gate = into(into(xv!, t("v1")), t("v2")).map((n, i) => sigmoid(t("v0").data[i]! + n));
        v = v0.map((n, i) => n + (first[i]! - n) * gate[i]!);
      }
      const y = new Float64Array(heads * size);
      const next = new Float64Array(S[l]!.length);
      const at = (h: number, i: number, j: number): number => (h * size + i) * size + j;
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < size; i++) {
          let removed = 0;
          for (let j = 0; j < size; j++) removed -= S[l]![at(h, i, j)]! * kk[h * size + j]!;
          for (let j = 0; j < size; j++) {
            const c = h * size + j;
            const value = S[l]![at(h, i, j)]! * decay[c]! + removed * kk[c]! * a[c]! + v[h * size + i]! * k[c]!;
            next[at(h, i, j)] = value;
            y[h * size + i]! += value * r[c]!;
          }
        }
      S[l] = next;
      const out = new Float64Array(heads * size);
      for (let h = 0; h < heads; h++) {
        const normed = standard(y.subarray(h * size, (h + 1) * size), 64e-5);
        let bonus = 0;
        for (let c = h * size; c < (h + 1) * size; c++) bonus += r[c]! * k[c]! * t("r_k").data[c]!;
        normed.forEach((n, i) => {
          const c = h * size + i;
          out[c] = (n * t("ln_x.weight").data[c]! + t("ln_x.bias").data[c]! + bonus * v[c]!) * g[c]!;
        });
      }
      x = plus(x, times(t("output.weight"), out));

      const f = (name: string): Weight => w(`blocks.${l}.ffn.${name}`);
      const zz = norm(x, w, `blocks.${l}.ln2`, 1e-5);
      const hidden = times(
        f("key.weight"),
        zz.map((n, i) => n + (ffnPrev[l]![i]! - n) * f("x_k").data[i]!),
      );
      ffnPrev[l] = zz;
      // The token's row as a matrix between the two small ones; its input is not mixed with the previous token's.
      const ss = into(into(zz, f("s1")), { data: deep[l]![token]!, shape: [f("s1").shape[1]!, f("s2").shape[0]!] });
      const gate = plus(into(ss, f("s2")), f("s0").data);
      x = plus(
        x,
        times(
          f("value.weight"),
          hidden.map((n, i) => Math.max(n, 0) ** 2 * gate[i]!),
        ),
      );
    }
    return times(w("head.weight"), norm(x, w, "ln_out", 1e-5));
  });
  const states = new Map<string, Vector>();
  for (let l = 0; l < layers; l++) {
    states.set(`blocks.${l}.timeMix.x_prev`, attPrev[l]!);
    states.set(`blocks.${l}.timeMix.S`, S[l]!);
    states.set(`blocks.${l}.channelMix.x_prev`, ffnPrev[l]!);
  }
  return { logits, states };
}

function weightsOf(checkpoint: Checkpoint): (name: string) => Weight {
  const known = new Map<string, Weight>();
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const info = checkpoint.tensors.get(name);
    if (!info) throw new Error(`the checkpoint has no ${name}`);
    const values = new Float32Array(info.shape.reduce((n, extent) => n * extent, 1));
    readFloat32(checkpoint, info, 0, values);
    const weight = { data: Float64Array.from(values), shape: info.shape.filter((extent) => extent > 1) };
    known.set(name, weight);
    return weight;
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const plus = (a: Vector, b: Vector): Vector => a.map((v, i) => v + b[i]!);
const rows = (data: Vector, width: number): Vector[] =>
  Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));

/** Weight [out, in] times a vector. */
const times = ({ data }: Weight, x: Vector): Vector =>
  Float64Array.from(rows(data, x.length), (row) => row.reduce((sum, v, i) => sum + v * x[i]!, 0));

/** A vector times a weight [in, out]. */
function into(x: Vector, { data }: Weight): Vector {
  const out = new Float64Array(data.length / x.length);
  x.forEach((v, i) => out.forEach((_, j) => (out[j]! += v * data[i * out.length + j]!)));
  return out;
}

function standard(x: Vector, eps: number): Vector {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return x.map((v) => (v - mean) / Math.sqrt(variance + eps));
}

const norm = (x: Vector, w: (name: string) => Weight, name: string, eps: number): Vector =>
  standard(x, eps).map((v, i) => v * w(`${name}.weight`).data[i]! + w(`${name}.bias`).data[i]!);
