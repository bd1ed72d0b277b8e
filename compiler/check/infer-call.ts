/**
 * Calls of the built-in functions. Diagnostics: `equation/function`, `equation/arguments`, `equation/eps`,
 * `equation/indexed`, `shape/norm`, `shape/shift`, `state/undeclared`.
 */
import { inputError, type Label } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { Expr } from "../frontend/ast.ts";
import {
  binaryFunctions,
  functionNames,
  type NormFunction,
  normFunctions,
  unaryFunctions,
  usageOf,
} from "./builtins.ts";
import { constantValue } from "./constant-value.ts";
import { elementwise } from "./elementwise.ts";
import { infer } from "./infer.ts";
import { axesOf } from "./labels.ts";
import { explainOrigin } from "./origin.ts";
import { regroupTo } from "./regroup.ts";
import { type EquationScope, hasRepeats, type MaybeTyped, shapeText } from "./scope.ts";
import type { TypedExpr } from "./typed.ts";

type Call = Extract<Expr, { kind: "call" }>;

export function inferCall(call: Call, scope: EquationScope): MaybeTyped {
  const name = call.name.value;
  const unary = unaryFunctions.get(name);
  const binary = binaryFunctions.get(name);
  const norm = normFunctions.get(name);
  if (!unary && !binary && !norm && name !== "shift") return unknownFunction(call, scope);
  if ((norm || name === "shift") && scope.letters) {
    scope.model.report(
      inputError("equation/indexed", `\`${name}\` cannot stand in an equation with indices`, {
        primary: { span: call.span, text: "works on whole values" },
        hint: "compute it in an equation of its own, without indices",
      }),
    );
    return undefined;
  }
  if (norm) return inferNorm(call, norm, scope);
  if (name === "shift") return inferShift(call, scope);
  const args = call.args.map((arg) => infer(arg, scope));
  if (!hasArguments(call, unary ? 1 : 2, [], scope)) return undefined;
  const [first, second] = args;
  if (unary) return first && { kind: "unary", op: unary, arg: first, axes: first.axes, span: call.span };
  return first && second && elementwise(binary!, name, first, second, call.name.span, call.span, scope);
}

/** Functions of other notations, which are not slips of ours: how they are written here. */
const otherwise: Readonly<Record<string, string>> = {
  gelu: "nearly the same: x * sigmoid(1.702 * x)",
  softplus: "write log(1 + exp(x))",
  swish: "it is silu(x) here",
  rsqrt: "write 1 / sqrt(x)",
  pow: "write x^2, a product, or exp(n * log(x))",
  clamp: "write min(max(x, low), high)",
  lerp: "write x + (y - x) * t",
  matmul: "write a @ b",
  sum: "an index that is not on the left is summed: s[h] = x[h,i]",
};

function unknownFunction(call: Call, scope: EquationScope): undefined {
  call.args.forEach((arg) => infer(arg, scope));
  const { value: name, span } = call.name;
  const isValue = scope.weightAsts.has(name) || scope.locals.has(name) || scope.states.has(name);
  scope.model.report(
    inputError("equation/function", `there is no function \`${name}\``, {
      primary: { span, text: isValue ? "a value, which cannot be called" : "not known" },
      notes: [`Functions: ${functionNames.join(", ")}.`],
      hint: isValue
        ? `a product is written \`${name} * (...)\``
        : Object.hasOwn(otherwise, name)
          ? otherwise[name]
          : didYouMean(name, functionNames),
    }),
  );
  return undefined;
}

/** `named`: names of the arguments that may be given by name, which come last. */
function hasArguments(call: Call, required: number, named: readonly string[], scope: EquationScope): boolean {
  const usage = usageOf(call.name.value);
  const wrong = call.named.find(({ name }, i) => {
    const isAgain = call.named.findIndex((other) => other.name.value === name.value) < i;
    return !named.includes(name.value) || isAgain || call.args.length > required + named.indexOf(name.value);
  });
  if (wrong) {
    scope.model.report(
      inputError("equation/arguments", `\`${call.name.value}\` cannot take \`${wrong.name.value} = ...\` here`, {
        primary: { span: wrong.name.span, text: named.includes(wrong.name.value) ? "given twice" : "no such argument" },
        hint: `write ${usage}`,
      }),
    );
    return false;
  }
  if (call.args.length >= required && call.args.length <= required + named.length) return true;
  scope.model.report(
    inputError("equation/arguments", `\`${call.name.value}\` takes ${required} argument${required === 1 ? "" : "s"}`, {
      primary: { span: call.span, text: `${call.args.length} given` },
      hint: `write ${usage}`,
    }),
  );
  return false;
}

function inferNorm(call: Call, { norm, hasPair, defaultEps }: NormFunction, scope: EquationScope): MaybeTyped {
  const required = hasPair ? 2 : 1;
  const arg = call.args[0] && infer(call.args[0], scope);
  if (!hasArguments(call, required, ["eps"], scope)) return undefined;
  const epsExpr = call.args[required] ?? call.named[0]?.value;
  const eps = epsExpr ? constantValue(epsExpr) : defaultEps;
  if (eps === undefined || !(eps >= 0) || !Number.isFinite(eps)) {
    scope.model.report(
      inputError("equation/eps", epsExpr ? "eps must be a number" : `\`${call.name.value}\` needs its eps`, {
        primary: { span: epsExpr?.span ?? call.span, text: epsExpr ? "not a positive number" : "eps is missing" },
        hint: `write ${usageOf(call.name.value)}`,
      }),
    );
    return undefined;
  }
  if (!hasPair) {
    if (!arg) return undefined;
    return arg.axes.length > 0
      ? { kind: "norm", norm, arg, eps, axes: arg.axes, span: call.span }
      : needsAxis(call, scope);
  }
  return inferPair(call, norm, arg, eps, scope);
}

function inferPair(
  call: Call,
  norm: "layer" | "group" | "l2",
  arg: MaybeTyped,
  eps: number,
  scope: EquationScope,
): MaybeTyped {
  const pair = call.args[1]!;
  const declared = pair.kind === "name" && !pair.primed ? scope.weightAsts.get(pair.name) : undefined;
  if (pair.kind !== "name" || declared?.kind !== "norm") {
    const pairs = [...scope.weightAsts.values()].filter((w) => w.kind === "norm").map((w) => w.name.value);
    scope.model.report(
      inputError("equation/norm-pair", `\`${call.name.value}\` needs a weight and bias`, {
        primary: { span: pair.span, text: declared ? "a single tensor" : "not declared with norm(...)" },
        secondary: declared ? [{ span: declared.span, text: "declared here; write `norm(...)` for a pair" }] : [],
        hint: pair.kind === "name" ? didYouMean(pair.name, pairs) : `write ${usageOf(call.name.value)}`,
      }),
    );
    return undefined;
  }
  const weight = scope.weights.get(`${pair.name}.weight`);
  if (!arg || !weight) return undefined;
  if (arg.axes.length === 0) return needsAxis(call, scope);
  const ref = (name: string): TypedExpr => ({
    kind: "ref",
    ref: { kind: "weight", name: `${pair.name}.${name}` },
    axes: axesOf(weight.shape),
    span: pair.span,
  });
  // A layer norm's pair spans the last axis: x is merged for it. A group norm's pair spans all axes: it is split for x.
  const dims = scope.model.dims;
  const shape = arg.axes.map((axis) => axis.dim);
  const isGroup = norm === "group";
  const value = isGroup
    ? arg
    : regroupTo(arg, [...shape.slice(0, -weightLeaves(shape, weight.shape)), ...weight.shape], dims);
  const pairShape = isGroup ? shape : weight.shape;
  const scaled = regroupTo(ref("weight"), pairShape, dims);
  const shifted = regroupTo(ref("bias"), pairShape, dims);
  const isGood =
    value && scaled && shifted && !hasRepeats(pairShape) && (isGroup ? shape.length > 1 : weight.shape.length === 1);
  if (isGood) {
    return { kind: "norm", norm, arg: value, eps, weight: scaled, bias: shifted, axes: value.axes, span: call.span };
  }
  const isFlat = isGroup && shape.length === 1;
  const secondary: Label[] = [
    { span: declared.span, text: `the pair is declared here with ${shapeText(weight.shape)}` },
    ...explainOrigin(arg, undefined, scope),
  ];
  scope.model.report(
    inputError(
      "shape/norm",
      `\`${call.name.value}\` of ${shapeText(arg.axes)} with a pair of ${shapeText(weight.shape)}`,
      {
        primary: {
          span: call.args[0]!.span,
          text: isFlat ? `this is ${shapeText(arg.axes)}: one group only` : `this is ${shapeText(arg.axes)}`,
        },
        secondary,
        hint: isFlat
          ? "groups are the last axis of a value that is split: `x : H N`"
          : isGroup
            ? "the pair spans all axes of the value, in their order"
            : "the pair spans the last axis of the value",
      },
    ),
  );
  return undefined;
}

/** How many of the last axes the pair's shape stands for: one, or the factors of its dimension. */
function weightLeaves(shape: readonly string[], pair: readonly string[]): number {
  return shape.at(-1) === pair.at(-1) ? 1 : shape.length;
}

function needsAxis(call: Call, scope: EquationScope): undefined {
  scope.model.report(
    inputError("shape/norm", `\`${call.name.value}\` of a single number`, {
      primary: { span: call.args[0]!.span, text: "has no axis to normalise over" },
    }),
  );
  return undefined;
}

function inferShift(call: Call, scope: EquationScope): MaybeTyped {
  const arg = call.args[0] && infer(call.args[0], scope);
  if (!hasArguments(call, 2, [], scope)) return undefined;
  const target = call.args[1]!;
  const state = target.kind === "name" ? scope.states.get(target.name) : undefined;
  if (target.kind !== "name" || target.primed || !state) {
    scope.model.report(
      inputError("state/undeclared", "`shift` keeps the value in a state", {
        primary: { span: target.span, text: "not a state of this part" },
        hint: (target.kind === "name" && didYouMean(target.name, scope.states.keys())) || "write shift(value, state)",
      }),
    );
    return undefined;
  }
  if (!arg || !state.shape) return undefined;
  const kept = hasRepeats(state.shape) ? undefined : regroupTo(arg, state.shape, scope.model.dims);
  if (kept) return { kind: "shift", arg: kept, state: target.name, axes: kept.axes, span: call.span };
  scope.model.report(
    inputError("shape/shift", `${shapeText(arg.axes)} does not fit the state ${shapeText(state.shape)}`, {
      primary: { span: call.args[0]!.span, text: `this is ${shapeText(arg.axes)}` },
      secondary: [
        { span: state.span, text: `\`${target.name}\` is declared here with ${shapeText(state.shape)}` },
        ...explainOrigin(arg, undefined, scope),
      ],
    }),
  );
  return undefined;
}
