/** Where a dimension of an expression came from: the declarations to show beside a mismatch. */
import type { Label } from "../diagnostics/diagnostic.ts";
import { children, labelsOf } from "./labels.ts";
import { declarationOf, type EquationScope, shapeText } from "./scope.ts";
import type { Axis, TypedExpr } from "./typed.ts";

type Ref = Extract<TypedExpr, { kind: "ref" }>;

/** Labels for the axes that `expr` has and `other` lacks: "D comes from x_r, declared here as [D]". */
export function explainOrigin(expr: TypedExpr, other: TypedExpr | undefined, scope: EquationScope): Label[] {
  const known = other ? labelsOf(other) : [];
  const odd = expr.axes.filter((axis) => !known.includes(axis.label));
  const found = new Map<string, Label>();
  for (const axis of odd) {
    const ref = originOf(expr, axis);
    const declaration = ref && declarationOf(ref.ref, scope);
    if (!ref || !declaration) continue;
    const verb = ref.ref.kind === "local" || ref.ref.kind === "nextState" ? "computed" : "declared";
    const text = `${axis.dim} comes from \`${ref.ref.name}\`, ${verb} here as ${shapeText(declaration.dims)}`;
    const key = `${declaration.span.file}:${declaration.span.start}`;
    if (!found.has(key)) found.set(key, { span: declaration.span, text });
  }
  return [...found.values()];
}

/** The reference that brings the axis in. */
function originOf(expr: TypedExpr, axis: Axis): Ref | undefined {
  if (expr.kind === "ref") return expr.axes.some((own) => own.label === axis.label) ? expr : undefined;
  for (const child of children(expr)) {
    const isRegrouped = expr.kind === "regroup" && !labelsOf(child).includes(axis.label);
    const found = isRegrouped ? firstRef(child) : originOf(child, axis);
    if (found) return found;
  }
  return undefined;
}

function firstRef(expr: TypedExpr): Ref | undefined {
  if (expr.kind === "ref") return expr;
  for (const child of children(expr)) {
    const found = firstRef(child);
    if (found) return found;
  }
  return undefined;
}
