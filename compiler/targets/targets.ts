/**
 * Targets: a backend and, for HTP, an architecture and a SoC. A new chip is a row of `socs.json` (as the HTP library
 * of SDK 2.51 knows them), a new architecture a number in it.
 */
import socRows from "./socs.json" with { type: "json" };

/** Of a float build, of one with 16-bit integer activations, or of one with float16 activations and integer weights. */
export type Precision = "fp32" | "fp16" | QuantizedPrecision;
export type QuantizedPrecision = "a16w8" | "a16w4" | "fp16w8" | "fp16w4";
export const precisions: readonly Precision[] = ["fp32", "fp16", "a16w8", "a16w4", "fp16w8", "fp16w4"];

export const isQuantized = (precision: Precision): precision is QuantizedPrecision =>
  precision !== "fp32" && precision !== "fp16";

/** Of weights without a policy of their own. */
export const weightBitsOf = (precision: QuantizedPrecision): 4 | 8 => (precision.endsWith("w4") ? 4 : 8);
/** Whether activations are 16-bit integers, which need ranges; else they are float16. */
export const hasFixedActivations = (precision: QuantizedPrecision): boolean => precision.startsWith("a16");

/** Whether what a text tells is for it: ranges of activations, or how errors of rounding to 4 bits are made good. */
export const usesCalibration = (precision: Precision): boolean =>
  isQuantized(precision) && (hasFixedActivations(precision) || weightBitsOf(precision) === 4);

export type BackendKind = "host" | "cpu" | "gpu" | "htp";

export interface Soc {
  /** Qnn_SocModel_t's number, not Android's soc_id. */
  readonly model: number;
  readonly name: string;
  /** Hexagon architecture: 75 is v75. */
  readonly arch: number;
  readonly vtcmMb: number;
  /** The library honours float16 on it. */
  readonly fp16: boolean;
  /** The library estimates times for it. */
  readonly estimates: boolean;
}

export interface Target {
  /** `htp-v75`, `qnn-cpu`, ... as on the command line. */
  readonly name: string;
  readonly backend: BackendKind;
  readonly soc: Soc | null;
}

export const socs: readonly Soc[] = socRows;

export const findSoc = (name: string): Soc | undefined => socs.find((s) => s.name.toLowerCase() === name.toLowerCase());

/** The SoC that stands for an architecture when none is named: the best known phone chip of it. */
const typicalSoc: Readonly<Record<number, string>> = {
  68: "SA8295",
  69: "SM8450",
  73: "SM8550",
  75: "SM8650",
  79: "SM8750",
  81: "SM8850",
  85: "SM8975",
};

export const targetNames: readonly string[] = [
  "host",
  "qnn-cpu",
  "qnn-gpu",
  ...Object.keys(typicalSoc).map((arch) => `htp-v${arch}`),
];

/** The target of that name with its typical SoC, or undefined for an unknown name. */
export function findTarget(name: string): Target | undefined {
  if (name === "host") return { name, backend: "host", soc: null };
  if (name === "qnn-cpu") return { name, backend: "cpu", soc: null };
  if (name === "qnn-gpu") return { name, backend: "gpu", soc: null };
  const arch = /^htp-v(\d+)$/.exec(name)?.[1];
  const soc = arch === undefined ? undefined : typicalSoc[Number(arch)];
  return soc === undefined ? undefined : { name, backend: "htp", soc: findSoc(soc) ?? null };
}
