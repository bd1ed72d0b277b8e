/**
 * The C++ tests: configured, built and run in a folder of their own, under the address and undefined-behaviour sanitizers.
 * (What the optimised programs compute is tested by running them: test/end-to-end.)
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";

import { root, run, runQuietly, say, works } from "./terminal.mjs";

const jobs = String(cpus().length);
const options = ["-DRWKV_BUILD_TESTS=ON", "-DRWKV_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=None", "-DRWKV_UNITY=ON"];

/** `build` is relative to the project. Gives the numbers of tests that passed, failed, were skipped. */
export async function runCtest({ build, env = process.env }) {
  const folder = join(root, build);
  const report = join(root, "out/test-reports", `${build.split("/").at(-1)}.xml`);
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const generator = works("ninja") ? ["-G", "Ninja"] : [];
  say(`building the C++ tests in ${build}`);
  const isBuilt =
    runQuietly("cmake", ["-S", "runtime-cpp", "-B", folder, ...generator, ...options]) === 0 &&
    runQuietly("cmake", ["--build", folder, "-j", jobs]) === 0;
  if (!isBuilt) return { passed: 0, failed: 1, skipped: 0 };
  const code = await run("ctest", ["--test-dir", folder, "--output-on-failure", "-j", jobs, "--output-junit", report], {
    env,
  });
  try {
    const suite = /<testsuite\b[^>]*>/.exec(readFileSync(report, "utf8"))[0];
    const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const skipped = count("skipped") + count("disabled");
    const failed = count("failures");
    return { passed: count("tests") - failed - skipped, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
