import { defineConfig } from "vitest/config";

import { locateQnn } from "./compiler/qnn/locate.ts";

/**
 * Tests on Qualcomm's libraries run where these variables name them. `npm test` sets both; a test that is run by itself
 * takes what is installed.
 */
async function installed(): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const backend of ["htp", "cpu"] as const) {
    const variable = `RWKVC_TEST_QNN_${backend.toUpperCase()}`;
    if (process.env[variable] !== undefined) continue;
    const found = await locateQnn(backend).catch(() => undefined);
    if (found) env[variable] = found.library;
  }
  return env;
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A golden file that is missing is a fault; `-u` writes it.
    update: "none",
    exclude: ["test/runtime-cpp/**", "node_modules/**"],
    env: await installed(),
    // A loaded machine and the simulator are slow; none of it is a fault.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Two cores: C++ compilations inside tests already fill a second one.
    maxWorkers: 2,
    // Files share a worker's modules: loading TypeScript anew for each costs a tenth of all time. No test replaces modules.
    isolate: false,
    globalSetup: ["test/shared-artefacts.ts"],
    setupFiles: ["test/setup.ts"],
  },
});
