/**
 * Splitting and merging axes, only where `dims` declares it (`A = H N`). These functions change the view of an expression
 * to meet a shape, or give undefined when no declaration allows it; they report nothing.
 */
import { axesOf } from "./labels.ts";
import type { Dims, ModelScope } from "./scope.ts";
import type { Axis, TypedExpr } from "./typed.ts";

type DimTable = ModelScope["dims"];

/** The dimension's smallest factors, in order. */
export function leaves(dim: string, dims: DimTable): Dims {
  const factors = dims.get(dim)?.factors;
  return factors ? factors.flatMap((factor) => leaves(factor, dims)) : [dim];
}

const isPlain = (axes: readonly Axis[]): boolean => axes.every((axis) => axis.label === axis.dim);
const same = (a: Dims, b: Dims): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);
const dimsOf = (expr: TypedExpr): Dims => expr.axes.map((axis) => axis.dim);

/** The expression with the axes `dims`, in this order: unchanged if they are its own, regrouped if the smallest factors agree. */
export function regroupTo(expr: TypedExpr, to: Dims, dims: DimTable): TypedExpr | undefined {
  if (same(dimsOf(expr), to)) return expr;
  if (!isPlain(expr.axes)) return undefined;
  const [from, target] = [dimsOf(expr), to].map((shape) => shape.flatMap((dim) => leaves(dim, dims)));
  if (!same(from!, target!) || new Set(to).size < to.length) return undefined;
  return { kind: "regroup", arg: expr, axes: axesOf(to), span: expr.span };
}

/**
 * Splits the merged axes of `expr` whose factors the other side has: [A] beside [H, N] or [H] becomes [H, N].
 */
export function splitToward(expr: TypedExpr, other: Dims, dims: DimTable): TypedExpr {
  const wanted = expr.axes.flatMap((axis): Dims => splitAxis(axis.dim, other, dims));
  if (same(wanted, dimsOf(expr)) || new Set(wanted).size < wanted.length) return expr;
  return regroupTo(expr, wanted, dims) ?? expr;
}

function splitAxis(dim: string, other: Dims, dims: DimTable): Dims {
  const factors = dims.get(dim)?.factors;
  if (!factors || other.includes(dim) || !leaves(dim, dims).some((leaf) => meets(leaf))) return [dim];
  return factors.flatMap((factor) => splitAxis(factor, other, dims));

  /** The other side has the leaf, or a merged dimension of some of these leaves. */
  function meets(leaf: string): boolean {
    return other.some((o) => o === leaf || (isWithin(o) && leaves(o, dims).includes(leaf)));
  }
  function isWithin(o: string): boolean {
    const parts = factors!.flatMap((factor) => [factor, ...nested(factor)]);
    return parts.includes(o);
  }
  function nested(factor: string): Dims {
    return (dims.get(factor)?.factors ?? []).flatMap((inner) => [inner, ...nested(inner)]);
  }
}

/** Merges the leading (or trailing) axes of `expr` into `dim`, if they are its factors. */
export function mergeAxes(
  expr: TypedExpr,
  dim: string,
  end: "leading" | "trailing",
  dims: DimTable,
): TypedExpr | undefined {
  const target = leaves(dim, dims);
  for (let count = 1; count <= expr.axes.length; count++) {
    const own = dimsOf(expr);
    const run = end === "leading" ? own.slice(0, count) : own.slice(-count);
    if (
      !same(
        run.flatMap((d) => leaves(d, dims)),
        target,
      )
    )
      continue;
    const rest = end === "leading" ? own.slice(count) : own.slice(0, -count);
    return regroupTo(expr, end === "leading" ? [dim, ...rest] : [...rest, dim], dims);
  }
  return undefined;
}
