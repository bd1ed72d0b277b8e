/** The bundled program as a process: start-up, pipes, signals, streams. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

// @ts-expect-error: plain JavaScript, so that it runs before anything is installed
import { buildCompiler } from "../../compiler/build.mjs";
import { scratch } from "../qnn/fake-pack.ts";

// Two folders below the project, like out/compiler: the program finds templates and C++ sources from there.
const folder = resolve(`out/test-compiler-${process.pid}`);
const program = join(folder, "rwkvc.js");

beforeAll(async () => {
  await (buildCompiler as (out: string) => Promise<void>)(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The least of several runs of each, turn by turn, in ms: what the machine can do when nothing is in the way. */
function fastest(commands: readonly (readonly string[])[], runs: number): readonly number[] {
  const least = commands.map(() => Infinity);
  for (let run = 0; run < runs; run++) {
    for (const [index, args] of commands.entries()) {
      const start = performance.now();
      execFileSync(process.execPath, args, { stdio: "ignore" });
      least[index] = Math.min(least[index] ?? Infinity, performance.now() - start);
    }
  }
  return least;
}

test("help and light commands load less than 1 MB of the program", () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const imports = readFileSync(join(folder, file), "utf8").matchAll(/^(?:import|\} from) "\.\/(chunk-\w+\.js)";/gm);
    for (const [, name = ""] of imports) load(name);
  };
  load("rwkvc.js");
  const sizes = [...loaded].map((file) => statSync(join(folder, file)).size);
  expect(loaded.size).toBeGreaterThan(5);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1e6);
});

// A quiet machine gives 1.5 to 3 times for the light commands and 5 to 8 for `check`. The limits leave room for the tests
// that run beside this one.
test("light commands start in less than ten times what Node itself takes", () => {
  const [node = 0, help = 0, version = 0] = fastest(
    [
      ["-e", "0"],
      [program, "--help"],
      [program, "--version"],
    ],
    9,
  );
  expect(help / node).toBeLessThan(10);
  expect(version / node).toBeLessThan(10);
});

test("check takes less than 40 times what Node itself takes", () => {
  const check = [program, "check", "specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-kjv/model.pth"];
  const [node = 0, taken = 0] = fastest([["-e", "0"], check], 3);
  expect(taken / node).toBeLessThan(40);
});

test("the program can be started by its own name", () => {
  expect(execFileSync(program, ["--version"], { encoding: "utf8" })).toMatch(/^\d/);
});

test("a closed pipe ends it quietly", () => {
  const line = `"${process.execPath}" "${program}" inspect models/rwkv7-kjv/model.pth --json | head -1`;
  const { stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  expect(stdout).toBe("{\n");
  expect(stderr).toBe("");
});

test("Ctrl-C ends it with 130, without a trace", async () => {
  const out = join(scratch(), "out");
  const args = [
    program,
    "build",
    "specs/rwkv-7.rwkv.ts",
    "--weights",
    "random:1:v7-0.1B",
    "--no-context",
    "--out",
    out,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => (stderr += piece.toString()));
  setTimeout(() => child.kill("SIGINT"), 1500);
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(130);
  expect(stderr).toBe("");
});

test("diagnostics go to standard error without colours in a pipe, and nothing to standard output", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "check", "nowhere"], { encoding: "utf8" });
  expect(status).toBe(3);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^error\[spec\/not-found\]/);
});

test("a full disk under the output is told", () => {
  const full = openSync("/dev/full", "w");
  const args = [program, "inspect", "models/rwkv7-kjv/model.pth"];
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", full, "pipe"], encoding: "utf8" });
  closeSync(full);
  expect(status).toBe(3);
  expect(stderr).toMatch(/^error\[system\/output\]: .*no space left/);
});

test("FORCE_COLOR colours, NO_COLOR and --no-color do not", () => {
  const run = (env: NodeJS.ProcessEnv, ...more: string[]) =>
    spawnSync(process.execPath, [program, "check", "nowhere", ...more], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, ...env },
    }).stderr;
  expect(run({ FORCE_COLOR: "1" })).toContain("\x1b[");
  expect(run({ FORCE_COLOR: "1", NO_COLOR: "1" })).not.toContain("\x1b[");
  expect(run({ FORCE_COLOR: "1" }, "--no-color")).not.toContain("\x1b[");
});
