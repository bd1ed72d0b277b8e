#!/usr/bin/env node
/** clang-format over the project's C++ files: checks, or with --write formats. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { root, run, say } from "./terminal.mjs";

export async function formatCpp(write) {
  const listed = spawnSync("git", ["ls-files", "*.cc", "*.cpp", "*.h"], { cwd: root, encoding: "utf8" });
  const files = listed.stdout.split("\n").filter((file) => file !== "" && !/\/(golden|fixtures)\//.test(file));
  if (files.length === 0) return 0;
  const mode = write ? ["-i"] : ["--dry-run", "--Werror"];
  const code = await run(join(root, "node_modules/.bin/clang-format"), [...mode, ...files]);
  if (code !== 0 && !write) say("npm run format formats them");
  return code;
}

if (process.argv[1]?.endsWith("format-cpp.mjs")) process.exitCode = await formatCpp(process.argv.includes("--write"));
