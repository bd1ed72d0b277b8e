/**
 * Test support: graphs written by hand, run on Qualcomm's HTP simulator and on the host backend with the same bits, and how far
 * apart the two results are.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { hostTriple, libraryPath } from "../../compiler/build/build-library.ts";
import { runProgram } from "../../compiler/build/native-programs.ts";
import { hostLibraryPath } from "../../compiler/build/project-paths.ts";
import { writeArtefact } from "../../compiler/build/write-artefact.ts";
import type { Encoding } from "../../compiler/encodings/encoding.ts";
import type { QnnGraph } from "../../compiler/lower/qnn-graph.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { htpLibrary } from "../qualcomm.ts";
import { Hand } from "./bench.ts";
import { specFile, specText, Weights } from "./small-ir.ts";

const target = findTarget("htp-v75")!;
const backends = {
  device: ["--backend", "htp", "--backend-library", htpLibrary ?? "", "--soc-model", String(target.soc!.model)],
  host: ["--backend", "host", "--backend-library", hostLibraryPath],
} as const;
type Backend = keyof typeof backends;

/** float16 by its bits, codes of 16 bits, or indices. */
export type Bits = Uint16Array | Int32Array;

/** A graph and, after `run`, what each backend made of it: bits by the output's name. */
export interface Pair {
  readonly graph: QnnGraph;
  readonly inputs: Readonly<Record<string, Bits>>;
  readonly device: Record<string, Uint16Array>;
  readonly host: Record<string, Uint16Array>;
}

export class TwoBackends {
  readonly weights = new Weights();
  /** Of quantized weights, by name; where there is none it is searched. */
  readonly encodings = new Map<string, Encoding>();
  private readonly pairs: Pair[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "rwkvc-two-backends-"));

  graph(name: string, inputs: Readonly<Record<string, Bits>>, build: (hand: Hand) => void): Pair {
    const hand = new Hand();
    build(hand);
    const pair: Pair = { graph: hand.finish(name), inputs, device: {}, host: {} };
    this.pairs.push(pair);
    return pair;
  }

  /** Builds one library and runs every graph on both. For `beforeAll`. */
  async run(): Promise<void> {
    const artefact = join(this.folder, "model");
    const plan = {
      name: "small",
      compilerVersion: "0.0.0",
      spec: { name: "small", file: specFile },
      sources: new Map([[specFile, specText]]),
      dims: {},
      vocabulary: 1,
      precision: "fp16",
      target,
      policies: [],
      tokenizer: null,
      graphs: this.pairs.map((p) => p.graph),
      hostEmbedding: null,
      rounding: { encodings: { activations: new Map(), params: this.encodings }, compensate: false },
    } as const;
    await writeArtefact(artefact, plan, this.weights);
    const library = join(artefact, libraryPath("small", hostTriple));
    for (const pair of this.pairs) {
      for (const backend of ["device", "host"] as const) await this.execute(pair, backend, library);
    }
  }

  private async execute(pair: Pair, backend: Backend, library: string): Promise<void> {
    const [into, from] = ["in", backend].map((kind) => join(this.folder, pair.graph.name, kind)) as [string, string];
    for (const folder of [into, from]) mkdirSync(folder, { recursive: true });
    for (const [tensor, bits] of Object.entries(pair.inputs))
      writeFileSync(join(into, `${tensor}.raw`), new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
    const place = { "model-library": library, graph: pair.graph.name, inputs: into, outputs: from };
    const report = join(this.folder, "report.json");
    const flags = Object.entries({ ...place, report }).flatMap(([flag, value]) => [`--${flag}`, value]);
    await runProgram("rwkv-run", ["exec", ...backends[backend], ...flags]);
    for (const { name } of pair.graph.outputs) {
      const bytes = readFileSync(join(from, `${name}.raw`));
      pair[backend][name] = Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Patterns of the whole range, the same for the same seed. */
export function patterns(count: number, seed: number): Uint16Array {
  const random = randomIntegers(seed);
  return Uint16Array.from({ length: count }, () => random() & 0xffff);
}

/** Numbers of ordinary size: exponents of 2^-6 to 2^3, all signs and mantissas. */
export function ordinary(count: number, seed: number): Uint16Array {
  const random = randomIntegers(seed);
  return Uint16Array.from({ length: count }, () => {
    const bits = random();
    return (bits & 0x83ff) | ((9 + ((bits >>> 16) % 10)) << 10);
  });
}

function randomIntegers(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return (Math.imul(state, 0x9e3779b1) ^ (state >>> 15)) >>> 0;
  };
}

/** What a pattern stands for where exponent 31 is one more binade. */
export function extendedValue(bits: number): number {
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  const magnitude = exponent === 0 ? mantissa * 2 ** -24 : (mantissa + 1024) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

const isNaNPattern = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
/** Place among all patterns, in the order of their values; -0 is one before +0. */
const place = (bits: number): number => (bits & 0x8000 ? -1 - (bits & 0x7fff) : bits);

export interface Distance {
  /** Share of elements that are equal in every bit. */
  readonly equal: number;
  /** Most float16 steps apart. */
  readonly steps: number;
  /** Largest difference of the values. */
  readonly absolute: number;
  /** The element with the most steps, for messages. */
  readonly worst: string;
}

export interface Comparison {
  /** NaNs of any payload are one: for ops that compute as IEEE does. */
  readonly nans?: boolean;
  /** So are +0 and -0. */
  readonly zeros?: boolean;
  /** Which elements count. */
  readonly where?: (index: number) => boolean;
}

export function distance(
  pair: Pair,
  output: string,
  { nans = false, zeros = false, where = () => true }: Comparison = {},
): Distance {
  const [device, host] = [pair.device[output], pair.host[output]];
  if (!device || !host || device.length !== host.length || device.length === 0)
    throw new Error(`${pair.graph.name}: output ${output} was not made by both backends`);
  let [counted, equal, steps, absolute, worst] = [0, 0, 0, 0, "none"];
  for (let i = 0; i < device.length; i++) {
    if (!where(i)) continue;
    const [d, h] = [device[i]!, host[i]!];
    counted++;
    if (d === h || (nans && isNaNPattern(d) && isNaNPattern(h)) || (zeros && ((d | h) & 0x7fff) === 0)) {
      equal++;
      continue;
    }
    absolute = Math.max(absolute, Math.abs(extendedValue(d) - extendedValue(h)));
    const apart = Math.abs(place(d) - place(h));
    if (apart <= steps) continue;
    steps = apart;
    worst = `element ${i}: simulator ${d.toString(16)}, host ${h.toString(16)}`;
  }
  if (counted === 0) throw new Error(`${pair.graph.name}: no element of ${output} was compared`);
  return { equal: equal / counted, steps, absolute, worst };
}

/** Of codes: the share that is equal, and how many units apart the others are at most. */
export function codeDistance(
  pair: Pair,
  output: string,
): { readonly equal: number; readonly most: number; readonly worst: string } {
  const [device, host] = [pair.device[output], pair.host[output]];
  if (!device || !host || device.length !== host.length || device.length === 0)
    throw new Error(`${pair.graph.name}: output ${output} was not made by both backends`);
  let [equal, most, worst] = [0, 0, "none"];
  for (let i = 0; i < device.length; i++) {
    const apart = Math.abs(device[i]! - host[i]!);
    if (apart === 0) equal++;
    if (apart <= most) continue;
    most = apart;
    worst = `element ${i}: simulator ${device[i]}, host ${host[i]}`;
  }
  return { equal: equal / device.length, most, worst };
}
