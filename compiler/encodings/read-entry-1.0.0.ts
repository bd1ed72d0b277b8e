/** An entry of schema 1.0.0: {name, dtype INT | FLOAT, enc_type, bw, is_sym, scale [..], offset [..], ...}. */
import { blockEncoding } from "./block-fields.ts";
import type { BlockEncoding, Encoding } from "./encoding.ts";
import { symmetricOffset } from "./encodings-file.ts";
import type { EntryFields } from "./entry-fields.ts";
import { integerEncoding } from "./integer-fields.ts";

export function readEntry100(fields: EntryFields): Encoding {
  const dtype = fields.word("dtype").toUpperCase();
  const kind = fields.word("enc_type").toUpperCase();
  if (dtype === "FLOAT") return { kind: "float", bits: fields.integer("bw", 16, 32) <= 16 ? 16 : 32 };
  if (dtype !== "INT") fields.fail("encodings/bad-entry", `dtype is neither INT nor FLOAT`, "dtype");
  if (kind === "LPBQ") return readBlocks(fields);
  if (kind !== "PER_TENSOR" && kind !== "PER_CHANNEL") {
    fields.fail(
      "encodings/unsupported",
      `enc_type ${kind} is not supported`,
      "enc_type",
      "known are PER_TENSOR, PER_CHANNEL and LPBQ",
    );
  }
  const bits = fields.integer("bw", 2, 32);
  const scales = fields.scales("scale");
  if (kind === "PER_TENSOR" && scales.length !== 1)
    fields.fail("encodings/count", `${scales.length} scales of one tensor`, "scale", "PER_CHANNEL has several");
  const offsets = fields.has("offset") ? fields.numbers("offset") : undefined;
  return integerEncoding(fields, { bits, isSymmetric: fields.flag("is_sym") ?? false, scales, offsets });
}

/** Bit width 8 that is stored in 4: the block's scale is an integer multiple of the channel's. */
function readBlocks(fields: EntryFields): BlockEncoding {
  const compressed = fields.integer("compressed_bw", 2, 32);
  const bits = fields.integer("bw", 2, 32);
  if (compressed !== 4 || bits !== 8)
    fields.fail(
      "encodings/unsupported",
      `LPBQ of ${compressed} bits in ${bits} is not supported`,
      "compressed_bw",
      "known is 4 in 8",
    );
  const blocks = blockEncoding(fields, "scale");
  if (fields.flag("is_sym") === false) fields.fail("encodings/bad-entry", "LPBQ is symmetric", "is_sym");
  const offsets = fields.has("offset") ? fields.numbers("offset") : [];
  if (offsets.some((offset) => offset !== 0 && offset !== symmetricOffset(bits) && offset !== symmetricOffset(4)))
    fields.fail("encodings/offset", `LPBQ has the offset 0 or ${symmetricOffset(bits)}`, "offset");
  return blocks;
}
