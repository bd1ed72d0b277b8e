/** `rwkvc sensitivity`: every group of weights one step up, the front, and the chosen mix in a spec of one's own. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { problems } from "../commands/command-line.ts";
import { scratch } from "../scratch.ts";
import { build, host, run } from "./artefacts.ts";

const weights = "models/rwkv4-kjv/model.pth";
/** Every step is a build: one layer. */
const small = "random:3:specs/rwkv-4.rwkv.ts:L=1,D=64,A=64,F=128,V=256";
const text = "models/kjv-held-out.bin";

interface Report {
  readonly base: { readonly nll: number; readonly bytes: number };
  readonly groups: readonly { readonly pattern: string; readonly bits: number; readonly elements: number }[];
  readonly steps: readonly { readonly pattern: string; readonly to: number; readonly bytes: number }[];
  readonly front: readonly { readonly nll: number; readonly bytes: number }[];
  readonly policies: readonly string[];
  readonly written: string | null;
}

test("groups one step up, a front without beaten mixes, and the best mix as policies of the spec", async () => {
  const mine = join(scratch(), "mine.rwkv.ts");
  writeFileSync(
    mine,
    `import { extend, quantize } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-4.rwkv.ts";
export default extend(base, { name: "mine", policies: [quantize("ffn.*", "w8")] });
`,
  );
  const args = [mine, "--weights", small, "--text", text, "--limit", "24", "--loss", "0"];
  const built = await build(mine, small, ["--precision", "a16w4"], host);
  const { nll } = await run<{ nll: number }>(["eval", built, "--text", text, "--limit", "24"], host);
  const report = await run<Report>(["sensitivity", ...args, "--write"], host);
  // What it measures is what `build` makes.
  expect(report.base.nll).toBe(nll);
  const bits = new Map(report.groups.map((group) => [group.pattern, group.bits]));
  expect([bits.get("ffn.key"), bits.get("att.key"), bits.get("head")]).toEqual([8, 4, 4]);
  const key = report.steps.find((step) => step.pattern === "att.key" && step.to === 8)!;
  const { elements } = report.groups.find(({ pattern }) => pattern === "att.key")!;
  // Half a byte more for each weight.
  expect((key.bytes - report.base.bytes) / elements).toBeCloseTo(0.5, 1);
  expect(
    report.steps.some((step) => step.pattern === "ffn.key" && step.to === 4 && step.bytes < report.base.bytes),
  ).toBe(true);
  const { front } = report;
  for (const [i, point] of front.slice(1).entries()) {
    expect(point.bytes).toBeGreaterThan(front[i]!.bytes);
    expect(point.nll).toBeLessThan(front[i]!.nll);
  }
  expect(report.written === null).toBe(report.policies.length === 0);
  for (const policy of report.policies) expect(readFileSync(mine, "utf8")).toContain(policy);
}, 300_000);

test("a bundled spec is not written into, and a text has to be there", async () => {
  const args = ["sensitivity", "specs/rwkv-4.rwkv.ts", "--weights", weights];
  expect((await problems([...args, "--text", text, "--write"])).codes).toEqual(["sensitivity/bundled-spec"]);
  expect((await problems(args)).codes).toEqual(["usage/missing-option"]);
});
