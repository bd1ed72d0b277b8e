/**
 * Encodings: how the real numbers of a tensor are stored. What calibration finds, files exchange, and quantized builds need.
 *
 * QNN's convention: real = (stored + offset) * scale.
 */
export type Encoding = FloatEncoding | IntegerEncoding | BlockEncoding;

export interface FloatEncoding {
  readonly kind: "float";
  readonly bits: 16 | 32;
}

export interface IntegerEncoding {
  readonly kind: "integer";
  /** 4 to 32. */
  readonly bits: number;
  /** Stored signed, in [-2^(bits-1), 2^(bits-1) - 1], with offset 0; else unsigned, in [0, 2^bits - 1], with an offset <= 0. */
  readonly symmetric: boolean;
  /** One, or one per output channel (the axis is known to whoever stores the weight). All positive and finite. */
  readonly scales: readonly number[];
  /** As many as scales. */
  readonly offsets: readonly number[];
}

/** Blocks of inputs with scales of their own (LPBQ): a weight is stored * scales[channel] * blockScales[channel][block]. */
export interface BlockEncoding {
  readonly kind: "blocks";
  /** Of a stored value: signed, offset 0. */
  readonly bits: 4;
  /** Inputs of one block: 16, 32 or 64. */
  readonly block: number;
  /** One per output channel. */
  readonly scales: readonly number[];
  /** Integers from 1 to 16, row-major [channels][blocks]. */
  readonly blockScales: readonly number[];
}

/** By tensor name: activations by the names of the graph's tensors, parameters by those of the static ones. */
export interface EncodingSet {
  readonly activations: ReadonlyMap<string, Encoding>;
  readonly params: ReadonlyMap<string, Encoding>;
}

/** What an unsigned grid over [low, high] is: it holds 0 exactly, and is widened to where it does not. */
export function rangeEncoding(low: number, high: number, bits = 16): IntegerEncoding {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  // A range of nothing still needs a scale that float32 can divide by.
  const scale = Math.fround(Math.max((to - from) / (2 ** bits - 1), 2 ** -100));
  // Not -0, which no file keeps.
  const offset = Math.max(-(2 ** bits - 1), Math.round(from / scale)) || 0;
  return { kind: "integer", bits, symmetric: false, scales: [scale], offsets: [offset] };
}
