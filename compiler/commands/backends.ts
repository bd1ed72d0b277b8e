/**
 * --backend: what an artefact is run on. What a model was compiled for does not decide it, what it computes in does: every
 * float16 artefact runs on the host backend and on HTP (the simulator, on a PC), every float32 one on the host and QNN CPU.
 */
import { hostLibraryPath } from "../build/project-paths.ts";
import { DiagnosticError, unsupportedError, usageError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import { locateQnn } from "../qnn/locate.ts";
import type { QnnBackend } from "../qnn/packs.ts";
import { findTarget } from "../targets/targets.ts";
import { choice } from "./flags.ts";

export const backendNames = ["host", "htp", "qnn-cpu", "qnn-gpu"] as const;
export type BackendName = (typeof backendNames)[number];
/** As rwkv-run names them. */
export type RunBackend = "host" | QnnBackend;

/** Commander's arguments for the option that `run`, `logits`, `eval` and others have. */
export const backendOption = [
  "--backend <name>",
  "host (default: this project's own), htp (Qualcomm's simulator; fp16 or quantized), qnn-cpu (Qualcomm's CPU backend; fp32)",
  choice("--backend", backendNames),
] as const;

/** What the simulator simulates for an artefact that was built for no SoC. */
export const simulatedSoc = findTarget("htp-v75")!.soc!;

export interface BackendLibrary {
  readonly library: string;
  /** libQnnSystem.so, which reads context binaries; null when there is none. */
  readonly system: string | null;
  /** One line: what it is and why it is used. */
  readonly why: string;
}

/** Diagnostics (DiagnosticError): backend/not-yet, usage/backend. */
export function chooseBackend({ precision, target }: Manifest, name: BackendName = "host"): RunBackend {
  switch (name) {
    case "host":
      return "host";
    case "htp":
      if (precision !== "fp32") return "htp";
      return refuse(`HTP computes in float16, and the artefact is ${precision} for ${target}`, "fp16");
    case "qnn-cpu":
      if (precision === "fp32") return "cpu";
      return refuse(`QNN CPU computes in float32, and the artefact is ${precision} for ${target}`, "fp32");
    case "qnn-gpu":
      throw new DiagnosticError([
        unsupportedError("backend/not-yet", "the qnn-gpu backend cannot run models yet", {
          hint: "use --backend host, htp (the simulator, on a PC) or qnn-cpu",
        }),
      ]);
  }
}

function refuse(title: string, precision: string): never {
  throw new DiagnosticError([
    usageError("usage/backend", title, {
      hint: `build another one with --precision ${precision}, or use --backend host`,
    }),
  ]);
}

/** Diagnostics: those of locateQnn. The host's library is built together with the program that loads it. */
export async function findBackendLibrary(backend: RunBackend, env: NodeJS.ProcessEnv): Promise<BackendLibrary> {
  if (backend === "host") return { library: hostLibraryPath, system: null, why: "host backend" };
  return locateQnn(backend, env);
}
