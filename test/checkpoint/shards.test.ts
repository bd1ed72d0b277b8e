import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { bytesOf, openingFails, pth, ramp, readAllBits, safetensors, tensorDict, useFolder } from "./write-files.ts";

const write = useFolder();
const base = dirname(write("x", "x"));

/** One tensor of three float16 values, starting at `first`. */
const shard = (name: string, first: number): Buffer =>
  safetensors({ [name]: { dtype: "F16", shape: [3], data_offsets: [0, 6] } }, bytesOf(ramp(3).map((i) => i + first)));

const torchShard = (name: string): Buffer =>
  pth(tensorDict([{ name, storage: "0", count: 3, shape: [3], strides: [1] }]), { 0: bytesOf(ramp(3)) });

const sound: Record<string, Buffer | string> = {
  "one.safetensors": shard("a", 10),
  "two.safetensors": shard("b", 20),
};
const weightMap = { a: "one.safetensors", b: "two.safetensors" };
const indexText = (map: unknown): string => JSON.stringify({ metadata: { total_size: 12 }, weight_map: map }, null, 2);

/** A folder of its own with the index and these files; the index's path. */
function folder(index: string, files: Readonly<Record<string, Buffer | string>> = sound): string {
  const path = mkdtempSync(join(base, "shards-"));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  writeFileSync(join(path, "model.safetensors.index.json"), index);
  return join(path, "model.safetensors.index.json");
}

test("an index and its files, by the index or by the folder", async () => {
  const index = folder(indexText(weightMap));
  for (const path of [index, dirname(index)]) {
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint.source).toBe("model.safetensors.index.json");
    expect([...checkpoint.tensors.keys()]).toEqual(["a", "b"]);
    expect(readAllBits(checkpoint, "a")).toEqual([10, 11, 12]);
    expect(readAllBits(checkpoint, "b")).toEqual([20, 21, 22]);
    checkpoint.close();
  }
});

test("files of torch.save, and links to files elsewhere, as Hugging Face's cache has them", async () => {
  const index = folder(indexText({ a: "a.bin", b: "b.bin" }), { "a.bin": torchShard("a") });
  writeFileSync(join(base, "blob"), torchShard("b"));
  symlinkSync(join(base, "blob"), join(dirname(index), "b.bin"));
  const checkpoint = await openCheckpoint(index);
  expect(readAllBits(checkpoint, "b")).toEqual([0, 1, 2]);
  checkpoint.close();
});

describe("an index and files that do not fit", () => {
  const extra = { "two.safetensors": safetensors({ b: entry(0), c: entry(6) }, Buffer.alloc(12)) };
  function entry(at: number): object {
    return { dtype: "F16", shape: [3], data_offsets: [at, at + 6] };
  }

  test.each<[string, () => string, string, string]>([
    [
      "a file is missing",
      () => folder(indexText({ ...weightMap, c: "three.safetensors" })),
      "checkpoint/missing-shard",
      'The index says that "three.safetensors", beside it, holds 1 tensor: "c". There is no such file.',
    ],
    [
      "a file is cut short",
      () => folder(indexText(weightMap), { ...sound, "two.safetensors": shard("b", 20).subarray(0, -1) }),
      "checkpoint/truncated",
      "two.safetensors is cut short",
    ],
    [
      "a tensor is missing in the file",
      () => folder(indexText({ ...weightMap, c: "two.safetensors" })),
      "checkpoint/index-mismatch",
      'By the index "two.safetensors" holds "c", and it does not.',
    ],
    [
      "a tensor is missing in the index",
      () => folder(indexText(weightMap), { ...sound, ...extra }),
      "checkpoint/index-mismatch",
      '"two.safetensors" holds "c", which the index does not name.',
    ],
    [
      "a tensor is in two files",
      () => folder(indexText({ ...weightMap, c: "one.safetensors" }), { ...sound, ...extra }),
      "checkpoint/index-mismatch",
      'By the index "one.safetensors" holds "c", and it does not.',
    ],
    [
      "tensors are exchanged",
      () => folder(indexText({ a: "two.safetensors", b: "one.safetensors" })),
      "checkpoint/index-mismatch",
      'By the index "two.safetensors" holds "a", and it does not.',
    ],
    [
      "a path upwards",
      () => folder(indexText({ a: "../one.safetensors" })),
      "checkpoint/index-path",
      'For tensor "a" it names "../one.safetensors".',
    ],
    ["an absolute path", () => folder(indexText({ a: "/etc/passwd" })), "checkpoint/index-path", '"/etc/passwd"'],
    ["a path of Windows", () => folder(indexText({ a: "..\\one" })), "checkpoint/index-path", '"..\\\\one"'],
    ["a drive", () => folder(indexText({ a: "c:one" })), "checkpoint/index-path", '"c:one"'],
    ["the folder itself", () => folder(indexText({ a: "." })), "checkpoint/index-path", '"."'],
    ["no name", () => folder(indexText({ a: 7 })), "checkpoint/index-path", '"7"'],
    [
      "the index itself",
      () => folder(indexText({ a: "model.safetensors.index.json" })),
      "checkpoint/unknown-format",
      "not a checkpoint of a known format",
    ],
    ["no map", () => folder('{"metadata": {}}'), "checkpoint/index", 'Found: no object "weight_map".'],
    ["a map that is a list", () => folder(indexText(["a"])), "checkpoint/index", 'no object "weight_map"'],
    ["an empty map", () => folder(indexText({})), "checkpoint/index", 'an empty "weight_map"'],
    ["text that ends", () => folder('{"weight_map": {"a": '), "checkpoint/index", "Found: not JSON"],
    [
      "a tensor named twice",
      () => folder('{"weight_map": {"a": "one.safetensors", "a": "two.safetensors"}}'),
      "checkpoint/index",
      'the key \\"a\\" twice in one object',
    ],
    [
      "too many files",
      () => folder(indexText(Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`t${i}`, `f${i}`])))),
      "checkpoint/index",
      "501 files",
    ],
    [
      "too many tensors",
      () => folder(indexText(Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`t${i}`, "f"])))),
      "checkpoint/index",
      "20001 tensors; at most 20000 are read",
    ],
    ["an index of 9 MB", () => folder(`{"metadata": "${"x".repeat(9e6)}"}`), "checkpoint/index", "9000016 bytes"],
  ])("%s", async (_, index, code, text) => {
    const failure = await openingFails(index());
    expect(failure).toMatchObject({ code, kind: "input", text: expect.stringContaining(text) });
  });

  test("a folder, and links in a circle, in place of a file", async () => {
    const index = folder(indexText({ a: "inner" }));
    mkdirSync(join(dirname(index), "inner"));
    expect(await openingFails(index)).toMatchObject({ code: "checkpoint/not-a-file" });
    const circle = folder(indexText({ a: "circle" }));
    symlinkSync("circle", join(dirname(circle), "circle"));
    expect(await openingFails(circle)).toMatchObject({
      code: "checkpoint/unreadable",
      text: expect.stringMatching(/ELOOP.*in a circle/s),
    });
  });

  test("the text of a whole diagnostic", async () => {
    const path = folder(indexText({ ...weightMap, c: "two.safetensors", d: "two.safetensors" }));
    const failure = await openingFails(path);
    expect(failure.text.replaceAll(/shards-\w+\//g, "")).toMatchInlineSnapshot(`
      "model.safetensors.index.json and two.safetensors contradict each other
      at c
      By the index "two.safetensors" holds "c", "d", and it does not.
      hint: index and files are of different versions, or the index was edited: download all of them again"
    `);
  });
});
