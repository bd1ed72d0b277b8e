/** Qualcomm's estimates as lines of text. */
import type { Estimate } from "../emit/manifest.ts";
import { bytes, table } from "./text.ts";

export function describeEstimates(estimates: Readonly<Record<string, Estimate | null>>): string[] {
  return Object.entries(estimates).flatMap(([kind, estimate]) => {
    if (!estimate) return [];
    const { microseconds, cycles, lowerCycles, upperCycles } = estimate;
    const read = estimate.bytes.inputFill;
    return [
      `${kind}: ${microseconds} us estimated (${(1e6 / microseconds).toFixed(1)} a second), ` +
        `${cycles} cycles (${lowerCycles} to ${upperCycles})`,
      `  reads ${bytes(read)} of weights and inputs, spills ${bytes(estimate.bytes.intermediateSpill)}`,
      ...describeMissing(estimate).map((line) => `  ${line}`),
    ];
  });
}

export const opsText = (count: number): string => `${count} ${count === 1 ? "op" : "ops"}`;

/** The library makes several ops of a node; some have no cost in its model. */
function describeMissing({ opsWithoutCost, nodesWithoutCost }: Estimate): string[] {
  if (opsWithoutCost === 0) return [];
  const found = new Map<string, { ops: number; layers: number }>();
  for (const [node, ops] of Object.entries(nodesWithoutCost)) {
    const inLayer = /^blocks\.\d+\.(.*)$/.exec(node);
    const name = inLayer?.[1] ?? node;
    const so = found.get(name) ?? { ops: 0, layers: 0 };
    found.set(name, { ops: so.ops + ops, layers: so.layers + (inLayer ? 1 : 0) });
  }
  const rows = [...found]
    .sort(([, a], [, b]) => b.ops - a.ops)
    .map(([name, { ops, layers }]) => [
      `  ${name}`,
      `${ops}${layers > 0 ? ` in ${layers} ${layers === 1 ? "layer" : "layers"}` : ""}`,
    ]);
  return [
    `${opsText(opsWithoutCost)} without a cost, so it will take longer; by the nodes that they belong to`,
    ...table(rows).trimEnd().split("\n"),
  ];
}
