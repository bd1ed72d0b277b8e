/**
 * Element-wise work on values that come from a linear layer, or go to one, is done on the flat vector [A] instead of
 * [H, N]; the split into heads happens where heads are multiplied.
 *
 *   f(regroup(a), regroup(b))                        -> regroup(f(a, b))
 *   linear(regroup(f(x, regroup(a))))  x by heads    -> linear(f(regroup(x), a))
 *
 * Exact. On HTP at fp16 the flat form is the cheaper one in whole models, and each Reshape counts.
 */
import { reshape } from "./fold-constants.ts";
import {
  constantValue,
  type IrAxis,
  type IrGraph,
  isConstant,
  rewrite,
  scalarOf,
  shapeOf,
  topological,
  type Value,
} from "../ir/ir.ts";

export function flattenHeads(graph: IrGraph): IrGraph {
  const flat = chooseFlat(graph);
  return rewrite(graph, (value, original) => {
    const axes = flat.get(original);
    if (!axes) return cancelRegroups(value);
    const inputs = value.inputs.map((v) => flattened(v, axes));
    const label = (v: Value): string[] => (v.axes.length ? ["0"] : []);
    const [left, right] = inputs as [Value, Value];
    const op =
      value.op.kind === "binary" ? { ...value.op, left: label(left), right: label(right), out: ["0"] } : value.op;
    const made: Value = { ...value, op, inputs, axes };
    return { ...value, op: { kind: "regroup" }, inputs: [made] };
  });
}

/** The element-wise values by heads that are to be computed flat, with the flat axes. */
function chooseFlat(graph: IrGraph): ReadonlyMap<Value, readonly IrAxis[]> {
  const users = new Map<Value, Value[]>();
  const values = topological(graph);
  for (const value of values)
    for (const input of new Set(value.inputs)) users.set(input, [...(users.get(input) ?? []), value]);
  const roots = new Set<Value>([graph.logits, ...graph.states.map((s) => s.next)]);
  const usersOf = (v: Value): readonly Value[] => users.get(v) ?? [];

  const candidates = new Map<Value, readonly IrAxis[]>();
  for (const value of values) {
    const axes = isElementwise(value) && value.axes.length > 1 ? sourceAxes(value, candidates) : undefined;
    if (axes) candidates.set(value, axes);
  }
  const flat = new Map<Value, readonly IrAxis[]>();
  for (const value of [...values].reverse()) {
    if (!isElementwise(value) || value.axes.length < 2) continue;
    const targets = usersOf(value).map((u) => (u.op.kind === "regroup" && u.axes.length === 1 ? u.axes : flat.get(u)));
    const [target] = targets;
    const onlyFlatUsers =
      target !== undefined &&
      !roots.has(value) &&
      targets.every((t) => t !== undefined && shapeOf(t).join() === shapeOf(target).join());
    // Otherwise the result needs a Reshape, which must save one before it.
    const saves = value.inputs.some((v) => v.op.kind === "regroup" && usersOf(v).every((u) => candidates.has(u)));
    const axes = onlyFlatUsers ? target : saves ? candidates.get(value) : undefined;
    if (axes) flat.set(value, axes);
  }
  return flat;
}

/** The vector that all variable operands are regroups of, or values that can be computed flat themselves. */
function sourceAxes(value: Value, candidates: ReadonlyMap<Value, readonly IrAxis[]>): readonly IrAxis[] | undefined {
  const sources = value.inputs
    .filter((v) => !isConstant(v))
    .map((v) => (v.op.kind === "regroup" ? v.inputs[0]?.axes : candidates.get(v)));
  return sources.every((s) => s?.length === 1) ? sources[0] : undefined;
}

function cancelRegroups(value: Value): Value | undefined {
  const [arg] = value.inputs;
  const source = arg?.op.kind === "regroup" ? arg.inputs[0] : undefined;
  if (value.op.kind !== "regroup" || !source) return undefined;
  return shapeOf(source.axes).join() === shapeOf(value.axes).join() ? source : { ...value, inputs: [source] };
}

/** A function of one operand, or of two with the same axes (or a number). */
function isElementwise(value: Value): boolean {
  const { op } = value;
  if (op.kind === "unary") return true;
  if (op.kind !== "binary") return false;
  const out = op.out.join();
  const fits = (labels: readonly string[], input: Value | undefined): boolean =>
    labels.join() === out || (input !== undefined && scalarOf(input) !== undefined);
  return fits(op.left, value.inputs[0]) && fits(op.right, value.inputs[1]);
}

function flattened(value: Value, axes: readonly IrAxis[]): Value {
  if (scalarOf(value) !== undefined) return value;
  if (value.op.kind === "constant") return constantValue(reshape(value.op.constant, shapeOf(axes)), axes, value);
  const [source] = value.inputs;
  if (value.op.kind === "regroup" && source && shapeOf(source.axes).join() === shapeOf(axes).join()) return source;
  return { ...value, op: { kind: "regroup" }, inputs: [value], axes };
}
