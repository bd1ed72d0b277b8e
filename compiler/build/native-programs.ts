/**
 * The C++ programs `rwkv-run` and `rwkv-context`: built by cmake into out/native/ when missing or older than their sources, and run in
 * child processes, so that a crash inside a foreign library becomes a message.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { execa, ExecaError } from "execa";

import { type Diagnostic, DiagnosticError, inputError, internalError, missingError, usageError } from "../diagnostics/diagnostic.ts";
import { projectRoot } from "./project-paths.ts";

export type ProgramName = "rwkv-run" | "rwkv-context";

const sources = join(projectRoot, "runtime-cpp");
const products = join(projectRoot, "out/native");
/** Its time is that of the last complete build. */
const stamp = join(products, "built");
const lock = join(projectRoot, "out/native.lock");

export interface EnsureOptions {
  /** Called once if something has to be built. */
  readonly onBuild?: () => void;
}

/** Builds the programs if needed. Fails with a DiagnosticError: no cmake, no compiler, a failing build. */
export async function ensurePrograms(options: EnsureOptions = {}): Promise<void> {
  if (isFresh()) return;
  await withLock(async () => {
    if (isFresh()) return;
    options.onBuild?.();
    const started = new Date();
    mkdirSync(products, { recursive: true });
    const generator = (await hasNinja()) ? ["-G", "Ninja"] : [];
    const configured = existsSync(join(products, "CMakeCache.txt")) ? [] : generator;
    await tool("cmake", ["-S", sources, "-B", products, ...configured, "-DCMAKE_BUILD_TYPE=Release"]);
    await tool("cmake", ["--build", products, "--parallel", "2"]);
    writeFileSync(stamp, "");
    // A source that changed during the build is newer than the stamp.
    utimesSync(stamp, started, started);
  });
}

export interface RunOptions {
  /** Gets the program's standard output as it comes. */
  readonly onStdout?: (piece: string) => void;
}

/**
 * Runs a program to its end. `args` name a `--report` file, where the program explains a failure. Fails with a
 * DiagnosticError that carries the program's own message, or says that it crashed and what was heard last.
 */
export async function runProgram(name: ProgramName, args: readonly string[], options: RunOptions): Promise<void> {
  await ensurePrograms();
  try {
    const child = execa(join(products, name), args, { stdin: "ignore", buffer: { stdout: false, stderr: true }, encoding: "utf8" });
    child.stdout?.on("data", (piece: Buffer | string) => options.onStdout?.(piece.toString()));
    await child;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new DiagnosticError([explain(name, error, reportOf(args))]);
  }
}

interface ProgramError {
  readonly code: string;
  readonly message: string;
  readonly call?: string;
  readonly hint?: string;
  readonly log?: readonly string[];
}

function explain(name: ProgramName, error: ExecaError, reported: ProgramError | undefined): Diagnostic {
  if (error.signal !== undefined || !reported) {
    const how = error.signal === undefined ? `ended with exit code ${error.exitCode ?? "unknown"}` : `was ended by ${error.signal}`;
    return internalError("program/crashed", `${name} ${how}`, {
      notes: [`command: ${error.command}`, ...lastLines(error.stderr)],
      hint:
        error.signal === "SIGKILL"
          ? "the system may have run out of memory"
          : "a library that it loaded may have crashed: `rwkvc doctor` shows which ones are in use",
    });
  }
  const make = { 1: inputError, 2: usageError, 3: missingError }[error.exitCode ?? 4] ?? internalError;
  const log = (reported.log ?? []).slice(-5).map((line) => `the library said: ${line}`);
  return make(`runtime/${reported.code.replace(/^runtime\//, "")}`, reported.message, {
    notes: [...(reported.call ? [`in ${reported.call}`] : []), ...log],
    ...(reported.hint ? { hint: reported.hint } : {}),
  });
}

const lastLines = (stderr: unknown): string[] =>
  String(stderr ?? "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.includes("LIBNATIVE"))
    .slice(-5);

function reportOf(args: readonly string[]): ProgramError | undefined {
  const file = args[args.indexOf("--report") + 1];
  try {
    return (JSON.parse(readFileSync(file ?? "", "utf8")) as { error?: ProgramError }).error;
  } catch {
    return undefined;
  }
}

function isFresh(): boolean {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined || !existsSync(join(products, "rwkv-run")) || !existsSync(join(products, "rwkv-context"))) return false;
  return newest(sources) <= built;
}

/** Time of the youngest source file. */
function newest(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    const path = join(folder, entry.name);
    return Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }, 0);
}

async function hasNinja(): Promise<boolean> {
  try {
    await execa("ninja", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

async function tool(command: string, args: readonly string[]): Promise<void> {
  try {
    await execa(command, args, { stdin: "ignore", all: true });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.code === "ENOENT") {
      throw new DiagnosticError([
        missingError("build/no-cmake", "cmake is not installed, and the C++ programs have to be built", {
          hint: "apt-get install cmake g++ ninja-build",
        }),
      ]);
    }
    const lines = String(error.all ?? "").split("\n").filter((line) => line.trim() !== "");
    throw new DiagnosticError([
      missingError("build/native-failed", "the C++ programs could not be built", {
        notes: [`command: ${error.command}`, `exit code ${error.exitCode ?? "none"}`, ...lines.slice(-12)],
        hint: "`rwkvc doctor` checks the compiler and cmake; removing out/native starts afresh",
      }),
    ]);
  }
}

/** One build at a time; a lock whose owner is gone is taken over. */
async function withLock(work: () => Promise<void>): Promise<void> {
  mkdirSync(join(projectRoot, "out"), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch {
      if (!ownerLives()) rmSync(lock, { force: true });
      else await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function ownerLives(): boolean {
  const owner = Number(readLock());
  if (!Number.isInteger(owner) || owner <= 0) return false;
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readLock(): string {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return "";
  }
}
