/**
 * fp16 on HTP: values that reach an activation function in a form that the library computes poorly or wrongly, without an error.
 *
 *   sigmoid(x + c), tanh(x + c)          -> sigmoid(x - (-c))    c constant
 *   sigmoid(W x), tanh(a + b), ...        -> sigmoid(W x * 1)
 *       Behind a MatMul, FullyConnected or Add (through Reshape too) HTP takes a table of 16 segments, off by up to 4e-3 (sigmoid)
 *       and 8e-3 (tanh); behind a Multiply or Subtract it does not. Exact.
 *   exp(x)                                -> exp(min(max(x, -80), 11))
 *       Below -88 exp is garbage, above 11.09 it leaves fp16. Exact inside fp16's range; left out where x's range is known: a bounded
 *       function, a number, or a - max(a, b), which is never positive.
 */
import { elementwise } from "../ir/elementwise.ts";
import {
  constantValue,
  type IrGraph,
  isConstant,
  type Labels,
  rewrite,
  scalar,
  scalarOf,
  type Value,
} from "../ir/ir.ts";

const lowest = -80;
const highest = 11;

export function guardActivations(graph: IrGraph): IrGraph {
  return rewrite(graph, (value) => {
    const [arg] = value.inputs;
    if (value.op.kind !== "unary" || !arg) return undefined;
    if (value.op.op === "exp") return { ...value, inputs: [clamped(arg)] };
    if (value.op.op !== "sigmoid" && value.op.op !== "tanh") return undefined;
    const guarded = guard(arg);
    return guarded && { ...value, inputs: [guarded] };
  });
}

/** The value by way of a Multiply or Subtract, if it comes from an operation that selects the table. */
function guard(value: Value): Value | undefined {
  const { op, inputs } = value;
  if (op.kind === "regroup" && inputs[0]) {
    const inner = guard(inputs[0]);
    return inner && { ...value, inputs: [inner] };
  }
  if (op.kind === "binary" && op.op === "add") {
    const at = inputs.findIndex(isConstant);
    const constant = inputs[at];
    const other = inputs[1 - at];
    if (constant?.op.kind === "constant" && other) {
      const { shape } = constant.op.constant;
      const negative = constantValue(
        { kind: "unary", op: "neg", arg: constant.op.constant, shape },
        constant.axes,
        constant,
      );
      const [left, right] = at === 1 ? [op.left, op.right] : [op.right, op.left];
      return { ...value, op: { ...op, op: "sub", left, right }, inputs: [other, negative] };
    }
  }
  const table = op.kind === "contract" || (op.kind === "binary" && op.op === "add");
  return table ? withNumber("mul", value, 1) : undefined;
}

const withNumber = (op: "mul" | "max" | "min", value: Value, number: number): Value =>
  elementwise(op, value, scalar(number, value), value);

function clamped(value: Value): Value {
  const { low, high } = range(value);
  const above = low < lowest ? withNumber("max", value, lowest) : value;
  return high > highest ? withNumber("min", above, highest) : above;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** Whether `most` is the larger of `value` and something else, so that value - most is not positive; labels as in the difference. */
function isMaximumOf(value: Value, labels: Labels, most: Value, mostLabels: Labels): boolean {
  const { op, inputs } = most;
  if (op.kind !== "binary" || op.op !== "max") return false;
  return inputs.some((input, at) => {
    const inside = at === 0 ? op.left : op.right;
    return input === value && labels.every((label, i) => label === mostLabels[op.out.indexOf(inside[i]!)]);
  });
}

/** A value that is used many times is looked at once: chains of residual sums would double the work with each. */
const ranges = new WeakMap<Value, Range>();

/** Bounds of a value as far as they follow from the last operations; infinite where they do not. */
function range(value: Value): Range {
  const known = ranges.get(value) ?? findRange(value);
  ranges.set(value, known);
  return known;
}

function findRange(value: Value): Range {
  const { op, inputs } = value;
  const [a, b] = inputs;
  const unknown: Range = { low: -Infinity, high: Infinity };
  const number = scalarOf(value);
  if (number !== undefined) return { low: number, high: number };
  if (op.kind === "regroup" && a) return range(a);
  if (op.kind === "unary" && a) {
    if (op.op === "sigmoid") return { low: 0, high: 1 };
    if (op.op === "tanh") return { low: -1, high: 1 };
    if (op.op === "relu") return { low: 0, high: Math.max(0, range(a).high) };
    if (op.op === "neg") return { low: -range(a).high, high: -range(a).low };
    if (op.op === "exp") return { low: 0, high: range(a).high <= highest ? Math.exp(range(a).high) : Infinity };
    return unknown;
  }
  if (op.kind !== "binary" || !a || !b) return unknown;
  const [x, y] = [range(a), range(b)];
  if (op.op === "add") return { low: x.low + y.low, high: x.high + y.high };
  if (op.op === "sub") {
    const bound: Range = { low: x.low - y.high, high: x.high - y.low };
    return isMaximumOf(a, op.left, b, op.right) ? { ...bound, high: Math.min(bound.high, 0) } : bound;
  }
  if (op.op === "max") return { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
  if (op.op === "min") return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
  if (op.op !== "mul") return unknown;
  const corners = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
  return corners.some(Number.isNaN) ? unknown : { low: Math.min(...corners), high: Math.max(...corners) };
}
