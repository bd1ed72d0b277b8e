/**
 * A checked model as text, for golden files and for looking at: what each equation became, with axes at every reference
 * and all implied steps written out. An axis whose label is not its dimension's name shows as `label:dim`.
 *
 *     +{over} is a sum, a @{over} b a sum of products, view[...] a regrouping
 */
import type { Axis, CheckedModel, CheckedPart, TypedEquation, TypedExpr } from "./typed.ts";

export function printModel(model: CheckedModel): string {
  const sizes = [...model.dims].map(([name, factors]) => {
    const size = model.sizes.get(name);
    return `  ${name} = ${size ?? "?"}${factors ? `  (${factors.join(" * ")})` : ""}`;
  });
  return [
    `model ${model.name}, ${model.layerCount} layers${model.resolved ? "" : ", placeholder sizes"}`,
    "dims",
    ...sizes,
    "carry",
    ...[...model.carries].map(([name, shape]) => `  ${name} [${shape.join(", ")}]`),
    ...[model.embedding, ...model.parts, model.head].flatMap((part) => ["", ...printPart(part)]),
    ...(model.policies.length + model.precisionPolicies.length > 0 ? ["", "policies"] : []),
    ...model.policies.map((policy) =>
      policy.kind === "scale"
        ? `  scale ${policy.part}.${policy.value} by ${policy.by}`
        : `  rescale hidden every ${policy.every} by ${policy.by}`,
    ),
    ...model.precisionPolicies.map((policy) =>
      policy.kind === "keepFloat"
        ? `  keep ${policy.patterns.join(", ")} in float16`
        : `  quantize ${policy.pattern} to ${policy.bits} bits${policy.block === undefined ? "" : ` in blocks of ${policy.block}`}`,
    ),
    "",
  ].join("\n");
}

function printPart(part: CheckedPart): string[] {
  return [
    `part ${part.name}`,
    ...[...part.weights].map(([name, { tensor, shape }]) => `  weight ${name} [${shape.join(", ")}] = ${tensor}`),
    ...part.states.map(({ name, shape, initial }) => `  state ${name} [${shape.join(", ")}] = ${initial}`),
    ...part.equations.flatMap((equation) => [`  # ${equation.text}`, `  ${printEquation(equation)}`]),
  ];
}

export function printEquation({ target, axes, expr, condition }: TypedEquation): string {
  const prime = target.kind === "nextState" ? "'" : "";
  const when = condition ? ` when layer ${condition.op} ${condition.layer}` : "";
  const kind = target.kind === "carry" ? "carry " : "";
  return `${kind}${target.name}${prime}${printAxes(axes)} = ${printExpr(expr)}${when}`;
}

const symbols = { add: "+", sub: "-", mul: "*", div: "/" } as const;

export function printExpr(expr: TypedExpr): string {
  switch (expr.kind) {
    case "number":
      return String(expr.value);
    case "ref":
      return `${expr.ref.name}${expr.ref.kind === "nextState" ? "'" : ""}${printAxes(expr.axes)}`;
    case "unary":
      return expr.op === "neg" ? `-${printExpr(expr.arg)}` : `${expr.op}(${bare(expr.arg)})`;
    case "binary": {
      const [left, right] = [printExpr(expr.left), printExpr(expr.right)];
      if (expr.op === "max" || expr.op === "min") return `${expr.op}(${bare(expr.left)}, ${bare(expr.right)})`;
      return `(${left} ${symbols[expr.op]} ${right})`;
    }
    case "contract":
      return `(${printExpr(expr.left)} @{${expr.over.join(",")}} ${printExpr(expr.right)})`;
    case "sum":
      return `+{${expr.over.join(",")}}(${bare(expr.arg)})`;
    case "norm": {
      const pair = expr.weight && expr.bias ? `, ${printExpr(expr.weight)}, ${printExpr(expr.bias)}` : "";
      return `${expr.norm}_norm(${bare(expr.arg)}${pair}, ${expr.eps})`;
    }
    case "shift":
      return `shift(${bare(expr.arg)}, ${expr.state})`;
    case "gather":
      return `gather(${bare(expr.table)}, token)`;
    case "regroup":
      return `view${printAxes(expr.axes)}(${bare(expr.arg)})`;
    case "slice":
      return `slice(${bare(expr.arg)}, ${expr.label} = ${expr.index})`;
  }
}

/** Without the outermost parentheses, where others stand already. */
function bare(expr: TypedExpr): string {
  const text = printExpr(expr);
  const isWrapped = expr.kind === "contract" || (expr.kind === "binary" && expr.op !== "max" && expr.op !== "min");
  return isWrapped ? text.slice(1, -1) : text;
}

function printAxes(axes: readonly Axis[]): string {
  const shown = axes.map(({ label, dim }) => (label === dim ? dim : `${label}:${dim}`));
  return axes.length === 0 ? "" : `[${shown.join(",")}]`;
}
