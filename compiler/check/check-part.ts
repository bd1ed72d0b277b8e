/**
 * A part's equations, from top to bottom. In: the part and the model's names. Out: the part with typed equations, as many
 * as could be typed; definitions are entered by name as they come. That every name is defined in every layer is another
 * question (`check-definitions.ts`).
 *
 * Diagnostics: `name/reserved`, `name/duplicate`, `name/assigned`, `state/undeclared`, `state/unprimed`, `shape/target`,
 * `shape/repeated-dimension`, `shape/index`, `equation/left-index`, `equation/condition`, `equation/mixed-types`,
 * and those of `infer`.
 */
import { inputError, type Label, type Span } from "../diagnostics/diagnostic.ts";
import type { EquationAst, PartAst } from "../frontend/ast.ts";
import { functionNames } from "./builtins.ts";
import { bindLetter, infer } from "./infer.ts";
import { inferTerms } from "./infer-terms.ts";
import { axesOf, labelsOf, renameLabels } from "./labels.ts";
import { explainOrigin } from "./origin.ts";
import { regroupTo } from "./regroup.ts";
import {
  type Dims,
  type EquationScope,
  hasRepeats,
  type LocalValue,
  type MaybeTyped,
  type ModelScope,
  type PartScope,
  shapeText,
} from "./scope.ts";
import { readShape } from "./check-declarations.ts";
import type { Axis, CheckedPart, CheckedState, CheckedWeight, TypedEquation, TypedExpr } from "./typed.ts";
import { equationsOf, namesOf } from "./walk-names.ts";

export function checkPart(
  part: PartAst,
  role: PartScope["role"],
  declared: { readonly weights: ReadonlyMap<string, CheckedWeight>; readonly states: PartScope["states"] },
  model: ModelScope,
): CheckedPart {
  const scope = openScope(part, role, declared, model);
  const equations = equationsOf(part).flatMap((equation) => checkEquation(equation, scope) ?? []);
  const states = [...declared.states.values()].filter((state): state is CheckedState => state.shape !== undefined);
  return { name: part.name.value, weights: declared.weights, states, equations };
}

function openScope(
  part: PartAst,
  role: PartScope["role"],
  declared: { readonly weights: ReadonlyMap<string, CheckedWeight>; readonly states: PartScope["states"] },
  model: ModelScope,
): PartScope {
  const doubtful = new Set<string>();
  const definitions = new Map<string, Span>();
  const shifted = new Map<string, Span>();
  let isOpaque = false;
  for (const equation of part.equations) {
    if (equation.kind === "broken") {
      equation.targets.forEach((target) => doubtful.add(target));
      isOpaque ||= equation.targets.length === 0;
      continue;
    }
    const { name, primed } = equation.target;
    const key = primed ? `${name.value}'` : name.value;
    if (!definitions.has(key)) definitions.set(key, equation.target.span);
    for (const use of namesOf(equation)) if (use.use === "shift") shifted.set(use.name, use.span);
  }
  return {
    model,
    part,
    role,
    weightAsts: new Map(part.weights.map((weight) => [weight.name.value, weight])),
    ...declared,
    locals: new Map(),
    nextStates: new Set(),
    shifted,
    doubtful,
    isOpaque: isOpaque || part.hasGaps || model.hasGaps,
    definitions,
  };
}

function checkEquation(equation: EquationAst, partScope: PartScope): TypedEquation | undefined {
  let count = 0;
  const isIndexed = equation.target.indices !== undefined;
  const scope: EquationScope = {
    ...partScope,
    ...(isIndexed && { letters: new Map() }),
    fresh: (dim) => `${dim.replace(/~.*/, "")}~${++count + 9}`,
  };
  const isConditionGood = checkCondition(equation, scope);
  const target = checkTarget(equation, scope);
  const ascribed = equation.ascription && readShape(equation.ascription, scope.model);
  const typed = isIndexed ? inferIndexedSide(equation, scope) : inferPlainSide(equation, scope);
  const wanted = target?.dims ?? ascribed;
  if (target?.dims && ascribed && !agree(equation, target.dims, ascribed, target.declaredAt, scope)) return undefined;
  const fitted = typed && (equation.ascription && !ascribed ? undefined : fit(equation, typed, wanted, target, scope));
  if (target) define(equation, fitted?.axes.map((axis) => axis.dim) ?? wanted, target, scope);
  if (!target || !fitted || !isConditionGood) return undefined;
  const { condition } = equation;
  return {
    target: target.ref,
    axes: fitted.axes,
    expr: fitted.expr,
    ...(condition && { condition: { op: condition.op, layer: condition.layer.value, span: condition.span } }),
    span: equation.span,
    text: equation.text,
  };
}

function checkCondition({ condition }: EquationAst, scope: EquationScope): boolean {
  if (!condition) return true;
  if (scope.role === "layer" && Number.isInteger(condition.layer.value)) return true;
  const isNumber = scope.role === "layer";
  scope.model.report(
    inputError(
      "equation/condition",
      isNumber ? "a layer's number is whole" : "a condition on the layer outside the layers",
      {
        primary: {
          span: isNumber ? condition.layer.span : condition.span,
          text: isNumber ? "not a layer" : "there is no layer here",
        },
      },
    ),
  );
  return false;
}

interface Target {
  readonly ref: TypedEquation["target"];
  /** Declared, or given by an earlier equation under another condition. */
  readonly dims: Dims | undefined;
  readonly declaredAt: Span | undefined;
}

/** What the equation defines; undefined after a report. */
function checkTarget({ target, condition }: EquationAst, scope: EquationScope): Target | undefined {
  const name = target.name.value;
  const { report } = scope.model;
  const primary = (text: string): { primary: Label } => ({ primary: { span: target.span, text } });
  const state = scope.states.get(name);
  if (target.primed) {
    if (state) return { ref: { kind: "nextState", name }, dims: state.shape, declaredAt: state.span };
    report(
      inputError("state/undeclared", `\`${name}\` is not a state`, {
        ...primary("a prime means the next value of a state"),
        hint: `declare it, state: { ${name}: "..." }, or drop the prime`,
      }),
    );
    return undefined;
  }
  if (state) {
    report(
      inputError("state/unprimed", `the state \`${name}\` changes only through its next value`, {
        ...primary("a state's old value cannot be set"),
        secondary: [{ span: state.span, text: "declared here" }],
        hint: `write \`${name}'\` for the next value`,
      }),
    );
    return undefined;
  }
  const weight = scope.weightAsts.get(name);
  if (weight) {
    report(
      inputError("name/assigned", `\`${name}\` is a weight and cannot be computed`, {
        ...primary("choose another name"),
        secondary: [{ span: weight.span, text: "declared here" }],
      }),
    );
    return undefined;
  }
  const carry = scope.model.carries.get(name);
  if (carry) return { ref: { kind: "carry", name }, dims: carry.dims, declaredAt: carry.span };
  if (name === "token" || functionNames.includes(name)) {
    report(
      inputError("name/reserved", `\`${name}\` cannot be defined`, {
        ...primary(name === "token" ? "stands for the token's id" : "the name of a function"),
        hint: "choose another name",
      }),
    );
    return undefined;
  }
  const kind = scope.role === "head" && name === "logits" ? "carry" : "local";
  const earlier = scope.locals.get(name);
  // Without conditions it is a second definition, which is reported as such (check-definitions): shapes say nothing then.
  const isCase = earlier?.isConditional === true && condition !== undefined;
  return { ref: { kind, name }, dims: isCase ? earlier.dims : undefined, declaredAt: earlier?.span };
}

/** Without indices: labels are dimensions. */
function inferPlainSide(equation: EquationAst, scope: EquationScope): MaybeTyped {
  return infer(equation.expr, scope);
}

/** With indices: the letters on the left stay, the others are summed term by term. */
function inferIndexedSide(equation: EquationAst, scope: EquationScope): MaybeTyped {
  const indices = equation.target.indices!;
  const again = indices.find((index, i) => indices.findIndex((other) => other.value === index.value) < i);
  const odd = indices.find((index) => !/^[A-Za-z_]\w*$/.test(index.value) || index.value === "token");
  if (again ?? odd) {
    const { span, value } = (again ?? odd)!;
    scope.model.report(
      inputError("equation/left-index", `\`${value}\` cannot be an index on the left`, {
        primary: { span, text: again ? "stands twice" : "must be a letter" },
      }),
    );
    return undefined;
  }
  const letters = indices.map((index) => index.value);
  const typed = inferTerms(equation.expr, letters, scope);
  if (!typed) return undefined;
  const missing = indices.find((index) => !labelsOf(typed).includes(index.value));
  if (missing) {
    scope.model.report(
      inputError("equation/left-index", `\`${missing.value}\` is on the left but not on the right`, {
        primary: { span: missing.span, text: "what does it count?" },
        secondary: [{ span: typed.span, text: `this has ${labelsOf(typed).join(", ") || "no index"}` }],
      }),
    );
    return undefined;
  }
  return typed;
}

/** The declared shape and the ascribed one say the same. */
function agree(
  equation: EquationAst,
  dims: Dims,
  ascribed: Dims,
  declaredAt: Span | undefined,
  scope: EquationScope,
): boolean {
  if (dims.join(" ") === ascribed.join(" ")) return true;
  const shown = equation.target.primed ? `${equation.target.name.value}'` : equation.target.name.value;
  scope.model.report(
    inputError("shape/target", `\`${shown}\` is ${shapeText(dims)}, not ${shapeText(ascribed)}`, {
      primary: { span: equation.ascription!.span, text: `says ${shapeText(ascribed)}` },
      secondary: declaredAt ? [{ span: declaredAt, text: `${shapeText(dims)} here` }] : [],
    }),
  );
  return false;
}

/** The expression in the shape that its target has: regrouped or reordered; undefined after a report. */
function fit(
  equation: EquationAst,
  typed: TypedExpr,
  wanted: Dims | undefined,
  target: Target | undefined,
  scope: EquationScope,
): { readonly expr: TypedExpr; readonly axes: readonly Axis[] } | undefined {
  const { indices } = equation.target;
  if (indices) return fitIndexed(equation, typed, wanted, target, scope);
  const own = typed.axes.map((axis) => axis.dim);
  if (!wanted) {
    // A product of square matrices may have been given other labels on its way.
    const plain = axesOf(own);
    const names = new Map(typed.axes.map((axis, i) => [axis.label, plain[i]!.label]));
    return { expr: renameLabels(typed, names, scope.fresh), axes: plain };
  }
  if (hasRepeats(wanted)) {
    scope.model.report(
      inputError("shape/repeated-dimension", `${shapeText(wanted)} has a dimension twice: write indices on the left`, {
        primary: { span: equation.target.span, text: `this is ${shapeText(wanted)}` },
        secondary: target?.declaredAt ? [{ span: target.declaredAt, text: "declared here" }] : [],
        hint: `write \`${equation.target.name.value}${equation.target.primed ? "'" : ""}[${"hijklmn".slice(0, wanted.length).split("").join(",")}] = ...\``,
      }),
    );
    return undefined;
  }
  const isPermuted = own.length === wanted.length && wanted.every((dim) => labelsOf(typed).includes(dim));
  if (isPermuted) return { expr: typed, axes: axesOf(wanted) };
  const regrouped = regroupTo(typed, wanted, scope.model.dims);
  if (regrouped) return { expr: regrouped, axes: regrouped.axes };
  reportMisfit(equation, typed, own, wanted, target, scope);
  return undefined;
}

function fitIndexed(
  equation: EquationAst,
  typed: TypedExpr,
  wanted: Dims | undefined,
  target: Target | undefined,
  scope: EquationScope,
): { readonly expr: TypedExpr; readonly axes: readonly Axis[] } | undefined {
  const indices = equation.target.indices!;
  const axes = indices.map((index): Axis => ({ label: index.value, dim: scope.letters!.get(index.value)!.dim }));
  if (!wanted) return { expr: typed, axes };
  if (wanted.length !== axes.length) {
    reportMisfit(
      equation,
      typed,
      axes.map((axis) => axis.dim),
      wanted,
      target,
      scope,
    );
    return undefined;
  }
  const shown = `${equation.target.name.value}${equation.target.primed ? "'" : ""} is ${shapeText(wanted)}`;
  const isGood = indices.every((index, i) => bindLetter(index.value, wanted[i]!, index.span, shown, scope));
  return isGood ? { expr: typed, axes } : undefined;
}

function reportMisfit(
  equation: EquationAst,
  typed: TypedExpr,
  own: Dims,
  wanted: Dims,
  target: Target | undefined,
  scope: EquationScope,
): void {
  const { name, primed } = equation.target;
  const shown = primed ? `${name.value}'` : name.value;
  const secondary: Label[] = [];
  if (equation.ascription)
    secondary.push({ span: equation.ascription.span, text: `said to be ${shapeText(wanted)} here` });
  else if (target?.declaredAt) {
    secondary.push({ span: target.declaredAt, text: `\`${shown}\` is ${shapeText(wanted)} here` });
  }
  scope.model.report(
    inputError("shape/target", `\`${shown}\` is ${shapeText(wanted)}, but this gives ${shapeText(own)}`, {
      primary: { span: equation.expr.span, text: `this is ${shapeText(own)}` },
      secondary: [...secondary, ...explainOrigin(typed, undefined, scope)],
      hint: equation.ascription && regroupHint(own, wanted, scope),
    }),
  );
}

function regroupHint(own: Dims, wanted: Dims, scope: EquationScope): string | undefined {
  const size = own.length < wanted.length ? own : wanted;
  if (size.length !== 1 || own.length === wanted.length) return undefined;
  const [merged, factors] = own.length < wanted.length ? [own[0]!, wanted] : [wanted[0]!, own];
  if (scope.model.dims.get(merged)?.factors) return undefined;
  return `if ${merged} is ${factors.join(" times ")}, \`dims\` has to say so: ${merged}: dim("...", "${factors.join(" ")}")`;
}

function define(equation: EquationAst, dims: Dims | undefined, target: Target, scope: EquationScope): void {
  const { ref } = target;
  if (ref.kind === "nextState") scope.nextStates.add(ref.name);
  else if (
    ref.kind === "local" ||
    (scope.role === "head" && ref.name === "logits" && !scope.model.carries.has("logits"))
  ) {
    const earlier = scope.locals.get(ref.name);
    const value: LocalValue = {
      ref,
      dims: earlier?.dims ?? dims,
      span: earlier?.span ?? equation.target.span,
      isConditional: equation.condition !== undefined,
    };
    scope.locals.set(ref.name, value);
  }
}
