import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/runtime-cpp/**", "node_modules/**"],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Two cores: C++ compilations inside tests already fill a second one.
    maxWorkers: 2,
  },
});
