/** Every name in an expression, and how it is used there, whether or not its types can be found out. */
import type { Span } from "../diagnostics/diagnostic.ts";
import type { EquationAst, Expr, PartAst } from "../frontend/ast.ts";

export interface NameUse {
  readonly name: string;
  readonly primed: boolean;
  /** `shift`: the state that a shift reads and updates. */
  readonly use: "read" | "shift";
  readonly span: Span;
}

export function walkNames(expr: Expr, visit: (use: NameUse) => void): void {
  switch (expr.kind) {
    case "number":
      return;
    case "name":
      visit({ name: expr.name, primed: expr.primed, use: "read", span: expr.span });
      return;
    case "negate":
      walkNames(expr.arg, visit);
      return;
    case "binary":
      walkNames(expr.left, visit);
      walkNames(expr.right, visit);
      return;
    case "power":
    case "index":
      walkNames(expr.base, visit);
      return;
    case "call":
      expr.args.forEach((arg, i) => {
        if (expr.name.value === "shift" && i === 1 && arg.kind === "name" && !arg.primed) {
          visit({ name: arg.name, primed: false, use: "shift", span: arg.span });
        } else {
          walkNames(arg, visit);
        }
      });
      expr.named.forEach(({ value }) => walkNames(value, visit));
  }
}

export function namesOf(equation: EquationAst): NameUse[] {
  const uses: NameUse[] = [];
  walkNames(equation.expr, (use) => uses.push(use));
  return uses;
}

/** The part's equations that could be parsed. */
export function equationsOf(part: PartAst): EquationAst[] {
  return part.equations.flatMap((equation) => (equation.kind === "equation" ? [equation] : []));
}
