/** Statistics of another model are refused, and so are ones that do not lie beside their encodings or are cut off. */
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { problems, rwkvc } from "../commands/command-line.ts";
import { scratch } from "../scratch.ts";

const text = "models/kjv-held-out.bin";
const calibrated = async (folder: string, weights: string): Promise<string> => {
  const out = join(folder, "encodings.json");
  const args = ["--weights", weights, "--text", text, "--tokens", "64", "--out", out];
  expect((await rwkvc(["calibrate", spec, ...args])).code).toBe(0);
  return out;
};
const spec = "specs/rwkv-4.rwkv.ts";
const sizes = (d: number) => `random:3:specs/rwkv-4.rwkv.ts:L=1,D=${d},A=${d},F=128,V=256`;

test("statistics beside encodings: a build takes its own, and refuses others", async () => {
  const file = await calibrated(scratch(), sizes(64));
  type Own = { readonly rwkvc: { readonly statistics: string } };
  const json = JSON.parse(readFileSync(file, "utf8")) as Own;
  const statistics = join(dirname(file), json.rwkvc.statistics);
  const out = join(scratch(), "out");
  const build = async (weights = sizes(64), precision = "a16w4") => {
    const args = ["build", spec, "--weights", weights, "--precision", precision, "--encodings", file];
    return (await problems([...args, "--out", out])).codes;
  };
  expect(await build()).toEqual([]);
  expect(await build(sizes(64), "fp16w4")).toEqual([]);
  // Neither ranges nor statistics are for it.
  expect(await build(sizes(64), "fp16w8")).toEqual(["encodings/nothing-read"]);
  expect(await build(sizes(128))).toContain("encodings/other-statistics");
  const name = (path: string) =>
    writeFileSync(file, JSON.stringify({ ...json, rwkvc: { ...json.rwkvc, statistics: path } }));
  for (const path of ["../encodings.stats.bin", "/etc/passwd", "..", ".", ""]) {
    name(path);
    expect(await build(), path).toEqual(["encodings/statistics-path"]);
  }
  name("missing.bin");
  expect(await build()).toEqual(["encodings/no-statistics"]);
  name(json.rwkvc.statistics);
  // The last number of the last matrix: a square.
  const whole = readFileSync(statistics);
  for (const value of [NaN, Infinity, -1]) {
    const damaged = Buffer.from(whole);
    damaged.writeFloatLE(value, whole.length - 4);
    writeFileSync(statistics, damaged);
    expect(await build(), String(value)).toEqual(["calibrate/bad-statistics"]);
  }
  truncateSync(statistics, 1000);
  expect(await build()).toEqual(["calibrate/bad-statistics"]);
  expect(existsSync(out)).toBe(true);
});
