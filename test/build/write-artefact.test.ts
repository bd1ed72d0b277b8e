import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { verifyArtefact } from "../../compiler/build/read-artefact.ts";
import { writeArtefact } from "../../compiler/build/write-artefact.ts";
import { tinyCheckpoint } from "../emit/fixtures/tiny-graph.ts";
import { tinyPlan } from "./artefact-plan.ts";

let scratch: string;
beforeEach(async () => (scratch = await mkdtemp(join(tmpdir(), "rwkvc-test-"))));
afterEach(() => rm(scratch, { recursive: true, force: true }));

const tree = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe("writeArtefact", () => {
  it("writes a whole artefact, and the same bytes again", async () => {
    const one = join(scratch, "one", "tiny");
    const two = join(scratch, "two", "tiny");
    const { manifest, diagnostics } = await writeArtefact(one, tinyPlan("htp-v75", "fp16"), tinyCheckpoint());
    await writeArtefact(two, tinyPlan("htp-v75", "fp16"), tinyCheckpoint());
    expect(diagnostics).toEqual([]);
    expect(await tree(one)).toEqual([...manifest.files.map((file) => file.path), "model.json"].sort());
    expect(await tree(two)).toEqual(await tree(one));
    for (const path of await tree(one)) {
      expect(Buffer.compare(await readFile(join(one, path)), await readFile(join(two, path))), path).toBe(0);
    }
    expect(await verifyArtefact(one)).toEqual(manifest);
    expect(await readdir(join(scratch, "one"))).toEqual(["tiny"]);
  });

  it("replaces an artefact, but nothing else", async () => {
    const place = join(scratch, "tiny");
    await writeArtefact(place, tinyPlan(), tinyCheckpoint(1));
    const before = await readFile(join(place, "model.json"), "utf8");
    await writeArtefact(place, tinyPlan(), tinyCheckpoint(2));
    expect(await readFile(join(place, "model.json"), "utf8")).not.toBe(before);

    const other = join(scratch, "other");
    await writeArtefact(other, tinyPlan(), tinyCheckpoint());
    await rm(join(other, "model.json"));
    await expect(writeArtefact(other, tinyPlan(), tinyCheckpoint())).rejects.toThrow("build/not-an-artefact");
  });

  it("leaves the old artefact when the build fails", async () => {
    const place = join(scratch, "tiny");
    await writeArtefact(place, tinyPlan(), tinyCheckpoint());
    const before = await readFile(join(place, "model.json"), "utf8");
    const finish = () => Promise.reject(new Error("no"));
    await expect(writeArtefact(place, tinyPlan(), tinyCheckpoint(2), { finish })).rejects.toThrow("no");
    expect(await readFile(join(place, "model.json"), "utf8")).toBe(before);
    expect(await readdir(scratch)).toEqual(["tiny"]);
  });

  it("finds a file that was changed", async () => {
    const place = join(scratch, "tiny");
    await writeArtefact(place, tinyPlan(), tinyCheckpoint());
    const weights = join(place, "weights.bin");
    const bytes = await readFile(weights);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(weights, bytes);
    await expect(verifyArtefact(place)).rejects.toThrow("artefact/hash-mismatch");
    await writeFile(weights, bytes.subarray(1));
    await expect(verifyArtefact(place)).rejects.toThrow("artefact/size-mismatch");
  });
});
