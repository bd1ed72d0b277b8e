/** The reader: that it takes the bundled specs (what it makes of them: test/specs/golden), the static subset, offsets, and that nothing runs. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { specFileIn } from "../../compiler/frontend/bundled-specs.ts";
import { createModuleReader, readModule } from "../../compiler/frontend/read-module.ts";
import type { StaticValue } from "../../compiler/frontend/static-value.ts";
import type { Diagnostic, Span } from "../../compiler/diagnostics/diagnostic.ts";
import * as dsl from "../../compiler/spec/index.ts";
import { dslFunctionNames, equationTag } from "../../compiler/frontend/dsl.ts";
import { check, miniFile, miniSpec } from "../check/mini-spec.ts";

const bundled = readdirSync("specs").flatMap((file) =>
  file.endsWith(".rwkv.ts") ? [file.replace(".rwkv.ts", "")] : [],
);
function readFile(path: string): string | undefined {
  const file = specFileIn("specs", path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

describe("bundled specs", () => {
  test.each(bundled)("%s is complete", (name) => {
    const { value, diagnostics } = readSpec(`specs/${name}.rwkv.ts`, readFile);
    expect(diagnostics).toEqual([]);
    expect(value?.complete).toBe(true);
  });

  // The reader's idea of the DSL is held against the DSL itself: here, and only here, specs run.
  test.each(bundled)("%s: reading gives what running gives", async (name) => {
    const read = exportsOf(readFileSync(`specs/${name}.rwkv.ts`, "utf8"), `specs/${name}.rwkv.ts`);
    const run = (await import(`../../specs/${name}.rwkv.ts`)) as { default: unknown };
    expect(plain(read.get("default")!)).toEqual(run.default);
  });
});

describe("the DSL", () => {
  test("an extension is read as it runs", async () => {
    const file = "docs/variants/rwkv-7b.rwkv.ts";
    const run = (await import("../../docs/variants/rwkv-7b.rwkv.ts")) as { default: unknown };
    expect(plain(exportsOf(readFileSync(file, "utf8"), file).get("default")!)).toEqual(run.default);
  });

  test("the reader knows its functions", () => {
    const functions = Object.entries(dsl).filter(([, value]) => typeof value === "function");
    expect([...dslFunctionNames, equationTag].sort()).toEqual(functions.map(([name]) => name).sort());
  });

  test("each function makes the same data", () => {
    const text = `
      import { after, before, block, channelMix, dim, embedding, eq, extend, head, layers, mat, model, norm, remove, replace, rescaleHidden, scale, state, tensor, timeMix, vec } from "rwkvc/spec";
      const equations = eq\`a = b\`;
      export const all = [
        dim("a"), dim("a", "H N"), vec("v", "A"), mat("m", "A", "B"), tensor("t", "A B C"), norm("n", "A"), state("A", -1e30),
        timeMix({ equations }), channelMix({ equations, state: { s: "A" } }), block("b", { equations }), embedding({ equations }),
        head({ equations, weights: { v: vec("v", "A") } }), layers("L", "p.{layer}", []), scale("k", 1 / 2), rescaleHidden({ every: 6, by: 0.5 }),
        after("a", equations), before("a", equations), replace("a b", timeMix({ equations })), remove(), remove("a"),
      ];`;
    const { block, channelMix, dim, embedding, eq, head, layers, mat, norm, rescaleHidden } = dsl;
    const { scale, state, tensor, timeMix, vec, after, before, remove, replace } = dsl;
    const equations = eq`a = b`;
    const made = [
      ...[dim("a"), dim("a", "H N"), vec("v", "A"), mat("m", "A", "B"), tensor("t", "A B C"), norm("n", "A")],
      ...[state("A", -1e30), timeMix({ equations }), channelMix({ equations, state: { s: "A" } })],
      ...[block("b", { equations }), embedding({ equations }), head({ equations, weights: { v: vec("v", "A") } })],
      ...[layers("L", "p.{layer}", []), scale("k", 1 / 2), rescaleHidden({ every: 6, by: 0.5 })],
      ...[after("a", equations), before("a", equations), replace("a b", timeMix({ equations })), remove(), remove("a")],
    ];
    expect(plain(exportsOf(text).get("all")!)).toEqual(made);
  });
});

describe("the static subset", () => {
  const values: readonly (readonly [string, unknown])[] = [
    [`"a\\n\\u0041\\x42\\u{43}\\'"`, "a\nABC'"],
    ["`a${1 + 1}b${`c`}`", "a2bc"],
    ["-1e-30", -1e-30],
    ["0x10 + 0b11 + 1_000", 1019],
    ["(7 % 4) ** 2 / -3 * 2 - 1", -7],
    [`"a" + 1 + "b"`, "a1b"],
    ["[1, ...[2, 3], [4]]", [1, 2, 3, [4]]],
    ["{ a: 1, ...{ a: 2, b: 3 }, b: 4 }", { a: 2, b: 4 }],
    [`{ ["k" + 1]: true, "x y": null, 3: undefined }`, { k1: true, "x y": null, 3: undefined }],
    [`({ a: [{ b: "c" }] }).a[0].b`, "c"],
    [`({ a: 1 } as const)["a"]`, 1],
    ["({ a: 1 } satisfies object).a!", 1],
    ["base.width", "D"],
    ["{ base }", { base: { width: "D" } }],
    ["eq`a = \\`b`", { kind: "equations", text: "a = \\`b" }],
  ];
  test.each(values)("%s", (source, expected) => {
    const text = `import { eq } from "rwkvc/spec";\nconst base = { width: "D" };\nexport const value = ${source};`;
    expect(plain(exportsOf(text).get("value")!)).toEqual(expected);
  });

  test("types, comments, empty statements and late exports are fine", () => {
    const text = `/* x */ import type { Model } from "anywhere";\ntype A = 1; interface B {} ; declare const c: A;
      export { a as b };\nconst a = 1;\nexport type { A };`;
    expect(plain(exportsOf(text).get("b")!)).toBe(1);
  });

  test("other specs are imported relatively, with their default and named exports", () => {
    const files = new Map([
      ["specs/a.rwkv.ts", `import b, { width as w } from "./more/b.rwkv.ts";\nexport const all = [b, w];`],
      ["specs/more/b.rwkv.ts", `import { c } from "../c.rwkv.ts";\nexport const width = "D";\nexport default { c };`],
      ["specs/c.rwkv.ts", `export const c = 3;`],
    ]);
    const found: Diagnostic[] = [];
    const reader = createModuleReader(
      (path) => files.get(path),
      (diagnostic) => found.push(diagnostic),
    );
    expect(plain(readModule("specs/a.rwkv.ts", reader).exports.get("all")!)).toEqual([{ c: 3 }, "D"]);
    expect(found).toEqual([]);
    expect([...reader.sources.keys()]).toEqual([...files.keys()]);
  });

  test("keys of Object.prototype are ordinary names", () => {
    const text = `import { vec } from "rwkvc/spec";\nexport const value = { constructor: 1, toString: vec("a", "B") };`;
    const value = exportsOf(text).get("value")!;
    expect(value.kind === "object" && [...value.entries.keys()]).toEqual(["constructor", "toString"]);
    const refused = check(miniSpec({ also: "z = constructor(xx) + toString\nq = __proto__" }));
    expect(refused.diagnostics.map((d) => d.code)).toContain("equation/function");
  });

  test("mistakes are collected, not only the first", () => {
    const { diagnostics } = check(
      miniSpec({
        top: "let a = 1;\nconsole.log(a);\nfunction f() {}",
        also: "z = qq + \nw = sigmod(xx)",
        policies: "3",
      }),
    );
    expect(diagnostics.map((d) => d.code)).toEqual(
      expect.arrayContaining([
        "spec/not-const",
        "spec/side-effect",
        "spec/not-static",
        "equation/syntax",
        "equation/function",
        "spec/type",
      ]),
    );
  });
});

describe("offsets", () => {
  test("a byte order mark, CRLF and tabs keep their places", () => {
    const text = `\ufeff${miniSpec({ also: "\tz = qq" })}`.replaceAll("\n", "\r\n");
    expect(marked(text, "name/undefined")).toBe("qq");
  });

  test("text of a hole is marked where it was written", () => {
    const text = miniSpec({ top: 'const tail = "qq + 1";', also: "z = xx + ${tail}" });
    expect(marked(text, "name/undefined")).toBe("qq");
    const { primary } = check(text).diagnostics.find((d) => d.code === "name/undefined")!;
    expect(primary!.span.start).toBe(text.indexOf("qq + 1"));
  });

  test("what crosses the edge of a hole is marked in the template", () => {
    const text = miniSpec({ top: 'const left = "xx";', also: "z = (${left} * y) + 1" });
    const { primary, secondary } = check(text).diagnostics.find((d) => d.code === "shape/mismatch")!;
    expect(slice(text, primary!.span)).toBe("*");
    expect(secondary!.map((label) => slice(text, label.span))).toContain("xx");
    expect(marked(miniSpec({ top: 'const name = "q";', also: "z = ${name}q + 1" }), "name/undefined")).toBe("${name}q");
  });

  test("after an escape offsets go on rightly", () => {
    const text = miniSpec({ weights: 'u: tensor("\\u0075", "\\u0048 M"),' });
    expect(marked(text, "dim/undefined")).toBe("M");
    expect(marked(miniSpec({ weights: 'u: tensor("u", "H \\u004d"),' }), "dim/undefined")).toBe("\\u004d");
  });

  test("a name from another file is marked there", () => {
    const other = `export const shape = "H M";\n`;
    const text = miniSpec({ top: 'import { shape } from "./other.rwkv.ts";', weights: 'u: tensor("u", shape),' });
    const { diagnostics } = check(text, undefined, { "other.rwkv.ts": other });
    const { span } = diagnostics.find((d) => d.code === "dim/undefined")!.primary!;
    expect([span.file, slice(other, span)]).toEqual(["other.rwkv.ts", "M"]);
  });
});

describe("a spec that would do something", () => {
  const target = join(tmpdir(), `rwkvc-side-effect-${process.pid}`);
  const attempts = [
    `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(target)}, "x");`,
    `process.exit(3);`,
    `console.log("ran");`,
    `const ran = console.log("ran");`,
    `export const ran = (() => console.log("ran"))();`,
    `const ran = \`\${console.log("ran")}\`;`,
    `const ran = { get a() { console.log("ran"); return 1; } }.a;`,
    `const ran = [1].map(console.log);`,
    `await import(${JSON.stringify(`data:text/javascript,console.log("ran")`)});`,
    `globalThis.ran = 1;`,
    `class A { static { console.log("ran"); } }`,
    `throw new Error("ran");`,
  ];
  test.each(attempts)("%s", (top) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const exit = vi.spyOn(process, "exit").mockImplementation((() => undefined) as never);
    const { model, diagnostics } = check(miniSpec({ top }));
    expect(model).toBeUndefined();
    expect(diagnostics.map((d) => d.code).join()).toMatch(/spec\/(side-effect|not-static|call|import|arithmetic)/);
    expect(log).not.toHaveBeenCalled();
    expect(exit).not.toHaveBeenCalled();
    expect(existsSync(target)).toBe(false);
    expect(globalThis).not.toHaveProperty("ran");
    vi.restoreAllMocks();
  });
});

function exportsOf(text: string, file = miniFile): ReadonlyMap<string, StaticValue> {
  const found: Diagnostic[] = [];
  const reader = createModuleReader(
    (path) => (path === file ? text : readFile(path)),
    (diagnostic) => found.push(diagnostic),
  );
  const { exports } = readModule(file, reader);
  expect(found).toEqual([]);
  return exports;
}

function plain(value: StaticValue): unknown {
  switch (value.kind) {
    case "string":
      return value.text.text;
    case "number":
    case "boolean":
      return value.value;
    case "null":
      return null;
    case "undefined":
    case "unknown":
      return undefined;
    case "array":
      return value.items.map(plain);
    case "object":
      return Object.fromEntries([...value.entries].map(([name, entry]) => [name, plain(entry.value)]));
    case "equations":
      return { kind: "equations", text: value.text.text };
  }
}

const slice = (text: string, span: Span): string => text.slice(span.start, span.end);

function marked(text: string, code: string): string {
  const { primary } = check(text).diagnostics.find((diagnostic) => diagnostic.code === code)!;
  return slice(text, primary!.span);
}
