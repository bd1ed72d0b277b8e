import { expect, test } from "vitest";

import { emitSpec, specPath } from "../../compiler/emit/spec-files.ts";

const sources = (...files: readonly string[]): ReadonlyMap<string, string> =>
  new Map(files.map((file) => [file, `text of ${file}`]));

test("a spec alone stands in spec/", () => {
  const inputs = { spec: { file: "specs/a.rwkv.ts" }, sources: sources("specs/a.rwkv.ts") };
  expect(specPath(inputs)).toBe("spec/a.rwkv.ts");
  expect(emitSpec(inputs)).toEqual([{ path: "spec/a.rwkv.ts", text: "text of specs/a.rwkv.ts" }]);
});

test("specs that it imports keep their places relative to it", () => {
  const inputs = {
    spec: { file: "mine/a.rwkv.ts" },
    sources: sources("mine/a.rwkv.ts", "specs/rwkv-7.rwkv.ts", "mine/parts/gate.rwkv.ts"),
  };
  expect(specPath(inputs)).toBe("spec/mine/a.rwkv.ts");
  expect(emitSpec(inputs).map((file) => file.path)).toEqual([
    "spec/mine/a.rwkv.ts",
    "spec/specs/rwkv-7.rwkv.ts",
    "spec/mine/parts/gate.rwkv.ts",
  ]);
});

test("paths do not depend on the folder that the command was started in", () => {
  const absolute = { spec: { file: "/x/specs/a.rwkv.ts" }, sources: sources("/x/specs/a.rwkv.ts", "/x/b.rwkv.ts") };
  expect(emitSpec(absolute).map((file) => file.path)).toEqual(["spec/specs/a.rwkv.ts", "spec/b.rwkv.ts"]);
});

test("bundled specs stand apart, wherever they lie", () => {
  const inputs = {
    spec: { file: "/home/a.rwkv.ts" },
    sources: sources("/home/a.rwkv.ts", "rwkvc:specs/rwkv-7.rwkv.ts"),
  };
  expect(emitSpec(inputs).map((file) => file.path)).toEqual(["spec/a.rwkv.ts", "spec/rwkvc/specs/rwkv-7.rwkv.ts"]);
});
