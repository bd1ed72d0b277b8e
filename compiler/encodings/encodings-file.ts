/** A file of encodings as data: AIMET's export, QNN's quantization overrides, and what calibration writes. */
import type { EncodingSet } from "./encoding.ts";

/** Schemas that are read; all but the last are written too. */
export const schemaVersions = ["0.6.1", "1.0.0", "2.0.0"] as const;
export type SchemaVersion = (typeof schemaVersions)[number];
export type WrittenVersion = Exclude<SchemaVersion, "2.0.0">;

/** Offsets in the file's text. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export interface EncodingsFile {
  readonly version: SchemaVersion;
  readonly encodings: EncodingSet;
  /** What else the file says, by key: `quantizer_args`, `excluded_layers`, ... */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Where the entries of a file stand, by tensor name. */
export interface EncodingPlaces {
  readonly activations: ReadonlyMap<string, Place>;
  readonly params: ReadonlyMap<string, Place>;
}

/** The offset that files give to values stored signed. */
export const symmetricOffset = (bits: number): number => -(2 ** (bits - 1));
