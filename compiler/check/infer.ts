/**
 * Types of expressions. In: an expression and what is known by name. Out: the same expression with axes on every node and
 * all regrouping and broadcasting made visible; undefined after a report. Both kinds of equations come through here: with
 * indices (labels are the author's letters) and without (labels are the dimensions' names).
 *
 * Diagnostics: `equation/number`, `equation/power`, `equation/function`, `equation/index-form`, `equation/not-indexed`, `equation/indexed`,
 * `equation/diagonal`, `equation/token`, `shape/rank`, `shape/index`, and those of `elementwise`, `contract`, `inferCall`,
 * `resolveName`.
 */
import { inputError, type Span, unsupportedError } from "../diagnostics/diagnostic.ts";
import type { Expr, IndexAst } from "../frontend/ast.ts";
import { constantValue } from "./constant-value.ts";
import { contract } from "./contract.ts";
import { elementwise } from "./elementwise.ts";
import { inferCall } from "./infer-call.ts";
import { axesOf, labelsOf, renameLabels } from "./labels.ts";
import { leaves } from "./regroup.ts";
import { resolveName, type Resolved } from "./resolve-name.ts";
import { declarationOf, type Dims, type EquationScope, hasRepeats, type MaybeTyped, shapeText } from "./scope.ts";
import type { Axis, BinaryOp, TypedExpr } from "./typed.ts";

const arithmetic = { "+": "add", "-": "sub", "*": "mul", "/": "div" } as const satisfies Record<string, BinaryOp>;

export function infer(expr: Expr, scope: EquationScope): MaybeTyped {
  const { span } = expr;
  switch (expr.kind) {
    case "number":
      if (!Number.isFinite(Math.fround(expr.value))) return refuseNumber(expr.value, span, scope);
      return { kind: "number", value: expr.value, axes: [], span };
    case "name":
      return inferName(expr, scope);
    case "negate": {
      const arg = infer(expr.arg, scope);
      return arg && { kind: "unary", op: "neg", arg, axes: arg.axes, span };
    }
    case "binary": {
      if (expr.op === "@") return inferContract(expr, scope);
      if (expr.op === "/" && constantValue(expr.right) === 0) return refuseZero(expr.right.span, scope);
      const value = constantValue(expr);
      if (value !== undefined && !Number.isFinite(Math.fround(value))) return refuseNumber(value, span, scope);
      const left = infer(expr.left, scope);
      const right = infer(expr.right, scope);
      return left && right && elementwise(arithmetic[expr.op], expr.op, left, right, expr.opSpan, span, scope);
    }
    case "power": {
      const base = infer(expr.base, scope);
      if (expr.exponent.value === 2) return base && { kind: "unary", op: "square", arg: base, axes: base.axes, span };
      scope.model.report(
        unsupportedError("equation/power", "only squares are supported", {
          primary: { span: expr.exponent.span, text: "must be 2" },
          hint: "write a product, or exp(n * log(x))",
        }),
      );
      return undefined;
    }
    case "index":
      return scope.letters ? inferIndexed(expr, scope) : inferPositional(expr, scope);
    case "call":
      return inferCall(expr, scope);
  }
}

function refuseNumber(value: number, span: Span, scope: EquationScope): undefined {
  scope.model.report(
    inputError("equation/number", "a number is too large", {
      primary: { span, text: `no float32 holds ${Number.isFinite(value) ? value : "it"}` },
      notes: ["The largest is 3.4e38; with float16, 65504."],
    }),
  );
  return undefined;
}

function refuseZero(span: Span, scope: EquationScope): undefined {
  scope.model.report(inputError("equation/number", "a division by zero", { primary: { span, text: "this is 0" } }));
  return undefined;
}

/** A name without brackets. */
function inferName(expr: Extract<Expr, { kind: "name" }>, scope: EquationScope): MaybeTyped {
  const resolved = resolveName(expr.name, expr.primed, expr.span, scope);
  if (!resolved) return undefined;
  const { ref, dims } = resolved;
  const shown = expr.primed ? `${expr.name}'` : expr.name;
  if (scope.letters && dims.length > 0) {
    const letters = "hijklmn".slice(0, dims.length).split("").join(",");
    scope.model.report(
      inputError("equation/not-indexed", `\`${shown}\` needs indices`, {
        primary: { span: expr.span, text: `this is ${shapeText(dims)}` },
        secondary: declared(resolved, shown, scope),
        notes: ["In an equation with indices on the left, every value but a number has its indices."],
        hint: `write \`${shown}[${letters}]\` with the letters that belong here`,
      }),
    );
    return undefined;
  }
  if (hasRepeats(dims)) {
    const twice = dims.find((dim, i) => dims.indexOf(dim) < i);
    scope.model.report(
      inputError("shape/repeated-dimension", `\`${shown}\` has ${twice} twice and can only be used with indices`, {
        primary: { span: expr.span, text: `this is ${shapeText(dims)}` },
        secondary: declared(resolved, shown, scope),
        hint: `name its axes on both sides: \`y[h,i] = ${shown}[${"hijklmn".slice(0, dims.length).split("").join(",")}] * ...\``,
      }),
    );
    return undefined;
  }
  return { kind: "ref", ref, axes: axesOf(dims), span: expr.span };
}

/** `@`: the one place where a square matrix may stand without indices. */
function inferContract(expr: Extract<Expr, { kind: "binary" }>, scope: EquationScope): MaybeTyped {
  if (!scope.letters) {
    const left = inferOperand(expr.left, scope);
    const right = inferOperand(expr.right, scope);
    return left && right && contract(left, right, expr.opSpan, expr.span, scope);
  }
  scope.model.report(
    inputError("equation/indexed", "`@` cannot stand in an equation with indices", {
      primary: { span: expr.opSpan, text: "which axes meet is said by letters here" },
      hint: "write the product: `a[i,j] * b[j]`; j, which is not on the left, is summed",
    }),
  );
  return undefined;
}

function inferOperand(expr: Expr, scope: EquationScope): MaybeTyped {
  if (expr.kind !== "name" || scope.letters) return infer(expr, scope);
  const isState = scope.states.has(expr.name) && !scope.locals.has(expr.name);
  if (isState) return infer(expr, scope);
  const resolved = resolveName(expr.name, expr.primed, expr.span, scope);
  return resolved && { kind: "ref", ref: resolved.ref, axes: axesOf(resolved.dims), span: expr.span };
}

/** Brackets in an equation without indices: `emb[token]`, `m[0]`; constants take the first axes away. */
function inferPositional(expr: Extract<Expr, { kind: "index" }>, scope: EquationScope): MaybeTyped {
  const base = inferOperand(expr.base, scope);
  const letter = expr.indices.find((index) => index.kind === "letter" && index.name !== "token");
  if (letter) {
    scope.model.report(
      inputError("equation/index-form", "letters need a left side with indices", {
        primary: { span: letter.span, text: "which axis of the result is this?" },
        hint: "write `y[i] = ...`: letters that are not on the left are summed",
      }),
    );
    return undefined;
  }
  if (!base) return undefined;
  let typed: TypedExpr = base;
  for (const [i, index] of expr.indices.entries()) {
    const [first, ...rest] = typed.axes;
    if (!first) {
      reportRank(expr, base.axes, expr.indices.length, scope);
      return undefined;
    }
    if (index.kind === "letter") {
      if (!isTable(i, base, scope, index.span)) return undefined;
      scope.model.tables.push({ dim: first.dim, span: expr.span });
      typed = { kind: "gather", table: typed, axes: rest, span: expr.span };
    } else {
      if (!noteConstant(index, first.dim, scope)) return undefined;
      const { label } = first;
      typed = { kind: "slice", arg: typed, label, index: index.value, axes: rest, span: expr.span };
    }
  }
  // What is left of a square matrix goes by its dimension's name again.
  const plain = new Map(axesOf(typed.axes.map((axis) => axis.dim)).map((axis, i) => [labelsOf(typed)[i]!, axis.label]));
  return renameLabels(typed, plain, scope.fresh);
}

/** Brackets in an equation with indices: one index for each axis. */
function inferIndexed(expr: Extract<Expr, { kind: "index" }>, scope: EquationScope): MaybeTyped {
  if (expr.base.kind !== "name") {
    scope.model.report(
      inputError("equation/indexed", "only a name can have indices here", {
        primary: { span: expr.base.span, text: "this is an expression" },
        hint: "give it a name in an equation of its own",
      }),
    );
    return undefined;
  }
  const resolved = resolveName(expr.base.name, expr.base.primed, expr.base.span, scope);
  if (!resolved) return undefined;
  const text = `${expr.base.name}${expr.base.primed ? "'" : ""}`;
  const dims = fitRank(resolved.dims, expr.indices.length, scope);
  if (!dims) {
    reportRank(expr, axesOf(resolved.dims), expr.indices.length, scope, declared(resolved, text, scope));
    return undefined;
  }
  const axes: Axis[] = [];
  for (const [i, index] of expr.indices.entries()) {
    const dim = dims[i]!;
    if (index.kind === "constant" || index.name === "token") {
      axes.push({ label: scope.fresh(dim), dim });
      continue;
    }
    if (axes.some((axis) => axis.label === index.name)) {
      scope.model.report(
        unsupportedError("equation/diagonal", `\`${index.name}\` stands twice in one value's indices`, {
          primary: { span: index.span, text: "diagonals are not supported" },
        }),
      );
      return undefined;
    }
    if (!bindLetter(index.name, dim, index.span, `${text} is ${shapeText(dims)}`, scope)) return undefined;
    axes.push({ label: index.name, dim });
  }
  return takeConstants(expr, view(resolved, dims, axes, expr, scope), scope);
}

/** A reference with the given labels, regrouped if the letters count factors or products of its axes. */
function view(resolved: Resolved, dims: Dims, axes: Axis[], expr: Expr, scope: EquationScope): TypedExpr {
  if (dims === resolved.dims) return { kind: "ref", ref: resolved.ref, axes, span: expr.span };
  const own = resolved.dims.map((dim): Axis => {
    const kept = dims.indexOf(dim);
    return kept >= 0 ? axes[kept]! : { label: scope.fresh(dim), dim };
  });
  const arg: TypedExpr = { kind: "ref", ref: resolved.ref, axes: own, span: expr.span };
  return { kind: "regroup", arg, axes, span: expr.span };
}

/** The shape with as many axes as there are indices: split or merged where `dims` declares it. */
function fitRank(dims: Dims, rank: number, scope: EquationScope): Dims | undefined {
  if (dims.length === rank) return dims;
  const table = scope.model.dims;
  const split = dims.flatMap((dim) => leaves(dim, table));
  if (hasRepeats(dims)) return undefined;
  if (split.length === rank && new Set(split).size === rank) return split;
  if (rank !== 1) return undefined;
  const merged = [...table.keys()].filter((dim) => {
    const parts = leaves(dim, table);
    return table.get(dim)!.factors && parts.length === split.length && parts.every((part, i) => part === split[i]);
  });
  return merged.length === 1 ? merged : undefined;
}

function takeConstants(expr: Extract<Expr, { kind: "index" }>, ref: TypedExpr, scope: EquationScope): MaybeTyped {
  let typed = ref;
  for (const [i, index] of expr.indices.entries()) {
    if (index.kind === "letter" && index.name !== "token") continue;
    const { label, dim } = ref.axes[i]!;
    const axes = typed.axes.filter((axis) => axis.label !== label);
    if (index.kind === "letter") {
      if (!isTable(i, ref, scope, index.span)) return undefined;
      scope.model.tables.push({ dim, span: expr.span });
      typed = { kind: "gather", table: typed, axes, span: expr.span };
    } else {
      if (!noteConstant(index, dim, scope)) return undefined;
      typed = { kind: "slice", arg: typed, label, index: index.value, axes, span: expr.span };
    }
  }
  return typed;
}

/** Letters count the same dimension wherever they stand in one equation. */
export function bindLetter(name: string, dim: string, span: Span, text: string, scope: EquationScope): boolean {
  const bound = scope.letters!.get(name);
  if (!bound) {
    scope.letters!.set(name, { dim, span, text });
    return true;
  }
  if (bound.dim === dim) return true;
  scope.model.report(
    inputError("shape/index", `\`${name}\` counts ${dim} here, but ${bound.dim} elsewhere`, {
      primary: { span, text: `${text}: this axis is ${dim}` },
      secondary: [{ span: bound.span, text: `${bound.text}: this axis is ${bound.dim}` }],
      hint: "a letter counts one dimension in an equation",
    }),
  );
  return false;
}

function isTable(position: number, base: TypedExpr, scope: EquationScope, span: Span): boolean {
  if (position === 0 && base.kind === "ref" && base.ref.kind === "weight") return true;
  scope.model.report(
    inputError("equation/token", "`token` can only look up a row of a weight", {
      primary: { span, text: position > 0 ? "must be the first index" : "this is not a weight" },
    }),
  );
  return false;
}

function noteConstant(index: Extract<IndexAst, { kind: "constant" }>, dim: string, scope: EquationScope): boolean {
  if (Number.isInteger(index.value)) {
    scope.model.constantIndices.push({ dim, index: index.value, span: index.span });
    return true;
  }
  scope.model.report(
    inputError("equation/index-form", "an index is a whole number", {
      primary: { span: index.span, text: `there is no element ${index.value}` },
    }),
  );
  return false;
}

function reportRank(
  expr: Extract<Expr, { kind: "index" }>,
  axes: readonly Axis[],
  count: number,
  scope: EquationScope,
  secondary: readonly { readonly span: Span; readonly text: string }[] = [],
): void {
  scope.model.report(
    inputError("shape/rank", `${shapeText(axes)} cannot take ${count} ${count === 1 ? "index" : "indices"}`, {
      primary: { span: expr.span, text: `${axes.length} ${axes.length === 1 ? "axis" : "axes"}: ${shapeText(axes)}` },
      secondary,
    }),
  );
}

function declared(resolved: Resolved, name: string, scope: EquationScope): { span: Span; text: string }[] {
  const declaration = declarationOf(resolved.ref, scope);
  return declaration ? [{ span: declaration.span, text: `${name} is ${shapeText(resolved.dims)}: declared here` }] : [];
}
