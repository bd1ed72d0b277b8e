#!/usr/bin/env node
/** `npm run check`: types, lint, formatting of both languages, tests. `-- --no-tests` leaves the tests out. */
import { join } from "node:path";

import { formatCpp } from "./format-cpp.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { root, run, say } from "./terminal.mjs";

await ensureNodeModules();

const tool = (name, ...args) => run(join(root, "node_modules/.bin", name), args);
const lint = ["lint", () => tool("eslint", ".")];
const others = [
  ["types", () => tool("tsc", "--noEmit", "-p", ".")],
  ["formatting", () => tool("prettier", "--check", "--log-level", "warn", ".")],
  ["formatting of C++", () => formatCpp(false)],
];
const tests = ["tests", () => run(process.execPath, ["compiler/setup/test.mjs"])];

const failed = [];
async function inTurn(checks) {
  for (const [name, check] of checks) {
    say(`== ${name}`);
    if ((await check()) !== 0) failed.push(name);
  }
}
// Lint takes as long as the others together.
await Promise.all([inTurn([lint]), inTurn(others)]);
if (!process.argv.includes("--no-tests")) await inTurn([tests]);
if (failed.length > 0) {
  say(`\nfailed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
