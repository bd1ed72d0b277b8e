/** A calibration that is interrupted goes on from where it was saved, and ends with the same bytes. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { beforeAll, expect, test } from "vitest";

import { programPath } from "../../compiler/build/native-programs.ts";
import { hostLibraryPath } from "../../compiler/build/project-paths.ts";
import { linearInputs, type NetJson } from "../../compiler/calibrate/linear-inputs.ts";
import { modelLibrary, openArtefact } from "../../compiler/commands/model-run.ts";
import { scratch } from "../scratch.ts";
import { rwkvc } from "./command-line.ts";

const folder = scratch();
const tokens = 400;
let common: string[];

beforeAll(async () => {
  const artefact = join(folder, "model");
  const spec = ["specs/rwkv-7.rwkv.ts", "--weights", "models/rwkv7-kjv/model.pth"];
  expect((await rwkvc(["build", ...spec, "--out", artefact])).code).toBe(0);
  const text = readFileSync("models/kjv-held-out.bin").subarray(0, tokens);
  writeFileSync(join(folder, "tokens.txt"), [...text].join(" "));
  const net = JSON.parse(readFileSync(join(artefact, "model_net.json"), "utf8")) as NetJson;
  writeFileSync(join(folder, "inputs.txt"), linearInputs(net).join("\n"));
  const { manifest } = await openArtefact(artefact);
  const files = { "--tokens": join(folder, "tokens.txt"), "--second-order": join(folder, "inputs.txt") };
  common = [
    ...["calibrate", "--artefact", artefact, "--backend", "host", "--backend-library", hostLibraryPath],
    ...["--model-library", modelLibrary(artefact, manifest), ...Object.entries(files).flat()],
    // So little memory takes several passes.
    ...["--memory", "1", "--save-every", "48"],
  ];
});

interface Report {
  readonly passes: number;
  readonly resumedAt: number;
}

async function run(out: string, ...more: string[]): Promise<Report> {
  const report = `${out}.report`;
  await execa(programPath("rwkv-run"), [...common, "--out", out, "--report", report, ...more]);
  return JSON.parse(readFileSync(report, "utf8")) as Report;
}

/** Killed once that many tokens were reported. */
async function interrupt(out: string, after: number): Promise<void> {
  const child = execa(programPath("rwkv-run"), [...common, "--out", out], { reject: false, buffer: false });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString();
    const done = Number(/(\d+)\/\d+\n[^\n]*$/.exec(text)?.[1] ?? 0);
    if (done >= after) child.kill("SIGKILL");
  });
  expect((await child).signal).toBe("SIGKILL");
}

test("in the first pass, and in a later one", async () => {
  const whole = join(folder, "whole.bin");
  const { passes, resumedAt } = await run(whole);
  expect(passes).toBeGreaterThan(2);
  expect(resumedAt).toBe(0);
  for (const after of [100, tokens + 100]) {
    const out = join(folder, `after-${after}.bin`);
    await interrupt(out, after);
    expect(existsSync(out)).toBe(false);
    const again = await run(out);
    expect(again.resumedAt).toBeGreaterThan(after - 100);
    expect(readFileSync(out).equals(readFileSync(whole))).toBe(true);
  }
  expect(readdirSync(folder).filter((name) => /progress|pass-|tmp/.test(name))).toEqual([]);
});

test("what was saved of other tokens, of other tensors, or half, is not gone on from", async () => {
  const out = join(folder, "other.bin");
  await interrupt(out, 100);
  const progress = `${out}.progress`;
  const saved = readFileSync(progress);
  const names = join(folder, "some.txt");
  writeFileSync(names, "blocks.0.timeMix.k\n");
  expect(await run(out, "--tensors", names)).toMatchObject({ resumedAt: 0 });
  for (const damaged of [
    saved.subarray(0, saved.length - 1),
    saved.subarray(0, 50),
    Buffer.from("nothing of the kind"),
  ]) {
    writeFileSync(progress, damaged);
    expect(await run(out)).toMatchObject({ resumedAt: 0 });
  }
  expect(readFileSync(out).equals(readFileSync(join(folder, "whole.bin")))).toBe(true);
});

test("more memory, fewer passes, the same numbers", async () => {
  const out = join(folder, "one-pass.bin");
  const at = common.indexOf("--memory");
  const roomy = [...common.slice(0, at), ...common.slice(at + 2)];
  const report = `${out}.report`;
  await execa(programPath("rwkv-run"), [...roomy, "--out", out, "--report", report]);
  expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ passes: 1 });
  expect(readFileSync(out).equals(readFileSync(join(folder, "whole.bin")))).toBe(true);
});
