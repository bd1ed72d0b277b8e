/** The C++ programs as child processes: what they say on failure becomes a diagnostic. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ensurePrograms, runProgram } from "../../compiler/build/native-programs.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "rwkvc-native-"));
  await ensurePrograms();
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const failure = async (run: Promise<void>) => {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DiagnosticError);
  return (error as DiagnosticError).diagnostics[0]!;
};

describe("native programs", () => {
  it("are built once, also when several ask at a time", async () => {
    let builds = 0;
    await Promise.all([1, 2, 3].map(() => ensurePrograms({ onBuild: () => builds++ })));
    expect(builds).toBe(0);
  });

  it("hand their output on as it comes", async () => {
    let text = "";
    await runProgram("rwkv-run", ["--help"], { onStdout: (piece) => (text += Buffer.from(piece).toString()) });
    expect(text).toContain("generate");
  });

  it("explain a failure in their report", async () => {
    const args = ["info", "--context", join(scratch, "none.bin"), "--system-library", join(scratch, "none.so")];
    const diagnostic = await failure(runProgram("rwkv-context", [...args, "--report", join(scratch, "report.json")]));
    expect(diagnostic.code).toMatch(/^runtime\//);
    expect(diagnostic.severity).toBe("error");
    expect(diagnostic.title).toContain("none");
  });

  it("fail without a report too", async () => {
    const diagnostic = await failure(runProgram("rwkv-run", ["no-such-mode"]));
    expect(diagnostic).toMatchObject({ code: "program/failed", kind: "usage" });
    expect(diagnostic.notes?.join("\n")).toContain("no-such-mode");
  });

  it("may crash", async () => {
    // A library whose loading ends the process, as a foreign library might.
    const { execa } = await import("execa");
    const library = join(scratch, "libcrash.so");
    const source = "__attribute__((constructor)) static void crash() { __builtin_trap(); }";
    await execa("g++", ["-x", "c++", "-shared", "-fPIC", "-", "-o", library], { input: source });
    const args = ["probe", "--backend-library", library, "--report", join(scratch, "crash.json")];
    const diagnostic = await failure(runProgram("rwkv-context", args));
    expect(diagnostic).toMatchObject({ code: "program/crashed", kind: "internal" });
    expect(diagnostic.title).toMatch(/crashed \(SIG(ILL|TRAP)\)/);
  });
});
