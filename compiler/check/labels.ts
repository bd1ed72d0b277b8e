/**
 * Labels of typed expressions: renaming them without capture, and the axes that a shape gets in an equation without
 * indices (each labelled by its dimension; a second axis of the same dimension gets a label of its own).
 */
import type { Axis, TypedExpr } from "./typed.ts";
import type { Dims } from "./scope.ts";

/** A repeated dimension is labelled `N~2`: `~` cannot be written in an equation. */
export function axesOf(dims: Dims): Axis[] {
  const seen = new Map<string, number>();
  return dims.map((dim) => {
    const count = (seen.get(dim) ?? 0) + 1;
    seen.set(dim, count);
    return { label: count === 1 ? dim : `${dim}~${count}`, dim };
  });
}

export const labelsOf = (expr: { readonly axes: readonly Axis[] }): string[] => expr.axes.map((axis) => axis.label);

/**
 * The same expression with other labels on its result. Labels that end inside (summed, sliced, regrouped) are bound there:
 * they keep their names unless a new label would be confused with them.
 */
export function renameLabels(
  expr: TypedExpr,
  names: ReadonlyMap<string, string>,
  fresh: (dim: string) => string,
): TypedExpr {
  const own = new Map([...names].filter(([from, to]) => from !== to && expr.axes.some((axis) => axis.label === from)));
  if (own.size === 0) return expr;
  const axes = expr.axes.map((axis) => ({ ...axis, label: own.get(axis.label) ?? axis.label }));
  const kept = new Set(labelsOf(expr));
  const inner = new Map(own);
  for (const child of children(expr)) {
    for (const { label, dim } of child.axes) {
      const isCaptured = !kept.has(label) && !inner.has(label) && [...own.values()].includes(label);
      if (isCaptured) inner.set(label, fresh(dim));
    }
  }
  const go = (child: TypedExpr): TypedExpr => renameLabels(child, inner, fresh);
  const bound = (label: string): string => (kept.has(label) ? label : (inner.get(label) ?? label));
  switch (expr.kind) {
    case "number":
    case "ref":
      return { ...expr, axes };
    case "unary":
    case "shift":
    case "regroup":
      return { ...expr, axes, arg: go(expr.arg) };
    case "binary":
      return { ...expr, axes, left: go(expr.left), right: go(expr.right) };
    case "contract":
      return { ...expr, axes, left: go(expr.left), right: go(expr.right), over: expr.over.map(bound) };
    case "sum":
      return { ...expr, axes, arg: go(expr.arg), over: expr.over.map(bound) };
    case "norm":
      return {
        ...expr,
        axes,
        arg: go(expr.arg),
        ...(expr.weight && { weight: go(expr.weight) }),
        ...(expr.bias && { bias: go(expr.bias) }),
      };
    case "gather":
      return { ...expr, axes, table: go(expr.table) };
    case "slice":
      return { ...expr, axes, arg: go(expr.arg), label: bound(expr.label) };
  }
}

export function children(expr: TypedExpr): readonly TypedExpr[] {
  switch (expr.kind) {
    case "number":
    case "ref":
      return [];
    case "unary":
    case "shift":
    case "regroup":
    case "sum":
    case "slice":
      return [expr.arg];
    case "binary":
    case "contract":
      return [expr.left, expr.right];
    case "norm":
      return [expr.arg, ...(expr.weight ? [expr.weight] : []), ...(expr.bias ? [expr.bias] : [])];
    case "gather":
      return [expr.table];
  }
}
