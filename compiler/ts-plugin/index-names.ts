/**
 * Every name of a spec and every place where it stands: in equations, in shapes, and where it is declared. In: the spec's
 * tree and what the checker found out about it. Names mean what `check/resolve-name.ts` says; here a name that is used
 * too early still leads to its equation, because an editor is asked in the middle of a change.
 */
import { functionNames } from "../check/builtins.ts";
import type { CheckedModel, CheckedPart, TypedEquation, TypedExpr } from "../check/typed.ts";
import { children } from "../check/labels.ts";
import { equationsOf } from "../check/walk-names.ts";
import type { Span } from "../diagnostics/diagnostic.ts";
import type * as ast from "../frontend/ast.ts";

export type SpecName = {
  readonly name: string;
  /** The part that it belongs to; names of the whole model have none. */
  readonly part?: string;
  /** Where it is declared; for a value, where equations define it, from top to bottom. */
  readonly definitions: Span[];
  /** Dimension names; absent where the checker could not find them out. */
  readonly shape?: readonly string[];
} & (
  | { readonly kind: "weight"; readonly tensor: string; readonly isPair: boolean }
  /** `updates`: the left sides that give its next value. */
  | { readonly kind: "state"; readonly initial: number; readonly updates: Span[] }
  | { readonly kind: "carry" }
  /** `equations`: as written. */
  | { readonly kind: "value"; readonly equations: string[] }
  | { readonly kind: "dim"; readonly meaning: string; readonly factors?: readonly string[] }
  /** A letter in brackets, of one equation; `isSummed`: not on the left. */
  | { readonly kind: "index"; readonly isSummed: boolean }
  | { readonly kind: "function" }
  /** `token`. */
  | { readonly kind: "token" }
);

export interface Occurrence {
  readonly span: Span;
  readonly name: SpecName;
  /** `S'`: the next value of a state. */
  readonly primed: boolean;
  /** Declared, defined or updated here. */
  readonly isWrite: boolean;
  /** Of a function: what the call gives. */
  readonly resultShape?: readonly string[];
}

/** An operator, and the shapes that it joins. */
export interface Operation {
  readonly span: Span;
  readonly op: ast.BinaryOperator;
  readonly left?: readonly string[];
  readonly right?: readonly string[];
  readonly result?: readonly string[];
}

export interface NameIndex {
  readonly occurrences: readonly Occurrence[];
  readonly operations: readonly Operation[];
  readonly dims: ReadonlyMap<string, SpecName>;
  readonly carries: ReadonlyMap<string, SpecName>;
  /** By the part's name: what its equations can call by name. */
  readonly parts: ReadonlyMap<string, PartNames>;
}

export interface PartNames {
  readonly ast: ast.PartAst;
  readonly declared: ReadonlyMap<string, SpecName>;
  readonly values: ReadonlyMap<string, SpecName>;
}

export function indexNames(spec: ast.SpecAst, model: CheckedModel): NameIndex {
  const occurrences: Occurrence[] = [];
  const operations: Operation[] = [];
  const dims = new Map<string, SpecName>();
  const carries = new Map<string, SpecName>();
  const builtins = new Map<string, SpecName>([
    ...functionNames.map((name): [string, SpecName] => [name, { kind: "function", name, definitions: [] }]),
    ["token", { kind: "token", name: "token", definitions: [] }],
  ]);
  for (const { name, meaning, factors } of spec.dims) {
    const axes = factors && { factors: factors.axes.map((axis) => axis.value) };
    declare(dims, name, { kind: "dim", name: name.value, meaning, definitions: [name.span], ...axes });
  }
  for (const { factors } of spec.dims) if (factors) readShape(factors);
  readDim(spec.layers.count);
  for (const { name, shape } of spec.carries) {
    declare(carries, name, { kind: "carry", name: name.value, definitions: [name.span], shape: readShape(shape) });
  }
  const parts = new Map<string, PartNames>();
  indexPart(spec.embedding, model.embedding, undefined);
  spec.layers.parts.forEach((part, i) => indexPart(part, model.parts[i]!, spec.layers.prefix.value));
  indexPart(spec.head, model.head, undefined);
  for (const policy of spec.policies) if (policy.kind === "scale") indexPolicy(policy.value);
  for (const policy of spec.precisionPolicies) {
    (policy.kind === "keepFloat" ? policy.patterns : [policy.pattern]).forEach(indexPolicy);
  }
  return { occurrences, operations, dims, carries, parts };

  function declare(into: Map<string, SpecName>, { value, span }: ast.Located<string>, name: SpecName): void {
    into.set(value, name);
    occurrences.push({ span, name, primed: false, isWrite: true });
  }

  function readDim({ value, span }: ast.Located<string>): void {
    const name = dims.get(value);
    if (name) occurrences.push({ span, name, primed: false, isWrite: false });
  }

  function readShape({ axes }: ast.ShapeAst): string[] {
    axes.forEach(readDim);
    return axes.map((axis) => axis.value);
  }

  /** `scale("timeMix.k", ...)`: the value's name, if it is written there as it is. */
  function indexPolicy({ value, span }: ast.Located<string>): void {
    const [part, own] = value.includes(".") ? value.split(/\.(.*)/s) : [undefined, value];
    const candidates = part === undefined ? [...parts.values()] : [parts.get(part)];
    const name = candidates.map((known) => known?.values.get(own!)).find((known) => known !== undefined);
    const end = span.end - 1;
    const place = { file: span.file, start: end - own!.length, end };
    if (!name || spec.sources.get(span.file)?.slice(place.start, end) !== own) return;
    occurrences.push({ span: place, name, primed: false, isWrite: false });
  }

  function indexPart(part: ast.PartAst, checked: CheckedPart, prefix: string | undefined): void {
    const declared = new Map<string, SpecName>();
    const values = new Map<string, SpecName>();
    const owner = { part: part.name.value };
    for (const { kind, name, tensor, shape } of part.weights) {
      const full = prefix === undefined ? tensor.value : `${prefix}.${tensor.value}`;
      const own = { name: name.value, definitions: [name.span], shape: readShape(shape), tensor: full, ...owner };
      declare(declared, name, { kind: "weight", isPair: kind === "norm", ...own });
    }
    for (const { name, shape, initial } of part.states) {
      const own = { name: name.value, definitions: [name.span], shape: readShape(shape), ...owner };
      declare(declared, name, { kind: "state", initial, updates: [], ...own });
    }
    const equations = equationsOf(part);
    for (const { target, ascription, text } of equations) {
      const name = target.name.value;
      if (target.primed || declared.has(name) || carries.has(name)) continue;
      const known = values.get(name);
      if (known?.kind === "value") {
        known.definitions.push(target.name.span);
        known.equations.push(text);
        continue;
      }
      const typed = checked.equations.find((equation) => !target.primed && equation.target.name === name);
      const shape = typed?.axes.map((axis) => axis.dim) ?? ascription?.axes.map((axis) => axis.value);
      values.set(name, {
        kind: "value",
        name,
        definitions: [target.name.span],
        equations: [text],
        ...(shape && { shape }),
        ...owner,
      });
    }
    parts.set(part.name.value, { ast: part, declared, values });
    for (const equation of equations) {
      const typed = checked.equations.find(({ span }) => isSame(span, equation.span));
      indexEquation(equation, typed, (name) => values.get(name) ?? declared.get(name) ?? carries.get(name));
    }
  }

  function indexEquation(
    { target, expr, ascription }: ast.EquationAst,
    typed: TypedEquation | undefined,
    look: (name: string) => SpecName | undefined,
  ): void {
    const letters = new Map<string, SpecName>();
    const name = look(target.name.value);
    // The prime stands behind the name; indices come after.
    const span = { ...target.name.span, end: target.name.span.end + (target.primed ? 1 : 0) };
    if (name) occurrences.push({ span, name, primed: target.primed, isWrite: true });
    if (name?.kind === "state" && target.primed) name.updates.push(span);
    for (const index of target.indices ?? []) letter(index.value, index.span, false);
    visit(expr);
    if (ascription) readShape(ascription);

    function letter(name: string, span: Span, isSummed: boolean): void {
      let known = letters.get(name);
      if (!known) {
        const dim = typed && letterDim(typed, name);
        known = { kind: "index", name, isSummed, definitions: [span], ...(dim !== undefined && { shape: [dim] }) };
        letters.set(name, known);
      }
      occurrences.push({ span, name: known, primed: false, isWrite: known.definitions[0] === span });
    }

    function visit(expr: ast.Expr): void {
      switch (expr.kind) {
        case "number":
          return;
        case "name": {
          const name = look(expr.name);
          if (name) occurrences.push({ span: expr.span, name, primed: expr.primed, isWrite: false });
          return;
        }
        case "negate":
          return visit(expr.arg);
        case "binary": {
          const [left, right, result] = [expr.left, expr.right, expr].map((one) => shapeAt(typed, one.span));
          operations.push({ span: expr.opSpan, op: expr.op, left, right, result });
          visit(expr.left);
          return visit(expr.right);
        }
        case "power":
          return visit(expr.base);
        case "index":
          visit(expr.base);
          for (const index of expr.indices) {
            if (index.kind === "constant") continue;
            if (index.name !== "token") letter(index.name, index.span, true);
            else occurrences.push({ span: index.span, name: builtins.get("token")!, primed: false, isWrite: false });
          }
          return;
        case "call": {
          const name = builtins.get(expr.name.value);
          const resultShape = shapeAt(typed, expr.span);
          if (name) occurrences.push({ span: expr.name.span, name, primed: false, isWrite: false, resultShape });
          expr.args.forEach(visit);
          expr.named.forEach(({ value }) => visit(value));
        }
      }
    }
  }
}

const isSame = (a: Span, b: Span): boolean => a.file === b.file && a.start === b.start && a.end === b.end;

/** Of the expression that was written at `span`: before it is split or merged to meet what stands around it. */
function shapeAt(equation: TypedEquation | undefined, span: Span): readonly string[] | undefined {
  const search = (expr: TypedExpr): TypedExpr | undefined => {
    if (expr.kind !== "regroup" && isSame(expr.span, span)) return expr;
    for (const child of children(expr)) {
      const found = search(child);
      if (found) return found;
    }
    return undefined;
  };
  return equation && search(equation.expr)?.axes.map((axis) => axis.dim);
}

/** What a letter of an equation with indices counts. */
function letterDim({ axes, expr }: TypedEquation, letter: string): string | undefined {
  const search = (expr: TypedExpr): string | undefined => {
    const own = expr.axes.find((axis) => axis.label === letter)?.dim;
    if (own !== undefined) return own;
    for (const child of children(expr)) {
      const found = search(child);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return axes.find((axis) => axis.label === letter)?.dim ?? search(expr);
}
