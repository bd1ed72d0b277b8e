/** Installs the Node packages of package-lock.json when node_modules lacks them or has others. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";

import { root, run, say, stop } from "./terminal.mjs";

export async function ensureNodeModules() {
  // What came with 20.15 and 22.2.
  if (!("crc32" in zlib)) {
    stop(`Node ${process.versions.node} is too old`, "install Node 20.15, or 22.2 or newer");
  }
  if (isCurrent()) return;
  say("installing the Node packages of package-lock.json");
  const code = await run(process.platform === "win32" ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund"]);
  if (code !== 0) stop("npm ci failed", "see its message above; it needs the npm registry or a filled cache");
}

/** npm writes what it installed into node_modules/.package-lock.json: packages and versions must be the lock's. */
export function isCurrent(folder = root) {
  const wanted = packagesOf(join(folder, "package-lock.json"));
  const installed = packagesOf(join(folder, "node_modules/.package-lock.json"));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = installed[path];
    // Optional ones are packages for other machines.
    return found ? found.version === entry.version : entry.optional === true || entry.devOptional === true;
  });
}

function packagesOf(file) {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
