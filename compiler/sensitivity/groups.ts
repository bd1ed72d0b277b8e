/**
 * The weights of a graph in groups that are raised or lowered together: those of one name in all layers, or in a third of them. In: the
 * weights, and the bits that a build gives each. Out: groups, each with a pattern that names its weights and no others.
 */
export type Bits = 4 | 8 | 16;

export interface GraphWeight {
  /** The checkpoint's, in full. */
  readonly name: string;
  /** As policies say it: without the layer's prefix and `.weight`. */
  readonly short: string;
  /** What stands before the layer's number in `name`, and that number; null outside the layers. */
  readonly prefix: string;
  readonly layer: number | null;
  readonly elements: number;
  readonly bits: Bits;
}

export interface WeightGroup {
  readonly pattern: string;
  readonly bits: Bits;
  readonly elements: number;
  readonly names: readonly string[];
}

/** Of a layer, 0 for the first third of them, 2 for the last. */
const thirdOf = (layer: number, layers: number): number => Math.floor((3 * layer) / layers);

export function groupWeights(
  weights: readonly GraphWeight[],
  { thirds, layers }: { thirds: boolean; layers: number },
): WeightGroup[] {
  const groups = new Map<string, GraphWeight[]>();
  for (const weight of weights) {
    const third = thirds && weight.layer !== null ? thirdOf(weight.layer, layers) : "";
    // What a policy treats differently from layer to layer stays apart.
    const key = `${weight.short} ${weight.bits} ${third}`;
    groups.set(key, [...(groups.get(key) ?? []), weight]);
  }
  return [...groups.values()].map((members): WeightGroup => {
    const { short, bits } = members[0]!;
    const isWhole = weights.every((weight) => weight.short !== short || members.includes(weight));
    return {
      pattern: isWhole ? short : inLayers(members),
      bits,
      elements: members.reduce((sum, { elements }) => sum + elements, 0),
      names: members.map(({ name }) => name),
    };
  });
}

function inLayers(members: readonly GraphWeight[]): string {
  const { prefix, short } = members[0]!;
  const layers = members.map(({ layer }) => layer);
  return `${prefix}${layers.length === 1 ? layers[0] : `{${layers.join(",")}}`}.${short}`;
}
