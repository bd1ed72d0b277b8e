/**
 * What `run`, `logits`, `eval` and `estimate` share: an artefact is opened and verified, the backend's library is found, on HTP
 * a context binary is preferred to composing the model library, and the C++ program does the work.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ProgramName, RunOptions } from "../build/native-programs.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import type { ContextManifest, Manifest } from "../emit/manifest.ts";
import {
  type BackendLibrary,
  type BackendName,
  chooseBackend,
  findBackendLibrary,
  type RunBackend,
  simulatedSoc,
} from "./backends.ts";
import type { Session } from "./command.ts";
import { findContexts } from "./contexts.ts";

export interface OpenArtefact {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Reads the manifest and compares every file with its hash in it. */
export async function openArtefact(folder: string): Promise<OpenArtefact> {
  const { verifyArtefact } = await import("../build/read-artefact.ts");
  return { folder, manifest: await verifyArtefact(folder) };
}

export interface PreparedRun extends OpenArtefact {
  readonly backend: RunBackend;
  readonly qnn: BackendLibrary;
  readonly context: ContextManifest | null;
  /** Arguments of rwkv-run that say what runs on what. */
  readonly args: readonly string[];
}

export interface RunChoice {
  /** The model library is composed, even where there is a context binary: a trace needs it. */
  readonly composed?: boolean;
}

/** Without a name, the host backend: it runs every artefact. Diagnostics: those of chooseBackend, locateQnn, modelLibrary. */
export async function prepareRun(
  { folder, manifest }: OpenArtefact,
  backendName: BackendName | undefined,
  env: NodeJS.ProcessEnv,
  { composed = false }: RunChoice = {},
): Promise<PreparedRun> {
  const backend = chooseBackend(manifest, backendName);
  const qnn = await findBackendLibrary(backend, env);
  const context = backend === "htp" && !composed ? await contextFor(folder, manifest, qnn) : null;
  const args = ["--artefact", folder, "--backend", backend, "--backend-library", qnn.library];
  if (qnn.system) args.push("--system-library", qnn.system);
  if (backend === "htp") args.push("--soc-model", String(manifest.htp?.socModel ?? simulatedSoc.model));
  if (context) args.push("--context", context.path);
  else args.push("--model-library", modelLibrary(folder, manifest));
  return { folder, manifest, backend, qnn, context: context?.manifest ?? null, args };
}

/** The context binary of the artefact's own SoC, if it is whole and a library of this age can load it. */
async function contextFor(folder: string, manifest: Manifest, qnn: BackendLibrary) {
  if (!qnn.system) return null;
  const contexts = await findContexts(folder);
  return contexts.find((context) => context.manifest.soc === manifest.htp?.soc && context.isCurrent) ?? null;
}

export const hostTriple = (): string => `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux`;

export function modelLibrary(folder: string, manifest: Manifest): string {
  const library = manifest.libraries[hostTriple()];
  if (library === undefined) {
    throw new DiagnosticError([
      inputError("artefact/no-library", `${folder} has no model library for ${hostTriple()}`, {
        place: { file: join(folder, "model.json"), detail: "libraries" },
        notes: [`It has: ${Object.keys(manifest.libraries).join(", ") || "none"}.`],
        hint: `build the artefact again with --arch ${hostTriple()}, or with both: --arch ${[hostTriple(), ...Object.keys(manifest.libraries)].join(",")}`,
      }),
    ]);
  }
  return join(folder, library);
}

/** Runs one of the C++ programs, and says so when it has to be built first. */
export async function runNative(
  session: Session,
  name: ProgramName,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const { runProgram } = await import("../build/native-programs.ts");
  await runProgram(name, args, {
    ...options,
    onBuild: () => session.note("building the C++ programs (once, a minute or two)"),
    onWait: (who) => session.note(`waiting for ${who}, which builds the C++ programs`),
  });
}

/** Calls `body` with a new folder for a program's report and other files in passing, and removes it afterwards. */
export async function withScratch<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "rwkvc-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    return await body(folder);
  } finally {
    process.removeListener("exit", remove);
    remove();
  }
}

export const readReport = <T>(file: string): T => JSON.parse(readFileSync(file, "utf8")) as T;
