/** Bad command lines: each a usage diagnostic, exit 2, nothing written. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { scratch } from "../qnn/fake-pack.ts";
import { problems, rwkvc } from "./command-line.ts";

const spec = "specs/rwkv-7.rwkv.ts";
const build = ["build", spec, "--weights", "w"];
const logits = ["logits", "out/x", "--tokens", "t"];

test.each<[string, string[], string]>([
  ["unknown command", ["biuld"], "usage/unknown-command"],
  ["unknown option", ["build", spec, "--taget", "x"], "usage/unknown-option"],
  ["missing argument", ["check"], "usage/missing-argument"],
  ["too many arguments", ["check", spec, "another"], "usage/excess-arguments"],
  ["missing required option", ["run", "out/x"], "usage/missing-option"],
  ["tokens not a number", ["run", "out/x", "--prompt", "a", "--tokens", "many"], "usage/bad-value"],
  ["tokens not an integer", ["run", "out/x", "--prompt", "a", "--tokens", "1.5"], "usage/bad-value"],
  ["no tokens", ["run", "out/x", "--prompt", "a", "--tokens", "0"], "usage/bad-value"],
  ["an empty prompt", ["run", "out/x", "--prompt", ""], "usage/bad-value"],
  ["negative temperature", ["run", "out/x", "--prompt", "a", "--temperature", "-1"], "usage/bad-value"],
  ["temperature not finite", ["run", "out/x", "--prompt", "a", "--temperature", "Infinity"], "usage/bad-value"],
  ["top-p above 1", ["run", "out/x", "--prompt", "a", "--top-p", "1.5"], "usage/bad-value"],
  ["top-p of 0", ["run", "out/x", "--prompt", "a", "--top-p", "0"], "usage/bad-value"],
  ["top-k of 0", ["run", "out/x", "--prompt", "a", "--top-k", "0"], "usage/bad-value"],
  ["negative seed", ["run", "out/x", "--prompt", "a", "--seed", "-3"], "usage/bad-value"],
  ["no repetition penalty", ["run", "out/x", "--prompt", "a", "--repetition-penalty", "0"], "usage/bad-value"],
  ["no threads", ["bench", "out/x", "--threads", "1,0"], "usage/bad-value"],
  ["unknown backend", ["run", "out/x", "--prompt", "a", "--backend", "htq"], "usage/bad-value"],
  ["limit of one token", ["eval", "out/x", "--text", "t", "--limit", "1"], "usage/bad-value"],
  ["unknown embedding", ["build", spec, "--weights", "w", "--embedding", "disk"], "usage/bad-value"],
  ["unknown target", ["build", spec, "--weights", "w", "--target", "htp-v76"], "usage/unknown-target"],
  ["unknown SoC", ["build", spec, "--weights", "w", "--soc", "SM8651"], "usage/unknown-soc"],
  ["a name too long for files", ["build", spec, "--weights", "w", "--name", "x".repeat(101)], "usage/bad-value"],
  ["a checkpoint inside --out", ["build", spec, "--weights", "specs/w.pth", "--out", "specs"], "usage/out-holds-input"],
  ["a spec inside --out", ["build", spec, "--weights", "w", "--out", "specs/../specs"], "usage/out-holds-input"],
  ["one file for logits and state", [...logits, "--out", "o", "--state-out", "./o"], "usage/out-twice"],
  ["logits over the token ids", [...logits, "--out", "t"], "usage/out-is-input"],
  ["logits inside the artefact", [...logits, "--out", "out/x/weights.bin"], "usage/out-in-artefact"],
  ["logits without a name", [...logits, "--out", ""], "usage/bad-value"],
  [
    "SoC of another arch",
    ["build", spec, "--weights", "w", "--target", "htp-v73", "--soc", "SM8650"],
    "usage/soc-contradicts-target",
  ],
  [
    "SoC for a CPU target",
    ["build", spec, "--weights", "w", "--target", "qnn-cpu", "--soc", "SM8650"],
    "usage/soc-without-htp",
  ],
  [
    "integer activations, a SoC without float16",
    ["build", spec, "--weights", "w", "--soc", "SM7475", "--precision", "a16w8"],
    "usage/soc-without-fp16",
  ],
  ["bits of weights at fp32", [...build, "--quantize", "att.*=w4"], "usage/quantize"],
  ["equations kept float16 at fp16", [...build, "--precision", "fp16", "--keep-float", "S"], "usage/keep-float"],
  ["a calibration text at fp16", [...build, "--precision", "fp16", "--text", "t"], "usage/text"],
  ["a calibration text at fp16w8", [...build, "--precision", "fp16w8", "--text", "t"], "usage/text"],
  ["encodings at fp32", [...build, "--encodings", "e.json"], "usage/encodings"],
  ["compensation at fp16", [...build, "--precision", "fp16", "--compensate"], "usage/compensate"],
  ["no compensation at fp32", [...build, "--no-compensate"], "usage/compensate"],
  ["compensation of 8 bits", [...build, "--precision", "a16w8", "--compensate"], "usage/compensate"],
  ["an arch that there is none of", ["build", spec, "--weights", "w", "--target", "htp-v66"], "usage/unknown-target"],
  ["SoC without float16", ["build", spec, "--weights", "w", "--soc", "SM8350"], "usage/soc-without-fp16"],
  ["fp32 for HTP", ["build", spec, "--weights", "w", "--target", "htp-v75", "--precision", "fp32"], "usage/precision"],
  ["unknown system", ["build", spec, "--weights", "w", "--arch", "x86_64-linux,riscv64"], "usage/unknown-arch"],
  ["unknown precision", ["build", spec, "--weights", "w", "--precision", "int4"], "usage/precision"],
  ["unknown pass", ["build", spec, "--weights", "w", "--dump-ir", "fold-constant"], "usage/unknown-pass"],
  ["a name that is no identifier", ["build", spec, "--weights", "w", "--name", "a-b"], "usage/bad-value"],
  ["out is a file", ["build", spec, "--weights", "w", "--out", "package.json"], "usage/out-is-a-file"],
  ["estimate of a spec without weights", ["estimate", spec], "usage/weights"],
  ["a SoC without estimates", ["estimate", spec, "--soc", "SM8650"], "usage/soc-without-estimates"],
  ["unknown backend of a path", ["qnn", "path", "gpu"], "usage/bad-value"],
  ["two inputs of logits", ["logits", "out/x", "--tokens", "t", "--text", "t", "--out", "o"], "usage/two-inputs"],
  ["a licence of nobody", ["qnn", "install", "--accept-license", "yes"], "usage/bad-value"],
  ["a licence that nobody accepts", ["qnn", "install"], "qnn/licence-unanswered"],
])("%s", async (_what, args, code) => {
  expect(await problems(args)).toEqual({ code: 2, codes: [code] });
});

test("an option without its value", async () => {
  const { code, stdout } = await rwkvc(["run", "out/x", "--json", "--prompt"]);
  expect(code).toBe(2);
  expect(stdout).toContain("usage/option-missing-argument");
});

test("all required options that are missing are named at once", async () => {
  expect((await problems(["logits", "out/x"])).codes).toEqual(["usage/missing-option", "usage/missing-option"]);
});

test.each([
  ["build", spec, "--weights", "w", "--target", "qnn-gpu"],
  ["build", spec, "--weights", "w", "--target", "qnn-cpu", "--precision", "fp16"],
  ["build", spec, "--weights", "w", "--chunks", "2"],
  ["build", spec, "--weights", "w", "--target", "qnn-cpu", "--precision", "w8a16"],
])("not supported yet: %s %s %s %s %s %s %s", async (...args) => {
  const out = join(scratch(), "out");
  const more = args[0] === "build" ? ["--out", out] : [];
  const { code, stdout } = await rwkvc([...args, ...more, "--json"]);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; kind: string; title: string; hint: string }[];
  };
  expect(code).toBe(1);
  expect(diagnostics[0]!.kind).toBe("unsupported");
  expect(diagnostics[0]!.hint).toBeTruthy();
  expect(existsSync(out)).toBe(false);
});

test.each([
  ["1", "usage/bad-value"],
  ["0", "usage/bad-value"],
  ["-8", "usage/bad-value"],
  ["1025", "usage/bad-value"],
  ["8.5", "usage/bad-value"],
  ["many", "usage/bad-value"],
  ["16,", "usage/bad-value"],
  ["16,64,16", "usage/prefill-twice"],
])("--prefill %s is refused before anything is read", async (text, code) => {
  const args = ["build", "/nonexistent/spec.rwkv.ts", "--weights", "w", `--prefill=${text}`];
  expect(await problems(args)).toEqual({ code: 2, codes: [code] });
});

test("all flags that are not there yet are named at once", async () => {
  const args = ["build", spec, "--weights", "w", "--chunks", "2"];
  expect((await problems(args)).codes).toEqual(["flag/not-yet"]);
});

test.each<[string[], RegExp]>([
  [["build", spec, "--taget", "x"], /did you mean --target\?/],
  [["biuld"], /did you mean build\?/],
  [["build", spec, "--weights", "w", "--target", "htp-75"], /did you mean `htp-v75`\?/],
  [["build", spec, "--weights", "w", "--soc", "SM8651"], /SM8650/],
  [["build", spec, "--weights", "w", "--soc", "8650"], /SM8650/],
  [["encodings", "convert", "x.json", "--to", "2.0.0", "--out", "y"], /write 0\.6\.1 or 1\.0\.0/],
  [["build", spec, "--weights", "w", "--dump-ir", "fold-constant"], /did you mean `fold-constants`\?/],
  [["build", spec, "--weights", "w", "--precision", "fp61"], /did you mean `fp16`\?/],
  [["build", spec, "--weights", "w", "--arch", "arm64-linux"], /did you mean `aarch64-linux`\?/],
  [["run", "out/x", "--prompt", "a", "--backend", "qnn-cup"], /did you mean `qnn-cpu`\?/],
])("suggests: %s", async (args, hint) => {
  const { code, stderr, stdout } = await rwkvc(args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(hint);
});

test.each([
  [["build", "rwkv-77", "--weights", "models/rwkv7-kjv/model.pth"], /did you mean `rwkv-7`\?/],
  [["check", "specs/rwkv-8.rwkv.ts"], /did you mean `rwkv-\d`\?/],
  [["check", "mine.rwkv.ts"], /a file NAME\.rwkv\.ts.* or the name of a bundled one/],
])("a spec that is not there: %s", async (args, hint) => {
  const { code, stderr } = await rwkvc(args);
  expect(code).toBe(3);
  expect(stderr).toContain("Bundled are rwkv-");
  expect(stderr).toMatch(hint);
});

test("both ways to accept the licence are named where nobody can be asked", async () => {
  const { stderr } = await rwkvc(["qnn", "install"]);
  expect(stderr).toContain("--accept-license qualcomm");
  expect(stderr).toContain("RWKVC_ACCEPT_LICENSE=qualcomm");
  expect(stderr).toContain("Qualcomm_LICENSE.pdf");
});
