/** Extensions: the tree that comes out, where its pieces point, and that edits mean what they say. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { SpecAst } from "../../compiler/frontend/ast.ts";
import { specFileIn } from "../../compiler/frontend/bundled-specs.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { checkSpec } from "../../compiler/check/check-spec.ts";
import { miniSpec } from "../check/mini-spec.ts";
import { printEquation, printSpec } from "./print-ast.ts";

const imports = `import { after, before, block, dim, embedding, eq, extend, head, mat, norm, remove, replace, rescaleHidden, scale, state, tensor, vec } from "rwkvc/spec";`;

/** The tree of a spec that makes these changes to the mini spec; without mistakes. */
function extended(changes: string, base = miniSpec(), more: Readonly<Record<string, string>> = {}): SpecAst {
  const { value, diagnostics } = read(
    `${imports}\nimport base from "./base.rwkv.ts";\nexport default extend(base, { name: "variant", ${changes} });\n`,
    { "base.rwkv.ts": base, ...more },
  );
  expect(diagnostics).toEqual([]);
  return value!;
}

function read(text: string, files: Readonly<Record<string, string>>) {
  return readSpec("variant.rwkv.ts", (path) => (path === "variant.rwkv.ts" ? text : files[path]));
}

const equations = (spec: SpecAst): string[] =>
  spec.layers.parts[0]!.equations.map((equation) => (equation.kind === "equation" ? equation.text : "broken"));

test("the worked example: tree", async () => {
  const { value, diagnostics } = readSpec("docs/variants/rwkv-7b.rwkv.ts", (path) => {
    const file = specFileIn("specs", path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  });
  expect(diagnostics).toEqual([]);
  await expect(printSpec(value!)).toMatchFileSnapshot("golden/extension.ast.txt");
  expect(checkSpec(value!).diagnostics).toEqual([]);
});

test("everything that can be changed: tree", async () => {
  const spec = extended(`
    reference: "a note",
    dims: { F: dim("wider"), M: dim("more"), N: dim("of the head") },
    carry: { x: "D", first: "H N" },
    embedding: { weights: { bias: vec("emb_bias", "D") }, equations: [replace("x", eq\`x = emb[token] + bias\`)] },
    blocks: { mix: {
      weights: { ln: remove(), ln1: norm("ln1", "D"), up: mat("wider", "F", "D") },
      state: { S: state("H N N", 1), T: "M" },
      equations: [replace("xx", eq\`xx = layer_norm(x, ln1)\`)],
    } },
    layers: { count: "M", prefix: "layers.{layer}", parts: [before("mix", block("first", { equations: eq\`first = x\` }))] },
    head: head({ equations: eq\`logits = x\` }),
    policies: [scale("mix.k", 2), rescaleHidden({ every: 4, by: 1 / 2 })],
  `);
  await expect(printSpec(spec)).toMatchFileSnapshot("golden/extension-of-all.ast.txt");
});

test("edits speak of the base, in the order in which they are written", () => {
  const edits = `[
    after("k", eq\`a = k\`), before("y", eq\`c = k\`), after("k", eq\`b = k\`), replace("k", eq\`k = key @ xx : H N\`),
    before("y", eq\`d = k\`), remove("S'"), after("S'", eq\`S' = S\`)]`;
  expect(equations(extended(`blocks: { mix: { equations: ${edits} } }`))).toEqual([
    "xx = layer_norm(x, ln)",
    "k = key @ xx : H N",
    "a = k",
    "b = k",
    "S' = S",
    "c = k",
    "d = k",
    "y[h,i] = S'[h,i,j] * k[h,j]",
    "x = x + out @ y + down @ relu(up @ xx)",
  ]);
});

test("of several equations of one name, one is meant by its condition or number", () => {
  const base = miniSpec({ also: "v = k when layer == 0\nv = k * 2 when layer > 0\nx = x + out @ v\nx = x * 2" });
  const edits = `[replace("v when layer  >0", eq\`v = k * 3 when layer > 0\`), remove("x #2"), remove("v when layer == 0 #1")]`;
  expect(equations(extended(`blocks: { mix: { equations: ${edits} } }`, base)).slice(4)).toEqual([
    "v = k * 3 when layer > 0",
    "x = x + out @ v",
    "x = x + out @ y + down @ relu(up @ xx)",
  ]);
});

test("parts: replaced, removed, put beside others, all equations anew", () => {
  const names = (spec: SpecAst): string[] => spec.layers.parts.map((part) => part.name.value);
  const one = `block("one", { equations: eq\`x = x\` })`;
  const parts = `layers: { parts: [after("mix", ${one}), remove("mix")] }`;
  expect(names(extended(parts))).toEqual(["one"]);
  expect(names(extended(`layers: { parts: [after("mix", ${one})] }, blocks: { mix: remove() }`))).toEqual(["one"]);
  expect(names(extended(`blocks: { mix: ${one} }`))).toEqual(["one"]);
  expect(equations(extended("blocks: { mix: { equations: eq`x = x` } }"))).toEqual(["x = x"]);
});

test("policies are inherited, replaced and removed by what they are about", () => {
  const policies = (changes: string): string[] => {
    const base = miniSpec({
      policies: `scale("mix.k", 2), scale("mix.xx", 4), rescaleHidden({ every: 6, by: 1 / 2 })`,
    });
    return extended(changes, base).policies.map(({ text }) => text);
  };
  const inherited = [`scale("mix.k", 2)`, `scale("mix.xx", 4)`, "rescaleHidden({ every: 6, by: 1 / 2 })"];
  expect(policies("")).toEqual(inherited);
  expect(policies("policies: []")).toEqual(inherited);
  const changed = `policies: [scale("mix.y", 1), remove("rescaleHidden"), scale("mix.k", 8), remove("mix.xx")]`;
  expect(policies(changed)).toEqual([`scale("mix.k", 8)`, `scale("mix.y", 1)`]);
});

test("policies about precision are too, and stand behind the base's, of which the last one counts", () => {
  const precise = (text: string): string => text.replace("layers, mat,", "keepFloat, quantize, layers, mat,");
  const policies = (changes: string): string[] => {
    const base = precise(
      miniSpec({
        policies: `scale("mix.k", 2), keepFloat("S", "mix.k", "mix.y"), quantize("key", "w4"), quantize("{up,down}", "w8")`,
      }),
    );
    const { value } = read(
      `import { extend, keepFloat, quantize, remove, scale } from "rwkvc/spec";\nimport base from "./mini.rwkv.ts";\nexport default extend(base, { name: "b", policies: [${changes}] });\n`,
      { "mini.rwkv.ts": base },
    );
    expect(value?.complete).toBe(true);
    return [...value!.policies, ...value!.precisionPolicies].map(({ text }) => text);
  };
  const kept = `keepFloat("S", "mix.k", "mix.y")`;
  expect(policies("")).toEqual([`scale("mix.k", 2)`, kept, `quantize("key", "w4")`, `quantize("{up,down}", "w8")`]);
  expect(policies(`quantize("key", "w8")`)).toEqual([
    `scale("mix.k", 2)`,
    kept,
    `quantize("{up,down}", "w8")`,
    `quantize("key", "w8")`,
  ]);
  expect(policies(`remove("mix.k"), remove("{up,down}")`)).toEqual([
    `keepFloat("S", "mix.y")`,
    `quantize("key", "w4")`,
  ]);
  expect(policies(`remove("keepFloat mix.k"), remove("key")`)).toEqual([
    `scale("mix.k", 2)`,
    `keepFloat("S", "mix.y")`,
    `quantize("{up,down}", "w8")`,
  ]);
  expect(policies(`keepFloat("S"), scale("mix.k", 4)`).toSorted()).toEqual([
    `keepFloat("S")`,
    `keepFloat("mix.k", "mix.y")`,
    `quantize("key", "w4")`,
    `quantize("{up,down}", "w8")`,
    `scale("mix.k", 4)`,
  ]);
});

test("an extension of an extension, in other files and in one expression", () => {
  const middle = `${imports}\nimport base from "./mini.rwkv.ts";\nexport default extend(base, { name: "middle", blocks: { mix: { equations: [after("k", eq\`z = k\`)] } } });\n`;
  const spec = extended('blocks: { mix: { equations: [replace("z", eq`z = k * 2`)] } }', middle, {
    "mini.rwkv.ts": miniSpec(),
  });
  expect(equations(spec)[2]).toBe("z = k * 2");
  expect(spec.extensions.map(({ base }) => base)).toEqual(["middle", "mini"]);
  const { value } = read(
    `${imports}\nimport base from "./mini.rwkv.ts";\nexport default extend(extend(base, { name: "a", policies: [scale("mix.k", 2)] }), { name: "b" });\n`,
    { "mini.rwkv.ts": miniSpec() },
  );
  expect([value?.name.value, value?.policies.length]).toEqual(["b", 1]);
});

test("a mistake in inherited text names every extension that it came through", () => {
  const middle = `${imports}\nimport base from "./mini.rwkv.ts";\nexport default extend(base, { name: "middle" });\n`;
  const { value } = read(
    `${imports}\nimport base from "./middle.rwkv.ts";\nexport default extend(base, { name: "b" });\n`,
    { "mini.rwkv.ts": miniSpec({ also: "z = qq" }), "middle.rwkv.ts": middle },
  );
  const [found] = checkSpec(value!).diagnostics;
  expect(found!.primary!.span.file).toBe("mini.rwkv.ts");
  expect(found!.secondary!.map(({ span, text }) => [span.file, text])).toEqual([
    ["variant.rwkv.ts", "inherited from middle here"],
    ["middle.rwkv.ts", "inherited from mini here"],
  ]);
});

test("what an extension cannot place does not make more mistakes", () => {
  const { value, diagnostics } = read(
    `${imports}\nimport base from "./base.rwkv.ts";\nexport default extend(base, { name: "b", blocks: { mix: { equations: [after("K", eq\`z = k\`), replace("y", eq\`y = z\`)] } } });\n`,
    { "base.rwkv.ts": miniSpec() },
  );
  expect([...diagnostics, ...checkSpec(value!).diagnostics].map(({ code }) => code)).toEqual(["extend/unknown"]);
});

test("an extension means the same wherever its equations are: written out, it is equal", () => {
  const text = (spec: SpecAst): string =>
    spec.layers.parts[0]!.equations.map((e) => (e.kind === "equation" ? printEquation(e) : "")).join("\n");
  const whole = readSpec("m", () => miniSpec({ also: "z = k\nx = x + out @ z" })).value!;
  expect(text(extended('blocks: { mix: { equations: [after("y", eq`z = k\n\n # a note\n x = x + out @ z`)] } }'))).toBe(
    text(whole),
  );
});
