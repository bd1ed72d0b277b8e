/**
 * Writes encodings in the schemas that Qualcomm's converters read. One tensor a line: short to read, small to compare. What is
 * written reads back as the same encodings.
 */
import { DiagnosticError, unsupportedError } from "../diagnostics/diagnostic.ts";
import type { Encoding, EncodingSet, IntegerEncoding } from "./encoding.ts";
import { symmetricOffset, type WrittenVersion } from "./encodings-file.ts";

/** `extra`: further keys of the file. Diagnostics (DiagnosticError): encodings/not-in-schema. */
export function writeEncodings(
  version: WrittenVersion,
  encodings: EncodingSet,
  extra: Readonly<Record<string, unknown>> = {},
): string {
  if (version === "0.6.1") refuseBlocks(encodings);
  const section = version === "1.0.0" ? listSection : objectSection;
  const others = Object.entries(extra).map(([key, value]) => `,\n  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{
  "version": "${version}",
  "activation_encodings": ${section(encodings.activations)},
  "param_encodings": ${section(encodings.params)}${others.join("")}
}
`;
}

function listSection(entries: ReadonlyMap<string, Encoding>): string {
  if (entries.size === 0) return "[]";
  const lines = [...entries].map(([name, encoding]) => `    ${JSON.stringify({ name, ...entry100(encoding) })}`);
  return `[\n${lines.join(",\n")}\n  ]`;
}

function objectSection(entries: ReadonlyMap<string, Encoding>): string {
  if (entries.size === 0) return "{}";
  const lines = [...entries].map(
    ([name, encoding]) => `    ${JSON.stringify(name)}: ${JSON.stringify(entries061(encoding))}`,
  );
  return `{\n${lines.join(",\n")}\n  }`;
}

function entry100(encoding: Encoding): object {
  switch (encoding.kind) {
    case "float":
      return { dtype: "FLOAT", enc_type: "PER_TENSOR", bw: encoding.bits };
    case "integer":
      return {
        ...{ dtype: "INT", enc_type: encoding.scales.length === 1 ? "PER_TENSOR" : "PER_CHANNEL", bw: encoding.bits },
        ...{ is_sym: encoding.symmetric, scale: encoding.scales, offset: writtenOffsets(encoding) },
      };
    case "blocks":
      return {
        ...{ dtype: "INT", enc_type: "LPBQ", bw: 8, compressed_bw: encoding.bits, block_size: encoding.block },
        ...{ is_sym: true, scale: encoding.scales, offset: encoding.scales.map(() => symmetricOffset(8)) },
        per_block_int_scale: encoding.blockScales,
      };
  }
}

function entries061(encoding: Exclude<Encoding, { kind: "blocks" }> | Encoding): object[] {
  if (encoding.kind === "float") return [{ bitwidth: encoding.bits, dtype: "float" }];
  if (encoding.kind === "blocks") throw new Error("blocks are not of schema 0.6.1");
  const { bits, symmetric, scales } = encoding;
  const offsets = writtenOffsets(encoding);
  return scales.map((scale, i) => ({
    ...{ bitwidth: bits, dtype: "int", is_symmetric: symmetric ? "True" : "False" },
    ...{ max: (2 ** bits - 1 + offsets[i]!) * scale, min: offsets[i]! * scale, offset: offsets[i]!, scale },
  }));
}

const writtenOffsets = ({ bits, symmetric, offsets }: IntegerEncoding): readonly number[] =>
  symmetric ? offsets.map(() => symmetricOffset(bits)) : offsets;

function refuseBlocks({ activations, params }: EncodingSet): void {
  const names = [...activations, ...params].filter(([, { kind }]) => kind === "blocks").map(([name]) => name);
  if (names.length === 0) return;
  throw new DiagnosticError([
    unsupportedError(
      "encodings/not-in-schema",
      `schema 0.6.1 has no words for blocks, and ${names.length} tensors have them`,
      {
        notes: [`The first is ${names[0]!}.`],
        hint: "use schema 1.0.0",
      },
    ),
  ]);
}
