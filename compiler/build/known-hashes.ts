/**
 * Hashes of big files that were computed before, so that gigabytes of weights are not read twice for each command. An entry
 * holds while the file is the same inode with the size and the times that it was hashed at; the change time, which no program
 * can set, is among them.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { cacheFolder } from "./project-paths.ts";

/** Smaller files are hashed in no time. */
const leastBytes = 2 ** 24;
/** The oldest are forgotten. */
const mostEntries = 200;
/** A file may change again within one tick of its file system's clock: so near to a change its times say nothing. */
const settledMs = 2000;

interface Entry {
  readonly id: string;
  readonly sha256: string;
}

/** What identifies the content of the file; undefined for one that is small, gone, or has just changed. */
export async function contentId(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found?.isFile() || found.size < leastBytes) return undefined;
  if (Date.now() - Number(found.ctimeMs) < settledMs) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}

export function knownHash(id: string, env: NodeJS.ProcessEnv): string | undefined {
  return readEntries(fileOf(env)).find((entry) => entry.id === id)?.sha256;
}

/** Two processes at once may lose one another's entry, which costs a reading. A cache that cannot be written is none. */
export function rememberHash(id: string, sha256: string, env: NodeJS.ProcessEnv): void {
  const file = fileOf(env);
  const entries = [{ id, sha256 }, ...readEntries(file).filter((entry) => entry.id !== id)].slice(0, mostEntries);
  const aside = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch {
    return;
  }
  try {
    writeFileSync(aside, `${JSON.stringify(entries)}\n`);
    renameSync(aside, file);
  } catch {
    rmSync(aside, { force: true });
  }
}

const fileOf = (env: NodeJS.ProcessEnv): string => join(cacheFolder(env), "hashes.json");

function readEntries(file: string): Entry[] {
  try {
    const entries: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (value: unknown): value is Entry => {
  const { id, sha256 } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  return typeof id === "string" && typeof sha256 === "string";
};
