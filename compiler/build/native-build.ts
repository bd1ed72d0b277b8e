/**
 * Builds the C++ programs `rwkv-run` and `rwkv-context`, the runtime `librwkv.so` and the host backend `libQnnHost.so` with cmake:
 * for this machine into `out/native/`, for another one into `out/native-<triple>/`, when they are missing or their sources have
 * changed.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

import { DiagnosticError, internalError, missingError } from "../diagnostics/diagnostic.ts";
import { withLock } from "../qnn/lock.ts";
import { findCompiler, hostTriple, type Triple } from "./build-library.ts";
import { nativeFolder, projectRoot } from "./project-paths.ts";

const sourceFolder = join(projectRoot, "runtime-cpp");
const targets = ["rwkv", "rwkv-run", "rwkv-context", "QnnHost"];
const products = ["rwkv-run", "rwkv-context", "librwkv.so", "libQnnHost.so"];

/** Systems that the programs can be built for. */
export type NativeTriple = Exclude<Triple, "aarch64-android">;

export const nativeFolderOf = (triple: NativeTriple): string =>
  triple === hostTriple ? nativeFolder : `${nativeFolder}-${triple}`;

export interface EnsureOptions {
  /** Called once when a build begins. */
  readonly onBuild?: () => void;
  /** Called once when another process builds them, with what it is: this one waits for it. */
  readonly onWait?: (who: string) => void;
}

/** Diagnostics: build/no-cmake, build/no-compiler (missing), build/native-failed. */
export async function ensurePrograms(options: EnsureOptions = {}, triple: NativeTriple = hostTriple): Promise<void> {
  const folder = nativeFolderOf(triple);
  if (isCurrent(folder, fingerprint())) return;
  await mkdir(folder, { recursive: true });
  await withLock(
    join(folder, "build.lock"),
    (who) => options.onWait?.(who),
    async () => {
      // Another process may have built them while this one waited.
      const sources = fingerprint();
      if (isCurrent(folder, sources)) return;
      options.onBuild?.();
      const compiler = await findCompiler(triple);
      await configure(folder, triple === hostTriple ? [] : crossOptions(triple, compiler.command));
      await cmake(["--build", folder, "--parallel", String(cpus().length), "--target", ...targets]);
      writeFileSync(stampOf(folder), sources);
    },
  );
}

const crossOptions = (triple: NativeTriple, compiler: string): string[] => [
  "-DCMAKE_SYSTEM_NAME=Linux",
  `-DCMAKE_SYSTEM_PROCESSOR=${triple.split("-")[0]}`,
  `-DCMAKE_CXX_COMPILER=${compiler}`,
];

/** Holds the fingerprint of the sources that the programs were built from. */
const stampOf = (folder: string): string => join(folder, "sources.sha256");

function isCurrent(folder: string, sources: string): boolean {
  const stamp = stampOf(folder);
  const built = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  return built === sources && products.every((name) => existsSync(join(folder, name)));
}

/** Of all files that the programs are made of, and of whether Highway can be built with. */
function fingerprint(): string {
  const hash = createHash("sha256");
  hash.update(`Highway ${["/usr", "/usr/local"].some((place) => existsSync(`${place}/include/hwy/highway.h`))}\n`);
  const visit = (folder: string, under: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = `${under}/${entry.name}`;
      // The model libraries' support code is compiled with each model.
      if (name === "/model") continue;
      if (entry.isDirectory()) visit(join(folder, entry.name), name);
      else if (entry.isFile()) {
        const text = readFileSync(join(folder, entry.name));
        hash.update(`${name} ${text.length}\n`).update(text);
      }
    }
  };
  visit(sourceFolder, "");
  return hash.digest("hex");
}

async function configure(folder: string, options: readonly string[]): Promise<void> {
  const cache = join(folder, "CMakeCache.txt");
  const args = ["-S", sourceFolder, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DRWKV_UNITY=ON", ...options];
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
    await rm(join(folder, "CMakeFiles"), { recursive: true, force: true });
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
