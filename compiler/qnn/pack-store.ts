/**
 * Installed packs in the user's cache: where they are, and whether each is whole. A pack is a folder `qnn/<version>`
 * with `pack.json`, written last by the installer, which holds the size and hash of every file.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { cacheFolder } from "../build/project-paths.ts";
import { libraryFolder, type Pack, packs } from "./packs.ts";

export interface PackFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** When it was unpacked: a file that still has this time and size was not written to since. */
  readonly mtimeMs: number;
}

/** `pack.json`. */
export interface PackManifest {
  readonly format: "rwkvc-qnn-pack";
  readonly formatVersion: 1;
  readonly version: string;
  readonly sdk: string;
  readonly wheel: string;
  readonly wheelSha256: string;
  readonly files: readonly PackFile[];
}

export type PackState =
  | { readonly kind: "absent" }
  | { readonly kind: "whole"; readonly manifest: PackManifest }
  /** `reason` completes "the pack is broken: ...". */
  | { readonly kind: "broken"; readonly reason: string };

/** The folder of all packs. */
export const packsFolder = (env: NodeJS.ProcessEnv): string => join(cacheFolder(env), "qnn");

export const packFolder = (pack: Pack, env: NodeJS.ProcessEnv): string => join(packsFolder(env), pack.version);

export const packLibrary = (pack: Pack, name: string, env: NodeJS.ProcessEnv): string =>
  join(packFolder(pack, env), libraryFolder, name);

/**
 * The state of a pack. `thorough` reads and hashes every file; otherwise only those whose size or time is not what the
 * installer left, so that a use costs no more than a few stat calls.
 */
export async function inspectPack(pack: Pack, env: NodeJS.ProcessEnv, thorough: boolean): Promise<PackState> {
  const folder = packFolder(pack, env);
  if (!existsSync(folder)) return { kind: "absent" };
  const manifest = readManifest(join(folder, "pack.json"));
  if (!manifest) return { kind: "broken", reason: "its pack.json is missing or cannot be read" };
  if (manifest.wheelSha256 !== pack.sha256) {
    return { kind: "broken", reason: `it was unpacked from another wheel (${manifest.wheelSha256.slice(0, 16)}...)` };
  }
  for (const name of pack.libraries) {
    if (!manifest.files.some((file) => file.path === `${libraryFolder}/${name}`)) {
      return { kind: "broken", reason: `it lacks ${name}` };
    }
  }
  for (const file of manifest.files) {
    const reason = await fault(folder, file, thorough);
    if (reason) return { kind: "broken", reason };
  }
  return { kind: "whole", manifest };
}

export async function inspectPacks(
  env: NodeJS.ProcessEnv,
  thorough: boolean,
): Promise<{ readonly pack: Pack; readonly folder: string; readonly state: PackState }[]> {
  return Promise.all(
    packs.map(async (pack) => ({
      pack,
      folder: packFolder(pack, env),
      state: await inspectPack(pack, env, thorough),
    })),
  );
}

async function fault(folder: string, file: PackFile, thorough: boolean): Promise<string | undefined> {
  const path = join(folder, file.path);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) return `${file.path} is missing`;
  if (stat.size !== file.bytes) return `${file.path} has ${stat.size} bytes, not ${file.bytes}`;
  if (!thorough && Math.abs(stat.mtimeMs - file.mtimeMs) < 1) return undefined;
  return (await sha256OfFile(path)) === file.sha256 ? undefined : `${file.path} has changed since it was unpacked`;
}

function readManifest(path: string): PackManifest | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<PackManifest> | null;
    const whole =
      value?.format === "rwkvc-qnn-pack" &&
      value.formatVersion === 1 &&
      typeof value.wheelSha256 === "string" &&
      Array.isArray(value.files);
    return whole ? (value as PackManifest) : undefined;
  } catch {
    return undefined;
  }
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
