/**
 * A constant: an expression over checkpoint tensors, known at compile time but evaluated only while `weights.bin` is
 * written, in pieces (`emit/write-constant.ts`), so that no weight is ever held whole.
 *
 * Shapes are positional. Operands of `binary` broadcast as in NumPy (extents aligned at the last axis, 1 stretches).
 */
import type { BinaryOp, UnaryOp } from "../check/typed.ts";

export type Constant = { readonly shape: readonly number[] } & (
  | { readonly kind: "tensor"; readonly tensor: string }
  | { readonly kind: "fill"; readonly value: number }
  | { readonly kind: "unary"; readonly op: UnaryOp; readonly arg: Constant }
  | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Constant; readonly right: Constant }
  /** Layer norm over the last axis; weight and bias have the last axis' extent. */
  | {
      readonly kind: "layerNorm";
      readonly arg: Constant;
      readonly eps: number;
      readonly weight: Constant;
      readonly bias: Constant;
    }
  /** Axis `i` of the result is axis `perm[i]` of `arg`. */
  | { readonly kind: "transpose"; readonly arg: Constant; readonly perm: readonly number[] }
  /** Same elements, row-major. */
  | { readonly kind: "reshape"; readonly arg: Constant }
  /** Element `index` along axis 0. */
  | { readonly kind: "part"; readonly arg: Constant; readonly index: number }
  /** Ones on the diagonal of a square matrix. */
  | { readonly kind: "identity" }
  /** Operands of equal shape but for axis 0, one after the other along it. */
  | { readonly kind: "stack"; readonly args: readonly Constant[] }
  /** Matrices of as many rows, side by side. */
  | { readonly kind: "columns"; readonly args: readonly Constant[] }
);

export const elements = (shape: readonly number[]): number => shape.reduce((n, extent) => n * extent, 1);

/** Equal keys = equal constants: equal data is stored once. */
export function constantKey(c: Constant): string {
  const shape = `[${c.shape.join(",")}]`;
  switch (c.kind) {
    case "tensor":
      return `${c.tensor}${shape}`;
    case "fill":
      return `${c.value}${shape}`;
    case "identity":
      return `identity${shape}`;
    case "unary":
      return `${c.op}(${constantKey(c.arg)})`;
    case "binary":
      return `${c.op}(${constantKey(c.left)},${constantKey(c.right)})`;
    case "layerNorm":
      return `layerNorm(${constantKey(c.arg)},${c.eps},${constantKey(c.weight)},${constantKey(c.bias)})`;
    case "transpose":
      return `transpose(${constantKey(c.arg)},${c.perm.join(",")})`;
    case "reshape":
      return `reshape(${constantKey(c.arg)})${shape}`;
    case "part":
      return `part(${constantKey(c.arg)},${c.index})`;
    case "stack":
    case "columns":
      return `${c.kind}(${c.args.map(constantKey).join(",")})`;
  }
}

/** The checkpoint's tensors in an expression, each once, in the order in which they stand there. */
export function tensorsOf(c: Constant): readonly Extract<Constant, { kind: "tensor" }>[] {
  const found = new Map<string, Extract<Constant, { kind: "tensor" }>>();
  const visit = (one: Constant): void => {
    switch (one.kind) {
      case "tensor":
        found.set(one.tensor, one);
        return;
      case "fill":
      case "identity":
        return;
      case "unary":
      case "transpose":
      case "reshape":
      case "part":
        return visit(one.arg);
      case "binary":
        visit(one.left);
        return visit(one.right);
      case "layerNorm":
        [one.arg, one.weight, one.bias].forEach(visit);
        return;
      case "stack":
      case "columns":
        one.args.forEach(visit);
    }
  };
  visit(c);
  return [...found.values()];
}
