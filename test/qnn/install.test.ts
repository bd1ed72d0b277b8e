import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { installPacks } from "../../compiler/qnn/install.ts";
import { inspectPack } from "../../compiler/qnn/pack-store.ts";
import { type FakePacks, fakePacks } from "./fake-pack.ts";

const install = (fake: FakePacks, more: { force?: boolean; onProgress?: (line: string) => void } = {}) =>
  installPacks({ env: fake.env, packs: fake.packs, force: false, onProgress: () => {}, ...more });

const downloads = (fake: FakePacks): number =>
  existsSync(fake.log) ? readFileSync(fake.log, "utf8").trim().split("\n").length : 0;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DiagnosticError);
  const [first] = (error as DiagnosticError).diagnostics;
  expect(first!.kind).toBe("missing");
  return first!.code;
}

const library = (fake: FakePacks): string => join(fake.cache, "qnn/9.9.0/onnxruntime_qnn/libQnnHtp.so");

test("unpacks the libraries, what they need and the licences, and nothing else", async () => {
  const fake = fakePacks();
  const installed = await install(fake);
  expect(installed.map((pack) => pack.action)).toEqual(["installed", "installed"]);
  const folder = join(fake.cache, "qnn/9.9.0");
  expect(readdirSync(folder).sort()).toEqual([
    "onnxruntime_qnn",
    "onnxruntime_qnn-9.9.0.dist-info",
    "onnxruntime_qnn.libs",
    "pack.json",
  ]);
  expect(readdirSync(join(folder, "onnxruntime_qnn")).sort()).toEqual([
    "Qualcomm_LICENSE.pdf",
    "libQnnHtp.so",
    "libQnnSystem.so",
  ]);
  expect(await inspectPack(fake.packs[0]!, fake.env, true)).toMatchObject({ kind: "whole" });
  expect(readdirSync(join(fake.cache, "qnn")).filter((name) => name.startsWith(".unpack"))).toEqual([]);
});

test("keeps what is whole, and installs it again with force", async () => {
  const fake = fakePacks();
  await install(fake);
  expect((await install(fake)).map((pack) => pack.action)).toEqual(["kept", "kept"]);
  expect(downloads(fake)).toBe(2);
  expect((await install(fake, { force: true })).map((pack) => pack.action)).toEqual(["repaired", "repaired"]);
  expect(downloads(fake)).toBe(4);
});

test.each([
  ["a changed library", (fake: FakePacks) => appendFileSync(library(fake), "x")],
  [
    "a library with a flipped byte of the same size",
    (fake: FakePacks) => {
      const bytes = readFileSync(library(fake));
      bytes[40]! ^= 1;
      writeFileSync(library(fake), bytes);
    },
  ],
  ["a truncated library", (fake: FakePacks) => truncateSync(library(fake), 10)],
  ["a pack.json cut short", (fake: FakePacks) => truncateSync(join(fake.cache, "qnn/9.9.0/pack.json"), 50)],
])("notices %s when it is used, and repairs it", async (_what, harm) => {
  const fake = fakePacks();
  await install(fake);
  harm(fake);
  const before = await inspectPack(fake.packs[0]!, fake.env, false);
  expect(before.kind).toBe("broken");
  expect((await install(fake)).map((pack) => pack.action)).toEqual(["repaired", "kept"]);
  expect((await inspectPack(fake.packs[0]!, fake.env, true)).kind).toBe("whole");
});

test("a changed byte behind an unchanged time is found by the thorough look", async () => {
  const fake = fakePacks();
  await install(fake);
  const state = await inspectPack(fake.packs[0]!, fake.env, true);
  const bytes = readFileSync(library(fake));
  bytes[40]! ^= 1;
  writeFileSync(library(fake), bytes);
  const file = state.kind === "whole" && state.manifest.files.find((f) => f.path.endsWith("libQnnHtp.so"));
  const time = (file as { mtimeMs: number }).mtimeMs / 1000;
  utimesSync(library(fake), time, time);
  expect((await inspectPack(fake.packs[0]!, fake.env, true)).kind).toBe("broken");
});

test("a wheel with another hash is refused and removed", async () => {
  const fake = fakePacks();
  appendFileSync(join(fake.wheels, fake.packs[0]!.wheel), "more");
  expect(await codeOf(install(fake))).toBe("qnn/hash-mismatch");
  expect(existsSync(join(fake.cache, "qnn/9.9.0"))).toBe(false);
  expect(existsSync(join(fake.cache, "qnn/.download/9.9.0"))).toBe(false);
});

test("a failed repair leaves the old pack", async () => {
  const fake = fakePacks();
  await install(fake);
  appendFileSync(join(fake.wheels, fake.packs[0]!.wheel), "more");
  expect(await codeOf(install(fake, { force: true }))).toBe("qnn/hash-mismatch");
  expect((await inspectPack(fake.packs[0]!, fake.env, true)).kind).toBe("whole");
});

test("a wheel that was fetched in part is fetched again; a whole one is used", async () => {
  const fake = fakePacks();
  const [htp, cpu] = fake.packs;
  for (const [pack, bytes] of [
    [htp!, 100],
    [cpu!, cpu!.bytes],
  ] as const) {
    const folder = join(fake.cache, "qnn/.download", pack.version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, pack.wheel), readFileSync(join(fake.wheels, pack.wheel)).subarray(0, bytes));
  }
  await install(fake);
  expect(readFileSync(fake.log, "utf8")).toBe("download 9.9.0\n");
});

test("what a killed install left aside is cleared away", async () => {
  const fake = fakePacks();
  mkdirSync(join(fake.cache, "qnn/.unpack-9.9.0-abc"), { recursive: true });
  await install(fake);
  expect(existsSync(join(fake.cache, "qnn/.unpack-9.9.0-abc"))).toBe(false);
});

test("two installs at once: the second waits and finds the packs there", async () => {
  const fake = fakePacks();
  const told: string[] = [];
  const [first, second] = await Promise.all([install(fake), install(fake, { onProgress: (line) => told.push(line) })]);
  expect(first.map((pack) => pack.action)).toEqual(["installed", "installed"]);
  expect(second.map((pack) => pack.action)).toEqual(["kept", "kept"]);
  expect(told[0]).toMatch(/waiting for another install/);
  expect(downloads(fake)).toBe(2);
});

test("a lock whose process is gone is taken over", async () => {
  const fake = fakePacks();
  mkdirSync(join(fake.cache, "qnn"), { recursive: true });
  const gone = Number(execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }));
  writeFileSync(join(fake.cache, "qnn/.lock"), JSON.stringify({ pid: gone, host: hostname() }));
  expect((await install(fake)).length).toBe(2);
});

test("a lock of another process with the same id, or of another folder, is taken over", async () => {
  const living = { pid: process.pid, host: hostname() };
  for (const other of [{ began: "1" }, { place: "/copied/from/here/.lock" }]) {
    const fake = fakePacks();
    mkdirSync(join(fake.cache, "qnn"), { recursive: true });
    writeFileSync(join(fake.cache, "qnn/.lock"), JSON.stringify({ ...living, ...other }));
    expect((await install(fake)).length).toBe(2);
  }
});

test("no Python, no pip, no network: each says so", async () => {
  const fake = fakePacks();
  const python = join(fake.cache, "..", "broken-python");
  expect(await codeOf(install({ ...fake, env: { ...fake.env, RWKVC_PYTHON: join(fake.cache, "nowhere") } }))).toBe(
    "qnn/no-python",
  );
  writeFileSync(python, "#!/bin/sh\necho 'python3: No module named pip' >&2\nexit 1\n");
  chmodSync(python, 0o755);
  expect(await codeOf(install({ ...fake, env: { ...fake.env, RWKVC_PYTHON: python } }))).toBe("qnn/no-pip");
  writeFileSync(python, "#!/bin/sh\necho 'ERROR: No matching distribution found' >&2\nexit 1\n");
  expect(await codeOf(install({ ...fake, env: { ...fake.env, RWKVC_PYTHON: python } }))).toBe("qnn/download-failed");
});

test("a cache folder that cannot be made is named", async () => {
  const fake = fakePacks();
  const file = join(fake.wheels, "file");
  writeFileSync(file, "");
  expect(await codeOf(install({ ...fake, env: { ...fake.env, RWKVC_CACHE_DIR: join(file, "cache") } }))).toBe(
    "qnn/cache-not-writable",
  );
});
