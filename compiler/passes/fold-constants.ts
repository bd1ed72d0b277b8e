/**
 * What depends on weights only becomes a `Constant`, evaluated once while weights are written:
 *
 *   f(constant), constant o constant, regroup, transpose      -> constant
 *   layer_norm(table[token])                                  -> layer_norm(table)[token]     (ln0 into the embedding)
 *   regroup(x) with x's own axes -> x;   regroup(regroup(x))  -> regroup(x)
 *   (W x) * s                                                 -> (W s) x                      (s a number)
 *   x * 1 -> x,   x + 0 -> x
 *
 * Exact: the evaluation is done in double precision and rounded once.
 */
import { type Constant, elements } from "../ir/constant.ts";
import {
  constantValue,
  countUses,
  type IrGraph,
  isConstant,
  type Op,
  rewrite,
  scalarOf,
  shapeOf,
  type Value,
} from "../ir/ir.ts";

export function foldConstants(graph: IrGraph): IrGraph {
  const uses = countUses(graph);
  return rewrite(graph, (value, original) => {
    const soleOperand = original.inputs[0] !== undefined && uses.get(original.inputs[0]) === 1;
    return (
      foldValue(value) ??
      (soleOperand ? hoistGather(value) : undefined) ??
      foldRegroup(value) ??
      foldNumber(value, soleOperand)
    );
  });
}

/** The value as a constant, if all its operands are. */
function foldValue(value: Value): Value | undefined {
  const { op, inputs } = value;
  if (inputs.length === 0 || !inputs.every(isConstant)) return undefined;
  const args = inputs.map((v) => (v.op as Extract<Op, { kind: "constant" }>).constant);
  const [a, b] = args as [Constant, Constant];
  const shape = shapeOf(value.axes);
  const made = (constant: Constant): Value => constantValue(constant, value.axes, value);
  switch (op.kind) {
    case "unary":
      return made({ kind: "unary", op: op.op, arg: a, shape });
    case "binary": {
      const left = aligned(a, op.left, op.out);
      const right = aligned(b, op.right, op.out);
      return left && right && made({ kind: "binary", op: op.op, left, right, shape });
    }
    case "regroup":
      return made({ kind: "reshape", arg: a, shape });
    case "transpose":
      return made({ kind: "transpose", arg: a, perm: op.perm, shape });
    default:
      return undefined;
  }
}

/** The constant reshaped so that its axes line up with `out` under NumPy's rules; undefined if their order differs. */
function aligned(constant: Constant, labels: readonly string[], out: readonly string[]): Constant | undefined {
  const order = out.filter((l) => labels.includes(l));
  if (order.some((l, i) => l !== labels[i])) return undefined;
  const shape = out.map((l) => (labels.includes(l) ? (constant.shape[labels.indexOf(l)] ?? 1) : 1));
  while (shape.length > labels.length && shape[0] === 1) shape.shift();
  return shape.join() === constant.shape.join() ? constant : reshape(constant, shape);
}

export const reshape = (arg: Constant, shape: readonly number[]): Constant =>
  arg.shape.join() === shape.join()
    ? arg
    : arg.kind === "reshape"
      ? reshape(arg.arg, shape)
      : { kind: "reshape", arg, shape };

function hoistGather(value: Value): Value | undefined {
  const { op, inputs } = value;
  const [gather, weight, bias] = inputs;
  if (op.kind !== "norm" || op.norm !== "layer" || gather?.op.kind !== "gather") return undefined;
  const [table, token] = gather.inputs as [Value, Value];
  if (table.op.kind !== "constant" || weight?.op.kind !== "constant" || bias?.op.kind !== "constant") return undefined;
  const { constant } = table.op;
  const normed: Constant = {
    kind: "layerNorm",
    arg: constant,
    eps: op.eps,
    weight: weight.op.constant,
    bias: bias.op.constant,
    shape: constant.shape,
  };
  return { ...gather, name: value.name, inputs: [constantValue(normed, table.axes, table), token] };
}

function foldRegroup(value: Value): Value | undefined {
  const [arg] = value.inputs;
  if (value.op.kind !== "regroup" || !arg) return undefined;
  if (shapeOf(arg.axes).join() === shapeOf(value.axes).join()) return arg;
  const inner = arg.inputs[0];
  return arg.op.kind === "regroup" && inner
    ? (foldRegroup({ ...value, inputs: [inner] }) ?? { ...value, inputs: [inner] })
    : undefined;
}

/** Multiplication by a number goes into a weight where the product has no other user; 1 and 0 disappear. */
function foldNumber(value: Value, soleOperand: boolean): Value | undefined {
  const { op, inputs } = value;
  const [left, right] = inputs;
  if (op.kind !== "binary" || !left || !right) return undefined;
  const number = scalarOf(right);
  if (number === undefined || op.left.join() !== op.out.join()) return undefined;
  if ((op.op === "mul" && number === 1) || ((op.op === "add" || op.op === "sub") && number === 0)) return left;
  if (op.op !== "mul" || !soleOperand) return undefined;
  return scaled(left, number, value);
}

function scaled(value: Value, by: number, like: Value): Value | undefined {
  if (value.op.kind === "regroup" && value.inputs[0]) {
    const inner = scaled(value.inputs[0], by, like);
    return inner && { ...value, inputs: [inner], name: like.name };
  }
  if (value.op.kind !== "contract") return undefined;
  const at = value.inputs.findIndex(isConstant);
  const weight = value.inputs[at];
  if (!weight) return undefined;
  return { ...value, inputs: value.inputs.map((v, i) => (i === at ? scaleConstant(weight, by) : v)) };
}

/** A constant value times a number. */
export function scaleConstant(value: Value, by: number): Value {
  const { constant } = value.op as Extract<Op, { kind: "constant" }>;
  if (constant.kind === "fill") return constantValue({ ...constant, value: constant.value * by }, value.axes, value);
  const factor: Constant = { kind: "fill", value: by, shape: [] };
  const scaledConstant: Constant =
    elements(constant.shape) === 0
      ? constant
      : { kind: "binary", op: "mul", left: constant, right: factor, shape: constant.shape };
  return constantValue(scaledConstant, value.axes, value);
}
