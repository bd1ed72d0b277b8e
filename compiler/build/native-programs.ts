/**
 * The C++ programs `rwkv-run` and `rwkv-context`, `librwkv.so`, and the host backend `libQnnHost.so`: built with cmake into `out/native/` when they are missing
 * or their sources have changed, and run as child processes, since what they load (Qualcomm's libraries, generated models) can
 * crash. What goes wrong with them comes back as diagnostics.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import {
  DiagnosticError,
  inputError,
  internalError,
  missingError,
  usageError,
  type Diagnostic,
} from "../diagnostics/diagnostic.ts";
import { withLock } from "../qnn/lock.ts";
import { findCompiler, hostTriple, lastLines } from "./build-library.ts";
import { hostLibraryPath, nativeFolder, projectRoot } from "./project-paths.ts";

export type ProgramName = "rwkv-run" | "rwkv-context";

const sourceFolder = join(projectRoot, "runtime-cpp");
/** Holds the fingerprint of the sources that the programs were built from. */
const stampFile = join(nativeFolder, "sources.sha256");
const targets = ["rwkv", "rwkv-run", "rwkv-context", "QnnHost"];

export const programPath = (name: ProgramName): string => join(nativeFolder, name);

export interface EnsureOptions {
  /** Called once when a build begins. */
  readonly onBuild?: () => void;
}

/** Diagnostics: build/no-cmake, build/no-compiler (missing), build/native-failed. */
export async function ensurePrograms({ onBuild }: EnsureOptions = {}): Promise<void> {
  if (isCurrent(fingerprint())) return;
  await mkdir(nativeFolder, { recursive: true });
  await withLock(
    join(nativeFolder, "build.lock"),
    () => {},
    async () => {
      // Another process may have built them while this one waited.
      const sources = fingerprint();
      if (isCurrent(sources)) return;
      onBuild?.();
      await findCompiler(hostTriple);
      await configure();
      await cmake(["--build", nativeFolder, "--parallel", "2", "--target", ...targets]);
      writeFileSync(stampFile, sources);
    },
  );
}

function isCurrent(sources: string): boolean {
  const built = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
  return (
    built === sources &&
    [programPath("rwkv-run"), programPath("rwkv-context"), hostLibraryPath].every((file) => existsSync(file))
  );
}

/** Of names, sizes and times of all files that the programs are made of. */
function fingerprint(): string {
  const hash = createHash("sha256");
  const visit = (folder: string, under: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = `${under}/${entry.name}`;
      // The model libraries' support code is compiled with each model.
      if (name === "/model") continue;
      if (entry.isDirectory()) visit(join(folder, entry.name), name);
      else if (entry.isFile()) {
        const { size, mtimeMs } = statSync(join(folder, entry.name));
        hash.update(`${name} ${size} ${mtimeMs}\n`);
      }
    }
  };
  visit(sourceFolder, "");
  return hash.digest("hex");
}

async function configure(): Promise<void> {
  const cache = join(nativeFolder, "CMakeCache.txt");
  const args = ["-S", sourceFolder, "-B", nativeFolder, "-DCMAKE_BUILD_TYPE=Release"];
  if (!existsSync(cache)) {
    const { failed } = await execa("ninja", ["--version"], { reject: false });
    return cmake(failed ? args : [...args, "-G", "Ninja"]);
  }
  try {
    await cmake(args);
  } catch (error) {
    if (!(error instanceof DiagnosticError) || error.diagnostics[0]?.code !== "build/native-failed") throw error;
    // Configured by another cmake, generator or place of the project: once more from nothing.
    await rm(cache, { force: true });
    await rm(join(nativeFolder, "CMakeFiles"), { recursive: true, force: true });
    await cmake(args);
  }
}

async function cmake(args: readonly string[]): Promise<void> {
  const result = await execa("cmake", args, { reject: false, all: true, stdin: "ignore", env: { LC_ALL: "C" } });
  if (!result.failed) return;
  if (result.code === "ENOENT") {
    throw new DiagnosticError([
      missingError("build/no-cmake", "cmake is not installed", {
        notes: ["The programs that run models (rwkv-run, rwkv-context) are built with it at their first use."],
        hint: "apt-get install cmake g++",
      }),
    ]);
  }
  const notes = [`$ cmake ${args.join(" ")}`, ...errorLines(result.all ?? "")];
  throw new DiagnosticError([internalError("build/native-failed", "the C++ programs could not be built", { notes })]);
}

/** A compiler's output may be long: the first error and what follows, or the end. */
function errorLines(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const first = lines.findIndex((line) => /\berror\b/i.test(line));
  return first < 0 ? lines.slice(-20) : lines.slice(first, first + 20);
}

export interface RunOptions {
  /** Gets the program's standard output piece by piece as it comes; pieces may end inside a UTF-8 sequence. */
  readonly onStdout?: ((piece: Uint8Array) => void) | undefined;
  /** Variables on top of this process' own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the programs have to be built first. */
  readonly onBuild?: () => void;
}

/**
 * Runs the program to its end. A report that it writes is named in `args` by `--report FILE`; after a failure its `error`
 * becomes the diagnostic runtime/CODE, with the exit code's kind. Diagnostics: those of ensurePrograms, the program's own,
 * program/crashed, program/killed, program/not-started, program/failed.
 */
export async function runProgram(name: ProgramName, args: readonly string[], options: RunOptions = {}): Promise<void> {
  await ensurePrograms(options.onBuild ? { onBuild: options.onBuild } : {});
  const child = execa(programPath(name), args, {
    reject: false,
    buffer: false,
    stdin: "ignore",
    ...(options.env ? { env: options.env } : {}),
  });
  const [result, tail] = await Promise.all([child, readTail(child.stderr), forward(child.stdout, options.onStdout)]);
  if (!result.failed) return;
  throw new DiagnosticError([explain(name, args, result, tail)]);
}

/** Absent when the program could not be started. */
type Output = AsyncIterable<Uint8Array> | null | undefined;

async function forward(stdout: Output, onStdout: RunOptions["onStdout"]): Promise<void> {
  for await (const piece of stdout ?? []) onStdout?.(piece);
}

/** The last lines of standard error, of which there may be megabytes (Qualcomm's log). */
async function readTail(stderr: Output): Promise<string[]> {
  const kept = 16 * 1024;
  let text = "";
  const decoder = new TextDecoder();
  for await (const piece of stderr ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > 2 * kept) text = text.slice(-kept);
  }
  // The banner of Qualcomm's libraries says nothing.
  return lastLines(text, 40)
    .filter((line) => !line.includes("LIBNATIVE"))
    .slice(-20);
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly shortMessage?: string | undefined;
}

function explain(name: ProgramName, args: readonly string[], ended: Ended, tail: readonly string[]): Diagnostic {
  const commandLine = `$ ${[name, ...args].join(" ")}`;
  if (ended.signal !== undefined) return explainSignal(name, ended.signal, [commandLine, ...tail]);
  if (ended.exitCode === undefined) {
    return missingError("program/not-started", `${name} cannot be started`, {
      place: { file: programPath(name) },
      notes: [ended.shortMessage ?? ended.code ?? ""],
      hint: "run `npm run setup`",
    });
  }
  const make = makers[ended.exitCode] ?? internalError;
  const error = reportedError(args);
  if (!error)
    return make("program/failed", `${name} ended with status ${ended.exitCode}`, { notes: [commandLine, ...tail] });
  const call = error.call && error.status !== 0 ? [`${error.call} gave ${error.status ?? "an error"}.`] : [];
  const notes = [...call, ...(error.log ?? [])];
  return make(`runtime/${error.code.replace(/^runtime\//, "")}`, error.message, {
    ...(notes.length > 0 ? { notes } : {}),
    ...(error.hint ? { hint: error.hint } : {}),
  });
}

/** By exit code of our programs. */
const makers: Readonly<Record<number, typeof inputError>> = {
  1: inputError,
  2: usageError,
  3: missingError,
  4: internalError,
};

function explainSignal(name: ProgramName, signal: string, notes: readonly string[]): Diagnostic {
  if (signal === "SIGKILL") {
    return missingError("program/killed", `${name} was killed (SIGKILL)`, {
      notes: [...notes],
      hint: "if nobody did it on purpose, the machine ran out of memory",
    });
  }
  if (signal === "SIGINT" || signal === "SIGTERM") {
    return inputError("program/interrupted", `${name} was interrupted (${signal})`);
  }
  return internalError("program/crashed", `${name} crashed (${signal}) while it worked with a foreign library`, {
    notes: ["The program loads the backend's library and the model library; one of them brought it down.", ...notes],
    hint: "`rwkvc doctor` tries each library by itself",
  });
}

interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly call?: string;
  readonly status?: number;
  readonly hint?: string;
  readonly log?: readonly string[];
}

function reportedError(args: readonly string[]): ReportedError | undefined {
  const file = args[args.indexOf("--report") + 1];
  if (!args.includes("--report") || file === undefined) return undefined;
  try {
    const { error } = JSON.parse(readFileSync(file, "utf8")) as { error?: Partial<ReportedError> };
    return typeof error?.code === "string" && typeof error.message === "string" ? (error as ReportedError) : undefined;
  } catch {
    return undefined;
  }
}
