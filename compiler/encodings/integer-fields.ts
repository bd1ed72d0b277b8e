/** What all schemas say of an integer encoding, checked: as many offsets as scales, each on the grid. */
import type { IntegerEncoding } from "./encoding.ts";
import { symmetricOffset } from "./encodings-file.ts";
import type { EntryFields } from "./entry-fields.ts";

export interface IntegerFields {
  readonly bits: number;
  readonly isSymmetric: boolean;
  readonly scales: readonly number[];
  /** QNN's: real = (stored + offset) * scale, stored from 0 on. */
  readonly offsets: readonly number[] | undefined;
}

/** Diagnostics: encodings/offset, encodings/count. */
export function integerEncoding(
  fields: EntryFields,
  { bits, isSymmetric, scales, offsets }: IntegerFields,
): IntegerEncoding {
  if (offsets === undefined) {
    if (isSymmetric) return { kind: "integer", bits, symmetric: true, scales, offsets: scales.map(() => 0) };
    return fields.fail("encodings/bad-entry", "offset is missing, and it is not symmetric");
  }
  if (offsets.length !== scales.length)
    fields.fail("encodings/count", `${scales.length} scales and ${offsets.length} offsets`, "offset");
  const lowest = -(2 ** bits - 1);
  const bad = offsets.find((offset) => !Number.isInteger(offset) || offset > 0 || offset < lowest);
  if (bad !== undefined) {
    fields.fail(
      "encodings/offset",
      `offset ${bad} is no integer from ${lowest} to 0`,
      "offset",
      bad > 0
        ? "real = (stored + offset) * scale: an offset that is added to stored values from 0 on is negative"
        : undefined,
    );
  }
  // Stored signed, from -2^(bits - 1) on.
  const signed = isSymmetric && offsets.every((offset) => offset === 0 || offset === symmetricOffset(bits));
  return { kind: "integer", bits, symmetric: signed, scales, offsets: signed ? offsets.map(() => 0) : offsets };
}
