/**
 * Test support: Qualcomm's libraries, which tests find through the environment (compiler/setup/test.mjs sets it). A suite that
 * needs one that is not there is skipped under a name that says so.
 */
import { describe } from "vitest";

/** Full paths of libQnnHtp.so and libQnnCpu.so. */
export const { RWKVC_TEST_QNN_HTP: htpLibrary, RWKVC_TEST_QNN_CPU: cpuLibrary } = process.env;

const suite = (library: string | undefined, what: string) => (name: string, tests: () => void) =>
  describe.runIf(library)(library ? name : `${name} (needs Qualcomm's ${what} library)`, tests);

export const withHtp = suite(htpLibrary, "HTP");
export const withCpu = suite(cpuLibrary, "CPU");
