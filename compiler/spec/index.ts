/**
 * What a spec imports: `import { model, timeMix, ... } from "rwkvc/spec"`.
 *
 * A spec is read by the compiler and never executed (`compiler/frontend`): these functions exist so that an editor
 * checks a spec's types, and they return plain data. Their meaning is defined by `frontend/read-spec.ts`.
 *
 * Shapes are lists of dimension names separated by blanks ("H N"); every dimension is declared once, in `dims`.
 */

/** A named size. `factors` says that it is the product of other dimensions, in this order: "H N". */
export interface Dim {
  readonly kind: "dim";
  readonly meaning: string;
  readonly factors?: string;
}

/**
 * A tensor of the checkpoint. `name` is the checkpoint's name, after the layer prefix inside blocks; or several, of which
 * the first that the checkpoint has is taken: `mat("head.weight | emb.weight", "V", "D")` is a head that may be tied.
 */
export interface Weight {
  readonly kind: "weight";
  readonly name: string;
  readonly shape: string;
}

/** The affine pair `name.weight`, `name.bias` of a norm over `shape`; `name` as in `Weight`. */
export interface NormWeight {
  readonly kind: "norm";
  readonly name: string;
  readonly shape: string;
}

/** A recurrent state: its shape and the value of each element before the first token. */
export interface State {
  readonly kind: "state";
  readonly shape: string;
  readonly initial: number;
}

/** Equations in the paper's notation; parsed from the template's text. */
export interface Equations {
  readonly kind: "equations";
  readonly text: string;
}

/** A group of equations with the weights and states that they use. */
export interface Part {
  readonly kind: "part";
  readonly name: string;
  readonly weights: Readonly<Record<string, Weight | NormWeight>>;
  readonly state: Readonly<Record<string, string | State>>;
  readonly equations: Equations;
}

export interface PartBody {
  /** Short names used in the equations -> tensors of the checkpoint. */
  readonly weights?: Readonly<Record<string, Weight | NormWeight>>;
  /** Short names -> shapes (zero at the start), or `state(shape, initial)`. */
  readonly state?: Readonly<Record<string, string | State>>;
  readonly equations: Equations;
}

/** A policy changes how a model is computed, never what it computes. */
export type Policy = ScalePolicy | RescaleHiddenPolicy;

/** The named value of every layer is kept multiplied by `by`, a power of two. */
export interface ScalePolicy {
  readonly kind: "scale";
  readonly value: string;
  readonly by: number;
}

/** The hidden state is multiplied by `by`, a power of two, after every `every` layers. */
export interface RescaleHiddenPolicy {
  readonly kind: "rescaleHidden";
  readonly every: number;
  readonly by: number;
}

export interface Layers {
  readonly kind: "layers";
  /** Dimension that counts the layers. */
  readonly count: string;
  /** Prefix of the layer's tensors in the checkpoint; `{layer}` stands for the layer's number. */
  readonly prefix: string;
  readonly parts: readonly Part[];
}

export interface Model {
  readonly kind: "model";
  readonly name: string;
  /** Paper and reference code that the equations follow. */
  readonly reference: string;
  readonly dims: Readonly<Record<string, Dim>>;
  /** Values handed from part to part and from layer to layer, by name: shape. `x` is the hidden state. */
  readonly carry: Readonly<Record<string, string>>;
  /** From `token` (the token's id) to the first `x`. */
  readonly embedding: Part;
  readonly layers: Layers;
  /** From the last `x` to `logits`. */
  readonly head: Part;
  readonly policies: readonly Policy[];
}

export const dim = (meaning: string, factors?: string): Dim => ({ kind: "dim", meaning, factors });
export const vec = (name: string, axis: string): Weight => ({ kind: "weight", name, shape: axis });
/** A matrix stored [rows, columns]: `mat("att.key.weight", "A", "D")`. */
export const mat = (name: string, rows: string, columns: string): Weight => ({
  kind: "weight",
  name,
  shape: `${rows} ${columns}`,
});
/** A tensor of any rank: `tensor("att.r_k", "H N")`. */
export const tensor = (name: string, shape: string): Weight => ({ kind: "weight", name, shape });
export const norm = (name: string, shape: string): NormWeight => ({ kind: "norm", name, shape });
export const state = (shape: string, initial: number): State => ({ kind: "state", shape, initial });

const part = (name: string, body: PartBody): Part => ({ kind: "part", name, weights: {}, state: {}, ...body });
export const timeMix = (body: PartBody): Part => part("timeMix", body);
export const channelMix = (body: PartBody): Part => part("channelMix", body);
/** A part of any other name. */
export const block = (name: string, body: PartBody): Part => part(name, body);
export const embedding = (body: PartBody): Part => part("embedding", body);
export const head = (body: PartBody): Part => part("head", body);

export const layers = (count: string, prefix: string, parts: readonly Part[]): Layers => ({
  kind: "layers",
  count,
  prefix,
  parts,
});

export function eq(text: TemplateStringsArray, ...holes: readonly (string | number)[]): Equations {
  return { kind: "equations", text: String.raw({ raw: text.raw }, ...holes) };
}

export const scale = (value: string, by: number): ScalePolicy => ({ kind: "scale", value, by });
export const rescaleHidden = (how: { readonly every: number; readonly by: number }): RescaleHiddenPolicy => ({
  kind: "rescaleHidden",
  ...how,
});

export const model = (body: Omit<Model, "kind" | "policies"> & { readonly policies?: readonly Policy[] }): Model => ({
  kind: "model",
  policies: [],
  ...body,
});

/*
 * Variants: a spec that says only how it differs from another one, as a diff does.
 *
 *     import base from "rwkvc/specs/NAME.rwkv.ts";
 *     export default extend(base, {
 *       name: "mine",
 *       timeMix: {
 *         weights: { gate: mat("att.gate.weight", "D", "D"), old: remove() },
 *         equations: [replace("g", eq`g = silu(gate @ xx)`), after("g", eq`h = g * g`)],
 *       },
 *     });
 */

/** Takes a key away, or what stands under `at` in a list of edits. */
export interface Remove {
  readonly kind: "remove";
  readonly at?: string;
}

/** Puts `what` in place of what stands under `at`, or beside it. */
export interface Placement<What> {
  readonly kind: "replace" | "before" | "after";
  readonly at: string;
  readonly what: What;
}

export type Edit<What> = Placement<What> | Remove;

export interface PartChanges {
  /** Keys that the base has are replaced, others are added. */
  readonly weights?: Readonly<Record<string, Weight | NormWeight | Remove>>;
  readonly state?: Readonly<Record<string, string | State | Remove>>;
  /**
   * Edits of the base's equations, or all equations anew. An equation is named by what it defines: "g", "S'"; of several
   * by its condition as well, "v when layer > 0", or by its number among them, "x #2".
   */
  readonly equations?: Equations | readonly Edit<Equations>[];
}

type ChangedPart = Part | PartChanges;

/** What is not mentioned stays as it is in the base. All edits speak of the base, whatever their order. */
export interface ModelChanges {
  readonly name: string;
  readonly reference?: string;
  readonly dims?: Readonly<Record<string, Dim | Remove>>;
  readonly carry?: Readonly<Record<string, string | Remove>>;
  readonly embedding?: ChangedPart;
  readonly timeMix?: ChangedPart | Remove;
  readonly channelMix?: ChangedPart | Remove;
  /** Parts of any other name. */
  readonly blocks?: Readonly<Record<string, ChangedPart | Remove>>;
  readonly layers?: {
    readonly count?: string;
    readonly prefix?: string;
    /** Edits of the list of parts, by their names: `after("timeMix", block("more", { ... }))`. */
    readonly parts?: readonly Edit<Part>[];
  };
  readonly head?: ChangedPart;
  /** A policy replaces the base's one of the same value; `remove("timeMix.k")`, `remove("rescaleHidden")`. */
  readonly policies?: readonly (Policy | Remove)[];
}

export interface Extension {
  readonly kind: "extension";
  readonly base: Model | Extension;
  readonly changes: ModelChanges;
}

export const extend = (base: Model | Extension, changes: ModelChanges): Extension => ({
  kind: "extension",
  base,
  changes,
});

export const replace = <What extends Equations | Part>(at: string, what: What): Placement<What> => ({
  kind: "replace",
  at,
  what,
});
export const before = <What extends Equations | Part>(at: string, what: What): Placement<What> => ({
  kind: "before",
  at,
  what,
});
export const after = <What extends Equations | Part>(at: string, what: What): Placement<What> => ({
  kind: "after",
  at,
  what,
});
/** In a list of edits with a name; as the value of a key without. */
export const remove = (at?: string): Remove => ({ kind: "remove", at });
