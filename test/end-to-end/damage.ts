/** Test support: artefacts that are wrong in one place. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "vitest";

import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import type { Manifest } from "../../compiler/emit/manifest.ts";

/** Triples a row of a weight in an fp32 artefact's weights.bin, and makes the manifest vouch for it. */
export async function damage(folder: string, weights: string, tensor: string): Promise<void> {
  const checkpoint = await openCheckpoint(weights);
  const info = checkpoint.tensors.get(tensor)!;
  const row = new Float32Array(info.shape.at(-1)!);
  readFloat32(checkpoint, info, 5 * row.length, row);
  checkpoint.close();
  const file = join(folder, "weights.bin");
  const bytes = readFileSync(file);
  const at = bytes.indexOf(Buffer.from(row.buffer));
  expect(at).toBeGreaterThan(0);
  for (let i = 0; i < row.length; i++) bytes.writeFloatLE(3 * row[i]!, at + 4 * i);
  writeFileSync(file, bytes);
  vouch(folder, "weights.bin");
}

/** Makes the manifest vouch for a file that was changed. */
export function vouch(folder: string, name: string): void {
  const content = readFileSync(join(folder, name));
  const path = join(folder, "model.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  const found = { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  const files = manifest.files.map((entry) => (entry.path === name ? { ...entry, ...found } : entry));
  writeFileSync(path, JSON.stringify({ ...manifest, files }));
}
