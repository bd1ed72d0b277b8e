/** `rwkvc verify`: agreement on each backend, and builds that are wrong in one place, which it has to name. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { rwkvc } from "../commands/command-line.ts";
import { withCpu, withHtp } from "../qualcomm.ts";
import { scratch } from "../scratch.ts";
import { cpu, host, htp, type Library, shared } from "./artefacts.ts";
import { damage } from "./damage.ts";

const spec = "specs/rwkv-7.rwkv.ts";
const weights = "models/rwkv7-random/model.pth";

interface Report {
  readonly agrees: boolean;
  readonly tokens: readonly number[];
  readonly first: {
    readonly path: string;
    readonly line: number;
    readonly layer: number;
    readonly token: number;
  } | null;
  readonly equations: readonly {
    readonly path: string;
    readonly difference: number | null;
    readonly total: number | null;
  }[];
  readonly notCompared: readonly string[];
  readonly diagnostics: readonly { readonly code: string }[];
}

async function verify(args: readonly string[], library: Library): Promise<Report & { readonly code: number }> {
  const { code, stdout, stderr } = await rwkvc(
    ["verify", ...args, "--backend", library.backend, "--json"],
    library.env,
  );
  expect([0, 1], stdout + stderr).toContain(code);
  return { ...(JSON.parse(stdout) as Report), code };
}

const codes = (report: Report): string[] => report.diagnostics.map(({ code }) => code);
/** The largest differences, of single equations and since the first token. */
const worst = ({ equations }: Report): { own: number; total: number } => ({
  own: Math.max(...equations.map((e) => e.difference ?? Infinity)),
  total: Math.max(...equations.map((e) => e.total ?? Infinity)),
});

function expectAgreement(report: Report & { readonly code: number }, most: { own: number; total: number }): void {
  expect(report).toMatchObject({ code: 0, agrees: true, first: null });
  expect(worst(report).own).toBeLessThan(most.own);
  expect(worst(report).total).toBeLessThan(most.total);
}

/** An operation rounds to 6e-8; measured 3e-7 and 1e-6. */
const fp32 = { own: 1e-6, total: 5e-6 };
/** An operation rounds to 5e-4; measured 1.1e-3 and 5e-3. */
const fp16 = { own: 3e-3, total: 1.5e-2 };

describe("an artefact that is as the spec says", () => {
  test("agrees at fp32 on the host backend, in all equations", async () => {
    const report = await verify([spec, "--weights", weights], host);
    expectAgreement(report, fp32);
    expect(report.notCompared).toEqual([]);
    expect(report.tokens.length).toBe(16);
    expect(report.equations.length).toBe(45);
  });

  test("agrees at fp16 on the host backend", async () => {
    const report = await verify([spec, "--weights", weights, "--precision", "fp16"], host);
    expectAgreement(report, fp16);
  });

  test("agrees where a policy scales values, of which the spec's are compared", async () => {
    const model = ["specs/rwkv-5.2.rwkv.ts", "--weights", "models/rwkv5.2-kjv/model.pth"];
    const report = await verify([...model, "--limit", "4"], host);
    expectAgreement(report, fp32);
    // A constant has no tensor that could be read.
    expect(new Set(report.notCompared.map((path) => path.replace(/^blocks\.\d+\./, "")))).toEqual(
      new Set(["timeMix.w"]),
    );
  });
});

withCpu("on QNN CPU", () =>
  test("an artefact agrees at fp32", async () => {
    const report = await verify([spec, "--weights", weights], cpu);
    expectAgreement(report, fp32);
  }),
);

withHtp("on the HTP simulator", () =>
  test("an artefact agrees at fp16", async () => {
    const report = await verify([spec, "--weights", weights, "--limit", "6"], htp);
    expectAgreement(report, fp16);
  }),
);

describe("an artefact that is wrong in one place", () => {
  let artefact: string;
  const against = (file: string, folder = artefact): string[] => [file, "--weights", weights, "--artefact", folder];

  beforeAll(async () => {
    artefact = await shared(spec, weights, ["--precision", "fp32"], host);
  });

  test("of another spec: the first equation that says something else is named, at its line", async () => {
    const mine = join(scratch(), "mine.rwkv.ts");
    const text = readFileSync(spec, "utf8");
    const changed = `// another text\n${text.replace("k  = kx * (1 + (a - 1) * k_a)", "k  = kx * (1 + (a - 2) * k_a)")}`;
    writeFileSync(mine, changed);
    const report = await verify(against(mine), host);
    expect(report.code).toBe(1);
    expect(report.first).toMatchObject({ path: "blocks.0.timeMix.k", layer: 0, token: 0 });
    expect(changed.split("\n")[report.first!.line - 1]).toContain("k  = kx");
    expect(codes(report)).toEqual(["verify/other-spec", "verify/departs"]);
  });

  test("of other weights: the equation that reads them is named, in its layer", async () => {
    const broken = join(scratch(), "broken");
    cpSync(artefact, broken, { recursive: true });
    await damage(broken, weights, "blocks.1.att.key.weight");
    const report = await verify(against(spec, broken), host);
    expect(report.code).toBe(1);
    expect(report.first).toMatchObject({ path: "blocks.1.timeMix.kx", layer: 1, token: 0 });
    expect(codes(report)).toEqual(["verify/departs"]);
  });

  test("a departure is shown at its equation, with what was found and expected", async () => {
    const mine = join(scratch(), "mine.rwkv.ts");
    writeFileSync(mine, readFileSync(spec, "utf8").replace("eps = 64e-5", "eps = 64"));
    const { code, stderr, stdout } = await rwkvc(["verify", ...against(mine), "--limit", "2"], host.env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^blocks\.\d\.\w+\.\w+ +line \d+ +token \d/m);
    expect(stderr).toContain(
      "error[verify/departs]: blocks.0.timeMix.x is the first that departs from the spec, at token 0",
    );
    expect(stderr).toMatch(/91 \| +x = x \+ output @ \(\(group_norm/);
    expect(stderr).toMatch(/\^ found -?[\d.e-]+, expected -?[\d.e-]+ at D = \d+/);
  });

  test("of a checkpoint with other shapes is refused", async () => {
    const args = [spec, "--weights", "models/rwkv7-kjv/model.pth", "--artefact", artefact];
    const report = await verify([...args, "--limit", "1"], host);
    expect(report.code).toBe(1);
    expect(codes(report)).toContain("verify/other-shape");
  });
});

test("fp16 without scaling policies: the equation that leaves float16's range first is named", async () => {
  const [file, checkpoint] = ["specs/rwkv-5.2.rwkv.ts", "models/rwkv5.2-overflow/model.pth"];
  const artefact = await shared(file, checkpoint, ["--precision", "fp16", "--no-scaling"], host);
  const args = ["verify", file, "--weights", checkpoint, "--artefact", artefact, "--limit", "4"];
  const { code, stderr } = await rwkvc(args, host.env);
  expect(code).toBe(1);
  expect(stderr).toContain("beyond float16's 65504");
});

test("--text and --tokens exclude each other", async () => {
  const { code } = await rwkvc(["verify", spec, "--weights", weights, "--text", "a", "--tokens", "b"]);
  expect(code).toBe(2);
});
