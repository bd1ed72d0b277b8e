/** Widths of weights in a file of encodings, held against those of the build that reads it. */
import { type Diagnostic, inputWarning } from "../diagnostics/diagnostic.ts";
import type { QnnGraph } from "../lower/qnn-graph.ts";
import { checkpointNames } from "../quantize/precision-policy.ts";
import type { Encoding } from "./encoding.ts";
import type { LoadedEncodings } from "./load-encodings.ts";

/**
 * Precision and policies say how many bits a weight has; scales for others are of no use. `graphs`: as quantized. Diagnostics (a warning):
 * encodings/other-width.
 */
export function checkWidths(file: LoadedEncodings, graphs: readonly Pick<QnnGraph, "nodes">[]): readonly Diagnostic[] {
  const wrong = new Map<string, { readonly given: string; readonly stored: number }>();
  for (const { type, inputs } of graphs.flatMap(({ nodes }) => nodes)) {
    const weight = inputs[1];
    if (type !== "FullyConnected" || weight?.kind !== "STATIC" || !weight.dtype.startsWith("sfixed")) continue;
    const stored = weight.dtype === "sfixed4" ? 4 : 8;
    for (const name of checkpointNames(weight)) {
      const encoding = file.encodings.params.get(name);
      if (encoding && bitsOf(encoding) !== stored) wrong.set(name, { given: widthOf(encoding), stored });
    }
  }
  const [first] = wrong;
  if (!first) return [];
  const [name, { given, stored }] = first;
  const others = wrong.size > 1 ? `, and ${wrong.size - 1} more weights have other bits than in the build` : "";
  return [
    inputWarning("encodings/other-width", `${name} is ${given} in ${file.file}, and has ${stored} bits here${others}`, {
      place: { file: file.file },
      notes: ["The precision and policies decide how many bits a weight has; scales for another width are not read."],
      hint: `take the --precision that the file is for, or --quantize "${name}=..." for single weights`,
    }),
  ];
}

const bitsOf = (encoding: Encoding): number => (encoding.kind === "blocks" ? 4 : encoding.bits);
const widthOf = (encoding: Encoding): string =>
  encoding.kind === "float" ? `float${encoding.bits}` : `of ${bitsOf(encoding)} bits`;
