#!/usr/bin/env node
/** clang-format over the project's C++ files: names those that need it, or with --write formats them. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { root, say } from "./terminal.mjs";

export function formatCpp(write) {
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.cc", "*.cpp", "*.h"], {
    cwd: root,
    encoding: "utf8",
  });
  const files = listed.stdout
    .split("\n")
    .filter((file) => file !== "" && !/\/golden\/|^test\/emit\/fixtures\//.test(file));
  if (files.length === 0) return 0;
  const mode = write ? ["-i"] : ["--dry-run", "--Werror"];
  const program = join(root, "node_modules/.bin/clang-format");
  const { status, stderr, error } = spawnSync(program, [...mode, ...files], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status === 0) return 0;
  const named = new Set(
    [...(stderr ?? "").matchAll(/^(\S+):\d+:\d+: error: code should be/gm)].map((match) => match[1]),
  );
  for (const file of named) say(file);
  say(named.size > 0 ? "`npm run format` formats them" : (error?.message ?? stderr));
  return 1;
}

if (process.argv[1]?.endsWith("format-cpp.mjs")) process.exitCode = formatCpp(process.argv.includes("--write"));
