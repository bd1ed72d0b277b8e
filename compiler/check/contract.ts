/**
 * `a @ b`: the last axis of the left meets the first of the right, as in Python; so a matrix @ a vector sums over the
 * matrix's columns, a vector @ a matrix over its rows. Axes that are merged on one side only (A = H N) are merged on the
 * other. Labels are arranged so that no two axes of the result, nor the sum's, share one.
 *
 * Diagnostics: `shape/contract`.
 */
import { inputError, type Span } from "../diagnostics/diagnostic.ts";
import { labelsOf, renameLabels } from "./labels.ts";
import { explainOrigin } from "./origin.ts";
import { mergeAxes } from "./regroup.ts";
import { type EquationScope, type MaybeTyped, shapeText } from "./scope.ts";
import type { Axis, TypedExpr } from "./typed.ts";

export function contract(
  left: TypedExpr,
  right: TypedExpr,
  opSpan: Span,
  span: Span,
  scope: EquationScope,
): MaybeTyped {
  const operands = meet(left, right, scope);
  if (operands) return sumProducts(operands[0], operands[1], span, scope);
  const [last, first] = [left.axes.at(-1), right.axes[0]];
  const label =
    last && first
      ? `the last axis on the left is ${last.dim}, the first on the right ${first.dim}`
      : "a number has no axis";
  const isReversed = last && first && right.axes.at(-1)!.dim === last.dim && left.axes.length === 1;
  scope.model.report(
    inputError("shape/contract", `\`@\` cannot join ${shapeText(left.axes)} and ${shapeText(right.axes)}`, {
      primary: { span: opSpan, text: label },
      secondary: [
        { span: left.span, text: shapeText(left.axes) },
        { span: right.span, text: shapeText(right.axes) },
        ...explainOrigin(left, right, scope),
        ...explainOrigin(right, left, scope),
      ],
      hint:
        isReversed || left.axes[0]?.dim === first?.dim
          ? "a matrix stored [rows, columns] times a vector is `matrix @ vector`"
          : undefined,
    }),
  );
  return undefined;
}

/** Both operands with the axes that meet having the same dimension. */
function meet(left: TypedExpr, right: TypedExpr, scope: EquationScope): readonly [TypedExpr, TypedExpr] | undefined {
  const [last, first] = [left.axes.at(-1), right.axes[0]];
  if (!last || !first) return undefined;
  if (last.dim === first.dim) return [left, right];
  const { dims } = scope.model;
  const mergedRight = mergeAxes(right, last.dim, "leading", dims);
  if (mergedRight) return [left, mergedRight];
  const mergedLeft = mergeAxes(left, first.dim, "trailing", dims);
  return mergedLeft && [mergedLeft, right];
}

function sumProducts(left: TypedExpr, right: TypedExpr, span: Span, scope: EquationScope): TypedExpr {
  const { dim } = left.axes.at(-1)!;
  const kept = [...left.axes.slice(0, -1), ...right.axes.slice(1)];
  // Dimension names where they are free: they read best.
  const names: string[] = [];
  for (const axis of kept) names.push(names.includes(axis.dim) ? scope.fresh(axis.dim) : axis.dim);
  const met = names.includes(dim) ? scope.fresh(dim) : dim;
  const leftLabels = [...names.slice(0, left.axes.length - 1), met];
  const rightLabels = [met, ...names.slice(left.axes.length - 1)];
  const axes = kept.map((axis, i): Axis => ({ label: names[i]!, dim: axis.dim }));
  const operands = { left: relabel(left, leftLabels, scope), right: relabel(right, rightLabels, scope) };
  return { kind: "contract", ...operands, over: [met], axes, span };
}

function relabel(expr: TypedExpr, labels: readonly string[], scope: EquationScope): TypedExpr {
  return renameLabels(expr, new Map(labelsOf(expr).map((label, i) => [label, labels[i]!])), scope.fresh);
}
