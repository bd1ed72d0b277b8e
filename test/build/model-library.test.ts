/**
 * Generated model libraries under their clients: compiled with warnings as errors and sanitizers, loaded by a client over a
 * fake backend, and run on Qualcomm's own libraries where they are.
 */
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildLibrary, hostTriple, libraryPath } from "../../compiler/build/build-library.ts";
import { projectRoot } from "../../compiler/build/project-paths.ts";
import { writeArtefact } from "../../compiler/build/write-artefact.ts";
import { evaluateGraph } from "../emit/fixtures/evaluate-graph.ts";
import { tinyCheckpoint, tinyGraph } from "../emit/fixtures/tiny-graph.ts";
import { cpuLibrary, htpLibrary, withCpu, withHtp } from "../qualcomm.ts";
import { tinyPlan } from "./artefact-plan.ts";

const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"];
const strict = ["-Wall", "-Wextra", "-Werror"];
const includes = [`-I${join(projectRoot, "runtime-cpp/include/QNN")}`, `-I${join(projectRoot, "test/build")}`];

let scratch: string;
/** An artefact whose library was compiled anew with sanitizers. */
let artefact: string;
const at = (...path: string[]) => join(scratch, ...path);
const library = (folder: string) => join(folder, libraryPath("tiny", hostTriple));

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "rwkvc-library-"));
  artefact = at("tiny");
  const source = (name: string) => join(projectRoot, "test/build", name);
  const common = ["-std=c++17", "-g", "-O1", ...strict, ...includes];
  await Promise.all([
    execa("g++", [...common, ...sanitizers, "-shared", "-fPIC", source("fake_backend.cc"), "-o", at("libfake.so")]),
    execa("g++", [...common, ...sanitizers, source("fake_client.cc"), "-ldl", "-o", at("fake_client")]),
    execa("g++", [...common, source("qnn_client.cc"), "-ldl", "-o", at("qnn_client")]),
    writeArtefact(artefact, tinyPlan(), tinyCheckpoint()),
  ]);
  await cp(artefact, at("sanitized"), { recursive: true });
  const name = "tiny";
  await buildLibrary({ artefact: at("sanitized"), name, triple: hostTriple, extraFlags: [...strict, ...sanitizers] });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const client = (folder: string, ...scenarios: string[]) =>
  execa(at("fake_client"), [at("libfake.so"), library(folder), ...scenarios], { all: true, reject: false });

describe("a model library and its client", () => {
  it("exports two functions and needs nothing but the C library", async () => {
    const symbols = await execa("nm", ["-D", "--defined-only", library(artefact)]);
    expect(symbols.stdout.split("\n").map((line) => line.split(" ").at(-1))).toEqual([
      "QnnModel_composeGraphs",
      "QnnModel_freeGraphsInfo",
    ]);
    const dynamic = await execa("readelf", ["-d", library(artefact)]);
    expect([...dynamic.stdout.matchAll(/NEEDED.*\[(.*)\]/g)].map((m) => m[1])).toEqual(["libc.so.6"]);
  });

  it("lists inputs and outputs in order of creation", async () => {
    const { all, exitCode } = await client(at("sanitized"), "plain");
    expect(all).toMatchInlineSnapshot(`
      "graph tiny
      input token
      input blocks.0.timeMix.x_prev
      input blocks.1.timeMix.x_prev
      input blocks.2.timeMix.x_prev
      output blocks.0.timeMix.x_prev'
      output blocks.1.timeMix.x_prev'
      output blocks.2.timeMix.x_prev'
      output logits
      ok plain"
    `);
    expect(exitCode).toBe(0);
  });

  for (const scenario of [
    "debug",
    "configs_by_name",
    "twice",
    "no_validator",
    "larger_interface",
    "bad_arguments",
    "never_frees",
  ]) {
    it(`stands ${scenario}`, async () => {
      const { all, exitCode } = await client(at("sanitized"), scenario);
      expect(all).toContain(`ok ${scenario}`);
      expect(all).not.toContain("ERROR: ");
      expect(exitCode).toBe(0);
    });
  }

  it("names node, op, tensors, status and spec line of every failing call, and leaks nothing", async () => {
    const { all, exitCode } = await client(at("sanitized"), "failures");
    expect(exitCode, all).toBe(0);
    expect(all).toContain(
      "rwkvc: graph tiny: node x.Gather (Gather): the backend refuses it (backendValidateOpConfig): 3110 (a fake failure); " +
        "inputs emb.weight f32[10,8], token i32[1]; outputs x f32[1,8]; tiny.rwkv.ts:1",
    );
    expect(all).toMatch(/\n\d{3} failing calls\n/);
  });
});

describe("weights.bin", () => {
  const spoiled = async (spoil: (weights: string, folder: string) => Promise<unknown>) => {
    const folder = await mkdtemp(at("spoiled-"));
    await cp(at("sanitized"), folder, { recursive: true });
    await spoil(join(folder, "weights.bin"), folder);
    const { stdout, stderr } = await client(folder, "compose_only");
    return [...stderr.split("\n"), ...stdout.split("\n")].map((line) => line.replaceAll(folder, "ARTEFACT"));
  };

  it("is found in the artefact and beside the library", async () => {
    expect(await spoiled(async () => {})).toEqual(["", "error 0", "ok compose_only"]);
    const moved = await spoiled((weights, folder) =>
      cp(weights, join(folder, "lib", hostTriple, "weights.bin")).then(() => rm(weights)),
    );
    expect(moved).toEqual(["", "error 0", "ok compose_only"]);
  });

  it("is refused when it is missing, short, of another build or something else", async () => {
    const other = at("other");
    await writeArtefact(other, tinyPlan(), tinyCheckpoint(2));
    const messages = [
      await spoiled((weights) => rm(weights)),
      await spoiled((weights) => truncate(weights, 5000)),
      await spoiled((weights) => truncate(weights, 10)),
      await spoiled((weights) => cp(join(other, "weights.bin"), weights)),
      await spoiled(async (weights) => writeFile(weights, Buffer.alloc((await readFile(weights)).length))),
    ];
    const place = `ARTEFACT/lib/${hostTriple}/../../weights.bin`;
    expect(messages.map(([first]) => first!.replace(/id is not .*/, "id is not ..."))).toEqual([
      `rwkvc: weights.bin is neither in ARTEFACT/lib/${hostTriple}/ nor two folders up`,
      `rwkvc: ${place} has 5000 bytes, but this model library was built with one of 5312 bytes`,
      `rwkvc: ${place} is too short (10 bytes)`,
      `rwkvc: ${place} belongs to another build: its id is not ...`,
      `rwkvc: ${place} is not a weights file of rwkvc`,
    ]);
    expect(messages.every(([, second]) => second === "error 9")).toBe(true);
  });

  it("can be inside the library", async () => {
    const folder = at("embedded", "tiny");
    const { manifest } = await writeArtefact(folder, { ...tinyPlan(), embedWeights: true }, tinyCheckpoint());
    expect(manifest.weights).toBeNull();
    expect(manifest.files.map((file) => file.path)).not.toContain("weights.bin");
    await cp(library(folder), at("alone.so"));
    const { stdout } = await execa(at("fake_client"), [at("libfake.so"), at("alone.so"), "plain", "twice"]);
    expect(stdout).toContain("ok twice");
  });
});

describe("the sources in an artefact", () => {
  it("build by hand with the line in CMakeLists.txt, and with cmake", async () => {
    const source = join(artefact, "src");
    const cmake = await readFile(join(source, "CMakeLists.txt"), "utf8");
    const line = /^#\s+(g\+\+ .*)$/m.exec(cmake)![1]!;
    await execa("sh", ["-c", `cp -r . ${at("by-hand")} && cd ${at("by-hand")} && ${line}`], { cwd: source });
    await execa("cmake", ["-S", source, "-B", at("cmake")]);
    await execa("cmake", ["--build", at("cmake")]);
    for (const built of [at("by-hand", "libtiny.so"), at("cmake", "libtiny.so")]) {
      await cp(join(artefact, "weights.bin"), join(built, "..", "weights.bin"));
      const { stdout } = await execa(at("fake_client"), [at("libfake.so"), built, "twice"]);
      expect(stdout).toBe("ok twice");
    }
  });
});

withCpu("Qualcomm's CPU library", () => {
  it("computes what the equations say", async () => {
    const { stdout } = await execa(at("qnn_client"), [cpuLibrary!, library(artefact)]);
    const expected = evaluateGraph(tinyGraph("float32"), tinyCheckpoint());
    const lines = stdout.split("\n").filter((line) => line.startsWith("output "));
    expect(lines.length).toBe(4);
    for (const line of lines) {
      const [, name, ...values] = line.split(" ");
      const want = expected.get(name!)!;
      expect(values.length, name).toBe(want.length);
      // The CPU library is within 5e-7 relative of double precision (genuine.md).
      values.forEach((value, i) => expect(Number(value), `${name}[${i}]`).toBeCloseTo(want[i]!, 5));
    }
  });

  it("computes the same for a client that debugs, with every value an output", async () => {
    const args = [cpuLibrary!, library(artefact)];
    const outputs = async (...mode: string[]) => {
      const { stdout } = await execa(at("qnn_client"), [...args, ...mode]);
      return stdout.split("\n").filter((line) => line.startsWith("output "));
    };
    const [plain, all] = [await outputs(), await outputs("net_run", "tiny")];
    expect(all).toEqual(expect.arrayContaining(plain));
    expect(all.length).toBe(tinyGraph("float32").nodes.length);
  });
});

withHtp("Qualcomm's HTP library", () => {
  it("accepts and compiles the library", async () => {
    const folder = at("htp", "tiny");
    await writeArtefact(folder, tinyPlan("htp-v75", "fp16"), tinyCheckpoint());
    const { stdout } = await execa(at("qnn_client"), [htpLibrary!, library(folder), "finalize_only"]);
    expect(stdout).toContain("finalized tiny");
    const debugged = await execa(at("qnn_client"), [htpLibrary!, library(folder), "net_run", "tiny"]);
    expect(debugged.stdout.match(/^output /gm)).toHaveLength(tinyGraph("float16").nodes.length);
  });
});
