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
