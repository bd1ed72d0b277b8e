/** An artefact's equations.json may have been edited: what does not hold together is told, and never met later. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { type Diagnostic, DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { readEquations } from "../../compiler/build/read-equations.ts";

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "rwkvc-test-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const k = { part: "timeMix", name: "k", file: 0, line: 3, column: 1, start: 20, end: 30, text: "k = key @ x" };
const value = { tensor: "k", equation: 0, layer: 2, axes: ["D"], shape: [4], scale: 0.5 };
const graph = { name: "decode", tensors: [["k.1", 0, 2] as unknown, ["x", 0, null]], values: [value] };
const whole = {
  ...{ format: "rwkvc-equations", formatVersion: 1, files: ["spec/a.rwkv.ts"], equations: [k], graphs: [graph] },
};
const write = (text: string): Promise<void> => writeFile(join(folder, "equations.json"), text);

it("gives what was written", async () => {
  await write(JSON.stringify(whole));
  expect(await readEquations(folder)).toEqual(whole);
});

it.each([
  ["another version", { ...whole, formatVersion: 2 }, "artefact/no-equations"],
  ["no graphs", { ...whole, graphs: {} }, "graphs: expected a list, found {}"],
  [
    "half a tensor",
    { ...whole, graphs: [{ ...graph, tensors: [["k.1"]] }] },
    "graphs[0].tensors[0]: expected a tensor",
  ],
  ["no equation", { ...whole, graphs: [{ ...graph, tensors: [["k.1", null, 2]] }] }, "graphs[0].tensors[0][1]"],
  ["an equation too far", { ...whole, graphs: [{ ...graph, values: [{ ...value, equation: 1 }] }] }, "equation 1 of 1"],
  ["a file too far", { ...whole, equations: [{ ...k, file: 1 }] }, "file 1 of 1"],
  [
    "axes without extents",
    { ...whole, graphs: [{ ...graph, values: [{ ...value, axes: [] }] }] },
    "k has 0 axes, and 1",
  ],
  ["a way out of the folder", { ...whole, files: ["../a"] }, "a path inside the folder"],
])("refuses %s", async (_, json, complaint) => {
  await write(JSON.stringify(json));
  const error: unknown = await readEquations(folder).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DiagnosticError);
  const [{ code, notes = [] }] = (error as DiagnosticError).diagnostics as [Diagnostic];
  expect([code, ...notes].join("\n")).toContain(complaint);
});

it("refuses what is not JSON, and a folder without it", async () => {
  await write("{");
  await expect(readEquations(folder)).rejects.toThrow("artefact/bad-equations");
  await rm(join(folder, "equations.json"));
  await expect(readEquations(folder)).rejects.toThrow("artefact/no-equations");
});
