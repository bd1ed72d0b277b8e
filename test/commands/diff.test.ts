/** `rwkvc diff`: specs and artefacts, what they say and what they cost. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { scratch } from "../qnn/fake-pack.ts";
import { problems, rwkvc } from "./command-line.ts";

const variant = "docs/variants/rwkv-7b.rwkv.ts";
const sizes = "L=2,V=64,D=32,H=2,N=16,F=48,Rw=4,Ra=4,Rv=4,Rg=8";

async function diff(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rwkvc(["diff", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

interface Json {
  readonly same: boolean;
  readonly parts: readonly { part: string; weights: unknown[] }[];
  readonly costs: { readonly one: { nodes: number }; readonly another: { nodes: number }; readonly why?: string };
  readonly estimate: { readonly why?: string } | null;
}

const json = async (...args: string[]): Promise<Json> => JSON.parse(await diff(...args, "--json")) as Json;

test("two specs, at the smallest published sizes that know all their dimensions", async () => {
  expect(await diff("rwkv-7", variant)).toMatchInlineSnapshot(`
    "--- rwkv-7
    +++ docs/variants/rwkv-7b.rwkv.ts
    name
      - rwkv-7    rwkv-7:8
      + rwkv-7b   rwkv-7b:6
    timeMix
      weights
        + x_s: att.x_s [D]     rwkv-7b:11
        + b1: att.b1 [D, Rg]   rwkv-7b:12
        + b2: att.b2 [Rg, A]   rwkv-7b:13
      state
        + dx_prev: [D]   rwkv-7b:15
      equations
          rwkv-7:67  rwkv-7:67   dx = shift(xx, x_prev) - xx
        - rwkv-7:69              r = receptance @ (xx + dx * x_r) : H N
        +            rwkv-7b:18  dd = shift(dx, dx_prev)
        +            rwkv-7b:19  r = receptance @ (xx + dx * x_r + dd * x_s) : H N
          rwkv-7:70  rwkv-7:70   w = exp(-0.606531 * sigmoid(w0 + tanh((xx + dx * x_w) @ w1) @ w2)) : H N
        ...
          rwkv-7:89  rwkv-7:89   bonus[h] = r[h,j] * k[h,j] * r_k[h,j]
        - rwkv-7:91              x = x + output @ ((group_norm(y, ln_x, eps = 64e-5) + bonus * v) * g)
        +            rwkv-7b:21  b = sigmoid((xx + dx * x_g) @ b1 @ b2) : H N
        +            rwkv-7b:22  x = x + output @ ((group_norm(y, ln_x, eps = 64e-5) + bonus * v * b) * g)
    cost (at v7-0.1B, fp16, htp-v75)
      nodes                  874          ->  970          (+11 %)
      weights a token reads  268 MiB      ->  273 MiB      (+1.7 %)
      MACs a token           142,894,080  ->  145,253,376  (+1.7 %)
      state                  1.2 MiB      ->  1.2 MiB      (+1.5 %)
      time on the NPU: not asked for; --soc QCS9100 asks Qualcomm's library for its estimate
    "
  `);
});

test("the same as JSON, with files and lines", async () => {
  const found = await json("rwkv-7", variant, "--sizes", sizes);
  expect(found).toMatchObject({
    same: false,
    one: { name: "rwkv-7", kind: "spec" },
    another: { name: "rwkv-7b" },
    estimate: null,
  });
  expect(found.parts).toMatchObject([
    {
      part: "timeMix",
      weights: [{ name: "x_s", right: { text: "att.x_s [D]", file: variant, line: 11, column: 7 } }, {}, {}],
      state: [{ name: "dx_prev", right: { text: "[D]", line: 15 } }],
    },
  ]);
  expect(found.costs.another.nodes).toBeGreaterThan(found.costs.one.nodes);
});

test("specs that say the same", async () => {
  expect(await diff("rwkv-7", "specs/rwkv-7.rwkv.ts", "--sizes", sizes)).toBe(
    "No difference between rwkv-7 and specs/rwkv-7.rwkv.ts.\n",
  );
  expect(await json("rwkv-7", "rwkv-7", "--sizes", sizes)).toMatchObject({ same: true, parts: [] });
  // A comment, another line.
  const copy = join(scratch(), "copy.rwkv.ts");
  writeFileSync(copy, `// mine\n${readFileSync("specs/rwkv-7.rwkv.ts", "utf8")}`);
  expect(await diff("rwkv-7", copy, "--sizes", sizes)).toContain("No difference");
});

test("sizes that no preset has are named, and the rest is told", async () => {
  const mine = join(scratch(), "mine.rwkv.ts");
  writeFileSync(
    mine,
    `import { dim, eq, extend, mat, replace } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-7.rwkv.ts";
export default extend(base, {
  name: "mine",
  dims: { Q: dim("rank of mine") },
  channelMix: {
    weights: { q1: mat("ffn.q1", "D", "Q"), q2: mat("ffn.q2", "Q", "F") },
    equations: [replace("k", eq\`k = relu(key @ (xx + dx * x_k) + xx @ q1 @ q2)\`)],
  },
});
`,
  );
  const text = await diff("rwkv-7", mine);
  expect(text).toContain("+ Q: rank of mine");
  expect(text.split("\n").slice(-2)[0]).toBe(
    "cost: not compared, no preset has a size for Q; --weights, or --sizes v7-0.1B,Q=...",
  );
  expect((await json("rwkv-7", mine)).costs.why).toContain("no preset has a size for Q");
});

test("without Qualcomm's library one line says why there is no estimate", async () => {
  const text = await diff("rwkv-7", variant, "--sizes", sizes, "--soc", "QCS9100");
  expect(text.split("\n").filter((line) => line.includes("NPU"))).toEqual([
    expect.stringMatching(/^ {2}time on the NPU: not known, .*`rwkvc qnn install` brings the library that estimates$/),
  ]);
  expect((await json("rwkv-7", variant, "--sizes", sizes, "--soc", "QCS9100")).estimate).toMatchObject({
    soc: "QCS9100",
    why: expect.any(String) as string,
  });
});

test("two checkpoints of the same spec differ in sizes", async () => {
  const other = `random:1:specs/rwkv-7.rwkv.ts:${sizes.replace("L=2", "L=3")}`;
  const args = ["--weights", `random:1:specs/rwkv-7.rwkv.ts:${sizes}`, "--other-weights", other];
  expect(await diff("rwkv-7", "rwkv-7", ...args)).toMatchInlineSnapshot(`
    "--- rwkv-7
    +++ rwkv-7
    The specs say the same.
    cost (fp16, htp-v75)
      L                      2        ->  3        (+50 %)
      nodes                  144      ->  217      (+51 %)
      weights a token reads  39 KiB   ->  57 KiB   (+45 %)
      MACs a token           22,848   ->  33,376   (+46 %)
      state                  2.3 KiB  ->  3.4 KiB  (+50 %)
      time on the NPU: not asked for; --soc QCS9100 asks Qualcomm's library for its estimate
    "
  `);
});

const artefact = "out/test-artefacts/diff";
beforeAll(async () => {
  const weights = `random:1:specs/rwkv-7.rwkv.ts:${sizes}`;
  const ran = await rwkvc([
    "build",
    "specs/rwkv-7.rwkv.ts",
    "--weights",
    weights,
    "--precision",
    "fp32",
    "--out",
    artefact,
  ]);
  expect(ran.code, ran.stderr).toBe(0);
});

test("an artefact and its own spec, which is compiled as the artefact was", async () => {
  expect(await diff(artefact, "rwkv-7")).toBe(`No difference between ${artefact} and rwkv-7.\n`);
  expect(await diff(artefact, artefact)).toBe(`No difference between ${artefact} and ${artefact}.\n`);
});

test("an artefact and another spec, at the artefact's sizes", async () => {
  const text = await diff(artefact, variant);
  expect(text).toContain("+ x_s: att.x_s [D]");
  expect(text).toMatch(/^cost \(at L=2,V=64,.*, fp32, host\)$/m);
  const back = await diff(variant, artefact);
  expect(back).toContain("- x_s: att.x_s [D]");
});

test.each<[string, string[], number, string]>([
  ["a spec that is not there", ["rwkv-7", "nowhere.rwkv.ts"], 3, "spec/not-found"],
  ["a folder that is no artefact", ["rwkv-7", "specs"], 1, "artefact/not-an-artefact"],
  ["one side only", ["rwkv-7"], 2, "usage/missing-argument"],
  ["sizes and weights", ["rwkv-7", "rwkv-7", "--sizes", sizes, "--weights", "a.pth"], 2, "usage/weights"],
  ["weights of the second alone", ["rwkv-7", "rwkv-7", "--other-weights", "a.pth"], 2, "usage/weights"],
  ["sizes that are none", ["rwkv-7", "rwkv-7", "--sizes", "L=2"], 2, "checkpoint/random-source"],
  ["an unknown SoC", ["rwkv-7", "rwkv-7", "--soc", "SM1"], 2, "usage/unknown-soc"],
  ["a SoC without estimates", ["rwkv-7", "rwkv-7", "--soc", "SM8650"], 2, "usage/soc-without-estimates"],
  ["weights that are not there", ["rwkv-7", "rwkv-7", "--weights", "nowhere.pth"], 3, "checkpoint/not-found"],
])("%s", async (_what, args, code, expected) => {
  expect(await problems(["diff", ...args])).toEqual({ code, codes: [expected] });
});

test("weights with two artefacts", async () => {
  expect(await problems(["diff", artefact, artefact, "--sizes", sizes])).toEqual({ code: 2, codes: ["usage/weights"] });
});

test("a spec with a mistake: its diagnostics", async () => {
  const mine = join(scratch(), "mine.rwkv.ts");
  writeFileSync(mine, readFileSync(variant, "utf8").replace("shift(dx, dx_prev)", "shift(dx, dx_perv)"));
  const ran = await rwkvc(["diff", "rwkv-7", mine]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("did you mean `dx_prev`?");
});
