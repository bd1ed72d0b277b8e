/**
 * The other machine: model library, runtime and host backend built for aarch64 by Debian's cross compiler, run under qemu, against
 * the same on this machine. Skipped, under a name that says so, where compiler or emulator are not installed.
 *
 * fp32 within 1e-5 of the largest logit: sums are taken in the order of the vectors' width. fp16: two units of the largest logit.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { nativeFolderOf } from "../../compiler/build/native-build.ts";
import { hostTriple } from "../../compiler/build/triples.ts";
import { scratch } from "../scratch.ts";
import { host, largest, largestDifference, logitsOf, official, readFloats, run } from "./artefacts.ts";

const works = (program: string): boolean => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
const emulator = ["qemu-aarch64-static", "qemu-aarch64"].find(works);
const isPossible = hostTriple === "x86_64-linux" && works("aarch64-linux-gnu-g++") && emulator !== undefined;
const title = isPossible
  ? "aarch64 under qemu"
  : "aarch64 under qemu (needs g++-aarch64-linux-gnu and qemu-user-static)";

/** Under the emulator, with Debian's libraries for aarch64. */
function emulate(program: string, ...args: string[]): void {
  const ran = spawnSync(emulator!, ["-L", "/usr/aarch64-linux-gnu", program, ...args], { encoding: "utf8" });
  expect(ran.status, ran.stderr).toBe(0);
}

describe.runIf(isPossible)(title, () => {
  const [spec, model] = ["specs/rwkv-7.rwkv.ts", "rwkv7-kjv"];
  const { tokens } = official(model);
  const count = 32;
  const artefacts = { fp32: join(scratch(), "full"), fp16: join(scratch(), "half") };
  const native = nativeFolderOf("aarch64-linux");

  beforeAll(async () => {
    for (const [precision, out] of Object.entries(artefacts)) {
      const args = ["build", spec, "--weights", `models/${model}/model.pth`, "--precision", precision, "--out", out];
      const { programs } = await run<{ programs: object }>([...args, "--arch", "x86_64-linux,aarch64-linux"], host);
      expect(programs).toEqual({ "aarch64-linux": native });
    }
    // Building the programs for the other machine takes minutes where nothing is there yet.
  }, 1_800_000);

  test("libraries are there for both", () => {
    for (const out of Object.values(artefacts)) {
      for (const triple of ["x86_64-linux", "aarch64-linux"]) expect(existsSync(join(out, "lib", triple))).toBe(true);
    }
  });

  /** Of the artefact, on the emulated machine. */
  function emulated(artefact: string): Float32Array {
    const [ids, out] = [join(scratch(), "ids.txt"), join(scratch(), "logits.f32")];
    writeFileSync(ids, tokens.slice(0, count).join(" "));
    const flags = ["--artefact", artefact, "--backend", "host", "--backend-library", join(native, "libQnnHost.so")];
    emulate(join(native, "rwkv-run"), "logits", ...flags, "--tokens", ids, "--out", out);
    return readFloats(out);
  }

  test("fp32 logits are this machine's", async () => {
    const own = (await logitsOf(artefacts.fp32, tokens.slice(0, count), host)).logits;
    expect(largestDifference(emulated(artefacts.fp32), own)).toBeLessThan(1e-5 * largest(own));
  });

  test("fp16 logits are this machine's, but for single roundings", async () => {
    const own = (await logitsOf(artefacts.fp16, tokens.slice(0, count), host)).logits;
    const unit = 2 ** (Math.floor(Math.log2(largest(own))) - 10);
    expect(largestDifference(emulated(artefacts.fp16), own)).toBeLessThanOrEqual(2 * unit);
  });

  test("the backend computes with NEON", () => {
    const report = join(scratch(), "report.json");
    const flags = ["--backend-library", join(native, "libQnnHost.so"), "--report", report];
    emulate(join(native, "rwkv-context"), "probe", ...flags);
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ instructionSet: "NEON" });
  });
});
