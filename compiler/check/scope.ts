/**
 * What is known by name while a part is checked: dimensions and carried values of the model, weights and states of the
 * part, and the values that its equations have defined so far. A type that could not be found out is `undefined`; it was
 * reported, and whatever uses it stays silent.
 */
import type { Diagnostic, Span } from "../diagnostics/diagnostic.ts";
import type { PartAst, WeightAst } from "../frontend/ast.ts";
import type { CheckpointTensors } from "./resolve-dims.ts";
import type { Axis, CheckedState, CheckedWeight, Reference, TypedExpr } from "./typed.ts";

export type Dims = readonly string[];

export interface DimDeclaration {
  readonly factors: Dims | null;
  readonly span: Span;
}

export interface CarryDeclaration {
  readonly dims: Dims | undefined;
  readonly span: Span;
}

export interface ModelScope {
  readonly dims: ReadonlyMap<string, DimDeclaration>;
  readonly carries: ReadonlyMap<string, CarryDeclaration>;
  /** The dimension that counts the layers. */
  readonly layerDim: string;
  /** Dimensions or carried values may be missing: an unknown one is not reported. */
  readonly hasGaps: boolean;
  /** Chooses among the names that a weight may have. */
  readonly checkpoint: CheckpointTensors | undefined;
  /** Dimensions of shapes that are written somewhere: these need a size. */
  readonly usedDims: Set<string>;
  readonly report: (diagnostic: Diagnostic) => void;
  /** First axes of the tables that `[token]` looks up. */
  readonly tables: { readonly dim: string; readonly span: Span }[];
  /** Constant indices, to be compared with the dimension's size when it is known. */
  readonly constantIndices: { readonly dim: string; readonly index: number; readonly span: Span }[];
}

/** A defined value: a local, or `logits`. */
export interface LocalValue {
  readonly ref: Extract<Reference, { kind: "local" | "carry" }>;
  readonly dims: Dims | undefined;
  /** The name in the equation that defined it. */
  readonly span: Span;
  readonly isConditional: boolean;
}

export interface PartScope {
  readonly model: ModelScope;
  readonly part: PartAst;
  readonly role: "embedding" | "layer" | "head";
  readonly weightAsts: ReadonlyMap<string, WeightAst>;
  /** As the checked part holds them; a norm's pair is two. Undefined dims are left out here. */
  readonly weights: ReadonlyMap<string, CheckedWeight>;
  readonly states: ReadonlyMap<
    string,
    CheckedState | { readonly name: string; readonly shape: undefined; readonly span: Span }
  >;
  readonly locals: Map<string, LocalValue>;
  /** States whose next value an equation has given. */
  readonly nextStates: Set<string>;
  /** States that a `shift` updates. */
  readonly shifted: Map<string, Span>;
  /** Names whose definitions are broken: nothing is said about them. */
  readonly doubtful: Set<string>;
  /** A line could not be read at all: it may define anything. */
  readonly isOpaque: boolean;
  /** Places of definition of all names, for "defined only later". */
  readonly definitions: ReadonlyMap<string, Span>;
}

/** State of one equation's inference. */
export interface EquationScope extends PartScope {
  /** Letters bound so far: the dimension each counts, and where that was seen. Undefined: not an indexed equation. */
  readonly letters?: Map<string, { readonly dim: string; readonly span: Span; readonly text: string }>;
  readonly fresh: (dim: string) => string;
}

export type MaybeTyped = TypedExpr | undefined;

/** "[H, N]", or "a number". */
export function shapeText(axes: readonly Axis[] | Dims): string {
  if (axes.length === 0) return "a number";
  return `[${axes.map((axis) => (typeof axis === "string" ? axis : axis.dim)).join(", ")}]`;
}

export const hasRepeats = (dims: Dims): boolean => new Set(dims).size < dims.length;

/** Where a reference's value is declared or defined, with its shape. */
export function declarationOf(
  ref: Reference,
  scope: PartScope,
): { readonly span: Span; readonly dims: Dims } | undefined {
  switch (ref.kind) {
    case "weight": {
      const weight = scope.weights.get(ref.name);
      return weight && { span: weight.span, dims: weight.shape };
    }
    case "state":
    case "nextState": {
      const state = scope.states.get(ref.name);
      return state?.shape && { span: state.span, dims: state.shape };
    }
    case "carry":
    case "local": {
      const value = scope.locals.get(ref.name) ?? scope.model.carries.get(ref.name);
      return value?.dims && { span: value.span, dims: value.dims };
    }
  }
}
