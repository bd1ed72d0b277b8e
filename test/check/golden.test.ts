/** What the bundled specs, and others that use more of the language, become. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkSpec } from "../../compiler/check/check-spec.ts";
import { printModel } from "../../compiler/check/print-typed.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { violations } from "./verify-typed.ts";
import type { CheckpointTensors } from "../../compiler/check/resolve-dims.ts";

const readFile = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
const specsIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((file) => (file.endsWith(".rwkv.ts") ? [`${folder}/${file}`] : []));
const fixtures = specsIn("test/check/fixtures");

describe("typed equations", () => {
  test.each([...specsIn("specs"), ...fixtures])("%s is well-typed", (path) => {
    const { model, codes } = load(path);
    expect(codes).toEqual([]);
    expect(violations(model!)).toEqual([]);
  });

  // Those of the bundled specs: test/specs/golden.
  test.each(fixtures)("%s", async (path) => {
    const name = path.split("/").at(-1)!.replace(".rwkv.ts", ".txt");
    await expect(printModel(load(path).model!)).toMatchFileSnapshot(`golden/typed/${name}`);
  });
});

describe("checkpoints", () => {
  // Trained and random checkpoints in the public formats, with their dimensions.
  const models = "models";
  const found = existsSync(models) ? readdirSync(models) : [];
  const pairs = [
    ["rwkv7-kjv", "specs/rwkv-7.rwkv.ts"],
    ["rwkv7-random", "specs/rwkv-7.rwkv.ts"],
    ["rwkv5.2-kjv", "specs/rwkv-5.2.rwkv.ts"],
    ["rwkv5.2-overflow", "specs/rwkv-5.2.rwkv.ts"],
    ["rwkv4-kjv", "specs/rwkv-4.rwkv.ts"],
    ["rwkv6-kjv", "specs/rwkv-6.rwkv.ts"],
  ].filter(([name]) => found.includes(name!));

  test.each(pairs)("%s fits %s", async (name, path) => {
    const checkpoint = await openCheckpoint(`${models}/${name}/model.pth`);
    const { model, codes } = load(path!, checkpoint);
    checkpoint.close();
    expect(codes).toEqual([]);
    const manifest = JSON.parse(readFileSync(`${models}/${name}/manifest.json`, "utf8")) as Record<string, number>;
    expect(model!.resolved).toBe(true);
    expect(model!.layerCount).toBe(manifest.n_layer);
    expect(["D", "V", "F"].map((dim) => model!.sizes.get(dim))).toEqual([
      manifest.n_embd,
      manifest.vocab,
      manifest.n_ffn,
    ]);
    if (model!.sizes.has("H")) {
      expect(["H", "N"].map((dim) => model!.sizes.get(dim))).toEqual([manifest.n_head, manifest.head_size]);
    }
  });
});

function load(
  path: string,
  checkpoint?: CheckpointTensors,
): { model: ReturnType<typeof checkSpec>["value"]; codes: string[] } {
  const read = readSpec(path, readFile);
  const checked = checkSpec(read.value!, checkpoint);
  return { model: checked.value, codes: [...read.diagnostics, ...checked.diagnostics].map((d) => d.code) };
}
