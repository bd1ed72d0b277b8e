/**
 * base + d * m1, base + d * m2, ...  ->  rows of  base + d * [m1; m2; ...]
 *
 * The mixes of a part share base and difference, so they are one Multiply and one Add over rows, and a Split, in place of two
 * nodes for each. Exact. (Not for rows that feed 4-bit weights: HTP computes those wrongly.)
 */
import type { Constant } from "../ir/constant.ts";
import { constantValue, type IrGraph, isConstant, rewrite, topological, type Value } from "../ir/ir.ts";

interface Mix {
  readonly base: Value;
  readonly difference: Value;
  readonly weight: Constant;
}

export function stackTokenShifts(graph: IrGraph): IrGraph {
  const groups = new Map<Value, Map<Value, Value[]>>();
  for (const value of topological(graph)) {
    const mix = mixOf(value);
    if (!mix) continue;
    const of = groups.get(mix.base) ?? new Map<Value, Value[]>();
    groups.set(mix.base, of.set(mix.difference, [...(of.get(mix.difference) ?? []), value]));
  }
  const stacked = new Map<readonly Value[], Value>();
  return rewrite(graph, (value, original) => {
    const mix = mixOf(original);
    const members = mix && groups.get(mix.base)?.get(mix.difference);
    const replaced = mixOf(value);
    if (!members || members.length < 2 || !replaced) return undefined;
    const rows = stacked.get(members) ?? stack(members, replaced, value);
    stacked.set(members, rows);
    return { ...value, op: { kind: "slice", axis: 0, index: members.indexOf(original) }, inputs: [rows] };
  });
}

/** base + difference * weight, all vectors over the same axis, the weight constant. */
function mixOf(value: Value): Mix | undefined {
  const { op, inputs } = value;
  if (op.kind !== "binary" || op.op !== "add" || value.axes.length !== 1) return undefined;
  for (const [base, product] of [inputs, [...inputs].reverse()] as [Value, Value][]) {
    if (product.op.kind !== "binary" || product.op.op !== "mul" || base.axes.length !== 1 || isConstant(base)) continue;
    for (const [difference, weight] of [product.inputs, [...product.inputs].reverse()] as [Value, Value][]) {
      if (
        weight.op.kind === "constant" &&
        weight.axes.length === 1 &&
        difference.axes.length === 1 &&
        !isConstant(difference)
      ) {
        return { base, difference, weight: weight.op.constant };
      }
    }
  }
  return undefined;
}

function stack(members: readonly Value[], { base, difference }: Mix, like: Value): Value {
  const place = { name: like.name.replace(/[^.]*$/, "shifts"), origin: like.origin };
  const width = like.axes[0]?.size ?? 0;
  const args = members.map((m): Constant => ({ kind: "reshape", arg: (mixOf(m) as Mix).weight, shape: [1, width] }));
  const axes = [{ dim: "mix", size: members.length }, ...like.axes];
  const weights = constantValue({ kind: "stack", args, shape: [members.length, width] }, axes, place);
  const product: Value = {
    op: { kind: "binary", op: "mul", left: ["d"], right: ["m", "d"], out: ["m", "d"] },
    inputs: [difference, weights],
    axes,
    ...place,
  };
  return {
    op: { kind: "binary", op: "add", left: ["m", "d"], right: ["d"], out: ["m", "d"] },
    inputs: [product, base],
    axes,
    ...place,
  };
}
