/**
 * A checkpoint: named tensors that are read in pieces, never as a whole. Readers: `pth.ts`, `safetensors.ts`,
 * `random.ts`; `open-checkpoint.ts` chooses.
 */

export type CheckpointDtype = "float32" | "float16" | "bfloat16";

export interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: CheckpointDtype;
  /**
   * The file's own dtype where it is none of those above ("int64"). Such a tensor is listed with `dtype` float32 so
   * that its name and shape can be talked about; reading it fails with checkpoint/unsupported-dtype.
   */
  readonly unreadable?: string;
}

export interface Checkpoint {
  /** As the user named it: a file name without folders, or `random:SEED:PRESET`. */
  readonly source: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** What is known of it besides, for people. */
  readonly about?: string;
  /**
   * Elements `start` to `start + out.length` of the tensor, row-major (offsets, strides and views resolved), in the
   * bits of its own dtype: Uint32Array for float32, Uint16Array for float16 and bfloat16. Fails with a DiagnosticError.
   */
  readBits(tensor: TensorInfo, start: number, out: Uint16Array | Uint32Array): void;
  /** Releases the file. */
  close(): void;
}
