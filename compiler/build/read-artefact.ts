/** Reads an artefact's manifest, and compares the artefact's files with it. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { DiagnosticError, inputError, missingError, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Manifest, ManifestFile } from "../emit/manifest.ts";
import { manifestFault } from "./check-manifest.ts";
import { contentId, knownHash, rememberHash } from "./known-hashes.ts";

export const manifestFile = "model.json";

/** Diagnostics: artefact/not-found, not-an-artefact, bad-manifest, unknown-version. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestFile);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new DiagnosticError([whyUnreadable(folder, error as NodeJS.ErrnoException)]);
  }
  const fault = (code: string, title: string): never => {
    throw new DiagnosticError([inputError(code, title, { place: { file }, hint: "build the artefact again" })]);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault("artefact/bad-manifest", `${file} is damaged: it is not JSON`);
  }
  const manifest = value as Partial<Manifest> | null;
  if (typeof manifest !== "object" || manifest?.format !== "rwkvc-artefact") {
    return fault("artefact/not-an-artefact", `${file} is not the manifest of an artefact`);
  }
  if (manifest.formatVersion !== 1) {
    return fault(
      "artefact/unknown-version",
      `${file} has format version ${JSON.stringify(manifest.formatVersion ?? null)}; this compiler reads 1`,
    );
  }
  const found = manifestFault(manifest);
  if (found !== undefined) return fault("artefact/bad-manifest", `${file} is damaged: ${found}`);
  return manifest as Manifest;
}

function whyUnreadable(folder: string, error: NodeJS.ErrnoException): Diagnostic {
  const place = { file: folder };
  if (!existsSync(folder)) {
    return missingError("artefact/not-found", `there is no artefact at ${folder || '""'}`, {
      place,
      hint: "an artefact is a folder that `rwkvc build` wrote",
    });
  }
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    return inputError("artefact/not-an-artefact", `${folder} is not an artefact: it has no ${manifestFile}`, {
      place,
      hint: "an artefact is a folder that `rwkvc build` wrote",
    });
  }
  return inputError("artefact/unreadable", `${join(folder, manifestFile)} cannot be read: ${error.message}`, { place });
}

/**
 * Reads the manifest and checks every file that it lists, by size first and then by sha256, some two at a time (hashing
 * runs at about 1 GB/s a core, and is not repeated for a big file that has not changed). Diagnostics: as readManifest; artefact/missing-file, artefact/size-mismatch,
 * artefact/hash-mismatch, one per file.
 */
export async function verifyArtefact(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const faults = (await Promise.all(manifest.files.map((file) => sizeFault(folder, file)))).filter(isThere);
  if (faults.length === 0) {
    const queue = [...manifest.files].sort((a, b) => b.bytes - a.bytes);
    const worker = async () => {
      for (let file = queue.shift(); file; file = queue.shift()) {
        const fault = await hashFault(folder, file);
        if (fault) faults.push(fault);
      }
    };
    await Promise.all([worker(), worker()]);
  }
  if (faults.length > 0) throw new DiagnosticError(faults);
  return manifest;
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

const again = "build the artefact again, or copy it again from where it came";

async function sizeFault(folder: string, { path, bytes }: ManifestFile): Promise<Diagnostic | undefined> {
  const file = join(folder, path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    return inputError("artefact/missing-file", `${file} is missing`, { place: { file }, hint: again });
  }
  if (found.size === bytes) return undefined;
  return inputError("artefact/size-mismatch", `${file} has ${found.size} bytes; ${bytes} were built`, {
    place: { file },
    hint: again,
  });
}

async function hashFault(folder: string, { path, sha256 }: ManifestFile): Promise<Diagnostic | undefined> {
  const file = join(folder, path);
  if ((await contentHash(file)) === sha256) return undefined;
  return inputError("artefact/hash-mismatch", `${file} is not the file that was built: its hash differs`, {
    place: { file },
    hint: again,
  });
}

/** The sha256, which is looked up where this content was hashed before. */
export async function contentHash(path: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const id = await contentId(path);
  const known = id === undefined ? undefined : knownHash(id, env);
  if (known !== undefined) return known;
  const { sha256 } = await hashFile(path);
  // Not when it was written to meanwhile.
  if (id !== undefined && (await contentId(path)) === id) rememberHash(id, sha256, env);
  return sha256;
}

export async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const handle = await open(path);
  let bytes = 0;
  try {
    const buffer = Buffer.allocUnsafe(2 ** 20);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}
