/**
 * The right side of an indexed equation: additive terms, each summed over the letters that are not on the left (the
 * Einstein convention). `y[h,i] = S[h,i,j] * r[h,j]` is `sum over j of (S * r)`.
 *
 * A term must depend on the letter it is summed over in each of its parts: in `2 * (a[i] + b[i,j])` the sum over j would
 * silently multiply a by the size of j. Diagnostics: `equation/ambiguous-sum`, and those of `infer`.
 */
import { inputError } from "../diagnostics/diagnostic.ts";
import type { Expr } from "../frontend/ast.ts";
import { elementwise } from "./elementwise.ts";
import { infer } from "./infer.ts";
import { children, labelsOf } from "./labels.ts";
import type { EquationScope, MaybeTyped } from "./scope.ts";
import type { TypedExpr } from "./typed.ts";

export function inferTerms(expr: Expr, target: readonly string[], scope: EquationScope): MaybeTyped {
  const { span } = expr;
  if (expr.kind === "binary" && (expr.op === "+" || expr.op === "-")) {
    const left = inferTerms(expr.left, target, scope);
    const right = inferTerms(expr.right, target, scope);
    const op = expr.op === "+" ? "add" : "sub";
    return left && right && elementwise(op, expr.op, left, right, expr.opSpan, span, scope);
  }
  if (expr.kind === "negate") {
    const arg = inferTerms(expr.arg, target, scope);
    return arg && { kind: "unary", op: "neg", arg, axes: arg.axes, span };
  }
  const term = infer(expr, scope);
  if (!term) return undefined;
  const over = labelsOf(term).filter((label) => !target.includes(label));
  if (over.length === 0) return term;
  const partial = over.find((label) => !everywhere(term).has(label));
  if (partial !== undefined) {
    scope.model.report(
      inputError("equation/ambiguous-sum", `a part of this term does not depend on \`${partial}\`, which is summed`, {
        primary: { span: lacking(term, partial).span, text: `no \`${partial}\` here` },
        secondary: [{ span: term.span, text: `the term that is summed over \`${partial}\`` }],
        hint: "write each sum as a term of its own, or compute the inner sum in an equation of its own",
      }),
    );
    return undefined;
  }
  return { kind: "sum", arg: term, over, axes: term.axes.filter((axis) => !over.includes(axis.label)), span };
}

/** Labels on which every additive part of the expression depends. */
function everywhere(expr: TypedExpr): ReadonlySet<string> {
  if (expr.kind === "unary" && expr.op === "neg") return everywhere(expr.arg);
  if (expr.kind !== "binary") return new Set(labelsOf(expr));
  const [left, right] = [everywhere(expr.left), everywhere(expr.right)];
  switch (expr.op) {
    case "add":
    case "sub":
      return new Set([...left].filter((label) => right.has(label)));
    case "mul":
      return new Set([...left, ...right]);
    // a / b: the sum of a's parts over b, so a alone must not lack the letter unless b has it as a whole.
    case "div":
      return new Set([...left, ...labelsOf(expr.right)]);
    case "max":
    case "min":
      return new Set(labelsOf(expr));
  }
}

/** The smallest additive part that lacks the label. */
function lacking(expr: TypedExpr, label: string): TypedExpr {
  if (!labelsOf(expr).includes(label)) return expr;
  const inner = children(expr).find((child) => !everywhere(child).has(label));
  return inner ? lacking(inner, label) : expr;
}
