#!/usr/bin/env node
/** `npm run check`: types, lint, formatting of both languages, tests. `-- --no-tests` leaves the tests out. */
import { join } from "node:path";

import { formatCpp } from "./format-cpp.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { root, run, say } from "./terminal.mjs";

await ensureNodeModules();

const tool = (name, ...args) => run(join(root, "node_modules/.bin", name), args);
const checks = [
  ["types", () => tool("tsc", "--noEmit", "-p", ".")],
  ["lint", () => tool("eslint", ".")],
  ["formatting", () => tool("prettier", "--check", "--log-level", "warn", ".")],
  ["formatting of C++", () => formatCpp(false)],
  ...(process.argv.includes("--no-tests") ? [] : [["tests", () => run(process.execPath, ["compiler/setup/test.mjs"])]]),
];

const failed = [];
for (const [name, check] of checks) {
  say(`== ${name}`);
  if ((await check()) !== 0) failed.push(name);
}
if (failed.length > 0) {
  say(`\nfailed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
