/** A spec's tree as text, each piece with its line and column, for golden files and for text cases. */
import { lineTable, positionOf } from "../../compiler/diagnostics/text-position.ts";
import type {
  BrokenEquationAst,
  EquationAst,
  Expr,
  Located,
  PartAst,
  ShapeAst,
  SpecAst,
} from "../../compiler/frontend/ast.ts";
import type { Span } from "../../compiler/diagnostics/diagnostic.ts";

export function printSpec(spec: SpecAst): string {
  const tables = new Map([...spec.sources].map(([file, text]) => [file, lineTable(text)]));
  const at = (span: Span): string => {
    const { line, column } = positionOf(tables.get(span.file)!, span.start);
    const end = positionOf(tables.get(span.file)!, span.end);
    const file = span.file === spec.file ? "" : `${span.file}:`;
    return `@${file}${line}:${column}-${end.line === line ? "" : `${end.line}:`}${end.column}`;
  };
  const located = ({ value, span }: Located<string | number>): string => `${value} ${at(span)}`;
  const shape = ({ axes }: ShapeAst): string => `[${axes.map(located).join(", ")}]`;
  const part = (one: PartAst): string[] => [
    "",
    `part ${located(one.name)}`,
    ...one.weights.map((w) => `  ${w.kind} ${located(w.name)} = ${located(w.tensor)} ${shape(w.shape)}`),
    ...one.states.map((s) => `  state ${located(s.name)} ${shape(s.shape)} from ${s.initial}`),
    ...one.equations.flatMap((equation) => [`  ${at(equation.span)} ${printEquation(equation)}`]),
  ];
  return [
    `model ${located(spec.name)}`,
    `reference ${spec.reference}`,
    ...spec.dims.map(
      (dim) => `dim ${located(dim.name)}: ${dim.meaning}${dim.factors ? ` = ${shape(dim.factors)}` : ""}`,
    ),
    ...spec.carries.map((carry) => `carry ${located(carry.name)} ${shape(carry.shape)}`),
    `layers ${located(spec.layers.count)}, ${located(spec.layers.prefix)}`,
    ...[spec.embedding, ...spec.layers.parts, spec.head].flatMap(part),
    "",
    ...spec.policies.map((policy) =>
      policy.kind === "scale"
        ? `scale ${located(policy.value)} by ${located(policy.by)}`
        : `rescaleHidden every ${located(policy.every)} by ${located(policy.by)}`,
    ),
    ...spec.precisionPolicies.map((policy) =>
      policy.kind === "keepFloat"
        ? `keepFloat ${policy.patterns.map(located).join(", ")}`
        : `quantize ${located(policy.pattern)} to ${located(policy.width)}${policy.block ? ` in blocks of ${located(policy.block)}` : ""}`,
    ),
    "",
  ].join("\n");
}

export function printEquation(equation: EquationAst | BrokenEquationAst): string {
  if (equation.kind === "broken") return `broken ${equation.targets.join(" ") || "?"}`;
  const { target, expr, ascription, condition } = equation;
  const indices = target.indices ? `[${target.indices.map((index) => index.value).join(",")}]` : "";
  return [
    `(= ${target.name.value}${target.primed ? "'" : ""}${indices} ${printExpr(expr)}`,
    ...(ascription ? [` : ${ascription.axes.map((axis) => axis.value).join(" ")}`] : []),
    ...(condition ? [` when ${condition.op} ${condition.layer.value}`] : []),
    ")",
  ].join("");
}

export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case "number":
      return String(expr.value);
    case "name":
      return `${expr.name}${expr.primed ? "'" : ""}`;
    case "negate":
      return `(neg ${printExpr(expr.arg)})`;
    case "binary":
      return `(${expr.op} ${printExpr(expr.left)} ${printExpr(expr.right)})`;
    case "power":
      return `(^ ${printExpr(expr.base)} ${expr.exponent.value})`;
    case "index":
      return `${printExpr(expr.base)}[${expr.indices.map((i) => (i.kind === "letter" ? i.name : i.value)).join(",")}]`;
    case "call": {
      const named = expr.named.map(({ name, value }) => `${name.value}=${printExpr(value)}`);
      return `(${[expr.name.value, ...expr.args.map(printExpr), ...named].join(" ")})`;
    }
  }
}
