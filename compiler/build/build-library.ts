/**
 * Compiles a model library: the artefact's `src/` to `lib/<triple>/lib<name>.so`, with the C++ compiler of the machine or a
 * cross compiler.
 */
import { constants } from "node:fs";
import { access, mkdir, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { execa, ExecaError } from "execa";

import {
  DiagnosticError,
  inputError,
  internalError,
  missingError,
  type Diagnostic,
} from "../diagnostics/diagnostic.ts";
import { compileFlags, supportSources, weightsFile } from "../emit/emit-model.ts";
import { hostTriple, type Triple } from "./triples.ts";

export { hostTriple, type Triple };

export interface LibraryBuild {
  /** Folder that has `src/`; the library goes to its `lib/`. */
  readonly artefact: string;
  readonly name: string;
  readonly triple: Triple;
  readonly embedWeights?: boolean;
  /** More flags for tests: sanitizers, warnings. */
  readonly extraFlags?: readonly string[];
}

export const libraryPath = (name: string, triple: Triple): string => `lib/${triple}/lib${name}.so`;

/**
 * Diagnostics: build/no-compiler (missing), build/compiler-failed (with command line, status, last lines of stderr). All
 * paths on the command line are relative to `src/`, so that the library's bytes do not depend on where it is built.
 */
export async function buildLibrary(build: LibraryBuild): Promise<void> {
  const compiler = await findCompiler(build.triple);
  const source = join(build.artefact, "src");
  await mkdir(join(build.artefact, "lib", build.triple), { recursive: true });
  const common = [
    ...compiler.args,
    ...compileFlags,
    ...(build.embedWeights ? ["-DRWKVC_EMBED_WEIGHTS", `-DRWKVC_WEIGHTS_FILE="../${weightsFile}"`] : []),
    ...(build.extraFlags ?? []),
    "-I.",
    "-IQNN",
  ];
  // The graph's code is large and runs once: optimizing it would take most of the build.
  const model = join("..", "lib", build.triple, "model.o");
  await runCompiler(compiler, [...common, "-O0", "-c", "model.cpp", "-o", model], source);
  const args = [
    ...common,
    "-shared",
    "-s",
    "-Wl,--as-needed",
    model,
    ...supportSources,
    ...(build.embedWeights ? ["weights.S"] : []),
    "-ldl",
    "-o",
    join("..", libraryPath(build.name, build.triple)),
  ];
  await runCompiler(compiler, args, source);
  await rm(join(source, model), { force: true });
  const library = join(build.artefact, libraryPath(build.name, build.triple));
  if (
    await access(library).then(
      () => true,
      () => false,
    )
  )
    return;
  throw new DiagnosticError([
    missingError("build/compiler-failed", `the C++ compiler ${compiler.command} ended well, but wrote no library`, {
      hint: compiler.named ? namedHint : "install the compiler again",
    }),
  ]);
}

const namedHint = "unset CXX, or set it to a C++17 compiler";

interface Compiler {
  readonly command: string;
  /** Arguments that belong to the command (CXX="ccache g++", a target). */
  readonly args: readonly string[];
  /** By the variable CXX. */
  readonly named: boolean;
}

/** Compilers by triple, the first that is there. */
const candidates: Readonly<Record<Triple, readonly string[]>> = {
  "x86_64-linux": ["x86_64-linux-gnu-g++"],
  "aarch64-linux": ["aarch64-linux-gnu-g++"],
  "aarch64-android": ["aarch64-linux-android30-clang++"],
};

const packages: Readonly<Record<Triple, string>> = {
  "x86_64-linux": "apt-get install g++",
  "aarch64-linux": "apt-get install g++-aarch64-linux-gnu",
  "aarch64-android": "set ANDROID_NDK_ROOT to an Android NDK",
};

export async function findCompiler(triple: Triple): Promise<Compiler> {
  const named = process.env["CXX"]?.trim().split(/\s+/) ?? [];
  if (triple === hostTriple && named[0]) {
    if (await onPath(named[0])) return { command: named[0], args: named.slice(1), named: true };
    throw new DiagnosticError([
      missingError("build/no-compiler", `the C++ compiler that CXX names (${named[0]}) is not there`, {
        hint: "unset CXX, or set it to a compiler on the PATH",
      }),
    ]);
  }
  const hosted = triple === hostTriple ? ["g++", "clang++"] : [];
  for (const command of [...hosted, ...candidates[triple]]) {
    const path = triple === "aarch64-android" ? await inNdk(command) : command;
    if (path !== undefined && (await onPath(path))) return { command: path, args: [], named: false };
  }
  throw new DiagnosticError([
    missingError("build/no-compiler", `no C++ compiler for ${triple} is installed`, {
      notes: [`Looked for ${[...hosted, ...candidates[triple]].join(", ")} on the PATH.`],
      hint: packages[triple],
    }),
  ]);
}

async function inNdk(command: string): Promise<string | undefined> {
  const root = process.env["ANDROID_NDK_ROOT"] ?? process.env["ANDROID_NDK_HOME"];
  return root === undefined ? undefined : join(root, "toolchains/llvm/prebuilt/linux-x86_64/bin", command);
}

async function onPath(command: string): Promise<boolean> {
  const places = command.includes("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
  for (const place of places) {
    const found = await access(place === "" ? command : join(place, command), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function runCompiler(compiler: Compiler, args: readonly string[], cwd: string): Promise<void> {
  try {
    // Messages and dates in the machine's language or clock would make builds differ.
    await execa(compiler.command, args, { cwd, env: { LC_ALL: "C", SOURCE_DATE_EPOCH: "0" }, stdin: "ignore" });
  } catch (error) {
    throw new DiagnosticError([compilerFailure(error, compiler, args)]);
  }
}

function compilerFailure(error: unknown, { command, named }: Compiler, args: readonly string[]): Diagnostic {
  if (!(error instanceof ExecaError)) return internalError("build/compiler-failed", String(error));
  if (error.exitCode === undefined && error.signal === undefined) {
    return missingError("build/compiler-failed", `the C++ compiler ${command} cannot be started`, {
      notes: [error.shortMessage],
      ...(named ? { hint: namedHint } : {}),
    });
  }
  const status = error.signal === undefined ? `status ${error.exitCode}` : `signal ${error.signal}`;
  const notes = [`$ ${[command, ...args].join(" ")}`, ...lastLines(String(error.stderr ?? ""), 20)];
  const title = `the C++ compiler ${command} ended with ${status}`;
  // Disk full, memory out, a killed compiler: the machine's fault. What we generated does not compile: ours.
  const machine =
    error.signal !== undefined || /No space left|out of memory|cannot write|Permission denied/.test(notes.join());
  // What a compiler of the user's choice cannot do says nothing about ours.
  if (named && !machine) return missingError("build/compiler-failed", title, { notes, hint: namedHint });
  return (machine ? inputError : internalError)("build/compiler-failed", title, { notes });
}

export const lastLines = (text: string, count: number): string[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count);
