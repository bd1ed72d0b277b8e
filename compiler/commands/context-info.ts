/** A context binary's header, as libQnnSystem reads it. */
import { join } from "node:path";

import { socs } from "../targets/targets.ts";
import type { Session } from "./command.ts";
import { readReport, runNative, withScratch } from "./model-run.ts";

export interface ContextInfo {
  readonly soc: string | null;
  readonly socModel: number;
  /** Hexagon architecture: 75 is v75. */
  readonly dspArch: number;
  readonly buildId: string;
  readonly backendApi: string;
  readonly graphs: readonly {
    readonly name: string;
    readonly inputs: readonly unknown[];
    readonly outputs: readonly unknown[];
    readonly vtcmBytes?: number;
  }[];
}

export async function contextInfo(session: Session, path: string, systemLibrary: string): Promise<ContextInfo> {
  return withScratch(async (folder) => {
    const file = join(folder, "report.json");
    const args = ["info", "--context", path, "--system-library", systemLibrary, "--report", file];
    await runNative(session, "rwkv-context", args);
    const info = readReport<Omit<ContextInfo, "soc">>(file);
    return { ...info, soc: socs.find((soc) => soc.model === info.socModel)?.name ?? null };
  });
}
