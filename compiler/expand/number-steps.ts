/**
 * Numbers what each equation computes on the way to its value, so that a tensor of the built graph can be told apart from the other
 * steps of its equation: passes carry a value's origin along.
 */
import { type IrGraph, isConstant, rewrite } from "../ir/ir.ts";

/** In: the graph as expanded. Out: the same, with `origin.step` in every value that is no constant, from 0 for each name. */
export function numberSteps(graph: IrGraph): IrGraph {
  const counts = new Map<string, number>();
  return rewrite(graph, (value, { name }) => {
    if (isConstant(value)) return undefined;
    const step = counts.get(name) ?? 0;
    counts.set(name, step + 1);
    return { ...value, origin: { ...value.origin, step } };
  });
}
