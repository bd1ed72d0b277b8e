import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { readSpecText } from "../../compiler/build/spec-text.ts";
import { type Policy, policiesOf as policiesInTree, type Precision } from "../../compiler/ranges/policy.ts";
import { writePolicies } from "../../compiler/ranges/write-policies.ts";

const policies: readonly (Policy | Precision)[] = [
  { kind: "scale", value: "timeMix.k", by: 1 / 8 },
  { kind: "rescaleHidden", every: 6, by: 1 / 2 },
];
const eagle = readFileSync("specs/rwkv-5.2.rwkv.ts", "utf8");
const goose = readFileSync("specs/rwkv-7.rwkv.ts", "utf8");

/** As the front end reads them, bundled specs too. */
function read(text: string): readonly (Policy | Precision)[] | undefined {
  const { value, diagnostics } = readSpec("spec.rwkv.ts", (path) =>
    path === "spec.rwkv.ts" ? text : readSpecText(path),
  );
  return diagnostics.length === 0 ? value && policiesInTree(value) : undefined;
}

const written = (text: string, wanted = policies): string => {
  const result = writePolicies(text, wanted, read);
  if (!("text" in result)) throw new Error(result.problem);
  return result.text;
};

/** The policies of the model as the front end reads them. */
const policiesOf = (text: string): readonly string[] => {
  const read = readSpec("spec.rwkv.ts", (path) => (path === "spec.rwkv.ts" ? text : undefined));
  expect(read.diagnostics).toEqual([]);
  return read.value!.policies.map((policy) => policy.text);
};

test("the list of a spec that has one is replaced, and nothing else", () => {
  const text = written(eagle);
  expect(policiesOf(text)).toEqual(['scale("timeMix.k", 1 / 8)', "rescaleHidden({ every: 6, by: 1 / 2 })"]);
  const changed = (t: string): string[] => t.split("\n").filter((line) => !line.includes("policies:"));
  expect(changed(text)).toEqual(changed(eagle));
});

test("a spec without policies gets the list, and the imports that it needs", () => {
  const text = written(goose);
  expect(policiesOf(text)).toHaveLength(2);
  const added = text.split("\n").filter((line) => !goose.split("\n").includes(line));
  expect(added).toContain('  policies: [scale("timeMix.k", 1 / 8), rescaleHidden({ every: 6, by: 1 / 2 })],');
});

test("functions are called by the names under which the spec imports them", () => {
  const renamed = eagle.replace("  rescaleHidden,", "  rescaleHidden as damp,").replace(/rescaleHidden\(/, "damp(");
  expect(written(renamed)).toContain("damp({ every: 6, by: 1 / 2 })");
});

test("a namespace import is used as it is", () => {
  const text = 'import * as r from "rwkvc/spec";\nexport default r.model({ name: "a" });\n';
  expect(written(text)).toContain('r.scale("timeMix.k", 1 / 8)');
});

test("a model that is made elsewhere is left alone, with the reason", () => {
  expect(writePolicies('import { model } from "rwkvc/spec";\nexport { a as default };\n', policies, read)).toEqual({
    problem: expect.stringContaining("model({ ... })") as string,
  });
  expect(writePolicies(eagle.replace(/policies: \[.*\],/, "policies: shared,"), policies, read)).toEqual({
    problem: expect.stringContaining("not a list written in place") as string,
  });
});

const withoutPolicies = eagle.replace(/\n {2}policies: .*\n/, "\n");

test("comments, line ends and a missing comma at the end of the model stay as they are", () => {
  // A comment stands where the list was.
  expect(withoutPolicies).toMatch(/cancel these factors exactly\.\n\}\);/);
  const texts = [
    withoutPolicies,
    withoutPolicies.replaceAll("\n", "\r\n"),
    goose.replace(/\}\),\s*\}\);\s*$/, "}) // the end\n});\n"),
    goose.replace(/\}\),\s*\}\);\s*$/, "}) /* , */, });\n"),
    goose.replace(/(import \{[^}]*?),?\s*\} from/, "$1 } from"),
  ];
  for (const text of texts) {
    const result = written(text);
    expect(policiesOf(result)).toHaveLength(2);
    const inserted = /,?\s*policies: \[scale.*?\}\)\],?/s;
    expect(result).toMatch(inserted);
    expect(result.includes("\r\n")).toBe(text.includes("\r\n"));
    expect(result.replaceAll("\r\n", "").includes("\n")).toBe(!text.includes("\r\n"));
  }
});

test("a type-only import does not count", () => {
  const text = withoutPolicies.replace(/^import \{/, 'import type { Policy } from "rwkvc/spec";\nimport {');
  expect(policiesOf(written(text))).toHaveLength(2);
});

test("a byte order mark stays", () => {
  expect(written(`\ufeff${eagle}`).startsWith("\ufeffimport")).toBe(true);
});

test("a quoted key is one as well", () => {
  expect(policiesOf(written(eagle.replace("policies:", '"policies":')))).toHaveLength(2);
});

test("comments in the list are the author's: it is not written over", () => {
  for (const comment of ["// why", "/* why */"]) {
    const text = eagle.replace("policies: [", `policies: [ ${comment}\n`);
    expect(writePolicies(text, policies, read)).toEqual({ problem: expect.stringContaining("comments") as string });
  }
});

test("a comma in a comment behind the last property separates nothing", () => {
  const text = 'import * as r from "rwkvc/spec";\nexport default r.model({\n  name: "a" // x, y\n});\n';
  expect(written(text)).toContain('  name: "a",\n  policies: [r.scale("timeMix.k", 1 / 8)');
  expect(written(text)).toContain("// x, y");
});

const extension = (changes: string, base = "rwkv-7", imported = "extend"): string =>
  `import { ${imported} } from "rwkvc/spec";
import base from "rwkvc/specs/${base}.rwkv.ts";

export default ${imported.includes(" as ") ? imported.split(" as ")[1]! : "extend"}(base, {
  name: "mine",${changes}
});
`;

test("an extension gets them among its changes", () => {
  expect(written(extension(""))).toBe(
    `import { extend, rescaleHidden, scale } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-7.rwkv.ts";

export default extend(base, {
  name: "mine",
  policies: [scale("timeMix.k", 1 / 8), rescaleHidden({ every: 6, by: 1 / 2 })],
});
`,
  );
  expect(read(written(extension("")))).toEqual(policies);
});

test("under whatever name it extends", () => {
  for (const text of [
    extension("", "rwkv-7", "extend as like"),
    extension("").replace("export default", "const mine =").concat("export default mine;\n"),
    extension("").replace("(base,", '(extend(base, { name: "between" }),'),
  ]) {
    expect(read(written(text)), text).toEqual(policies);
    expect(written(text)).toMatch(/name: "mine",\n {2}policies: \[/);
  }
});

test("an extension's own list is replaced; what the base has is not repeated, and what is not wanted is taken away", () => {
  const own = extension('\n  policies: [scale("timeMix.v", 1 / 4)],', "rwkv-5.2");
  const inherited = read(extension("", "rwkv-5.2"))!;
  expect(inherited.length).toBe(3);
  const [, kept] = inherited;
  const wanted = [kept!, { kind: "scale", value: "timeMix.k", by: 1 / 32 } as const];
  const text = written(own, wanted);
  expect(read(text)).toEqual(expect.arrayContaining([...wanted]));
  expect(read(text)).toHaveLength(wanted.length);
  expect(text.split("\n").filter((line) => line.includes("policies"))).toMatchInlineSnapshot(`
    [
      "  policies: [scale("timeMix.k", 1 / 32), remove("rescaleHidden")],",
    ]
  `);
  expect(read(written(own, inherited))).toEqual(inherited);
  expect(written(own, inherited)).toContain("policies: [],");
});

const precision: readonly Precision[] = [
  { kind: "keepFloat", patterns: ["timeMix.w", "S"] },
  { kind: "quantize", pattern: "att.*", bits: 8 },
  { kind: "quantize", pattern: "ffn.{key,value}", bits: 4, block: 32 },
];

test("policies about precision are written like others, in their order", () => {
  const text = written(goose, precision);
  expect(read(text)).toEqual(precision);
  expect(text).toContain(
    'policies: [keepFloat("timeMix.w", "S"), quantize("att.*", "w8"), quantize("ffn.{key,value}", "w4", { block: 32 })],',
  );
  expect(read(written(text, policies))).toEqual(policies);
});

test("of policies about one name the one that goes is named with its kind", () => {
  const base = written(goose, [
    { kind: "scale", value: "timeMix.k", by: 2 },
    { kind: "quantize", pattern: "timeMix.k", bits: 8 },
  ]);
  const readBoth = (text: string) =>
    policiesInTree(
      readSpec("spec.rwkv.ts", (path) =>
        path === "spec.rwkv.ts" ? text : path === "base.rwkv.ts" ? base : readSpecText(path),
      ).value!,
    );
  const own = `import { extend } from "rwkvc/spec";\nimport base from "./base.rwkv.ts";\nexport default extend(base, { name: "mine" });\n`;
  const wanted: readonly Precision[] = [{ kind: "quantize", pattern: "timeMix.k", bits: 8 }];
  const result = writePolicies(own, wanted, readBoth);
  expect("text" in result && result.text).toContain('policies: [remove("scale timeMix.k")]');
  expect("text" in result && readBoth(result.text)).toEqual(wanted);
});

test("what a spread brings is replaced by a list behind it", () => {
  const spread = `import { model } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-5.2.rwkv.ts";

export default model({
  ...base,
  name: "mine",
});
`;
  expect(read(spread)).toHaveLength(3);
  expect(read(written(spread))).toEqual(policies);
  expect(written(spread)).toContain(
    '  name: "mine",\n  policies: [scale("timeMix.k", 1 / 8), rescaleHidden({ every: 6, by: 1 / 2 })],\n});',
  );

  const changes = extension("\n  ...more,").replace("export", "const more = { policies: [] };\n\nexport");
  expect(read(written(changes))).toEqual(policies);
});

test("changes that are not written in place are left alone", () => {
  for (const text of [
    extension("").replace(/\{\n {2}name: "mine",\n\}/, "changes"),
    'export { default } from "rwkvc/specs/rwkv-7.rwkv.ts";\n',
  ]) {
    expect(writePolicies(text, policies, read)).toEqual({ problem: expect.any(String) as string });
  }
});
