#!/usr/bin/env node
/**
 * `npm run setup`, and the beginning of `npm run demo` and `npm test`: Node packages, system packages, the compiler's
 * bundle, the C++ programs. Starts in a fresh clone, with nothing installed. What is there already costs a moment.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { ensureNodeModules } from "./node-modules.mjs";
import { linkSelf } from "./link-self.mjs";
import { buildTools, ensureSystemPackages, testTools } from "./system-packages.mjs";
import { root, say, stop } from "./terminal.mjs";

export const compilerProgram = join(root, "out/compiler/rwkvc.js");

/** `tests`: also what the tests need. */
export async function setUp({ tests = false } = {}) {
  // Both wait for the network.
  await Promise.all([ensureNodeModules(), ensureSystemPackages([...buildTools, ...(tests ? testTools : [])])]);
  linkSelf();
  await ensureCompiler();
  await ensurePrograms();
}

async function ensureCompiler() {
  if (!isNewer(compilerProgram, ["compiler", "package.json", "templates"])) {
    say("building the compiler");
    const { buildCompiler } = await import("../build.mjs");
    await buildCompiler();
  }
}

/** The programs are built by the compiler's own code, which also does so when a command first needs them. */
async function ensurePrograms() {
  const { ensurePrograms: build } = await import(pathToFileURL(join(root, "out/compiler/native-programs.js")).href);
  try {
    await build({ onBuild: () => say("building the C++ programs (once, a minute or two)") });
  } catch (error) {
    stop(`the C++ programs could not be built: ${error.message}`);
  }
}

/** A product is newer than every file under the given paths. */
function isNewer(product, paths) {
  const made = statSync(product, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && paths.every((path) => newest(join(root, path)) <= made);
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await setUp();
  say("ready: npx rwkvc --help");
}
