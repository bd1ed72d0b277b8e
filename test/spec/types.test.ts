/** What TypeScript alone says of specs, as in an editor without the plugin: an installed rwkvc resolves, and slips are marked. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

import { miniSpec } from "../check/mini-spec.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rwkvc-types-"));
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  symlinkSync(resolve("."), join(folder, "node_modules/rwkvc"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** "line: message" of each error in each text, as `tsc` in that folder would give. */
function errorsOf(texts: readonly string[], options: ts.CompilerOptions = {}): string[][] {
  const files = texts.map((text, i) => {
    const file = join(folder, `mine-${i}.rwkv.ts`);
    writeFileSync(file, text);
    return file;
  });
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    types: [],
    ...options,
  });
  const found = ts.getPreEmitDiagnostics(program);
  const elsewhere = found.filter(({ file }) => !file || !files.includes(file.fileName));
  expect(elsewhere.map(({ messageText }) => messageText)).toEqual([]);
  return files.map((name) =>
    found.flatMap(({ file, start, messageText }) => {
      if (file?.fileName !== name) return [];
      const line = file.getLineAndCharacterOfPosition(start!).line + 1;
      return [`${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`];
    }),
  );
}

const extension = `import { after, eq, extend } from "rwkvc/spec";
import base from "rwkvc/specs/rwkv-7.rwkv.ts";
export default extend(base, { name: "mine", timeMix: { equations: [after("dx", eq\`dd = dx * dx\`)] } });
`;

test.each([
  ["bundler", {}],
  ["node16", { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }],
  ["nodenext", { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  // A package's TypeScript is checked by the strictest of its users.
  [
    "bundler, all strictness",
    {
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
      noPropertyAccessFromIndexSignature: true,
      noUncheckedIndexedAccess: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      isolatedModules: true,
      verbatimModuleSyntax: true,
    },
  ],
])("rwkvc/spec and bundled specs resolve from an installed package: %s", (_, options) => {
  expect(errorsOf([extension], options)).toEqual([[]]);
});

const slips: Readonly<Record<string, readonly [from: string, to: string]>> = {
  "a key that is misspelt": ["equations: eq`", "equation: eq`"],
  "a prefix without the layer's number": [`"blocks.{layer}"`, `"blocks"`],
  "a matrix with one dimension": [`mat("key", "A", "D")`, `mat("key", "A D")`],
  "a weight that is only a name": [`up: mat("up", "F", "D")`, `up: "up"`],
  "equations that are a plain string": ["eq`x = emb[token]`", "`x = emb[token]`"],
  "a state's shape as a list": [`prev: "D"`, `prev: ["D"]`],
  "a part under another name": ["head: head(", "heads: head("],
  "layers that are counted by a number": [`layers("L",`, `layers(3,`],
  "a width that no weight has": [`"w8"`, `"w16"`],
  "a block of a size that there is not": ["block: 32", "block: 33"],
  "nothing to keep": [`keepFloat("S")`, "keepFloat()"],
};

test("a good spec has no errors; each slip is marked", () => {
  const policies = [
    `scale("mix.k", 1 / 2), rescaleHidden({ every: 6, by: 1 / 2 })`,
    `keepFloat("S"), quantize("key", "w8"), quantize("up", "w4", { block: 32 })`,
  ];
  const good = miniSpec({ policies: policies.join(", ") }).replace("layers, mat,", "keepFloat, quantize, layers, mat,");
  const texts = Object.values(slips).map(([from, to]) => {
    expect(good).toContain(from);
    return good.replace(from, to);
  });
  const [own, ...others] = errorsOf([good, ...texts]);
  expect(own).toEqual([]);
  expect(Object.fromEntries(Object.keys(slips).map((slip, i) => [slip, others[i]]))).toMatchSnapshot();
});
