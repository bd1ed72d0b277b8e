/** What the file readers share: a checkpoint whose tensors are strided views into open files. */

import type { Checkpoint, CheckpointDtype, TensorInfo } from "./checkpoint.ts";
import { failInternal, failUnsupported, quote } from "./checkpoint-error.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import { type StridedTensor, readStrided } from "./strided-read.ts";

export interface StoredTensor extends TensorInfo, StridedTensor {
  readonly file: CheckpointFile;
  /** Called before each read: fails with a DiagnosticError where the file itself tells that the data are damaged. */
  readonly verify?: () => void;
}

/** Ten times what the largest models have; what a hostile file can make us hold. */
export const maximalTensors = 20_000;

export const dtypeBytes: Readonly<Record<CheckpointDtype, number>> = { float32: 4, float16: 2, bfloat16: 2 };

/** Elements of a tensor; undefined where the extents are not sensible numbers. */
export function countElements(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) return undefined;
    count *= extent;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** The tensors' names differ. Closing it closes `files`. */
export function storedCheckpoint(
  source: string,
  tensors: readonly StoredTensor[],
  files: readonly CheckpointFile[],
): Checkpoint {
  const stored = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const infos = tensors.map(({ name, shape, dtype, unreadable }): [string, TensorInfo] => [
    name,
    { name, shape, dtype, ...(unreadable === undefined ? {} : { unreadable }) },
  ]);
  return {
    source,
    tensors: new Map(infos),
    readBits(info, start, out) {
      const tensor = stored.get(info.name);
      checkRead(tensor?.file.path ?? source, tensor, info, start, out);
      tensor.verify?.();
      readStrided(tensor.file, tensor, start, out);
    },
    close: () => files.forEach((file) => file.close()),
  };
}

/** Fails unless `out` can take elements of this tensor from `start` on. */
export function checkRead<T extends TensorInfo>(
  path: string,
  tensor: T | undefined,
  asked: TensorInfo,
  start: number,
  out: Uint16Array | Uint32Array,
): asserts tensor is T {
  if (tensor === undefined) {
    failInternal(path, "checkpoint/no-such-tensor", `tensor ${quote(asked.name)} was read, which is not in ${path}`);
  }
  const detail = tensor.name;
  if (tensor.unreadable !== undefined) {
    failUnsupported(path, "checkpoint/unsupported-dtype", `tensor ${quote(tensor.name)} is ${tensor.unreadable}`, {
      detail,
      notes: ["Weights are read from float32, float16 and bfloat16 tensors."],
      hint: "convert the tensor to one of these and save the checkpoint again",
    });
  }
  if (out.BYTES_PER_ELEMENT !== dtypeBytes[tensor.dtype]) {
    const title = `${tensor.dtype} elements were read into an array of ${out.BYTES_PER_ELEMENT}-byte elements`;
    failInternal(path, "checkpoint/read-type", title, { detail });
  }
  const count = countElements(tensor.shape) ?? 0;
  if (!Number.isSafeInteger(start) || start < 0 || start + out.length > count) {
    const title = `elements ${start} to ${start + out.length} were read of a tensor of ${count}`;
    failInternal(path, "checkpoint/read-range", title, { detail });
  }
}
