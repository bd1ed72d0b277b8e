/** What a user may get wrong: a diagnostic that says so, exit 1, 2 or 3, and nothing written. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test, vi } from "vitest";

import { elf, scratch } from "../qnn/fake-pack.ts";
import { bareEnv, problems, rwkvc } from "./command-line.ts";

const spec = "specs/rwkv-7.rwkv.ts";
const weights = "models/rwkv7-kjv/model.pth";
const artefact = "out/test-artefacts/wrong-inputs";

const edited = (edit: (text: string) => string): string => {
  const file = join(scratch(), "mine.rwkv.ts");
  const text = readFileSync(spec, "utf8");
  const changed = edit(text);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
  return file;
};

function utf16(): string {
  const file = join(scratch(), "mine.rwkv.ts");
  writeFileSync(file, Buffer.from(`\ufeff${readFileSync(spec, "utf8")}`, "utf16le"));
  return file;
}

describe("build", () => {
  const cases: [string, () => string[], string][] = [
    ["a spec that is not there", () => ["nowhere.rwkv.ts", "--weights", weights], "spec/not-found"],
    ["a spec in another encoding", () => [utf16(), "--weights", weights], "spec/encoding"],
    ["a folder as spec", () => ["specs", "--weights", weights], "spec/not-found"],
    ["a checkpoint that is not there", () => [spec, "--weights", "nowhere.pth"], "checkpoint/not-found"],
    ["a truncated checkpoint", () => [spec, "--weights", truncated()], "checkpoint/"],
    ["a checkpoint of another version", () => [spec, "--weights", "models/rwkv5.2-kjv/model.pth"], ""],
    ["an unknown random preset", () => [spec, "--weights", "random:1:v9-9B"], "checkpoint/"],
    [
      "a syntax error in TypeScript",
      () => [edited((text) => text.replace("model({", "model({{")), "--weights", weights],
      "",
    ],
    [
      "an unknown name in an equation",
      () => [edited((text) => text.replace("sigmoid(", "sigmoid(nobody + ")), "--weights", weights],
      "name/",
    ],
  ];
  test.each(cases)("%s", async (_what, args, code) => {
    const out = join(scratch(), "out");
    const found = await problems(["build", ...args(), "--out", out]);
    expect([1, 2, 3]).toContain(found.code);
    expect(found.codes.length).toBeGreaterThan(0);
    expect(found.codes[0]!.startsWith(code)).toBe(true);
    expect(existsSync(out)).toBe(false);
  });

  test("a folder that is no artefact is not written over", async () => {
    const out = scratch();
    writeFileSync(join(out, "precious"), "");
    const found = await problems(["build", spec, "--weights", weights, "--no-context", "--out", out]);
    expect(found.code).toBe(1);
    expect(existsSync(join(out, "precious"))).toBe(true);
  });

  test("what is not a dump of the IR is not replaced by one", async () => {
    const folder = scratch();
    mkdirSync(join(folder, "out.ir"));
    writeFileSync(join(folder, "out.ir/precious"), "");
    writeFileSync(join(folder, "file.ir"), "");
    for (const out of ["out", "file"].map((name) => join(folder, name))) {
      const found = await problems(["build", spec, "--weights", weights, "--dump-ir", "all", "--out", out]);
      expect(found).toEqual({ code: 1, codes: ["build/not-a-dump"] });
      expect(existsSync(out)).toBe(false);
    }
    expect(existsSync(join(folder, "out.ir/precious"))).toBe(true);
    expect(existsSync(join(folder, "file.ir"))).toBe(true);
  });

  test.each([
    ["a link to itself", (folder: string) => (symlinkSync("loop", join(folder, "loop")), join(folder, "loop"))],
    ["a link to nothing", (folder: string) => (symlinkSync("none", join(folder, "link")), join(folder, "link"))],
    ["a name that is too long", (folder: string) => join(folder, "x".repeat(300))],
    ["a name that is too long while it is built", (folder: string) => join(folder, "x".repeat(250))],
    ["a place in a file system that takes no folders", () => "/proc/none/out"],
  ])("--out is %s", async (_what, place) => {
    const { code, codes } = await problems(["build", spec, "--weights", weights, "--out", place(scratch())]);
    expect([1, 2, 3]).toContain(code);
    expect(codes).toHaveLength(1);
  });

  test.each(["/nowhere/g++", "/bin/false", "/bin/true", "/tmp"])("CXX is %s", async (command) => {
    vi.stubEnv("CXX", command);
    const out = join(scratch(), "out");
    const { code, codes } = await problems(["build", spec, "--weights", weights, "--no-context", "--out", out]);
    vi.unstubAllEnvs();
    expect(code).toBe(3);
    expect(codes[0]).toMatch(/^build\/(no-compiler|compiler-failed)$/);
    expect(existsSync(out)).toBe(false);
  });

  function truncated(): string {
    const file = join(scratch(), "model.pth");
    cpSync(weights, file);
    truncateSync(file, 100_000);
    return file;
  }
});

test("check shows the place in the spec", async () => {
  const file = edited((text) => text.replace("sigmoid(", "sigmoid(nobody + "));
  const { code, stderr, stdout } = await rwkvc(["check", file]);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^error\[name\//);
  expect(stderr).toContain("nobody");
  expect(stderr).toMatch(/mine\.rwkv\.ts:\d+:\d+/);
  const json = JSON.parse((await rwkvc(["check", file, "--json"])).stdout) as {
    ok: boolean;
    diagnostics: { primary: { start: { line: number } } }[];
  };
  expect(json.ok).toBe(false);
  expect(json.diagnostics[0]!.primary.start.line).toBeGreaterThan(1);
});

describe("artefacts", () => {
  beforeAll(async () => {
    const args = ["build", spec, "--weights", weights, "--target", "qnn-cpu", "--out", artefact];
    expect(await rwkvc(args)).toMatchObject({ code: 0 });
  });

  const copy = (): string => {
    const folder = join(scratch(), "copy");
    cpSync(artefact, folder, { recursive: true });
    return folder;
  };
  const tokens = (text: string): string => {
    const file = join(scratch(), "ids.txt");
    writeFileSync(file, text);
    return file;
  };

  test.each(["weights.bin", "src/model.cpp"])("%s does not match its hash", async (name) => {
    const folder = copy();
    const bytes = readFileSync(join(folder, name));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(folder, name), bytes);
    expect(await problems(["run", folder, "--prompt", "a"])).toEqual({ code: 1, codes: ["artefact/hash-mismatch"] });
  });

  test("a folder that is no artefact", async () => {
    expect(await problems(["run", scratch(), "--prompt", "a"])).toMatchObject({ code: 1 });
    expect(await problems(["inspect", scratch()])).toMatchObject({ code: 1 });
    expect(await problems(["estimate", scratch()])).toMatchObject({ code: 1 });
    expect(await problems(["run", "nowhere", "--prompt", "a"])).toEqual({ code: 3, codes: ["artefact/not-found"] });
    expect(await problems(["inspect", "nowhere"])).toEqual({ code: 3, codes: ["inspect/not-found"] });
  });

  /** Every field in turn is gone, or of another type. */
  test("a manifest with a field that is not as it should be", { timeout: 120_000 }, async () => {
    const folder = copy();
    const file = join(folder, "model.json");
    const whole = readFileSync(file, "utf8");
    for (const path of fieldsOf(JSON.parse(whole))) {
      for (const value of [undefined, null, { toString: 1 }, -1.5]) {
        writeFileSync(file, JSON.stringify(withField(JSON.parse(whole), path, value)));
        const { code, stdout } = await rwkvc(["inspect", folder, "--json"]);
        // Some fields may be null, or any number.
        expect([0, 1], `${path.join(".")} = ${JSON.stringify(value)}: ${stdout}`).toContain(code);
        expect((await rwkvc(["inspect", folder])).stdout).not.toMatch(/undefined|NaN|\[object/);
      }
    }
    writeFileSync(file, whole.replace('"layers": 4', '"layers": "4"'));
    const { stderr } = await rwkvc(["inspect", folder]);
    expect(stderr).toContain('layers: expected a count, found "4"');
  });

  test("a context manifest with a field that is not as it should be", async () => {
    const folder = copy();
    mkdirSync(join(folder, "context/SM8650"), { recursive: true });
    writeFileSync(
      join(folder, "context/SM8650/context.json"),
      '{"format":"rwkvc-context","formatVersion":1,"file":"../x"}',
    );
    const { code, stderr } = await rwkvc(["inspect", folder]);
    expect(code).toBe(1);
    expect(stderr).toContain("file: expected a path inside the folder");
  });

  test("a context binary that does not match its hash", async () => {
    const folder = copy();
    mkdirSync(join(folder, "context/SM8650"), { recursive: true });
    writeFileSync(join(folder, "context/SM8650/kjv.bin"), "changed");
    const manifest = { format: "rwkvc-context", formatVersion: 1, file: "kjv.bin", bytes: 7, ...contextFields };
    writeFileSync(join(folder, "context/SM8650/context.json"), JSON.stringify(manifest));
    expect(await problems(["inspect", folder])).toEqual({ code: 1, codes: ["artefact/hash-mismatch"] });
  });

  test.each([
    ["outside the vocabulary", "1 2 256", "tokens/out-of-range"],
    ["negative", "1 -2", "tokens/not-an-id"],
    ["not numbers", "1 two", "tokens/not-an-id"],
    ["none", " \n", "tokens/none"],
  ])("token ids: %s", async (_what, text, code) => {
    const out = join(scratch(), "logits");
    const args = ["logits", artefact, "--tokens", tokens(text), "--out", out];
    expect(await problems(args)).toEqual({ code: 1, codes: [code] });
    expect(existsSync(out)).toBe(false);
  });

  test("the place of a bad token id is told", async () => {
    const { stderr } = await rwkvc(["logits", artefact, "--tokens", tokens("1 2\n3 999"), "--out", "x"]);
    expect(stderr).toContain("line 2, token 4");
    expect(stderr).toContain("0 to 255");
  });

  test("files that are not there", async () => {
    const logits = ["logits", artefact, "--tokens", "nowhere.txt", "--out", "x"];
    expect(await problems(logits)).toEqual({ code: 3, codes: ["tokens/not-found"] });
    expect(await problems(["eval", artefact, "--text", "nowhere.txt"])).toEqual({ code: 3, codes: ["text/not-found"] });
  });

  test("a text without a token, or a folder", async () => {
    const empty = join(scratch(), "empty.txt");
    writeFileSync(empty, "");
    for (const [text, code] of [
      [empty, "text/empty"],
      ["specs", "text/not-found"],
    ] as const) {
      for (const args of [
        ["eval", artefact],
        ["compare", artefact, artefact],
      ])
        expect(await problems([...args, "--text", text])).toEqual({ code: 1, codes: [code] });
      const build = [
        "build",
        "specs/rwkv-7.rwkv.ts",
        "--weights",
        "models/rwkv7-random/model.pth",
        "--precision",
        "a16w8",
      ];
      expect(await problems([...build, "--text", text, "--out", join(scratch(), "out")])).toEqual({
        code: 1,
        codes: [code],
      });
    }
  });

  const onCpu = ["run", artefact, "--prompt", "a", "--backend", "qnn-cpu"];

  test("a library that is cut short, or is a folder", async () => {
    const dir = scratch();
    const library = join(dir, "libQnnCpu.so");
    const head = elf(process.arch === "x64" ? 62 : 183);
    head.writeBigUInt64LE(100_000n, 40);
    writeFileSync(library, head);
    const run = () => problems(onCpu, { ...bareEnv, RWKVC_QNN_DIR: dir });
    expect(await run()).toEqual({ code: 3, codes: ["qnn/truncated-library"] });
    rmSync(library);
    mkdirSync(library);
    expect(await run()).toEqual({ code: 3, codes: ["qnn/not-a-library"] });
  });

  test("no QNN library", async () => {
    const found = await problems(onCpu);
    expect(found).toEqual({ code: 3, codes: ["qnn/not-installed"] });
  });

  test("a library of another architecture", async () => {
    const dir = scratch();
    writeFileSync(join(dir, "libQnnCpu.so"), elf(process.arch === "x64" ? 183 : 62));
    const found = await problems(onCpu, { ...bareEnv, RWKVC_QNN_DIR: dir });
    expect(found).toEqual({ code: 3, codes: ["qnn/wrong-architecture"] });
  });

  test("a backend that cannot compute in the artefact's precision", async () => {
    const found = await problems(["run", artefact, "--prompt", "a", "--backend", "htp"]);
    expect(found).toEqual({ code: 2, codes: ["usage/backend"] });
  });

  test("estimates are for the HTP only", async () => {
    expect(await problems(["estimate", artefact])).toEqual({ code: 2, codes: ["usage/estimate"] });
  });

  test("inspect shows graphs, layers and files", async () => {
    const { code, stdout } = await rwkvc(["inspect", artefact, "--json"]);
    expect(code).toBe(0);
    const { manifest } = JSON.parse(stdout) as { manifest: { graphs: { nodesPerLayer: number[] }[] } };
    expect(manifest.graphs[0]!.nodesPerLayer.length).toBe(4);
    expect((await rwkvc(["inspect", artefact])).stdout).toContain("nodes per layer");
  });
});

test("inspect lists a checkpoint's tensors", async () => {
  const { code, stdout } = await rwkvc(["inspect", weights, "--json"]);
  expect(code).toBe(0);
  const { tensors } = JSON.parse(stdout) as { tensors: { name: string; shape: number[] }[] };
  expect(tensors.find((tensor) => tensor.name === "emb.weight")?.shape).toEqual([256, 128]);
});

const contextFields = {
  sha256: "0".repeat(64),
  soc: "SM8650",
  socModel: 57,
  model: "0".repeat(64),
  library: { buildId: "", coreApi: "", backendApi: "" },
  finalizeSeconds: 1,
  estimates: {},
};

type Path = readonly (string | number)[];

/** Paths of all fields; of lists, those of the first item. */
function fieldsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()].slice(0, 1) : Object.keys(value);
  return keys.flatMap((key) => [
    [...at, key],
    ...fieldsOf((value as Readonly<Record<string, unknown>>)[String(key)], [...at, key]),
  ]);
}

function withField(root: Record<string | number, unknown>, path: Path, value: unknown): object {
  let at = root;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1)!] = value;
  return root;
}
