/** A part's weights, read from the checkpoint when an equation first needs them. Released with the part. */
import type { CheckedModel, CheckedPart } from "../check/typed.ts";
import type { Checkpoint, TensorInfo } from "../checkpoint/checkpoint.ts";
import { readFloat32 } from "../checkpoint/read-floats.ts";
import { countOf } from "./tensor.ts";

export class PartWeights {
  private readonly whole = new Map<string, Float32Array>();

  constructor(
    private readonly model: CheckedModel,
    private readonly part: CheckedPart,
    private readonly layer: number | null,
    private readonly checkpoint: Checkpoint,
  ) {}

  /** All elements of the weight of this short name, row-major. */
  get(name: string): Float32Array {
    const known = this.whole.get(name);
    if (known) return known;
    const { info, shape } = this.find(name);
    const values = new Float32Array(countOf(shape));
    readFloat32(this.checkpoint, info, 0, values);
    this.whole.set(name, values);
    return values;
  }

  /** Row `index` along the first axis: of an embedding, only what tokens need is read. */
  row(name: string, index: number): Float32Array {
    const { info, shape } = this.find(name);
    const width = countOf(shape.slice(1));
    const known = this.whole.get(name);
    if (known) return known.subarray(index * width, (index + 1) * width);
    const values = new Float32Array(width);
    readFloat32(this.checkpoint, info, index * width, values);
    return values;
  }

  private find(name: string): { info: TensorInfo; shape: readonly number[] } {
    const weight = this.part.weights.get(name);
    const tensor = weight?.tensor.replace("{layer}", String(this.layer));
    const info = tensor === undefined ? undefined : this.checkpoint.tensors.get(tensor);
    if (!weight || !info) throw new Error(`oracle: the checkpoint has no tensor for ${this.part.name}.${name}`);
    return { info, shape: weight.shape.map((dim) => this.model.sizes.get(dim)!) };
  }
}
