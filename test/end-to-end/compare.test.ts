/** `rwkvc compare`: two builds of one model, equation by equation; what cannot be compared is refused. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { problems, rwkvc } from "../commands/command-line.ts";
import { withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import { build, host, htp, type Library, run, shared } from "./artefacts.ts";
import { damage, vouch } from "./damage.ts";

const spec = "specs/rwkv-7.rwkv.ts";
const weights = "models/rwkv7-random/model.pth";
const text = "models/kjv-held-out.bin";
/** The random model has 300 ids: text has to be said to be bytes. */
const bytes = ["--tokenizer", "bytes"];

interface Report {
  readonly predictions: {
    readonly positions: number;
    readonly sameTop: number;
    readonly kl: number;
    readonly nll: readonly [number, number];
  };
  /** The most damaging first. */
  readonly equations: readonly {
    readonly path: string;
    readonly line: number;
    readonly snr: number | null;
    readonly introduced?: number | null;
    readonly inherited?: number | null;
  }[];
  readonly notCompared: readonly string[];
}

const compare = (args: readonly string[], library: Library = host): Promise<Report> =>
  run<Report>(["compare", ...args], library);
const least = (ratios: readonly (number | null | undefined)[]): number => Math.min(...ratios.map((r) => r ?? Infinity));

let fp32: string;
let fp16: string;
beforeAll(async () => {
  fp32 = await build(spec, weights, ["--precision", "fp32", ...bytes], host);
  fp16 = await build(spec, weights, ["--precision", "fp16", ...bytes], host);
});

describe("float16 against float32", () => {
  test("every equation introduces what rounding explains", async () => {
    const report = await compare([fp32, fp16, "--text", text, "--limit", "48", "--weights", weights]);
    expect(report.notCompared).toEqual([]);
    // One rounding to 11 bits is 70 to 75 dB; the worst equation rounds a few times.
    expect(least(report.equations.map((e) => e.introduced))).toBeGreaterThan(55);
    expect(least(report.equations.map((e) => e.snr))).toBeGreaterThan(45);
    const { predictions } = report;
    expect(predictions.positions).toBe(48);
    expect(predictions.kl).toBeLessThan(1e-4);
    expect(Math.abs(predictions.nll[0] - predictions.nll[1])).toBeLessThan(1e-2);
  });

  test("without a checkpoint the noise is what it was", async () => {
    const args = [fp32, fp16, "--text", text, "--limit", "8"];
    const [plain, told] = [await compare(args), await compare([...args, "--weights", weights])];
    const byPath = ({ equations }: Report) =>
      Object.fromEntries(equations.map(({ path, line, snr }) => [`${path} ${line}`, snr]));
    expect(byPath(plain)).toEqual(byPath(told));
    expect(plain.equations.every((e) => e.introduced === undefined)).toBe(true);
    expect(plain.predictions).toEqual(told.predictions);
  });

  test("an artefact against itself is exact", async () => {
    const { equations, predictions } = await compare([fp16, fp16, "--text", text, "--limit", "8"]);
    expect(equations.every(({ snr }) => snr === null)).toBe(true);
    expect(predictions).toMatchObject({ kl: 0, positions: 8, sameTop: 8 });
  });

  test("the text tells the worst first, at its line", async () => {
    const { code, stdout } = await rwkvc(["compare", fp32, fp16, "--text", text, "--limit", "4", "--weights", weights]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NLL +[\d.]+ and [\d.]+ nats a token \((?:0|[+-][\d.]+(?:e-\d+)?)\)$/m);
    expect(stdout).not.toMatch(/\n\n\n/);
    expect(stdout).toMatch(/^top token +the same at \d of 4 positions/m);
    const rows = [...stdout.matchAll(/^\w+\.\w+ +line \d+ +(?:layer \d+)? +([\d.]+|exact)/gm)];
    const ratios = rows.map(([, ratio]) => (ratio === "exact" ? Infinity : Number(ratio)));
    expect(ratios.length).toBe(15);
    expect(ratios).toEqual(ratios.toSorted((a, b) => a - b));
  });
});

test("weights that are wrong in one layer: the equation that reads them introduces it", async () => {
  const broken = join(scratch(), "broken");
  cpSync(fp32, broken, { recursive: true });
  await damage(broken, weights, "blocks.1.att.key.weight");
  const { equations } = await compare([fp32, broken, "--text", text, "--limit", "6", "--weights", weights]);
  const [first, second] = equations;
  expect(first!.path).toBe("blocks.1.timeMix.kx");
  expect(second!.introduced! - first!.introduced!).toBeGreaterThan(40);
});

test("scales of policies are undone", async () => {
  const model = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-overflow/model.pth"] as const;
  const scaled = await shared(...model, ["--precision", "fp16"], host);
  const plain = await shared(...model, ["--precision", "fp32", "--no-scaling"], host);
  const report = await compare([plain, scaled, "--text", text, "--limit", "6", "--weights", model[1]]);
  expect(least(report.equations.map((e) => e.introduced))).toBeGreaterThan(50);
  // Without policies float16 overflows, and the first equation that does is named.
  const broken = await shared(...model, ["--precision", "fp16", "--no-scaling"], host);
  const { code, stderr } = await rwkvc(["compare", plain, broken, "--text", text, "--limit", "6"], host.env);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /error\[compare\/not-finite\]: .* has values that are not finite, first in blocks\.\d\.\w+\.\w+/,
  );
});

withHtp("one artefact on two backends", () =>
  test("is as far apart as two that round independently", async () => {
    const args = [fp16, fp16, "--backend-b", "htp", "--text", text, "--limit", "4", "--weights", weights];
    const report = await compare(args, htp);
    expect(least(report.equations.map((e) => e.snr))).toBeGreaterThan(45);
    expect(least(report.equations.map((e) => e.snr))).toBeLessThan(100);
  }),
);

describe("what cannot be compared", () => {
  test("another spec, other sizes", async () => {
    const other = await shared("specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-kjv/model.pth", ["--precision", "fp32"], host);
    expect(await problems(["compare", fp32, other, "--text", text])).toEqual({
      code: 1,
      codes: ["compare/other-spec"],
    });
    const larger = await shared(spec, "models/rwkv7-kjv/model.pth", ["--precision", "fp32"], host);
    expect(await problems(["compare", fp32, larger, "--text", text])).toEqual({
      code: 1,
      codes: ["compare/other-sizes"],
    });
    const args = ["compare", fp32, fp16, "--text", text, "--weights", "models/rwkv7-kjv/model.pth"];
    expect(await problems(args)).toEqual({ code: 1, codes: ["compare/other-sizes"] });
  });

  test("a spec that differs in its policies only is the same model", async () => {
    const mine = join(scratch(), "mine.rwkv.ts");
    writeFileSync(
      mine,
      `import { extend, keepFloat, scale } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-7.rwkv.ts";
export default extend(base, { name: "mine", policies: [scale("channelMix.k", 1 / 2), keepFloat("S")] });
`,
    );
    const other = await build(mine, weights, ["--precision", "fp16", ...bytes], host);
    const { equations } = await compare([fp16, other, "--text", text, "--limit", "4"]);
    expect(least(equations.map((e) => e.snr))).toBeGreaterThan(50);
  });

  test("a text of one token", async () => {
    const short = join(scratch(), "short.txt");
    writeFileSync(short, "a");
    expect(await problems(["compare", fp32, fp16, "--text", short])).toEqual({ code: 1, codes: ["compare/too-short"] });
  });

  test("equations.json that speaks of no value, or of values of another shape", async () => {
    type Values = { axes: string[]; shape: number[] }[];
    const edited = (name: string, edit: (values: Values) => Values): string => {
      const folder = join(scratch(), name);
      cpSync(fp16, folder, { recursive: true });
      const file = join(folder, "equations.json");
      const json = JSON.parse(readFileSync(file, "utf8")) as { graphs: { values: Values }[] };
      for (const graph of json.graphs) graph.values = edit(graph.values);
      writeFileSync(file, JSON.stringify(json));
      vouch(folder, "equations.json");
      return folder;
    };
    const codes = async (name: string, edit: (values: Values) => Values) =>
      (await problems(["compare", fp32, edited(name, edit), "--text", text, "--limit", "2", ...bytes])).codes;
    expect(await codes("none", () => [])).toEqual(["compare/nothing-in-common"]);
    expect(await codes("scalars", (all) => all.map((v) => ({ ...v, axes: [], shape: [] })))).toEqual([
      "compare/other-shape",
    ]);
    expect(await codes("axes", (all) => all.map((v) => ({ ...v, axes: [] })))).toEqual(["artefact/bad-equations"]);
  });

  test("no text, and both a text and tokens", async () => {
    expect(await problems(["compare", fp32, fp16])).toEqual({ code: 2, codes: ["usage/missing-option"] });
    const both = ["compare", fp32, fp16, "--text", text, "--tokens", "ids.txt"];
    expect(await problems(both)).toEqual({ code: 2, codes: ["usage/two-inputs"] });
  });
});
