/** `rwkvc new`: what it writes is read by the compiler and by TypeScript at once, wherever it lies. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { expect, test } from "vitest";

import { scratch } from "../qnn/fake-pack.ts";
import { problems, rwkvc } from "./command-line.ts";

const bundled = readdirSync("specs").flatMap((file) =>
  file.endsWith(".rwkv.ts") ? [file.replace(".rwkv.ts", "")] : [],
);

async function make(...args: string[]) {
  const ran = await rwkvc(["new", ...args, "--json"]);
  expect(ran.code, ran.stdout).toBe(0);
  return JSON.parse(ran.stdout) as { spec: string; from: string; tsconfig: string | null; next: string[] };
}

async function typeChecks(folder: string): Promise<string> {
  const { stdout, exitCode } = await execa(resolve("node_modules/.bin/tsc"), ["--noEmit", "-p", folder], {
    reject: false,
  });
  return exitCode === 0 ? "" : stdout;
}

test("extensions and copies of every bundled spec are well formed and type-check in a folder of their own", async () => {
  const folder = scratch();
  for (const base of bundled) {
    await make("mine", "--from", base, "--out", join(folder, `${base}-extended.rwkv.ts`));
    await make("mine", "--from", base, "--out", join(folder, `${base}-copied.rwkv.ts`), "--copy");
    for (const kind of ["extended", "copied"]) {
      const ran = await rwkvc(["check", join(folder, `${base}-${kind}.rwkv.ts`), "--json"]);
      expect(JSON.parse(ran.stdout)).toMatchObject({ ok: true, name: "mine", diagnostics: [] });
    }
  }
  expect(await typeChecks(folder)).toBe("");
});

test("TypeScript tells what is wrong in an extension", async () => {
  const folder = scratch();
  const { spec } = await make("mine", "--from", "rwkv-7", "--out", join(folder, "mine.rwkv.ts"));
  writeFileSync(
    spec,
    readFileSync(spec, "utf8").replace('name: "mine",', 'name: "mine",\n  timeMix: { wieghts: {} },'),
  );
  expect(await typeChecks(folder)).toMatch(/mine\.rwkv\.ts\(\d+,\d+\): error TS\d+: .*wieghts/s);
});

test("where rwkvc is an installed package its exports do", async () => {
  const folder = scratch();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("."), join(folder, "node_modules/rwkvc"));
  const { tsconfig } = await make("mine", "--from", "rwkv-7", "--out", join(folder, "mine.rwkv.ts"));
  expect(readFileSync(tsconfig!, "utf8")).not.toContain("paths");
  expect(await typeChecks(folder)).toBe("");
  const inner = await make("more", "--from", "rwkv-7", "--out", join(folder, "more/more.rwkv.ts"));
  expect(inner.tsconfig).toBe(null);
});

test("it ends with the next commands, and the text tells what there is to edit", async () => {
  const out = join(scratch(), "my-model.rwkv.ts");
  const ran = await rwkvc(["new", "my-model", "--from", "rwkv-7", "--out", out]);
  expect(ran.stdout.split("\n").slice(-5)).toEqual([
    "Next:",
    `  rwkvc check ${out}`,
    `  rwkvc diff rwkv-7 ${out}`,
    `  rwkvc build ${out} --weights model.pth`,
    "",
  ]);
  expect(readFileSync(out, "utf8")).toMatchInlineSnapshot(`
    "import { extend } from "rwkvc/spec";
    import base from "rwkvc/specs/rwkv-7.rwkv.ts";

    /** What is not said here is as in rwkv-7. */
    export default extend(base, {
      name: "my-model",

      // What the base defines, and what edits can therefore name:
      //   embedding: x
      //   timeMix: xx, dx, r, w, kx, xv, vx, a, g, v when layer == 0, v_first, v when layer > 0, kk, k, sa, S', y,
      //     bonus, x
      //   channelMix: xx, dx, k, x
      //   head: logits
      //
      // To put equations in, replace or remove them, import the functions and write, for example:
      //
      // import { eq, extend, replace } from "rwkvc/spec";
      //
      // timeMix: {
      //   equations: [replace("xx", eq\`xx = layer_norm(x, ln1)\`)],
      // },
    });
    "
  `);
});

test("its example is an edit that changes nothing", async () => {
  const folder = scratch();
  const { spec } = await make("mine", "--from", "rwkv-7", "--out", join(folder, "mine.rwkv.ts"));
  const text = readFileSync(spec, "utf8").replace("{ extend }", "{ eq, extend, replace }");
  const at = text.indexOf("  // timeMix: {");
  writeFileSync(spec, text.slice(0, at) + text.slice(at).replaceAll("  // ", "  "));
  expect((await rwkvc(["check", spec])).code).toBe(0);
  expect(await typeChecks(folder)).toBe("");
});

test("from a spec of one's own, which is imported by its path", async () => {
  const folder = scratch();
  const { spec } = await make("one", "--from", "rwkv-7", "--out", join(folder, "one.rwkv.ts"));
  const two = await make("two", "--from", spec, "--out", join(folder, "deep/two.rwkv.ts"));
  expect(readFileSync(two.spec, "utf8")).toContain('import base from "../one.rwkv.ts";');
  const three = await make("three", "--from", two.spec, "--out", join(folder, "three.rwkv.ts"), "--copy");
  expect(readFileSync(three.spec, "utf8")).toContain('import base from "./one.rwkv.ts";');
  for (const path of [two.spec, three.spec]) expect((await rwkvc(["check", path])).code).toBe(0);
});

test("nothing is written over, and a tsconfig.json that is there stays", async () => {
  const folder = scratch();
  const out = join(folder, "mine.rwkv.ts");
  writeFileSync(join(folder, "tsconfig.json"), "{}");
  const ran = await rwkvc(["new", "mine", "--from", "rwkv-7", "--out", out]);
  expect(ran.stdout).toContain(
    'tsconfig.json is left as it is. Editors understand the spec if it has:\n{"compilerOptions":',
  );
  expect(readFileSync(join(folder, "tsconfig.json"), "utf8")).toBe("{}");
  writeFileSync(out, "precious");
  expect(await problems(["new", "mine", "--from", "rwkv-7", "--out", out])).toEqual({ code: 1, codes: ["new/exists"] });
  expect(readFileSync(out, "utf8")).toBe("precious");
  const link = join(folder, "link.rwkv.ts");
  symlinkSync("/nonexistent/mine.rwkv.ts", link);
  expect(await problems(["new", "mine", "--from", "rwkv-7", "--out", link])).toEqual({
    code: 1,
    codes: ["new/exists"],
  });
});

test.each<[string, string[], number, string]>([
  ["a name with blanks", ["my model", "--from", "rwkv-7"], 2, "usage/bad-value"],
  ["a name that is a path", ["../mine", "--from", "rwkv-7"], 2, "usage/bad-value"],
  ["no name", ["", "--from", "rwkv-7"], 2, "usage/bad-value"],
  ["a name too long", ["x".repeat(101), "--from", "rwkv-7"], 2, "usage/bad-value"],
  ["a file that is no spec", ["mine", "--from", "rwkv-7", "--out", "mine.ts"], 2, "usage/bad-value"],
  ["no base", ["mine"], 2, "usage/missing-option"],
  ["an unknown base", ["mine", "--from", "rwkv7"], 3, "spec/not-found"],
  ["a folder as base", ["mine", "--from", "specs"], 1, "spec/not-found"],
  ["a base that is not a spec", ["mine", "--from", "package.json"], 2, "usage/bad-value"],
])("%s", async (_what, args, code, expected) => {
  expect(await problems(["new", ...args])).toEqual({ code, codes: [expected] });
  expect(existsSync("mine.rwkv.ts")).toBe(false);
});

test("a copy of a spec whose name is computed", async () => {
  const folder = scratch();
  const base = join(folder, "base.rwkv.ts");
  const text = readFileSync("specs/rwkv-7.rwkv.ts", "utf8");
  writeFileSync(base, text.replace('name: "rwkv-7"', 'name: "rwkv" + "-7"'));
  const out = join(folder, "mine.rwkv.ts");
  expect(await problems(["new", "mine", "--from", base, "--out", out, "--copy"])).toEqual({
    code: 1,
    codes: ["new/cannot-copy"],
  });
  expect(existsSync(out)).toBe(false);
});
