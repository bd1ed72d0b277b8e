#!/usr/bin/env node
/**
 * `npm test`: set-up, then the TypeScript tests (vitest) and the C++ tests (ctest), and one closing line over both.
 *
 * Tests on Qualcomm's libraries run when these are there (RWKVC_TEST_QNN_HTP and RWKVC_TEST_QNN_CPU name them for the
 * tests); with RWKVC_REQUIRE_QNN=1 it is a failure if they are not. RWKVC_ACCEPT_LICENSE=qualcomm lets them be fetched.
 * Arguments go to vitest: `npm test -- test/qnn`; C++ tests run only without arguments.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { runCtest } from "./cpp-tests.mjs";
import { compilerProgram, setUp } from "./setup.mjs";
import { ensureSystemPackages, fetchTools } from "./system-packages.mjs";
import { root, run, say } from "./terminal.mjs";

const reports = join(root, "out/test-reports");
const required = process.env.RWKVC_REQUIRE_QNN === "1";
const filters = process.argv.slice(2);

await setUp({ tests: true });
const { env, lacking } = await findQnn();
mkdirSync(reports, { recursive: true });

const results = [["TypeScript", await runVitest()]];
if (filters.length === 0) results.push(["C++, under the sanitizers", await runCtest({ build: "out/cpp-tests", env })]);

const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, result] of results) {
  say(`${name}: ${closingLine(result)}`);
  for (const key of Object.keys(total)) total[key] += result[key];
}
if (lacking.length > 0) {
  say(`Tests on Qualcomm's libraries were skipped; not installed: ${lacking.join(", ")} (npx rwkvc qnn install).`);
  if (required) {
    say("error: RWKVC_REQUIRE_QNN=1, and tests that need them could not run");
    total.failed++;
  }
}
process.stdout.write(`${closingLine(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The libraries that tests may use. */
async function findQnn() {
  const rwkvc = (...args) => spawnSync(process.execPath, [compilerProgram, ...args], { encoding: "utf8" });
  const find = () => ["htp", "cpu"].map((backend) => rwkvc("qnn", "path", backend).stdout.trim());
  let found = find();
  if (found.includes("") && process.env.RWKVC_ACCEPT_LICENSE) {
    await ensureSystemPackages(fetchTools);
    await run(process.execPath, [compilerProgram, "qnn", "install"]);
    found = find();
  }
  const [htp, cpu] = found;
  const env = { ...process.env };
  // A library that is not whole must not be tried: the variables say what was found, and nothing else.
  delete env.RWKVC_TEST_QNN_HTP;
  delete env.RWKVC_TEST_QNN_CPU;
  if (htp) env.RWKVC_TEST_QNN_HTP = htp;
  if (cpu) env.RWKVC_TEST_QNN_CPU = cpu;
  return { env, lacking: [...(htp ? [] : ["libQnnHtp.so"]), ...(cpu ? [] : ["libQnnCpu.so"])] };
}

async function runVitest() {
  const report = join(reports, "vitest.json");
  rmSync(report, { force: true });
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...filters];
  const code = await run(join(root, "node_modules/.bin/vitest"), args, { env });
  try {
    const read = JSON.parse(readFileSync(report, "utf8"));
    const failed = read.numFailedTests;
    return {
      passed: read.numPassedTests,
      // A file that does not load has no tests to fail.
      failed: failed === 0 && code !== 0 ? Math.max(1, read.numFailedTestSuites) : failed,
      skipped: read.numPendingTests + (read.numTodoTests ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
