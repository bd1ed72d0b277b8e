/** The commands where nothing of Qualcomm's is installed: the host is the default target and the default backend. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { type BackendName, chooseBackend } from "../../compiler/commands/backends.ts";
import { DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import type { Manifest } from "../../compiler/emit/manifest.ts";
import { scratch } from "../scratch.ts";
import { rwkvc } from "./command-line.ts";

const artefact = join(scratch(), "model");

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await rwkvc([...args, "--json"]);
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

beforeAll(async () => {
  const args = ["build", "specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-kjv/model.pth", "--out", artefact];
  expect(await json(...args)).toMatchObject({ target: "host", precision: "fp32", context: null, leftOut: null });
});

test("text streams to standard output, the speed to standard error", async () => {
  const { code, stdout, stderr } = await rwkvc(["run", artefact, "--prompt", "And ", "--tokens", "20"]);
  expect(code).toBe(0);
  expect(stdout.length).toBe(21);
  expect(stderr).toMatch(/^20 tokens, [\d.]+ tokens\/s\n$/);
});

test("the same seed gives the same text, another one another", async () => {
  const run = (seed: string) =>
    json<{ text: string }>("run", artefact, "--prompt", "And ", "--tokens", "40", "--seed", seed);
  const [a, b, c] = [await run("1"), await run("1"), await run("2")];
  expect(a.text).toBe(b.text);
  expect(a.text).not.toBe(c.text);
});

test("logits, and the likelihood of a text", async () => {
  const ids = join(scratch(), "ids.txt");
  writeFileSync(ids, "65 110 100");
  const out = join(scratch(), "logits.f32");
  expect(await json("logits", artefact, "--tokens", ids, "--out", out)).toMatchObject({ tokens: 3, diagnostics: [] });
  const report = await json<{ bitsPerByte: number; tokens: number; diagnostics: unknown[] }>(
    ...["eval", artefact, "--text", "models/kjv-held-out.bin", "--limit", "512"],
  );
  expect(report).toMatchObject({ tokens: 512, diagnostics: [] });
  expect(report.bitsPerByte).toBeLessThan(3);
});

test("doctor tells where the host backend is and what it computes with", async () => {
  type Checks = { checks: { name: string; verdict: string; found: string; abilities?: { instructionSet: string } }[] };
  const { checks } = JSON.parse((await rwkvc(["doctor", "--json"])).stdout) as Checks;
  const found = checks.find(({ name }) => name === "host backend");
  expect(found).toMatchObject({ verdict: "ok", found: expect.stringContaining("libQnnHost.so") as string });
  expect(found?.abilities?.instructionSet).toMatch(/^\w+$/);
});

/** What runs an artefact of this precision, or the code of the diagnostic. */
function backendFor(precision: "fp32" | "fp16", name?: BackendName): string {
  try {
    return chooseBackend({ precision, target: "host" } as Manifest, name);
  } catch (error) {
    return error instanceof DiagnosticError ? error.diagnostics[0]!.code : String(error);
  }
}

test.each([
  ["fp32", undefined, "host"],
  ["fp16", undefined, "host"],
  ["fp32", "qnn-cpu", "cpu"],
  ["fp16", "qnn-cpu", "usage/backend"],
  ["fp16", "htp", "htp"],
  ["fp32", "htp", "usage/backend"],
  ["fp16", "qnn-gpu", "backend/not-yet"],
] as const)("an artefact at %s with --backend %s: %s", (precision, name, expected) => {
  expect(backendFor(precision, name)).toBe(expected);
});
