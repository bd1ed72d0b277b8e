/**
 * Which QNN libraries are used, and why: RWKVC_QNN_DIR, then QNN_SDK_ROOT, then an installed pack. A place that was
 * named and lacks the library is an error, not a reason to look on: what runs is what was asked for.
 */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { DiagnosticError, missingError } from "../diagnostics/diagnostic.ts";
import { hostMachine, readElf } from "./elf.ts";
import { inspectPack, packFolder, packLibrary } from "./pack-store.ts";
import { libraryName, packFor, packs, type QnnBackend, systemLibrary } from "./packs.ts";

export type LibrarySource = "RWKVC_QNN_DIR" | "QNN_SDK_ROOT" | "pack";

export interface LocatedQnn {
  readonly backend: QnnBackend;
  /** libQnnHtp.so or libQnnCpu.so, full path. */
  readonly library: string;
  /** libQnnSystem.so, which reads context binaries; null when it is not there. */
  readonly system: string | null;
  readonly source: LibrarySource;
  /** The SDK's release, where it is known without loading the library. */
  readonly sdk: string | null;
  /** One line: "pack 2.7.0 (SDK 2.51.0) in ...". */
  readonly why: string;
}

/** Folders of an SDK's libraries for this machine, as its releases name them. */
const sdkFolders: Readonly<Record<string, readonly string[]>> = {
  "x86-64": ["lib/x86_64-linux-clang"],
  aarch64: ["lib/aarch64-oe-linux-gcc11.2", "lib/aarch64-ubuntu-gcc9.4", "lib/aarch64-oe-linux-gcc9.3"],
};

/**
 * Diagnostics (DiagnosticError): qnn/not-installed, qnn/library-missing, qnn/wrong-architecture, qnn/not-a-library,
 * qnn/broken-pack.
 */
export async function locateQnn(backend: QnnBackend, env: NodeJS.ProcessEnv = process.env): Promise<LocatedQnn> {
  if (env.RWKVC_QNN_DIR) return inNamedFolder(backend, "RWKVC_QNN_DIR", env.RWKVC_QNN_DIR);
  if (env.QNN_SDK_ROOT) return inNamedFolder(backend, "QNN_SDK_ROOT", env.QNN_SDK_ROOT);
  return inPack(backend, env);
}

function inNamedFolder(backend: QnnBackend, variable: "RWKVC_QNN_DIR" | "QNN_SDK_ROOT", value: string): LocatedQnn {
  const root = resolve(value);
  const name = libraryName(backend);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new DiagnosticError([
      missingError("qnn/library-missing", `${variable} is ${value}, which is not a folder`, {
        place: { file: root },
        hint: `set ${variable} to a folder that holds ${name}, or unset it to use the packs of \`rwkvc qnn install\``,
      }),
    ]);
  }
  const inSdk = (sdkFolders[hostMachine()] ?? []).map((folder) => join(root, folder));
  const folders = variable === "RWKVC_QNN_DIR" ? [root, ...inSdk] : inSdk;
  const folder = folders.find((candidate) => existsSync(join(candidate, name)));
  if (folder === undefined) {
    throw new DiagnosticError([
      missingError("qnn/library-missing", `${name} is not in the folder that ${variable} names`, {
        place: { file: root },
        notes: [`Looked for ${folders.map((candidate) => join(candidate, name)).join(", ")}.`],
        hint: `correct ${variable}, or unset it to use the packs of \`rwkvc qnn install\``,
      }),
    ]);
  }
  const library = join(folder, name);
  const system = join(folder, systemLibrary);
  checkMachine(library);
  if (existsSync(system)) checkMachine(system);
  return {
    backend,
    library,
    system: existsSync(system) ? system : null,
    source: variable,
    sdk: null,
    why: `${variable}=${value}`,
  };
}

async function inPack(backend: QnnBackend, env: NodeJS.ProcessEnv): Promise<LocatedQnn> {
  const pack = packFor(backend);
  const folder = packFolder(pack, env);
  const state = await inspectPack(pack, env, false);
  if (state.kind === "absent") {
    throw new DiagnosticError([
      missingError("qnn/not-installed", `no QNN library for ${backend === "htp" ? "HTP" : "the QNN CPU backend"}`, {
        notes: [
          `Looked at RWKVC_QNN_DIR (not set), QNN_SDK_ROOT (not set) and ${folder} (not there).`,
          "Qualcomm's libraries are not part of this project; they come under Qualcomm's own licence.",
        ],
        hint: "run `rwkvc qnn install`, or set QNN_SDK_ROOT to an installed SDK",
      }),
    ]);
  }
  if (state.kind === "broken") {
    throw new DiagnosticError([
      missingError("qnn/broken-pack", `the QNN pack ${pack.version} is broken: ${state.reason}`, {
        place: { file: folder },
        hint: "run `rwkvc qnn install` to repair it",
      }),
    ]);
  }
  const library = packLibrary(pack, libraryName(backend), env);
  checkMachine(library);
  return {
    backend,
    library,
    system: await systemFromPacks(env),
    source: "pack",
    sdk: pack.sdk,
    why: `pack ${pack.version} (SDK ${pack.sdk}) in ${folder}`,
  };
}

/** libQnnSystem of the pack that has one: it reads binaries of its own and older SDKs. */
async function systemFromPacks(env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const pack of packs) {
    if (!pack.libraries.includes(systemLibrary)) continue;
    if ((await inspectPack(pack, env, false)).kind === "whole") return packLibrary(pack, systemLibrary, env);
  }
  return null;
}

function checkMachine(library: string): void {
  const elf = readElf(library);
  if (elf === undefined) {
    throw new DiagnosticError([
      missingError("qnn/not-a-library", `${library} is not a shared library`, {
        place: { file: library },
        hint: "the file is damaged, or a text file in its place (a Git LFS pointer?): install the library again",
      }),
    ]);
  }
  if (elf.size < elf.needed) {
    throw new DiagnosticError([
      missingError("qnn/truncated-library", `${library} is cut short`, {
        place: { file: library },
        notes: [`It has ${elf.size} bytes; its header tells of ${elf.needed}.`],
        hint: "copy or install the library again",
      }),
    ]);
  }
  if (elf.machine !== hostMachine()) {
    throw new DiagnosticError([
      missingError("qnn/wrong-architecture", `${library} is for ${elf.machine}, and this machine is ${hostMachine()}`, {
        place: { file: library },
        hint: `name the folder of the SDK's ${hostMachine()} libraries, such as lib/x86_64-linux-clang on a PC`,
      }),
    ]);
  }
}
