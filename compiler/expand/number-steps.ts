/**
 * Numbers what each equation computes on the way to its value, so that a tensor of the built graph can be told apart from the other
 * steps of its equation: passes carry a value's origin along.
 */
import { type IrGraph, isConstant, type Origin, rewrite } from "../ir/ir.ts";

/** In: the graph as expanded. Out: the same, with `origin.step` in every value that is no constant. */
export function numberSteps(graph: IrGraph): IrGraph {
  const pathOf = equationPaths(graph);
  const counts = new Map<string | undefined, number>();
  return rewrite(graph, (value) => {
    if (isConstant(value)) return undefined;
    const path = pathOf(value.origin);
    const step = counts.get(path) ?? 0;
    counts.set(path, step + 1);
    return { ...value, origin: { ...value.origin, step } };
  });
}

/** Path of what the equation at an origin defines, `blocks.3.timeMix.k`; undefined where none is. */
export function equationPaths({ definitions = [] }: IrGraph): (origin: Origin) => string | undefined {
  const keyOf = ({ layer, span }: Origin): string => `${layer} ${span.file} ${span.start}`;
  const paths = new Map(definitions.map(({ origin, name }) => [keyOf(origin), name]));
  return (origin) => paths.get(keyOf(origin));
}
