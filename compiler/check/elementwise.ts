/**
 * Operations element by element. Operands align by label. Without indices, one operand's axes must contain the other's
 * (after splitting merged axes toward the other side); with indices the letters say everything.
 *
 * Diagnostics: `shape/mismatch`.
 */
import { type Diagnostic, inputError, type Label, type Span } from "../diagnostics/diagnostic.ts";
import { labelsOf } from "./labels.ts";
import { explainOrigin } from "./origin.ts";
import { splitToward } from "./regroup.ts";
import { type EquationScope, type MaybeTyped, shapeText } from "./scope.ts";
import type { Axis, BinaryOp, TypedExpr } from "./typed.ts";

export function elementwise(
  op: BinaryOp,
  symbol: string,
  left: TypedExpr,
  right: TypedExpr,
  opSpan: Span,
  span: Span,
  scope: EquationScope,
): MaybeTyped {
  if (scope.letters) return { kind: "binary", op, left, right, axes: union(left, right), span };
  const { dims } = scope.model;
  const splitLeft = splitToward(left, labelsOf(right), dims);
  const splitRight = splitToward(right, labelsOf(splitLeft), dims);
  if (contains(splitLeft, splitRight) || contains(splitRight, splitLeft)) {
    const operands = { left: splitLeft, right: splitRight };
    return { kind: "binary", op, ...operands, axes: union(splitLeft, splitRight), span };
  }
  scope.model.report(mismatch(symbol, left, right, opSpan, scope));
  return undefined;
}

export function union(left: TypedExpr, right: TypedExpr): Axis[] {
  const own = labelsOf(left);
  return [...left.axes, ...right.axes.filter((axis) => !own.includes(axis.label))];
}

function contains(big: TypedExpr, small: TypedExpr): boolean {
  const labels = labelsOf(big);
  return small.axes.every((axis) => labels.includes(axis.label));
}

function mismatch(symbol: string, left: TypedExpr, right: TypedExpr, opSpan: Span, scope: EquationScope): Diagnostic {
  const secondary: Label[] = [
    { span: left.span, text: shapeText(left.axes) },
    { span: right.span, text: shapeText(right.axes) },
  ];
  return inputError(
    "shape/mismatch",
    `\`${symbol}\` cannot combine ${shapeText(left.axes)} with ${shapeText(right.axes)}`,
    {
      primary: { span: opSpan, text: "neither shape contains the other" },
      secondary: [...secondary, ...explainOrigin(left, right, scope), ...explainOrigin(right, left, scope)],
    },
  );
}
