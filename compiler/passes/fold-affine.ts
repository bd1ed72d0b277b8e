/**
 * Chains of additions and multiplications with constants become one of each:
 *
 *   1 + (a - 1) * k   ->  a * k + (1 - k)
 *
 * Exact in real arithmetic; in floating point it rounds less (HTP rounds Multiply and Add of constants once). Applied only where it saves a
 * node and the steps have no other users.
 */
import type { Constant } from "../ir/constant.ts";
import { elementwise } from "../ir/elementwise.ts";
import {
  constantValue,
  countUses,
  type IrGraph,
  isConstant,
  type Labels,
  rewrite,
  scalar,
  type Value,
} from "../ir/ir.ts";

/** of * factor + offset, constants of `of`'s shape or scalars; `steps` operations so far. */
interface Affine {
  readonly of: Value;
  readonly factor: Constant | null;
  readonly offset: Constant | null;
  readonly steps: number;
}

export function foldAffine(graph: IrGraph): IrGraph {
  const uses = countUses(graph);
  return rewrite(graph, (value, original) => {
    const affine = affineOf(value, original, uses, true);
    if (!affine) return undefined;
    const needed = (affine.factor ? 1 : 0) + (affine.offset ? 1 : 0);
    return needed < affine.steps ? build(affine, value) : undefined;
  });
}

function affineOf(value: Value, original: Value, uses: ReadonlyMap<Value, number>, root: boolean): Affine | undefined {
  const { op, inputs } = value;
  if (op.kind !== "binary" || (!root && (uses.get(original) ?? 0) > 1)) return undefined;
  const at = inputs.findIndex(isConstant);
  const constantInput = inputs[at];
  const other = inputs[1 - at];
  const before = original.inputs[1 - at];
  if (constantInput?.op.kind !== "constant" || !other || !before || isConstant(other)) return undefined;
  if (!covers(at === 0 ? op.right : op.left, at === 0 ? op.left : op.right, op.out)) return undefined;
  const inner = affineOf(other, before, uses, false) ?? { of: other, factor: null, offset: null, steps: 0 };
  const c = constantInput.op.constant;
  const steps = inner.steps + 1;
  switch (op.op) {
    case "mul":
      return {
        of: inner.of,
        factor: combine("mul", inner.factor, c),
        offset: inner.offset && combine("mul", inner.offset, c),
        steps,
      };
    case "add":
      return { ...inner, offset: combine("add", inner.offset, c), steps };
    case "sub":
      if (at === 1) return { ...inner, offset: combine("add", inner.offset, negative(c)), steps };
      return {
        of: inner.of,
        factor: negative(inner.factor),
        offset: combine("add", negative(inner.offset), c, inner.offset === null),
        steps,
      };
    default:
      return undefined;
  }
}

/** The variable has the result's axes in order; the constant has the same, or none. */
const covers = (variable: Labels, constant: Labels, out: Labels): boolean =>
  variable.join() === out.join() && (constant.length === 0 || constant.join() === out.join());

function combine(op: "add" | "mul", a: Constant | null, b: Constant, onlyB = false): Constant {
  if (a === null || onlyB) return b;
  if (a.kind === "fill" && b.kind === "fill" && a.shape.length === 0 && b.shape.length === 0) {
    return { kind: "fill", value: op === "add" ? a.value + b.value : a.value * b.value, shape: [] };
  }
  return { kind: "binary", op, left: a, right: b, shape: a.shape.length >= b.shape.length ? a.shape : b.shape };
}

function negative(c: Constant | null): Constant {
  if (c === null) return { kind: "fill", value: -1, shape: [] };
  return c.kind === "fill" ? { ...c, value: -c.value } : { kind: "unary", op: "neg", arg: c, shape: c.shape };
}

function build({ of, factor, offset }: Affine, like: Value): Value {
  const step = (op: "mul" | "add", value: Value, constant: Constant): Value => {
    const isScalar = constant.shape.length === 0;
    const operand =
      isScalar && constant.kind === "fill"
        ? scalar(constant.value, like)
        : constantValue(constant, isScalar ? [] : of.axes, like);
    return elementwise(op, value, operand, like);
  };
  const product = factor ? step("mul", of, factor) : of;
  return offset ? step("add", product, offset) : product;
}
