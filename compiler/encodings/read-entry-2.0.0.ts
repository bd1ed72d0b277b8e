/**
 * An entry of schema 2.0.0, in the words of ONNX's QuantizeLinear: {name, output_dtype, y_scale, y_zero_point, axis, block_size}
 * with real = (stored - zero point) * scale; LPBQ has per_channel_float_scale and per_block_int_scale instead of y_scale.
 */
import { blockEncoding } from "./block-fields.ts";
import type { BlockEncoding, Encoding } from "./encoding.ts";
import type { EntryFields } from "./entry-fields.ts";
import { integerEncoding } from "./integer-fields.ts";

export function readEntry200(fields: EntryFields): Encoding {
  const word = fields.word("output_dtype").toLowerCase();
  const float = /^float(16|32)$/.exec(word);
  if (float) return { kind: "float", bits: float[1] === "16" ? 16 : 32 };
  const [, unsigned, width] = /^(u?)int(2|4|8|16|32)$/.exec(word) ?? [];
  if (width === undefined)
    return fields.fail(
      "encodings/unsupported",
      `output_dtype ${word} is not supported`,
      "output_dtype",
      "known are int4 to int32, uint4 to uint32",
    );
  const bits = Number(width);
  if (fields.has("per_block_int_scale")) return readBlocks(fields, word);
  if (fields.has("block_size"))
    return fields.fail(
      "encodings/unsupported",
      "blocks with scales of their own are not supported",
      "block_size",
      "LPBQ has integer ones: per_block_int_scale",
    );
  const scales = fields.scales("y_scale");
  if (scales.length > 1 && !fields.has("axis"))
    fields.fail("encodings/bad-entry", "several scales, and axis is missing", "y_scale");
  const given = fields.has("y_zero_point") ? fields.numbers("y_zero_point") : [0];
  const zeros = given.length === 1 ? scales.map(() => given[0]!) : given;
  if (unsigned === "") {
    if (zeros.length === scales.length && zeros.every((zero) => zero === 0))
      return { kind: "integer", bits, symmetric: true, scales, offsets: scales.map(() => 0) };
    // The same grid, stored from 0 on.
    return integerEncoding(fields, {
      bits,
      isSymmetric: false,
      scales,
      offsets: zeros.map((zero) => -(zero + 2 ** (bits - 1))),
    });
  }
  return integerEncoding(fields, {
    bits,
    isSymmetric: false,
    scales,
    offsets: zeros.map((zero) => (zero === 0 ? 0 : -zero)),
  });
}

function readBlocks(fields: EntryFields, word: string): BlockEncoding {
  if (word !== "int4")
    fields.fail("encodings/unsupported", `LPBQ of ${word} is not supported`, "output_dtype", "known is int4");
  const blocks = blockEncoding(fields, "per_channel_float_scale");
  if (fields.has("y_zero_point") && fields.numbers("y_zero_point").some((zero) => zero !== 0))
    fields.fail("encodings/offset", "LPBQ has the zero point 0", "y_zero_point");
  return blocks;
}

/** The schema does not tell weights and activations apart: weights are stored signed in few bits, or have an axis. */
export function isParameterEntry(fields: EntryFields): boolean {
  return fields.has("axis") || fields.has("per_block_int_scale") || /^int(2|4|8|32)$/.test(fields.word("output_dtype"));
}
