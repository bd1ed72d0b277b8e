#!/usr/bin/env node
/** The C++ tests under the address and undefined-behaviour sanitizers. */
import { runCtest } from "./cpp-tests.mjs";
import { setUp } from "./setup.mjs";
import { say } from "./terminal.mjs";

await setUp({ tests: true });
const { passed, failed, skipped } = await runCtest({
  build: "out/cpp-sanitized",
  options: ["-DRWKV_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug"],
});
say(`C++ under the sanitizers: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
