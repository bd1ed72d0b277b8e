/** The promises of `typed.ts`, checked on a model: what later stages rely on. Gives one line for each broken promise. */
import { printEquation, printExpr } from "../../compiler/check/print-typed.ts";
import { children } from "../../compiler/check/labels.ts";
import type { Axis, CheckedModel, CheckedPart, Reference, TypedExpr } from "../../compiler/check/typed.ts";

export function violations(model: CheckedModel): string[] {
  const found: string[] = [];
  for (const part of [model.embedding, ...model.parts, model.head]) {
    for (const equation of part.equations) {
      const say = (what: string): void => void found.push(`${printEquation(equation)}: ${what}`);
      verify(equation.expr, part, model, say);
      const [own, given] = [equation.axes, equation.expr.axes].map((axes) => axes.map(text).sort().join());
      if (own !== given) say(`target ${own} of ${given}`);
      const declared = shapeOf(equation.target, part, model);
      if (declared && declared.join() !== equation.axes.map((axis) => axis.dim).join())
        say(`declared ${declared.join()}`);
    }
  }
  for (const [dim, factors] of model.dims) {
    const product = factors?.reduce((size, factor) => size * model.sizes.get(factor)!, 1);
    if (product !== undefined && product !== model.sizes.get(dim)) found.push(`${dim} is not ${factors!.join(" * ")}`);
  }
  return found;
}

const text = ({ label, dim }: Axis): string => `${label}:${dim}`;
const texts = (axes: readonly Axis[]): string => axes.map(text).join();

function verify(expr: TypedExpr, part: CheckedPart, model: CheckedModel, say: (what: string) => void): void {
  const expectAxes = (axes: readonly Axis[], what: string): void => {
    if (texts(axes) !== texts(expr.axes)) say(`${what} in ${printExpr(expr)}: ${texts(axes)}, not ${texts(expr.axes)}`);
  };
  for (const child of children(expr)) verify(child, part, model, say);
  const labels = expr.axes.map((axis) => axis.label);
  if (new Set(labels).size < labels.length) say(`a label twice in ${printExpr(expr)}`);
  for (const { dim } of expr.axes) if (!model.dims.has(dim)) say(`no dimension ${dim}`);
  const without = (axes: readonly Axis[], gone: readonly string[]): Axis[] =>
    axes.filter((a) => !gone.includes(a.label));
  const joined = (left: readonly Axis[], right: readonly Axis[]): Axis[] => {
    for (const axis of right) {
      const same = left.find((other) => other.label === axis.label);
      if (same && same.dim !== axis.dim) say(`${axis.label} is ${same.dim} and ${axis.dim} in ${printExpr(expr)}`);
    }
    return [
      ...left,
      ...without(
        right,
        left.map((axis) => axis.label),
      ),
    ];
  };
  switch (expr.kind) {
    case "number":
      return expectAxes([], "number");
    case "ref": {
      const shape = shapeOf(expr.ref, part, model);
      const shown = expr.axes.map((axis) => axis.dim).join();
      if (shape ? shape.join() !== shown : expr.ref.kind !== "local") say(`${printExpr(expr)} is ${shape?.join()}`);
      return;
    }
    case "unary":
    case "norm":
    case "shift":
      expectAxes(expr.arg.axes, expr.kind);
      if (expr.kind === "norm" && expr.norm === "layer") checkPair(expr.arg.axes.slice(-1), expr, say);
      if (expr.kind === "norm" && expr.norm === "group") checkPair(expr.arg.axes, expr, say);
      return;
    case "binary":
      return expectAxes(joined(expr.left.axes, expr.right.axes), expr.op);
    case "contract":
      for (const label of expr.over) {
        const both = [expr.left, expr.right].every((operand) => operand.axes.some((axis) => axis.label === label));
        if (!both) say(`${label} is not on both sides of ${printExpr(expr)}`);
      }
      return expectAxes(without(joined(expr.left.axes, expr.right.axes), expr.over), "contract");
    case "sum":
      if (!expr.over.every((label) => expr.arg.axes.some((axis) => axis.label === label))) say(`nothing to sum`);
      return expectAxes(without(expr.arg.axes, expr.over), "sum");
    case "gather":
      return expectAxes(expr.table.axes.slice(1), "gather");
    case "slice":
      if (!expr.arg.axes.some((axis) => axis.label === expr.label)) say(`nothing to slice`);
      return expectAxes(without(expr.arg.axes, [expr.label]), "slice");
    case "regroup": {
      const leaves = (dim: string): string[] => model.dims.get(dim)?.flatMap(leaves) ?? [dim];
      const [from, to] = [expr.arg, expr].map(({ axes }) => axes.flatMap((axis) => leaves(axis.dim)).join());
      if (from !== to) say(`${from} regrouped to ${to}`);
      for (const axis of expr.axes) {
        const kept = expr.arg.axes.find((other) => other.label === axis.label);
        if (kept && kept.dim !== axis.dim) say(`${axis.label} changes in ${printExpr(expr)}`);
      }
    }
  }
}

function checkPair(
  axes: readonly Axis[],
  expr: Extract<TypedExpr, { kind: "norm" }>,
  say: (what: string) => void,
): void {
  for (const weight of [expr.weight, expr.bias]) {
    if (!weight || texts(weight.axes) !== texts(axes)) say(`a pair of other axes in ${printExpr(expr)}`);
  }
}

/** Undefined for locals: their equations say it. */
function shapeOf(ref: Reference, part: CheckedPart, model: CheckedModel): readonly string[] | undefined {
  switch (ref.kind) {
    case "weight":
      return part.weights.get(ref.name)?.shape;
    case "state":
    case "nextState":
      return part.states.find((state) => state.name === ref.name)?.shape;
    case "carry":
      return model.carries.get(ref.name);
    case "local":
      return part.equations
        .find(({ target }) => target.kind === "local" && target.name === ref.name)
        ?.axes.map((a) => a.dim);
  }
}
