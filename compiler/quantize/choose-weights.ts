/** Which weights of a graph are stored as integers, and how: from the build's precision and the policies. */
import { tensorsOf } from "../ir/constant.ts";
import type { QnnGraph, QnnNode, StoredScales } from "../lower/qnn-graph.ts";
import { hasFixedActivations, type QuantizedPrecision, weightBitsOf } from "../targets/targets.ts";
import type { WeightBits } from "./precision-policy.ts";

export interface WeightChoice {
  readonly bits: 4 | 8;
  readonly stored: StoredScales;
  /** Name of what the weight is multiplied with, as calibration knows it. */
  readonly multiplies: string;
  /** Why it has no blocks though a policy gives it some. */
  readonly withoutBlocks?: string;
}

/** What the policies say of the weight of a node; undefined: nothing. */
type PolicyOf = (weight: string, node: QnnNode) => WeightBits | undefined;

/**
 * Beside float16 activations HTP unpacks an integer weight before it multiplies. Of a matrix that narrows to an eighth, the first half
 * of a low-rank pair, that takes longer than reading it as float16 (estimates of v7-0.4B at fp16w8: 14.30 ms a token with them, 14.23 without).
 */
const narrowing = 8;

const firstWithBlocks = 73;

/** By node, for each product of a constant weight that is quantized. `arch`: of the NPU, where there is one. */
export function chooseWeights(
  graph: QnnGraph,
  precision: QuantizedPrecision,
  policyOf: PolicyOf,
  arch?: number,
): ReadonlyMap<QnnNode, WeightChoice> {
  const chosen = new Map<QnnNode, WeightChoice>();
  for (const node of graph.nodes) {
    const weight = node.inputs[1];
    if (node.type !== "FullyConnected" || weight?.kind !== "STATIC") continue;
    const [outputs = 1, inputs = 1] = weight.dims;
    const policy = policyOf(tensorsOf(weight.constant!)[0]?.tensor ?? weight.name, node);
    const bits = Math.max(weightBitsOf(precision), policy?.bits ?? 0);
    // HTP's finalize does not come to an end with an integer weight of one row or column.
    if (bits > 8 || Math.min(outputs, inputs) === 1) continue;
    if (!policy && !hasFixedActivations(precision) && outputs * narrowing <= inputs) continue;
    const block = bits === 4 ? policy?.block : undefined;
    const problem = block === undefined ? undefined : blockProblem({ precision, block, outputs, inputs, arch });
    const isBlocked = block !== undefined && problem === undefined;
    chosen.set(node, {
      bits: bits as 4 | 8,
      multiplies: node.inputs[0]!.name,
      stored: isBlocked ? { per: "blocks", block } : { per: "channels" },
      ...(problem !== undefined && { withoutBlocks: problem }),
    });
  }
  return chosen;
}

interface Blocks {
  readonly precision: QuantizedPrecision;
  readonly block: number;
  readonly outputs: number;
  readonly inputs: number;
  readonly arch: number | undefined;
}

function blockProblem({ precision, block, outputs, inputs, arch }: Blocks): string | undefined {
  if (!hasFixedActivations(precision)) return "HTP does not take blocks beside float16 activations";
  if (arch !== undefined && arch < firstWithBlocks) return `blocks need HTP v${firstWithBlocks}, and this is v${arch}`;
  if (inputs % block !== 0) return `blocks of ${block} do not divide ${inputs} inputs`;
  // v73 to v85: the first INPUTS outputs are right, the others anything; from four times as many on the graph is refused.
  if (outputs > inputs) return "HTP computes blocks wrongly where a weight has more outputs than inputs";
  return undefined;
}
