/** Test support: builds artefacts with the command line and runs them on the host backend and on Qualcomm's libraries. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, inject } from "vitest";

import { rwkvc } from "../commands/command-line.ts";
import { cpuLibrary, htpLibrary } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";

export interface Library {
  /** As --backend names it. */
  readonly backend: string;
  readonly env: NodeJS.ProcessEnv;
}
const using = (backend: string, library: string | undefined): Library => ({
  backend,
  env: { ...process.env, RWKVC_QNN_DIR: dirname(library ?? "/nonexistent/library") },
});
/** Nothing of Qualcomm's can be found there. */
export const host = using("host", undefined);
export const cpu = using("qnn-cpu", cpuLibrary);
export const htp = using("htp", htpLibrary);

const commandsOnBackends = ["run", "logits", "eval"];

/** Runs a command that must succeed, and gives what it writes with --json. */
export async function run<T>(args: readonly string[], library: Library): Promise<T> {
  const on = commandsOnBackends.includes(args[0] ?? "") ? ["--backend", library.backend] : [];
  const { code, stdout, stderr } = await rwkvc([...args, ...on, "--json"], library.env);
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

type BuildArguments = [spec: string, weights: string, options: readonly string[], library: Library];

export async function build(...[spec, weights, options, library]: BuildArguments): Promise<string> {
  const artefact = join(scratch(), "model");
  await run(["build", spec, "--weights", weights, "--out", artefact, ...options], library);
  return artefact;
}

/** Options of the artefacts that most tests read. */
export const fp32 = ["--precision", "fp32"];
export const fp16 = ["--precision", "fp16"];
export const qnnCpu = ["--target", "qnn-cpu"];

/** An artefact of a bundled spec and model, made once for all tests that read it. */
export async function shared(...[spec, weights, options, library]: BuildArguments): Promise<string> {
  const wanted = JSON.stringify([spec, weights, options, library.backend]);
  const place = join(inject("sharedArtefacts"), createHash("sha256").update(wanted).digest("hex").slice(0, 16));
  if (!existsSync(place)) {
    // At the same depth: an artefact knows its spec by a relative path.
    const made = `${place}.${process.pid}`;
    await run(["build", spec, "--weights", weights, "--out", join(made, "model"), ...options], library);
    try {
      renameSync(made, place);
    } catch (error) {
      // Another worker was faster.
      if (!existsSync(place)) throw error;
    }
  }
  return join(place, "model");
}

export interface Logits {
  /** [tokens, vocabulary] */
  readonly logits: Float32Array;
  /** All states after the last token, in the order of the spec. */
  readonly state: Float32Array;
}

export async function logitsOf(
  artefact: string,
  tokens: readonly number[],
  library: Library,
  options: readonly string[] = [],
): Promise<Logits> {
  const folder = scratch();
  const [ids, out, state] = ["ids.txt", "logits.f32", "state.f32"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(ids, tokens.join(" "));
  await run(["logits", artefact, "--tokens", ids, "--out", out, "--state-out", state, ...options], library);
  return { logits: readFloats(out), state: readFloats(state) };
}

export function readFloats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    // NaN counts as the largest.
    if (!(difference <= most)) most = Number.isNaN(difference) ? Infinity : difference;
  }
  return most;
}

/** Positions whose largest logit is the same. */
export function sameTop(a: Float32Array, b: Float32Array, vocabulary: number): number {
  let same = 0;
  for (let t = 0; t + vocabulary <= a.length; t += vocabulary)
    if (top(a, t, vocabulary) === top(b, t, vocabulary)) same++;
  return same;
}

function top(values: Float32Array, from: number, count: number): number {
  let best = from;
  for (let i = from; i < from + count; i++) if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
  return best - from;
}

export interface Official {
  readonly vocab: number;
  readonly tokens: readonly number[];
  readonly greedy: readonly {
    readonly prompt: readonly number[];
    readonly tokens: readonly number[];
    readonly min_top2_margin: number;
    readonly text?: string;
    readonly prompt_text?: string;
  }[];
  readonly logits: Float32Array;
  readonly state: Float32Array;
}

/** A bundled model's reference outputs, made by the official implementation. */
export function official(model: string): Official {
  const folder = join("models", model);
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Official;
  return {
    ...manifest,
    logits: readFloats(join(folder, "logits.f32.bin")),
    state: readFloats(join(folder, "state.f32.bin")),
  };
}
