/** Qualcomm's estimates as lines of text. */
import type { Estimate } from "../emit/manifest.ts";
import { bytes } from "./text.ts";

export function describeEstimates(estimates: Readonly<Record<string, Estimate | null>>): string[] {
  return Object.entries(estimates).flatMap(([kind, estimate]) => {
    if (!estimate) return [];
    const { microseconds, cycles, lowerCycles, upperCycles, opsWithoutCost } = estimate;
    const read = estimate.bytes.inputFill;
    return [
      `${kind}: ${microseconds} us estimated (${(1e6 / microseconds).toFixed(1)} a second), ` +
        `${cycles} cycles (${lowerCycles} to ${upperCycles})`,
      `  reads ${bytes(read)} of weights and inputs, spills ${bytes(estimate.bytes.intermediateSpill)}` +
        (opsWithoutCost > 0 ? `; ${opsWithoutCost} ops without a cost: it will take longer` : ""),
    ];
  });
}
