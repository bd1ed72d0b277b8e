/**
 * `encodings.json`: what number format every value has, in the schema of AIMET's and QNN's quantization overrides, version
 * 1.0.0. A float build lists floats; a user who quantizes starts from it. A quantized build lists what its values and weights have got.
 */
import type { Encoding } from "../encodings/encoding.ts";
import { writeEncodings } from "../encodings/write-encodings.ts";
import type { QnnGraph, QnnTensor } from "../lower/qnn-graph.ts";
import type { EmittedFile } from "./emit-model.ts";

/** `quantized`: what constants in fixed point have become, by name. */
export function emitEncodings(graphs: readonly QnnGraph[], quantized?: ReadonlyMap<string, Encoding>): EmittedFile {
  const activations = new Map<string, Encoding>();
  const params = new Map<string, Encoding>();
  for (const graph of graphs) {
    for (const node of graph.nodes) {
      for (const tensor of [...node.inputs, ...node.outputs]) {
        const fixed = quantized?.get(tensor.name) ?? gridEncoding(tensor);
        const encoding = fixed ?? floatEncoding(tensor);
        const entries = tensor.kind === "STATIC" ? params : activations;
        const name = tensor.formOf ?? tensor.name;
        // What has a grid anywhere has it in a build from this file.
        if (encoding && (fixed || !entries.has(name))) entries.set(name, encoding);
      }
    }
  }
  return { path: "encodings.json", text: writeEncodings("1.0.0", { activations, params }) };
}

function gridEncoding({ grid }: QnnTensor): Encoding | undefined {
  return grid && { kind: "integer", bits: 16, symmetric: false, scales: [grid.scale], offsets: [grid.offset] };
}

function floatEncoding({ dtype }: QnnTensor): Encoding | undefined {
  if (dtype !== "float16" && dtype !== "float32") return undefined;
  return { kind: "float", bits: dtype === "float16" ? 16 : 32 };
}
