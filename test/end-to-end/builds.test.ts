/** What a build leaves on the disk: the same bytes each time, and after kill -9 the artefact that was there before. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

// @ts-expect-error: plain JavaScript, so that it runs before anything is installed
import { buildCompiler } from "../../compiler/build.mjs";
import { bareEnv, rwkvc } from "../commands/command-line.ts";
import { withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import { build, htp } from "./artefacts.ts";

const [spec, weights] = ["specs/rwkv-7.rwkv.ts", "models/rwkv7-random/model.pth"];

/** sha256 of every file, by path. */
function hashes(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    paths.map((path) => [path.slice(folder.length + 1), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

withHtp("a build with a context binary", () => {
  test("gives the same bytes, wherever it is made, but for context/", async () => {
    const made = [];
    for (let i = 0; i < 2; i++) made.push(hashes(await build(spec, weights, ["--target", "htp-v75"], htp)));
    const [first, second] = made.map((files) =>
      Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith("context/"))),
    ) as [Record<string, string>, Record<string, string>];
    expect(Object.keys(made[0]!).some((path) => path.startsWith("context/"))).toBe(true);
    expect(Object.keys(first)).toEqual(expect.arrayContaining(["model.json", "weights.bin", "src/model.cpp"]));
    expect(second).toEqual(first);
  });
});

// Two folders below the project, like out/compiler: the program finds templates and C++ sources from there.
const program = resolve(`out/test-builds-${process.pid}`);
beforeAll(() => (buildCompiler as (out: string) => Promise<void>)(program));
afterAll(() => rmSync(program, { recursive: true, force: true }));

test("kill -9 during a build leaves the old artefact", { timeout: 300_000 }, async () => {
  const parent = scratch();
  const place = join(parent, "model");
  const args = ["build", spec, "--target", "qnn-cpu", "--out", place];
  expect(await rwkvc([...args, "--weights", weights], bareEnv)).toMatchObject({ code: 0 });
  const old = hashes(place);
  // The other checkpoint: a half-done or mixed artefact would show.
  const replacing = [join(program, "rwkvc.js"), ...args, "--weights", "models/rwkv7-kjv/model.pth"];
  const start = performance.now();
  const whole = spawn(process.execPath, replacing.with(6, join(parent, "whole")), { stdio: "ignore", detached: true });
  await once(whole, "exit");
  const time = performance.now() - start;
  const [finished, rounds] = [hashes(join(parent, "whole")), 8];
  const rebuilt = (files: Record<string, string>) => files["weights.bin"] === finished["weights.bin"];
  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, replacing, { stdio: "ignore", detached: true });
    await sleep((time * (round + 1)) / (rounds + 1));
    // Its compiler too.
    const alive = child.exitCode === null && process.kill(-child.pid!, "SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    if (!alive || child.signalCode !== "SIGKILL" || rebuilt(hashes(place))) {
      // It was done: from the start again.
      rmSync(place, { recursive: true });
      expect((await rwkvc([...args, "--weights", weights], bareEnv)).code).toBe(0);
      continue;
    }
    killed++;
    expect(hashes(place), `round ${round}`).toEqual(old);
  }
  expect(killed).toBeGreaterThan(rounds / 2);
  // The next build clears what the killed ones left.
  expect((await rwkvc([...args, "--weights", weights], bareEnv)).code).toBe(0);
  expect(readdirSync(dirname(place)).sort()).toEqual(["model", "whole"]);
  expect(existsSync(join(place, "model.json"))).toBe(true);
});
