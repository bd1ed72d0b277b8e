/** Second-order statistics held against the graph that they are to round weights of. */
import type { Statistics } from "../calibrate/statistics.ts";
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import type { QnnGraph } from "../lower/qnn-graph.ts";

/**
 * Statistics that fit no weight would be passed over when weights are rounded. Single tensors may be missing on either side: policies
 * decide what is multiplied on its own. Diagnostics: encodings/other-statistics.
 */
export function checkStatistics(
  { file, secondOrderSizes }: Pick<Statistics, "file" | "secondOrderSizes">,
  graphs: readonly Pick<QnnGraph, "nodes">[],
): readonly Diagnostic[] {
  const inputs = new Map<string, number>();
  for (const { type, inputs: read } of graphs.flatMap(({ nodes }) => nodes)) {
    const [input, weight] = read;
    if (type === "FullyConnected" && weight?.kind === "STATIC") inputs.set(input!.name, weight.dims[1]!);
  }
  const all = [...secondOrderSizes];
  const wrong = all.find(([name, size]) => inputs.has(name) && inputs.get(name) !== size);
  const unknown = all.filter(([name]) => !inputs.has(name));
  const found = wrong
    ? `${wrong[0]} has ${wrong[1]} values there, and ${inputs.get(wrong[0])} in the graph`
    : unknown.length > all.length / 2
      ? `${unknown.length} of its ${all.length} tensors are read by no weight of the graph, such as ${unknown[0]![0]}`
      : undefined;
  if (found === undefined) return [];
  return [
    inputError("encodings/other-statistics", `${file} has the statistics of another model`, {
      place: { file },
      notes: [`Found: ${found}.`],
      hint: "take the files of one `rwkvc calibrate` of this model together",
    }),
  ];
}
