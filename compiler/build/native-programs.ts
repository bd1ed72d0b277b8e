/**
 * Runs the C++ programs as child processes, since what they load (Qualcomm's libraries, generated models) can crash. What goes
 * wrong with them comes back as diagnostics.
 */
import { readFileSync } from "node:fs";
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
import { lastLines } from "./build-library.ts";
import { ensurePrograms } from "./native-build.ts";
import { nativeFolder } from "./project-paths.ts";

export { ensurePrograms };
export type ProgramName = "rwkv-run" | "rwkv-context";

export const programPath = (name: ProgramName): string => join(nativeFolder, name);

export interface RunOptions {
  /** Gets the program's standard output piece by piece as it comes; pieces may end inside a UTF-8 sequence. */
  readonly onStdout?: ((piece: Uint8Array) => void) | undefined;
  /** Variables on top of this process' own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the programs have to be built first. */
  readonly onBuild?: () => void;
  /** Called when another process builds them, with what it is. */
  readonly onWait?: (who: string) => void;
}

/**
 * Runs the program to its end. A report that it writes is named in `args` by `--report FILE`; after a failure its `error`
 * becomes the diagnostic runtime/CODE, with the exit code's kind. Diagnostics: those of ensurePrograms, the program's own,
 * program/crashed, program/killed, program/not-started, program/failed.
 */
export async function runProgram(name: ProgramName, args: readonly string[], options: RunOptions = {}): Promise<void> {
  await ensurePrograms(options);
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
