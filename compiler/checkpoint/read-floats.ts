/** Whole-number-of-elements reads of any tensor as float32 or float16 values, whatever its own dtype. */

import type { Checkpoint, TensorInfo } from "./checkpoint.ts";
import {
  convertBfloat16ToFloat16,
  convertBfloat16ToFloat32,
  convertFloat16ToFloat32,
  convertFloat32ToFloat16,
} from "./float16.ts";

/** Elements `start` to `start + out.length`; exact for every dtype. Fails with a DiagnosticError. */
export function readFloat32(checkpoint: Checkpoint, tensor: TensorInfo, start: number, out: Float32Array): void {
  if (tensor.dtype === "float32") {
    checkpoint.readBits(tensor, start, new Uint32Array(out.buffer, out.byteOffset, out.length));
    return;
  }
  // The 16-bit values go to the upper half of `out`; converted upwards, none is overwritten before it has been read.
  const bits = new Uint16Array(out.buffer, out.byteOffset + 2 * out.length, out.length);
  checkpoint.readBits(tensor, start, bits);
  if (tensor.dtype === "float16") convertFloat16ToFloat32(bits, out);
  else convertBfloat16ToFloat32(bits, out);
}

/**
 * Elements `start` to `start + out.length` as float16 bits, rounded to nearest even. Returns how many finite values
 * became infinite (beyond 65504). Fails with a DiagnosticError.
 */
export function readFloat16(checkpoint: Checkpoint, tensor: TensorInfo, start: number, out: Uint16Array): number {
  if (tensor.dtype === "float32") return readRounded(checkpoint, tensor, start, out);
  checkpoint.readBits(tensor, start, out);
  return tensor.dtype === "bfloat16" ? convertBfloat16ToFloat16(out, out) : 0;
}

function readRounded(checkpoint: Checkpoint, tensor: TensorInfo, start: number, out: Uint16Array): number {
  const piece = new Uint32Array(Math.min(out.length, 2 ** 18));
  let overflows = 0;
  for (let done = 0; done < out.length; done += piece.length) {
    const count = Math.min(piece.length, out.length - done);
    const bits = piece.subarray(0, count);
    checkpoint.readBits(tensor, start + done, bits);
    overflows += convertFloat32ToFloat16(bits, out.subarray(done, done + count));
  }
  return overflows;
}
