/**
 * `encodings.json`: what number format every value has, in the schema of AIMET's and QNN's quantization overrides, version
 * 1.0.0. A float build lists floats; a user who quantizes starts from it.
 */
import type { QnnGraph, QnnTensor } from "../lower/qnn-graph.ts";
import type { EmittedFile } from "./emit-model.ts";

interface FloatEncoding {
  readonly name: string;
  readonly dtype: "FLOAT";
  readonly enc_type: "PER_TENSOR";
  readonly bw: 16 | 32;
}

export function emitEncodings(graphs: readonly QnnGraph[]): EmittedFile {
  const activations = new Map<string, FloatEncoding>();
  const params = new Map<string, FloatEncoding>();
  for (const graph of graphs) {
    for (const node of graph.nodes) {
      for (const tensor of [...node.inputs, ...node.outputs]) {
        const encoding = floatEncoding(tensor);
        if (encoding) (tensor.kind === "STATIC" ? params : activations).set(tensor.name, encoding);
      }
    }
  }
  // One entry per line: short to read, small to compare.
  const list = (entries: ReadonlyMap<string, FloatEncoding>) =>
    entries.size === 0 ? "[]" : `[\n${[...entries.values()].map((e) => `    ${JSON.stringify(e)}`).join(",\n")}\n  ]`;
  const text = `{
  "version": "1.0.0",
  "activation_encodings": ${list(activations)},
  "param_encodings": ${list(params)}
}
`;
  return { path: "encodings.json", text };
}

function floatEncoding({ name, dtype }: QnnTensor): FloatEncoding | undefined {
  if (dtype !== "float16" && dtype !== "float32") return undefined;
  return { name, dtype: "FLOAT", enc_type: "PER_TENSOR", bw: dtype === "float16" ? 16 : 32 };
}
