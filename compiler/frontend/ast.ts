/**
 * The spec as it was written: declarations and equations, every string, number and equation with its span. Nothing is
 * checked here beyond the form: names may be undefined and shapes may disagree (`compiler/check` finds that).
 */
import type { Span } from "../diagnostics/diagnostic.ts";

export interface Located<T> {
  readonly value: T;
  readonly span: Span;
}

/** Dimension names, as in "H N". */
export interface ShapeAst {
  readonly axes: readonly Located<string>[];
  readonly span: Span;
}

export interface DimAst {
  readonly name: Located<string>;
  readonly meaning: string;
  readonly factors?: ShapeAst;
}

export interface CarryAst {
  readonly name: Located<string>;
  readonly shape: ShapeAst;
}

export interface WeightAst {
  readonly kind: "weight" | "norm";
  /** The short name that equations use. */
  readonly name: Located<string>;
  /** The checkpoint's name; for a norm without `.weight` and `.bias`. */
  readonly tensor: Located<string>;
  readonly shape: ShapeAst;
  /** The whole declaration. */
  readonly span: Span;
}

export interface StateAst {
  readonly name: Located<string>;
  readonly shape: ShapeAst;
  readonly initial: number;
  readonly span: Span;
}

export interface PartAst {
  readonly name: Located<string>;
  readonly weights: readonly WeightAst[];
  readonly states: readonly StateAst[];
  readonly equations: readonly (EquationAst | BrokenEquationAst)[];
  /** Some weight or state could not be read (and was reported): names may be missing here. */
  readonly hasGaps: boolean;
  readonly span: Span;
}

export interface LayersAst {
  readonly count: Located<string>;
  readonly prefix: Located<string>;
  readonly parts: readonly PartAst[];
  readonly span: Span;
}

export type PolicyAst =
  | {
      readonly kind: "scale";
      readonly value: Located<string>;
      readonly by: Located<number>;
      readonly span: Span;
      readonly text: string;
    }
  | {
      readonly kind: "rescaleHidden";
      readonly every: Located<number>;
      readonly by: Located<number>;
      readonly span: Span;
      readonly text: string;
    };

export type PrecisionPolicyAst =
  | {
      readonly kind: "keepFloat";
      readonly patterns: readonly Located<string>[];
      readonly span: Span;
      readonly text: string;
    }
  | {
      readonly kind: "quantize";
      readonly pattern: Located<string>;
      /** "w4", "w8" or "f16", if it is right. */
      readonly width: Located<string>;
      readonly block?: Located<number>;
      readonly span: Span;
      readonly text: string;
    };

export interface SpecAst {
  readonly file: string;
  /** Text of every file that spans point into: the spec and what it imports. */
  readonly sources: ReadonlyMap<string, string>;
  /** False if something could not be read (and was reported): what is here is only fit for finding more mistakes. */
  readonly complete: boolean;
  /** Some dimension or carried value could not be read. */
  readonly hasGaps: boolean;
  readonly name: Located<string>;
  readonly reference: string;
  readonly dims: readonly DimAst[];
  readonly carries: readonly CarryAst[];
  readonly embedding: PartAst;
  readonly layers: LayersAst;
  readonly head: PartAst;
  readonly policies: readonly PolicyAst[];
  readonly precisionPolicies: readonly PrecisionPolicyAst[];
  readonly span: Span;
  /** The extensions that made it out of another spec, the last one first. */
  readonly extensions: readonly ExtensionAst[];
}

/** One `extend(base, { ... })`. */
export interface ExtensionAst {
  /** The base's name. */
  readonly base: string;
  /** Up to the changes: `extend(base,`. */
  readonly span: Span;
  /** Everything that the base wrote. */
  readonly inherited: readonly Span[];
  /** What was taken away or replaced, by name. */
  readonly removed: readonly Located<string>[];
}

/** `name`, `name'`, `name[i,j]`, `name'[i,j]`. */
export interface TargetAst {
  readonly name: Located<string>;
  readonly primed: boolean;
  readonly indices?: readonly Located<string>[];
  readonly span: Span;
}

export interface ConditionAst {
  readonly op: "==" | "!=" | "<" | "<=" | ">" | ">=";
  readonly layer: Located<number>;
  readonly span: Span;
}

export interface EquationAst {
  readonly kind: "equation";
  readonly target: TargetAst;
  readonly expr: Expr;
  readonly ascription?: ShapeAst;
  readonly condition?: ConditionAst;
  readonly span: Span;
  /** As written, blanks squeezed and comments dropped. */
  readonly text: string;
}

/** A line that could not be parsed (and was reported). */
export interface BrokenEquationAst {
  readonly kind: "broken";
  /** What it seems to define, `name` or `name'`; none if that cannot be guessed. */
  readonly targets: readonly string[];
  readonly span: Span;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "@";

export type IndexAst =
  | { readonly kind: "letter"; readonly name: string; readonly span: Span }
  | { readonly kind: "constant"; readonly value: number; readonly span: Span };

export type Expr =
  | { readonly kind: "number"; readonly value: number; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly primed: boolean; readonly span: Span }
  | { readonly kind: "negate"; readonly arg: Expr; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly op: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
      readonly opSpan: Span;
      readonly span: Span;
    }
  | { readonly kind: "power"; readonly base: Expr; readonly exponent: Located<number>; readonly span: Span }
  | { readonly kind: "index"; readonly base: Expr; readonly indices: readonly IndexAst[]; readonly span: Span }
  | {
      readonly kind: "call";
      readonly name: Located<string>;
      readonly args: readonly Expr[];
      readonly named: readonly { readonly name: Located<string>; readonly value: Expr }[];
      readonly span: Span;
    };
