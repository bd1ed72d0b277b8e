/**
 * The entries of a tensor in schema 0.6.1: one for the tensor, or one per channel, {dtype int | float, bitwidth, is_symmetric
 * "True" | "False", min, max, offset, scale}. Scale and offset may be left out: they follow from the range.
 */
import type { Encoding } from "./encoding.ts";
import { symmetricOffset } from "./encodings-file.ts";
import { EntryFault, EntryFields } from "./entry-fields.ts";
import { integerEncoding } from "./integer-fields.ts";
import type { Placed } from "./json-cursor.ts";

export function readEntry061(tensor: string, place: Placed): Encoding {
  const what = `the encoding of ${tensor}`;
  const { value } = place;
  const list = Array.isArray(value) ? (value as readonly (number | Placed)[]) : [place];
  const channels = list.map((item) => {
    if (typeof item === "number" || !(item.value instanceof Map))
      throw new EntryFault("encodings/bad-entry", `${what} is no list of objects`, {
        start: place.start,
        end: place.start + 1,
      });
    return new EntryFields(item.value as ReadonlyMap<string, Placed>, item, what);
  });
  const [first] = channels;
  if (!first) throw new EntryFault("encodings/count", `${what} is an empty list`, place);
  const bits = first.integer("bitwidth", 2, 32);
  const isFloat = first.has("dtype") && first.word("dtype").toLowerCase() === "float";
  if (isFloat) {
    if (bits === 16 || bits === 32) return { kind: "float", bits };
    return first.fail("encodings/bad-entry", `floats have 16 or 32 bits, not ${bits}`, "bitwidth");
  }
  const isSymmetric = first.flag("is_symmetric") ?? false;
  const scales: number[] = [];
  const offsets: number[] = [];
  for (const fields of channels) {
    if (fields.has("dtype") && fields.word("dtype").toLowerCase() !== "int")
      fields.fail("encodings/bad-entry", "dtype is neither int nor float, as that of the channels before", "dtype");
    if (fields.integer("bitwidth", 2, 32) !== bits || (fields.flag("is_symmetric") ?? false) !== isSymmetric)
      fields.fail("encodings/bad-entry", "its channels differ in bitwidth or symmetry", "bitwidth");
    const scale = scaleOf(fields, bits, isSymmetric);
    scales.push(scale);
    offsets.push(offsetOf(fields, bits, isSymmetric, scale));
  }
  return integerEncoding(first, { bits, isSymmetric, scales, offsets });
}

function scaleOf(fields: EntryFields, bits: number, isSymmetric: boolean): number {
  if (fields.has("scale")) return fields.scales("scale")[0]!;
  const [low, high] = [fields.number("min"), fields.number("max")];
  if (low === undefined || high === undefined)
    return fields.fail("encodings/bad-entry", "neither scale nor min and max are there");
  const half = 2 ** (bits - 1);
  const scale = isSymmetric ? Math.max(-low / half, high / (half - 1)) : (high - low) / (2 ** bits - 1);
  if (!(scale > 0)) fields.fail("encodings/scale", `the range from ${low} to ${high} has no scale above 0`, "max");
  return scale;
}

/** Some documents show it positive: with the range at hand the sign does not matter. */
function offsetOf(fields: EntryFields, bits: number, isSymmetric: boolean, scale: number): number {
  const [offset, low] = [fields.number("offset"), fields.number("min")];
  if (offset !== undefined && (offset <= 0 || low === undefined)) return offset;
  if (isSymmetric) return symmetricOffset(bits);
  if (low === undefined) return fields.fail("encodings/bad-entry", "neither offset nor min is there");
  const derived = Math.min(Math.round(low / scale), 0);
  if (offset !== undefined && Math.abs(offset + derived) > 1)
    fields.fail("encodings/offset", `offset ${offset} contradicts min ${low}`, "offset");
  return derived === 0 ? 0 : derived;
}
