/**
 * What a spec imports: `import { model, timeMix, ... } from "rwkvc/spec"`.
 *
 * A spec is read by the compiler and never executed (`compiler/frontend`): these functions exist so that an editor
 * checks a spec's types, and they return plain data. Their meaning is defined by `frontend/read-spec.ts`.
 *
 * Shapes are lists of dimension names separated by blanks ("H N"); every dimension is declared once, in `dims`.
 */

/** A named size, made by `dim`. */
export interface Dim {
  readonly kind: "dim";
  /** What it counts, for people: "heads". */
  readonly meaning: string;
  /** It is the product of these dimensions, in this order: "H N". */
  readonly factors?: string | undefined;
}

/**
 * A tensor of the checkpoint. `name` is the checkpoint's name, after the layer prefix inside blocks; or several, of which
 * the first that the checkpoint has is taken: `mat("head.weight | emb.weight", "V", "D")` is a head that may be tied.
 */
export interface Weight {
  readonly kind: "weight";
  /** The checkpoint's name, after the layer's prefix inside layers: "att.key.weight". */
  readonly name: string;
  /** Dimensions in the order in which the checkpoint stores them: "A D". */
  readonly shape: string;
}

/** The affine pair `name.weight`, `name.bias` of a norm over `shape`; `name` as in `Weight`. */
export interface NormWeight {
  readonly kind: "norm";
  /** Without `.weight` and `.bias`: "ln1". */
  readonly name: string;
  /** The dimensions of both tensors: "D". */
  readonly shape: string;
}

/** A recurrent state: its shape and the value of each element before the first token. */
export interface State {
  readonly kind: "state";
  /** "H N N". */
  readonly shape: string;
  /** Every element's value before the first token. */
  readonly initial: number;
}

/** Equations in the paper's notation; parsed from the template's text. */
export interface Equations {
  readonly kind: "equations";
  /** The template as written, holes filled in. */
  readonly text: string;
}

/** A group of equations with the weights and states that they use. */
export interface Part {
  readonly kind: "part";
  /** By which policies and reports call it: "timeMix". */
  readonly name: string;
  readonly weights: Readonly<Record<string, Weight | NormWeight>>;
  readonly state: Readonly<Record<string, string | State>>;
  readonly equations: Equations;
}

/** What a part is made of. */
export interface PartBody {
  /**
   * Tensors of the checkpoint, under the short names that the equations use:
   * `{ ln1: norm("ln1", "D"), key: mat("att.key.weight", "A", "D") }`.
   */
  readonly weights?: Readonly<Record<string, Weight | NormWeight>>;
  /**
   * What the part remembers from token to token: shapes by name, zero before the first token, or
   * `state(shape, initial)`: `{ x_prev: "D", S: "H N N" }`. Each is updated once, by `S' = ...` or by `shift(xx, x_prev)`.
   */
  readonly state?: Readonly<Record<string, string | State>>;
  /** Computed from top to bottom: `` eq`y = key @ x` ``. */
  readonly equations: Equations;
}

/** A policy changes how a model is computed, never what it computes. */
export type Policy = ScalePolicy | RescaleHiddenPolicy | KeepFloatPolicy | QuantizePolicy;

/** The named value of every layer is kept multiplied by `by`, a power of two. */
export interface ScalePolicy {
  readonly kind: "scale";
  /** "part.value", as "timeMix.k"; without the part if the name tells it. */
  readonly value: string;
  /** A power of two: 1 / 2. */
  readonly by: number;
}

/** The hidden state is multiplied by `by`, a power of two, after every `every` layers. */
export interface RescaleHiddenPolicy {
  readonly kind: "rescaleHidden";
  /** Layers. */
  readonly every: number;
  /** A power of two: 1 / 2. */
  readonly by: number;
}

/** Equations whose nodes stay float16 in a quantized build. */
export interface KeepFloatPolicy {
  readonly kind: "keepFloat";
  /** "S", "timeMix.k", or patterns: "timeMix.*", "timeMix.{k,v}". */
  readonly patterns: readonly string[];
}

/** "w4" and "w8": integers of that many bits; "f16": float16. */
export type WeightWidth = "w4" | "w8" | "f16";

/** The least that a build of lower precision may use for some weights. */
export interface QuantizePolicy {
  readonly kind: "quantize";
  /** "att.key.weight", "att.*", "ffn.{key,value}"; or the equation that uses them, "channelMix.k". */
  readonly pattern: string;
  readonly width: WeightWidth;
  readonly how?: QuantizeOptions | undefined;
}

export interface QuantizeOptions {
  /** Inputs that share a scale; for "w4". */
  readonly block: 16 | 32 | 64;
}

/** "blocks.{layer}": says where the layer's number stands. */
export type LayerPrefix = `${string}{layer}${string}`;

/** The layers of a model: all have the same parts. */
export interface Layers {
  readonly kind: "layers";
  /** Dimension that counts the layers. */
  readonly count: string;
  /** Prefix of the layer's tensors in the checkpoint; `{layer}` stands for the layer's number. */
  readonly prefix: LayerPrefix;
  /** In the order in which they are computed. */
  readonly parts: readonly Part[];
}

/** A whole model: what a spec exports. */
export interface Model {
  readonly kind: "model";
  /** "rwkv-mine". */
  readonly name: string;
  /** Paper and reference code that the equations follow. */
  readonly reference: string;
  /** All dimensions, by the names that shapes use; sizes come from the checkpoint: `{ D: dim("width of the hidden state") }`. */
  readonly dims: Readonly<Record<string, Dim>>;
  /** Values handed from part to part and from layer to layer, by name: shape. `x` is the hidden state: `{ x: "D" }`. */
  readonly carry: Readonly<Record<string, string>>;
  /** From `token` (the token's id) to the first `x`. */
  readonly embedding: Part;
  readonly layers: Layers;
  /** From the last `x` to `logits`. */
  readonly head: Part;
  /** How the model is kept inside float16's range, proved to leave its results as they are; and what quantized builds keep precise. */
  readonly policies: readonly Policy[];
}

/**
 * A dimension: what it counts, and the dimensions that it is the product of, if it is one. Values are split and merged
 * along such products by themselves.
 *
 *     D: dim("width of the hidden state"),
 *     A: dim("width of the time mix", "H N"),
 */
export const dim = (meaning: string, factors?: string): Dim => ({ kind: "dim", meaning, factors });

/**
 * A vector of the checkpoint.
 *
 *     x_r: vec("att.x_r", "D")
 */
export const vec = (name: string, axis: string): Weight => ({ kind: "weight", name, shape: axis });

/**
 * A matrix that the checkpoint stores [rows, columns]: `key @ x` sums over the columns.
 *
 *     key: mat("att.key.weight", "A", "D")
 */
export const mat = (name: string, rows: string, columns: string): Weight => ({
  kind: "weight",
  name,
  shape: `${rows} ${columns}`,
});

/**
 * A tensor of any rank.
 *
 *     r_k: tensor("att.r_k", "H N")
 */
export const tensor = (name: string, shape: string): Weight => ({ kind: "weight", name, shape });

/**
 * Weight and bias of a norm, for `layer_norm(x, ln1)` and `group_norm(y, ln_x, eps = 64e-5)` in the equations: the tensors
 * `ln1.weight` and `ln1.bias`.
 *
 *     ln1: norm("ln1", "D")
 */
export const norm = (name: string, shape: string): NormWeight => ({ kind: "norm", name, shape });

/**
 * A state that does not begin at zero; for one that does, its shape says enough.
 *
 *     state: { x_prev: "D", largest: state("A", -1e30) }
 */
export const state = (shape: string, initial: number): State => ({ kind: "state", shape, initial });

const part = (name: string, body: PartBody): Part => ({ kind: "part", name, weights: {}, state: {}, ...body });

/**
 * The part of a layer that mixes tokens.
 *
 *     timeMix({ weights: { ... }, state: { x_prev: "D", S: "H N N" }, equations: eq`...` })
 */
export const timeMix = (body: PartBody): Part => part("timeMix", body);

/**
 * The part of a layer that mixes channels, its feed-forward network.
 *
 *     channelMix({ weights: { ... }, state: { x_prev: "D" }, equations: eq`...` })
 */
export const channelMix = (body: PartBody): Part => part("channelMix", body);

/**
 * A part of any other name.
 *
 *     block("memory", { weights: { ... }, equations: eq`...` })
 */
export const block = (name: string, body: PartBody): Part => part(name, body);

/**
 * From the token to the first hidden state `x`.
 *
 *     embedding({ weights: { emb: mat("emb.weight", "V", "D") }, equations: eq`x = emb[token]` })
 */
export const embedding = (body: PartBody): Part => part("embedding", body);

/**
 * From the last hidden state `x` to `logits`.
 *
 *     head({ weights: { head: mat("head.weight", "V", "D") }, equations: eq`logits = head @ x` })
 */
export const head = (body: PartBody): Part => part("head", body);

/**
 * The layers: the dimension that counts them, what begins their tensors' names in the checkpoint, and their parts.
 *
 *     layers("L", "blocks.{layer}", [timeMix({ ... }), channelMix({ ... })])
 */
export const layers = (count: string, prefix: LayerPrefix, parts: readonly Part[]): Layers => ({
  kind: "layers",
  count,
  prefix,
  parts,
});

/**
 * Equations, one a line, in the notation of papers. `@` is a matrix product, `*` goes element by element and meets axes by
 * name; in an equation with indices, those that are not on the left are summed. `S'` is the next token's `S`; `: H N` says
 * a value's shape; `when layer == 0` restricts an equation; `#` begins a comment. Holes are strings or numbers.
 *
 *     eq`
 *       xx = layer_norm(x, ln1)
 *       k  = key @ shift(xx, x_prev)   : H N
 *       S'[h,i,j] = S[h,i,j] * w[h,j] + v[h,i] * k[h,j]
 *       y[h,i]    = S'[h,i,j] * r[h,j]
 *     `
 */
export function eq(text: TemplateStringsArray, ...holes: readonly (string | number)[]): Equations {
  return { kind: "equations", text: String.raw({ raw: text.raw }, ...holes) };
}

/**
 * Keeps a value multiplied by a power of two in every layer, so that it stays inside float16's range. `rwkvc ranges` finds
 * the values that need it.
 *
 *     scale("timeMix.k", 1 / 2)
 */
export const scale = (value: string, by: number): ScalePolicy => ({ kind: "scale", value, by });

/**
 * Multiplies the hidden state by a power of two after every so many layers.
 *
 *     rescaleHidden({ every: 6, by: 1 / 2 })
 */
export const rescaleHidden = (how: { readonly every: number; readonly by: number }): RescaleHiddenPolicy => ({
  kind: "rescaleHidden",
  ...how,
});

/**
 * Keeps equations in float16 in quantized builds: values by name, with their part or without, or patterns of these, in which `*`
 * stands for any characters and `{a,b}` for a or b.
 *
 *     keepFloat("S", "timeMix.w")
 */
export const keepFloat = (first: string, ...more: readonly string[]): KeepFloatPolicy => ({
  kind: "keepFloat",
  patterns: [first, ...more],
});

/**
 * The least precision that quantized builds may give some weights: those that a pattern names, by the checkpoint's names inside a
 * layer, or by the equation that uses them. A build of more bits keeps its own. Of several policies for a weight the last one counts.
 *
 *     quantize("att.*", "w8")
 *     quantize("ffn.{key,value}", "w4", { block: 32 })
 */
export const quantize = (pattern: string, width: WeightWidth, how?: QuantizeOptions): QuantizePolicy => ({
  kind: "quantize",
  pattern,
  width,
  how,
});

/** What `model` is given: a model without policies may leave them out. */
export interface ModelBody extends Omit<Model, "kind" | "policies"> {
  readonly policies?: readonly Policy[];
}

/**
 * A model, which a spec exports.
 *
 *     export default model({
 *       name: "mine",
 *       reference: "paper and code that it follows",
 *       dims: { L: dim("layers"), V: dim("vocabulary"), D: dim("width") },
 *       carry: { x: "D" },
 *       embedding: embedding({ ... }),
 *       layers: layers("L", "blocks.{layer}", [timeMix({ ... }), channelMix({ ... })]),
 *       head: head({ ... }),
 *     });
 */
export const model = (body: ModelBody): Model => ({
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
  readonly at?: string | undefined;
}

/** Puts `what` in place of what stands under `at`, or beside it. */
export interface Placement<What> {
  readonly kind: "replace" | "before" | "after";
  /** The base's equation, by what it defines, or the base's part, by its name. */
  readonly at: string;
  readonly what: What;
}

/** One change of a list of equations or parts. */
export type Edit<What> = Placement<What> | Remove;

/** How a part differs from the base's. */
export interface PartChanges {
  /** Keys that the base has are replaced, others are added; `remove()` takes one away. */
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
    readonly prefix?: LayerPrefix;
    /** Edits of the list of parts, by their names: `after("timeMix", block("more", { ... }))`. */
    readonly parts?: readonly Edit<Part>[];
  };
  readonly head?: ChangedPart;
  /**
   * A policy replaces the base's one of the same kind and name; `remove("timeMix.k")`, `remove("rescaleHidden")`, `remove("att.*")`.
   * Where several kinds are about one name, `remove("scale timeMix.k")` says which.
   */
  readonly policies?: readonly (Policy | Remove)[];
}

/** A model by its differences from another one, made by `extend`. */
export interface Extension {
  readonly kind: "extension";
  readonly base: Model | Extension;
  readonly changes: ModelChanges;
}

/**
 * A model that says only how it differs from another one; the example stands above.
 *
 *     export default extend(base, { name: "mine", timeMix: { equations: [replace("g", eq`g = silu(gate @ xx)`)] } });
 */
export const extend = (base: Model | Extension, changes: ModelChanges): Extension => ({
  kind: "extension",
  base,
  changes,
});

/**
 * Puts equations, or a part, in place of the base's.
 *
 *     replace("v when layer > 0", eq`v = vx when layer > 0`)
 */
export const replace = <What extends Equations | Part>(at: string, what: What): Placement<What> => ({
  kind: "replace",
  at,
  what,
});
/**
 * Puts equations, or a part, before one of the base's.
 *
 *     before("x", eq`b = sigmoid(gate @ xx)`)
 */
export const before = <What extends Equations | Part>(at: string, what: What): Placement<What> => ({
  kind: "before",
  at,
  what,
});
/**
 * Puts equations, or a part, after one of the base's.
 *
 *     after("timeMix", block("memory", { ... }))
 */
export const after = <What extends Equations | Part>(at: string, what: What): Placement<What> => ({
  kind: "after",
  at,
  what,
});
/**
 * Takes something of the base away: in a list of edits with its name, as the value of a key without.
 *
 *     equations: [remove("g")]
 *     weights: { gate: remove() }
 */
export const remove = (at?: string): Remove => ({ kind: "remove", at });
