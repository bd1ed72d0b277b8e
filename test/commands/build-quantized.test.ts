/** What `build` says of ranges, rounding, and of wishes that come to nothing, on a model of one small layer. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { scratch } from "../scratch.ts";
import { problems, rwkvc } from "./command-line.ts";

const spec = "specs/rwkv-4.rwkv.ts";
const build = (options: readonly string[]): string[] => [
  ...["build", spec, "--weights", "random:3:specs/rwkv-4.rwkv.ts:L=1,D=64,A=64,F=128,V=256"],
  ...["--out", join(scratch(), "model"), ...options],
];
let text: string;
let wide: string;
beforeAll(async () => {
  const folder = scratch();
  text = join(folder, "text.txt");
  writeFileSync(text, "In the beginning God created the heaven and the earth.");
  const args = build(["--precision", "a16w8", "--text", text]);
  expect((await rwkvc(args)).code).toBe(0);
  wide = join(args[args.indexOf("--out") + 1]!, "encodings.json");
});

async function summary(options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await rwkvc(build(options));
  expect(code, stderr).toBe(0);
  return stdout;
}

test("the summary tells where ranges come from, and how 4 bits were rounded", async () => {
  const given = await summary(["--precision", "a16w4", "--text", text]);
  expect(given).toMatch(/^ {2}ranges: min-max over 54 tokens of the text$/m);
  expect(given).toMatch(/^ {2}weights of 4 bits: rounded so that errors make each other good$/m);
  expect(given).toMatch(/^ {2}calibrate [\d.]+ m?s, check /m);
  expect(await summary(["--precision", "a16w4", "--text", text, "--no-compensate"])).toMatch(
    /4 bits: rounded to the nearest$/m,
  );
  const written = await summary(["--precision", "a16w8"]);
  expect(written).toMatch(/^ {2}ranges: min-max over 256 tokens that the model wrote \(--text FILE: of yours\)$/m);
  expect(written).not.toContain("rounded");
  expect(await summary(["--precision", "a16w8", "--encodings", wide])).toContain(`ranges: of ${wide}\n`);
  expect(await summary(["--precision", "fp16w8"])).not.toMatch(/ranges|rounded|calibrate/);
});

test("encodings for another width of weights are told", async () => {
  const from = (precision: string, ...more: string[]) =>
    problems(build(["--precision", precision, "--encodings", wide, "--no-compensate", ...more]));
  expect(await from("a16w8")).toEqual({ code: 0, codes: [] });
  expect(await from("a16w4")).toEqual({ code: 0, codes: ["encodings/other-width"] });
  expect(await from("a16w4", "--quantize", "*=w8")).toEqual({ code: 0, codes: [] });
  expect(await from("a16w4", "--quantize", "*=w8,att.key=w4:32")).toEqual({
    code: 0,
    codes: ["encodings/other-width"],
  });
  // Its weights are read, what else it has is passed over: nothing is integers there.
  expect(await from("fp16w8")).toEqual({ code: 0, codes: [] });
});

test("scales of another weight are refused, and nothing is written over", async () => {
  const args = build(["--precision", "a16w8", "--encodings", wide]);
  const out = args[args.indexOf("--out") + 1]!;
  expect((await problems(args)).codes).toEqual([]);
  const before = readFileSync(join(out, "weights.bin"));
  type File = { readonly param_encodings: readonly { readonly name: string; readonly scale: readonly number[] }[] };
  const json = JSON.parse(readFileSync(wide, "utf8")) as File;
  const scaled = (factor: number): string => {
    const file = join(scratch(), "scaled.json");
    const change = (entry: File["param_encodings"][number]) =>
      entry.name.endsWith("att.key.weight") ? { ...entry, scale: entry.scale.map((scale) => factor * scale) } : entry;
    writeFileSync(file, JSON.stringify({ ...json, param_encodings: json.param_encodings.map(change) }));
    return file;
  };
  const codes = async (factor: number) => (await problems(args.with(-1, scaled(factor)))).codes;
  for (const factor of [1 / 4, 2]) expect(await codes(factor), String(factor)).toEqual([]);
  for (const factor of [1 / 64, 1e-30, 1000, 65000])
    expect(await codes(factor), String(factor)).toEqual(["encodings/other-weight"]);
  expect((await problems(args)).codes).toEqual([]);
  expect(readFileSync(join(out, "weights.bin")).equals(before)).toBe(true);
});

test("fewer bits than the precision gives change nothing, which is said", async () => {
  const codes = async (precision: string, policy: string) =>
    (await problems(build(["--precision", precision, "--text", text, "--quantize", policy]))).codes;
  expect(await codes("a16w8", "att.*=w4")).toEqual(["policy/no-effect"]);
  expect(await codes("a16w8", "att.*=w8")).toEqual([]);
  expect(await codes("a16w4", "att.*=w4")).toEqual([]);
  // Before anything is measured: the text is never read.
  expect(await codes("a16w8", "attn.*=w8")).toEqual(["policy/unknown-name"]);
});
