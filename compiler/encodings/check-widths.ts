/** Widths of weights in a file of encodings, held against those of the build that reads it. */
import { type Diagnostic, inputWarning } from "../diagnostics/diagnostic.ts";
import type { QnnGraph } from "../lower/qnn-graph.ts";
import { checkpointNames } from "../quantize/precision-policy.ts";
import type { Encoding } from "./encoding.ts";
import type { LoadedEncodings } from "./load-encodings.ts";

/**
 * Precision and policies say how a weight is stored; scales for anything else are of no use. `graphs`: as quantized. Diagnostics (a warning):
 * encodings/other-width.
 */
export function checkWidths(file: LoadedEncodings, graphs: readonly Pick<QnnGraph, "nodes">[]): readonly Diagnostic[] {
  const wrong = new Map<string, { readonly given: string; readonly stored: string }>();
  for (const { type, inputs } of graphs.flatMap(({ nodes }) => nodes)) {
    const weight = inputs[1];
    if (type !== "FullyConnected" || weight?.kind !== "STATIC" || !weight.dtype.startsWith("sfixed")) continue;
    const stored = `${weight.dtype === "sfixed4" ? 4 : 8} bits${
      weight.stored?.per === "blocks" ? ` in blocks of ${weight.stored.block}` : ""
    }`;
    for (const name of checkpointNames(weight)) {
      const encoding = file.encodings.params.get(name);
      const given = encoding && widthOf(encoding);
      if (given !== undefined && given !== stored) wrong.set(name, { given, stored });
    }
  }
  const [first] = wrong;
  if (!first) return [];
  const [name, { given, stored }] = first;
  const others = wrong.size > 1 ? `, and so it is with ${wrong.size - 1} more weights` : "";
  return [
    inputWarning("encodings/other-width", `${name} has ${given} in ${file.file}, and ${stored} in the build${others}`, {
      place: { file: file.file },
      notes: ["The precision and policies decide how a weight is stored; scales for anything else are not read."],
      hint: `take the --precision that the file is for, or --quantize "${name}=..." for single weights`,
    }),
  ];
}

function widthOf(encoding: Encoding): string {
  if (encoding.kind === "float") return `float${encoding.bits}`;
  if (encoding.kind === "blocks") return `4 bits in blocks of ${encoding.block}`;
  return `${encoding.bits} bits${encoding.symmetric ? "" : ", asymmetric"}`;
}
