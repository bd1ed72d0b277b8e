/**
 * Typed equations: what the checker makes of a spec, and all that later stages know of it.
 *
 * Every expression has axes. An axis is a *label* (how this equation calls it: an index letter `i`, or the dimension's
 * name) and a *dimension* (what it counts). Inside one expression no label occurs twice; operations align operands by label, never by
 * position, so transposition and broadcasting are implicit. A value itself is positional: a reference lists the labels
 * that it gives to the value's axes, in the order of their declaration.
 */
import type { Span } from "../diagnostics/diagnostic.ts";

export interface Axis {
  readonly label: string;
  /** A name declared in `dims`. */
  readonly dim: string;
}

export type UnaryOp = "neg" | "exp" | "log" | "sigmoid" | "tanh" | "relu" | "silu" | "sqrt" | "abs" | "square";
export type BinaryOp = "add" | "sub" | "mul" | "div" | "max" | "min";

/** What a name stands for. `part` is the part's name; weights are looked up in their part (or the model's). */
export type Reference =
  /** A tensor of the checkpoint, under its short name in `CheckedPart.weights`. */
  | { readonly kind: "weight"; readonly name: string }
  /** The old value of a state of this part. */
  | { readonly kind: "state"; readonly name: string }
  /** The new value of a state of this part (primed). */
  | { readonly kind: "nextState"; readonly name: string }
  /** A value defined by an earlier equation of this part. */
  | { readonly kind: "local"; readonly name: string }
  /** A value handed on from part to part (`x`, `v_first`, `logits`). */
  | { readonly kind: "carry"; readonly name: string };

interface Typed {
  readonly axes: readonly Axis[];
  readonly span: Span;
}

export type TypedExpr = Typed &
  (
    | { readonly kind: "number"; readonly value: number }
    /** `axes` relabels the value's axes by position. */
    | { readonly kind: "ref"; readonly ref: Reference }
    | { readonly kind: "unary"; readonly op: UnaryOp; readonly arg: TypedExpr }
    /** Result axes: those of the left, then those only the right has. An operand that lacks a label is broadcast. */
    | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: TypedExpr; readonly right: TypedExpr }
    /** Sum of products over `over` (labels that both operands have): `@`. */
    | {
        readonly kind: "contract";
        readonly left: TypedExpr;
        readonly right: TypedExpr;
        readonly over: readonly string[];
      }
    /** Sum over `over`: indices of a term that are not on the left of an indexed equation. */
    | { readonly kind: "sum"; readonly arg: TypedExpr; readonly over: readonly string[] }
    /**
     * Normalisation over the last axis. layer: (x - mean) / sqrt(var + eps) * weight + bias. group: the same with
     * `weight` and `bias` over all of x's axes. l2: x / max(norm, eps), no weights. (weight and bias: short names of weights.)
     */
    | {
        readonly kind: "norm";
        readonly norm: "layer" | "group" | "l2";
        readonly arg: TypedExpr;
        readonly eps: number;
        readonly weight?: TypedExpr;
        readonly bias?: TypedExpr;
      }
    /** The previous token's `arg`; `state` is the state that carries it from call to call. */
    | { readonly kind: "shift"; readonly arg: TypedExpr; readonly state: string }
    /** Row `token` of a table whose first axis is the vocabulary. */
    | { readonly kind: "gather"; readonly table: TypedExpr }
    /** The same elements, with axes split or merged where `dims` declares it (A = H N), row-major. */
    | { readonly kind: "regroup"; readonly arg: TypedExpr }
    /** Element `index` along `label`, which disappears. */
    | { readonly kind: "slice"; readonly arg: TypedExpr; readonly label: string; readonly index: number }
  );

/** Resolved at compile time, for each layer. Absent = every layer. */
export interface LayerCondition {
  readonly op: "==" | "!=" | "<" | "<=" | ">" | ">=";
  readonly layer: number;
  readonly span: Span;
}

export interface TypedEquation {
  readonly target: Extract<Reference, { kind: "nextState" | "local" | "carry" }>;
  /** Axes of the target, in order; the same labels as the expression's, perhaps in another order. */
  readonly axes: readonly Axis[];
  readonly expr: TypedExpr;
  readonly condition?: LayerCondition;
  /** The whole equation. */
  readonly span: Span;
  /** The equation as written, blanks squeezed. */
  readonly text: string;
}

export interface CheckedWeight {
  /** Checkpoint name; `{layer}` inside layers. */
  readonly tensor: string;
  /** Dimension names. */
  readonly shape: readonly string[];
  readonly span: Span;
}

export interface CheckedState {
  readonly name: string;
  readonly shape: readonly string[];
  readonly initial: number;
  readonly span: Span;
}

export interface CheckedPart {
  readonly name: string;
  /** By short name. A norm pair `ln1` appears as `ln1.weight` and `ln1.bias`. */
  readonly weights: ReadonlyMap<string, CheckedWeight>;
  readonly states: readonly CheckedState[];
  readonly equations: readonly TypedEquation[];
}

export type CheckedPolicy =
  | {
      readonly kind: "scale";
      readonly part: string;
      readonly value: string;
      readonly by: number;
      readonly span: Span;
      readonly text: string;
    }
  | {
      readonly kind: "rescaleHidden";
      readonly every: number;
      readonly by: number;
      readonly span: Span;
      readonly text: string;
    };

/** Equations, by patterns of their names, whose nodes stay float16 in a quantized build. */
export interface KeepFloatPolicy {
  readonly kind: "keepFloat";
  readonly patterns: readonly string[];
  /** Absent on the command line. */
  readonly span?: Span;
  readonly text: string;
}

/** The least bits that lower-precision builds may give the weights that the pattern names: 16 is float16. */
export interface QuantizePolicy {
  readonly kind: "quantize";
  readonly pattern: string;
  readonly bits: 4 | 8 | 16;
  /** Inputs that share a scale; 4-bit weights only. */
  readonly block?: 16 | 32 | 64;
  readonly span?: Span;
  readonly text: string;
}

/** Of several that match, the last one counts. */
export type PrecisionPolicy = KeepFloatPolicy | QuantizePolicy;

export interface CheckedModel {
  readonly name: string;
  readonly file: string;
  /** Text of every source file that spans point into. */
  readonly sources: ReadonlyMap<string, string>;
  /** Dimension -> its factors (A = H N); null where it has none. */
  readonly dims: ReadonlyMap<string, readonly string[] | null>;
  /** Numbers of the dimensions, from the checkpoint; placeholders without one (`resolved` false). */
  readonly sizes: ReadonlyMap<string, number>;
  readonly resolved: boolean;
  readonly carries: ReadonlyMap<string, readonly string[]>;
  readonly layerCount: number;
  readonly embedding: CheckedPart;
  readonly parts: readonly CheckedPart[];
  readonly head: CheckedPart;
  /** Those that scale. */
  readonly policies: readonly CheckedPolicy[];
  readonly precisionPolicies: readonly PrecisionPolicy[];
}

/** Whether an equation is there in layer `layer`. */
export function holds(condition: LayerCondition | undefined, layer: number): boolean {
  if (!condition) return true;
  const { op, layer: n } = condition;
  switch (op) {
    case "==":
      return layer === n;
    case "!=":
      return layer !== n;
    case "<":
      return layer < n;
    case "<=":
      return layer <= n;
    case ">":
      return layer > n;
    case ">=":
      return layer >= n;
  }
}
