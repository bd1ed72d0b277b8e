/** The commands on Qualcomm's own libraries, from spec to text. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { scratch } from "../qnn/fake-pack.ts";
import { cpuLibrary as cpu, htpLibrary as htp, withCpu, withHtp } from "../qualcomm.ts";
import { rwkvc } from "./command-line.ts";

const spec = "specs/rwkv-7.rwkv.ts";
const weights = "models/rwkv7-kjv/model.pth";
const using = (library: string): NodeJS.ProcessEnv => ({ ...process.env, RWKVC_QNN_DIR: dirname(library) });

async function json<T>(args: readonly string[], library: string): Promise<T> {
  const { code, stdout, stderr } = await rwkvc([...args, "--json"], using(library));
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

withHtp("commands on HTP", () => {
  const artefact = "out/test-artefacts/genuine-htp";

  beforeAll(async () => {
    const args = ["build", spec, "--weights", weights, "--target", "htp-v75", "--soc", "SM8650", "--out", artefact];
    const built = await json<{ context: { soc: string } }>(args, htp!);
    expect(built.context.soc).toBe("SM8650");
  });

  test("a context binary tells its SoC, arch and graphs", async () => {
    const out = join(scratch(), "model");
    await json(["build", spec, "--weights", weights, "--soc", "SM8750", "--out", out], htp!);
    const file = join(out, "context/SM8750/model.bin");
    const info = await json<{ soc: string; dspArch: number; graphs: { name: string }[] }>(["inspect", file], htp!);
    expect(info).toMatchObject({ soc: "SM8750", dspArch: 79, graphs: [{ name: "model" }] });
    expect((await rwkvc(["inspect", out], using(htp!))).stdout).toContain("SoC SM8750, arch v79");
  });

  // Before v73 layer norms take no 16-bit weights: they stay float16 there.
  test.each([
    ["htp-v68", "a16w4", "SA8295", true],
    ["htp-v69", "a16w8", "SM8450", true],
    ["htp-v69", "fp16w8", "SM8450", false],
  ])("%s takes %s", async (target, precision, soc, calibrates) => {
    const folder = scratch();
    const text = join(folder, "text.txt");
    writeFileSync(text, "In the beginning God created the heaven and the earth.\n");
    const fitting = ["--precision", precision, "--target", target, "--no-compensate"];
    if (calibrates) fitting.push("--text", text);
    const args = ["build", spec, "--weights", weights, ...fitting, "--out", join(folder, "model")];
    expect(await json(args, htp!)).toMatchObject({ context: { soc } });
  });

  test("estimates, by graph", async () => {
    type Estimates = Record<string, { microseconds: number; cycles: number }>;
    const ofArtefact = await json<Estimates>(["estimate", artefact, "--soc", "QCS9100"], htp!);
    expect(Object.keys(ofArtefact)).toEqual(["decode"]);
    expect(ofArtefact.decode!.microseconds).toBeGreaterThan(0);
    expect(ofArtefact.decode!.cycles).toBeGreaterThan(1000);
    const ofSpec = await json<Estimates>(["estimate", spec, "--weights", weights], htp!);
    expect(Object.keys(ofSpec)).toEqual(["decode"]);
  });

  test("estimates of two specs, beside each other", async () => {
    const sizes = "L=2,V=64,D=64,H=2,N=32,F=96,Rw=32,Ra=32,Rv=32,Rg=32";
    const args = ["diff", spec, "docs/variants/rwkv-7b.rwkv.ts", "--sizes", sizes, "--soc", "QCS9100"];
    const { estimate } = await json<{ estimate: { soc: string; microseconds: number[] } }>(args, htp!);
    expect(estimate.soc).toBe("QCS9100");
    expect(estimate.microseconds).toEqual([expect.any(Number), expect.any(Number)]);
    expect(estimate.microseconds[1]).toBeGreaterThan(estimate.microseconds[0]!);
  });

  test("without a SoC of its own, the estimate says for which it is", async () => {
    const { stdout, stderr } = await rwkvc(["estimate", artefact], using(htp!));
    expect(stderr).toContain("SM8650");
    expect(stdout).toContain("QCS9100");
  });

  test("doctor tells what the library is", async () => {
    const { checks } = await json<{ checks: { name: string; verdict: string; found: string }[] }>(
      ["doctor"],
      htp!,
    ).catch(() => ({ checks: [] as { name: string; verdict: string; found: string }[] }));
    const found = checks.find((check) => check.name === "HTP library");
    if (found) expect(found.found).toContain("HTP_QTI_AISW");
  });
});

withCpu("commands on the CPU backend", () => {
  const artefact = "out/test-artefacts/genuine-cpu";

  beforeAll(async () => {
    await json(["build", spec, "--weights", weights, "--target", "qnn-cpu", "--out", artefact], cpu!);
  });

  test("logits of the official implementation", async () => {
    const folder = scratch();
    const text = readFileSync("models/kjv-held-out.bin").subarray(0, 32);
    writeFileSync(join(folder, "ids.txt"), [...text].join(" "));
    const out = join(folder, "logits.f32");
    const args = ["logits", artefact, "--backend", "qnn-cpu", "--tokens", join(folder, "ids.txt"), "--out", out];
    await json([...args, "--state-out", join(folder, "state.f32")], cpu!);
    const bytes = readFileSync(out);
    expect(bytes.length).toBe(32 * 256 * 4);
    const logits = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(readFileSync(join(folder, "state.f32")).length).toBeGreaterThan(0);
  });

  test("eval: a text like the one it was trained on", async () => {
    const args = ["eval", artefact, "--backend", "qnn-cpu", "--text", "models/kjv-held-out.bin", "--limit", "512"];
    const report = await json<{ bitsPerByte: number; tokens: number }>(args, cpu!);
    expect(report.tokens).toBe(512);
    expect(report.bitsPerByte).toBeLessThan(3);
  });

  test("the same seed gives the same text, another one another", async () => {
    const run = (seed: string) =>
      json<{ text: string }>(
        [
          "run",
          artefact,
          "--backend",
          "qnn-cpu",
          "--prompt",
          "And ",
          "--tokens",
          "40",
          "--temperature",
          "1",
          "--seed",
          seed,
        ],
        cpu!,
      );
    const [a, b, c] = [await run("1"), await run("1"), await run("2")];
    expect(a.text).toBe(b.text);
    expect(a.text).not.toBe(c.text);
  });

  test("text streams to standard output, the speed to standard error", async () => {
    const args = ["run", artefact, "--backend", "qnn-cpu", "--prompt", "And ", "--tokens", "20"];
    const { code, stdout, stderr } = await rwkvc(args, using(cpu!));
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(10);
    expect(stderr).toMatch(/20 tokens, [\d.]+ tokens\/s\n$/);
  });
});
