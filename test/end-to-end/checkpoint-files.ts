/** Test support: a made-up checkpoint as the bytes of a file. */
import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { elements } from "../../compiler/ir/constant.ts";
import { bytesOf, pth, safetensors, tensorDict } from "../checkpoint/write-files.ts";

export function asSafetensors(checkpoint: Checkpoint): Buffer {
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const { name, shape, bytes } of contents(checkpoint)) {
    header[name] = { dtype: "F32", shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  return safetensors(header, Buffer.concat(parts));
}

export function asPth(checkpoint: Checkpoint): Buffer {
  const tensors = contents(checkpoint);
  const dict = tensors.map(({ name, shape }, storage) => {
    const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
    return { name, storage: String(storage), type: "FloatStorage", count: elements(shape), shape, strides };
  });
  return pth(tensorDict(dict), Object.fromEntries(tensors.map(({ bytes }, storage) => [storage, bytes])));
}

const contents = (checkpoint: Checkpoint) =>
  [...checkpoint.tensors.values()].map((info) => {
    const bits = new Uint32Array(elements(info.shape));
    checkpoint.readBits(info, 0, bits);
    return { name: info.name, shape: info.shape, bytes: bytesOf(bits) };
  });
