/** The functions that equations may call: names, and what each expects. */
import type { BinaryOp, UnaryOp } from "./typed.ts";

/** Element by element. */
export const unaryFunctions: ReadonlyMap<string, UnaryOp> = new Map(
  (["exp", "log", "sigmoid", "tanh", "relu", "silu", "sqrt", "abs", "square"] as const).map((name) => [name, name]),
);

/** Element by element, of two. */
export const binaryFunctions: ReadonlyMap<string, BinaryOp> = new Map([
  ["max", "max"],
  ["min", "min"],
]);

export interface NormFunction {
  readonly norm: "layer" | "group" | "l2";
  readonly hasPair: boolean;
  readonly defaultEps?: number;
  readonly usage: string;
}

/** Default of layer_norm: PyTorch's; of l2_norm: the reference code's `normalize`. A group norm's eps is always said. */
export const normFunctions: ReadonlyMap<string, NormFunction> = new Map<string, NormFunction>([
  ["layer_norm", { norm: "layer", hasPair: true, defaultEps: 1e-5, usage: "layer_norm(x, pair, eps = 1e-5)" }],
  ["group_norm", { norm: "group", hasPair: true, usage: "group_norm(x, pair, eps = 64e-5)" }],
  ["l2_norm", { norm: "l2", hasPair: false, defaultEps: 1e-12, usage: "l2_norm(x, eps = 1e-12)" }],
]);

export const functionNames: readonly string[] = [
  ...unaryFunctions.keys(),
  ...binaryFunctions.keys(),
  ...normFunctions.keys(),
  "shift",
];

export const usageOf = (name: string): string => {
  if (unaryFunctions.has(name)) return `${name}(x)`;
  if (binaryFunctions.has(name)) return `${name}(x, y)`;
  return normFunctions.get(name)?.usage ?? "shift(x, state)";
};

/** What each function computes, in a sentence or two: shown in editors. */
export const functionDocs: ReadonlyMap<string, string> = new Map([
  ["exp", "e to the power x, element by element."],
  ["log", "The natural logarithm, element by element."],
  ["sigmoid", "1 / (1 + exp(-x)), element by element: between 0 and 1."],
  ["tanh", "The hyperbolic tangent, element by element: between -1 and 1."],
  ["relu", "max(x, 0), element by element."],
  ["silu", "x * sigmoid(x), element by element."],
  ["sqrt", "The square root, element by element."],
  ["abs", "The magnitude, element by element."],
  ["square", "x * x, element by element; also written `x^2`."],
  ["max", "The larger of two, element by element."],
  ["min", "The smaller of two, element by element."],
  [
    "layer_norm",
    "(x - mean) / sqrt(variance + eps) * weight + bias over the last axis. `pair` is declared with `norm(...)` and spans that axis.",
  ],
  [
    "group_norm",
    "(x - mean) / sqrt(variance + eps) * weight + bias, where mean and variance are those of each row along the last axis (a head). `pair` is declared with `norm(...)` and spans all axes of x.",
  ],
  ["l2_norm", "x / max(length of x, eps), where the length is the one along the last axis."],
  [
    "shift",
    "The value that x had at the previous token. `state` keeps it from token to token: it is read here, and x becomes its next value.",
  ],
]);
