/** Commands that are given a checkpoint and no spec. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { scratch } from "../qnn/fake-pack.ts";
import { problems, rwkvc } from "./command-line.ts";

/** The bundled checkpoints that lie beside the outputs of the official implementation. */
const known: [string, string][] = [
  ["models/rwkv7-kjv/model.pth", "rwkv-7"],
  ["models/rwkv7-random/model.pth", "rwkv-7"],
  ["models/rwkv5.2-kjv/model.pth", "rwkv-5.2"],
  ["models/rwkv5.2-overflow/model.pth", "rwkv-5.2"],
  ["random:1:v7-0.1B", "rwkv-7"],
];

test.each(known)("%s is of %s", async (weights, name) => {
  const ran = await rwkvc(["check", "--weights", weights, "--json"]);
  expect(ran.code).toBe(0);
  const found = JSON.parse(ran.stdout) as { spec: string; name: string; recognised: { spec: string; why: string } };
  expect([found.spec, found.name]).toEqual([`specs/${name}.rwkv.ts`, name]);
  expect(found.recognised.spec).toBe(found.spec);
});

test("a person is told which spec it is, and why", async () => {
  const ran = await rwkvc(["check", "--weights", "models/rwkv7-kjv/model.pth"]);
  expect(ran.stderr).toMatch(
    /^models\/rwkv7-kjv\/model.pth is of specs\/rwkv-7.rwkv.ts: all \d+ kinds of tensors that it declares are there and their shapes agree, no tensor of the checkpoint is left over; /,
  );
  expect(ran.stdout).toContain("specs/rwkv-7.rwkv.ts: rwkv-7 is well formed");
});

test("a bundled spec is also known by its name alone", async () => {
  const ran = await rwkvc(["check", "rwkv-6", "--json"]);
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({ spec: "specs/rwkv-6.rwkv.ts", name: "rwkv-6" });
});

test("it is built by what it is recognised as", async () => {
  const out = join(scratch(), "model");
  const ran = await rwkvc(["build", "--weights", "models/rwkv7-random/model.pth", "--out", out, "--json"]);
  expect(ran.code).toBe(0);
  const manifest = JSON.parse(readFileSync(join(out, "model.json"), "utf8")) as { spec: { name: string } };
  expect(manifest.spec.name).toBe("rwkv-7");
});

/** A checkpoint of nothing but these tensors, in the safetensors format. */
function checkpoint(tensors: Readonly<Record<string, readonly number[]>>): string {
  let end = 0;
  const table = Object.entries(tensors).map(([name, shape]) => {
    const start = end;
    end += 2 * shape.reduce((product, n) => product * n, 1);
    return [name, { dtype: "F16", shape, data_offsets: [start, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(table)));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(header.length);
  const file = join(scratch(), "model.safetensors");
  writeFileSync(file, Buffer.concat([length, header, Buffer.alloc(end)]));
  return file;
}

test("a checkpoint of something else: the nearest spec and what speaks against it", async () => {
  const weights = checkpoint({ "emb.weight": [8, 4], "head.weight": [8, 4], "blocks.0.att.x_r": [4] });
  const out = join(scratch(), "model");
  for (const command of ["check", "verify", "build"]) {
    const args = [command, "--weights", weights, ...(command === "build" ? ["--out", out] : [])];
    expect(await problems(args)).toEqual({ code: 1, codes: ["spec/not-recognised"] });
  }
  expect(existsSync(out)).toBe(false);
  const { stderr } = await rwkvc(["check", "--weights", weights]);
  expect(stderr).toContain("The nearest is specs/");
  expect(stderr).toContain("Missing for it: ");
});

test("one shape that contradicts: told of the spec that the checkpoint is of otherwise", async () => {
  const { stdout } = await rwkvc(["inspect", "models/rwkv7-random/model.pth", "--json"]);
  const { tensors } = JSON.parse(stdout) as { tensors: { name: string; shape: number[] }[] };
  const shapes = Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
  expect((await rwkvc(["check", "--weights", checkpoint(shapes)])).code).toBe(0);
  const ran = await rwkvc(["check", "--weights", checkpoint({ ...shapes, "blocks.1.ffn.key.weight": [7, 128] })]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("The nearest is specs/rwkv-7.rwkv.ts.");
  expect(ran.stderr).toContain("Contradicts it: blocks.1.ffn.key.weight is [7, 128], but F was 256");
});

test("neither a spec nor weights", async () => {
  expect(await problems(["check"])).toEqual({ code: 2, codes: ["usage/missing-argument"] });
  expect(await problems(["build"])).toEqual({ code: 2, codes: ["usage/missing-option"] });
});
