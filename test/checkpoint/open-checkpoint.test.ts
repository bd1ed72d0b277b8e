import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { bytesOf, openingFails, pth, ramp, readAllBits, safetensors, tensorDict, useFolder } from "./write-files.ts";

const write = useFolder();

test("a file's kind is told by its content, not its name", async () => {
  const entry = { name: "w", storage: "0", count: 3, shape: [3], strides: [1] };
  const header = { w: { dtype: "F16", shape: [3], data_offsets: [0, 6] } };
  const paths = [
    write("zip.safetensors", pth(tensorDict([entry]), { 0: bytesOf(ramp(3)) })),
    write("header.pth", safetensors(header, bytesOf(ramp(3)))),
    write("no-extension", safetensors(header, bytesOf(ramp(3)))),
  ];
  for (const path of paths) {
    const checkpoint = await openCheckpoint(path);
    expect(readAllBits(checkpoint, "w")).toEqual([0, 1, 2]);
    checkpoint.close();
  }
});

test("a folder stands for the checkpoint in it", async () => {
  const file = (value: number): Buffer =>
    safetensors({ w: { dtype: "F16", shape: [1], data_offsets: [0, 2] } }, Buffer.of(value, 0));
  const folder = join(dirname(write("x", "x")), "downloaded");
  mkdirSync(folder);
  const read = async (): Promise<number[]> => {
    const checkpoint = await openCheckpoint(folder);
    const bits = readAllBits(checkpoint, "w");
    checkpoint.close();
    return bits;
  };
  writeFileSync(join(folder, "config.json"), "{}");
  writeFileSync(join(folder, "one.safetensors"), file(1));
  expect(await read()).toEqual([1]);
  writeFileSync(join(folder, "two.pth"), file(2));
  expect(await openingFails(folder)).toMatchObject({
    code: "checkpoint/folder",
    text: expect.stringContaining('It has 2 files that could be meant: "one.safetensors", "two.pth".'),
  });
  writeFileSync(join(folder, "model.safetensors"), file(3));
  expect(await read()).toEqual([3]);
});

describe("what is not a checkpoint", () => {
  const tar = Buffer.concat([Buffer.alloc(257), Buffer.from("ustar")]);

  test.each<[string, Buffer | string, string, string, string]>([
    ["an empty file", "", "checkpoint/empty", "input", "is an empty file"],
    ["one byte", "P", "checkpoint/unknown-format", "input", 'The file (1 bytes) starts with 50 "P".'],
    [
      "text",
      "hello, world\n",
      "checkpoint/unknown-format",
      "input",
      '68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 0a "hello, world."',
    ],
    ["zeros", Buffer.alloc(4096), "checkpoint/unknown-format", "input", "(4096 bytes) starts with 00 00 00"],
    ["a tar archive, as torch before 0.2 saved it", tar, "checkpoint/torch-tar", "unsupported", "is a tar archive"],
    [
      "a bare pickle",
      Buffer.from("80027d712e", "hex"),
      "checkpoint/bare-pickle",
      "unsupported",
      "nothing in it was executed",
    ],
    ["GGUF", "GGUF\x03\0\0\0", "checkpoint/gguf", "unsupported", "GGUF file"],
    [
      "a Git LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid",
      "checkpoint/download",
      "input",
      "git lfs pull",
    ],
    ["a web page", "<!DOCTYPE html><html>", "checkpoint/download", "input", "is a web page"],
    ["other JSON", '{"a": 1}', "checkpoint/unknown-format", "input", "not a checkpoint of a known format"],
    ["a cut zip", "PK\x03\x04", "checkpoint/truncated", "input", "cut short"],
    ["a cut safetensors header", "\xff\0\0\0\0\0\0\0{", "checkpoint/truncated", "input", "cut short"],
  ])("%s", async (_, bytes, code, kind, text) => {
    const content = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    const failure = await openingFails(write("other.pth", content));
    expect(failure).toMatchObject({ code, kind, text: expect.stringContaining(text) });
  });

  test("a missing file, and one in a folder that is a file", async () => {
    const path = write("file.pth", "x");
    for (const missing of [join(dirname(path), "none.pth"), join(path, "none.pth")]) {
      const failure = await openingFails(missing);
      expect(failure).toMatchObject({ code: "checkpoint/not-found", kind: "missing" });
      expect(failure.text).toMatch(/^no checkpoint at .*none\.pth$/m);
    }
  });

  test("a folder, a device", async () => {
    const folder = join(dirname(write("x", "x")), "model");
    mkdirSync(folder);
    expect(await openingFails(folder)).toMatchObject({
      code: "checkpoint/folder",
      kind: "input",
      text: expect.stringContaining("Expected in it: model.safetensors.index.json, model.safetensors, "),
    });
    expect((await openingFails("/dev/null")).text).toContain("is not a regular file");
  });
});
