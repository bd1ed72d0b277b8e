import type { Expr } from "../frontend/ast.ts";

/** Value of an expression of numbers; undefined of any other. */
export function constantValue(expr: Expr): number | undefined {
  switch (expr.kind) {
    case "number":
      return expr.value;
    case "negate": {
      const value = constantValue(expr.arg);
      return value === undefined ? undefined : -value;
    }
    case "binary": {
      const [left, right] = [constantValue(expr.left), constantValue(expr.right)];
      if (left === undefined || right === undefined) return undefined;
      const results = { "+": left + right, "-": left - right, "*": left * right, "/": left / right, "@": undefined };
      return results[expr.op];
    }
    case "power": {
      const base = constantValue(expr.base);
      return base === undefined ? undefined : base ** expr.exponent.value;
    }
    case "name":
    case "index":
    case "call":
      return undefined;
  }
}
