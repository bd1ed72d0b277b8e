/**
 * A folder that is replaced as a whole: the new one is built aside and put into place by a rename. However the process ends,
 * even by kill -9 in the middle, the place holds the old folder, the new one, or (for an instant between two renames, since
 * Node cannot exchange two names in one step) none; what was set aside is put back at the next build.
 *
 * Beside `out/kjv` there may be, while a build runs or after one was killed:
 *   .kjv.partial-PID   the folder under construction
 *   .kjv.old-PID       what stood in the place before, until it is deleted
 */
import { existsSync, rmSync } from "node:fs";
import { lstat, mkdir, readdir, readlink, realpath, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import { makeFolder } from "./make-folder.ts";

export interface Replacement {
  /** Where to build. */
  readonly folder: string;
  /** Puts the built folder into its place. */
  commit(): Promise<void>;
  /** Removes what was built; the place stays as it was. */
  abandon(): Promise<void>;
}

/** `isOurs`: whether a folder that stands in the place may be replaced. Diagnostics: build/not-an-artefact, build/not-a-folder. */
export async function beginReplacement(
  place: string,
  isOurs: (folder: string) => Promise<boolean>,
): Promise<Replacement> {
  const target = await resolvePlace(place);
  makeFolder(dirname(target));
  await recover(target);
  await checkPlace(target, isOurs);
  const folder = aside(target, "partial");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  // Ctrl-C ends the process through its exit handlers; kill -9 does not, see `recover`.
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  underConstruction.add(target);
  const done = (): void => {
    process.removeListener("exit", removeAtExit);
    underConstruction.delete(target);
  };
  return {
    folder,
    commit: async () => {
      await checkPlace(target, isOurs);
      await swap(folder, target);
      done();
    },
    abandon: async () => {
      await rm(folder, { recursive: true, force: true });
      done();
    },
  };
}

/** Places that this process is building for. */
const underConstruction = new Set<string>();

/** A symbolic link in the place stays; what it points to is replaced. */
async function resolvePlace(place: string): Promise<string> {
  const path = resolve(place);
  return realpath(path).catch(() => path);
}

const aside = (target: string, kind: "partial" | "old", pid: number | string = process.pid): string =>
  join(dirname(target), `.${basename(target)}.${kind}-${pid}`);

/** Another build may replace the folder while it is looked at: then the one that stands there next is. */
async function checkPlace(target: string, isOurs: (folder: string) => Promise<boolean>): Promise<void> {
  for (;;) {
    const stat = await lstat(target).catch(() => undefined);
    if (!stat) return;
    if (!stat.isDirectory()) {
      throw new DiagnosticError([
        inputError("build/not-a-folder", await whyNoFolder(target), {
          place: { file: target },
          hint: "choose another --out",
        }),
      ]);
    }
    if ((await isEmpty(target)) || (await isOurs(target))) return;
    const now = await lstat(target).catch(() => undefined);
    if (now?.ino !== stat.ino || now.dev !== stat.dev) continue;
    throw new DiagnosticError([
      inputError("build/not-an-artefact", `${target} holds something else than an artefact; it is not replaced`, {
        place: { file: target },
        hint: "choose another --out, or move the folder away",
      }),
    ]);
  }
}

/** Also when it has just gone. */
async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
}

/** Links that lead to something were followed before. */
async function whyNoFolder(target: string): Promise<string> {
  const link = await readlink(target).catch(() => undefined);
  return link === undefined
    ? `${target} is a file, and the artefact is a folder`
    : `${target} is a symbolic link to ${link}, which is not there`;
}

async function swap(built: string, target: string): Promise<void> {
  const old = aside(target, "old");
  for (let attempt = 0; ; attempt++) {
    await rm(old, { recursive: true, force: true });
    const hadOld = await rename(target, old).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    try {
      await rename(built, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another build of the same artefact was quicker: its folder is the old one now.
      if ((code === "ENOTEMPTY" || code === "EEXIST") && attempt < 10) continue;
      if (hadOld) await rename(old, target).catch(() => {});
      throw error;
    }
    await rm(old, { recursive: true, force: true });
    return;
  }
}

/** Clears what builds left that are no longer alive: an old folder goes back where nothing took its place. */
export async function recover(target: string): Promise<void> {
  const pattern = new RegExp(`^\\.${escape(basename(target))}\\.(partial|old)-([0-9]+)$`);
  for (const entry of (await readdir(dirname(target))).sort()) {
    const match = pattern.exec(entry);
    if (!match || isAlive(Number(match[2]), target)) continue;
    const left = join(dirname(target), entry);
    if (match[1] === "old" && !existsSync(target)) await rename(left, target).catch(() => {});
    else await removeTree(left);
  }
}

/** A killed removal must not leave something that looks whole: the manifest goes first. */
async function removeTree(folder: string): Promise<void> {
  await rm(join(folder, "model.json"), { force: true });
  await rm(folder, { recursive: true, force: true });
  await rmdir(folder).catch(() => {});
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function isAlive(pid: number, target: string): boolean {
  // Our own number may be that of a dead process' folder.
  if (pid === process.pid) return underConstruction.has(target);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
