/** A context binary's header, as libQnnSystem reads it. */
import { join } from "node:path";

import { socs } from "../targets/targets.ts";
import { readReport, withScratch } from "./model-run.ts";

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

export async function contextInfo(path: string, systemLibrary: string): Promise<ContextInfo> {
  const { runProgram } = await import("../build/native-programs.ts");
  return withScratch(async (folder) => {
    const file = join(folder, "report.json");
    await runProgram(
      "rwkv-context",
      ["info", "--context", path, "--system-library", systemLibrary, "--report", file],
      {},
    );
    const info = readReport<Omit<ContextInfo, "soc">>(file);
    return { ...info, soc: socs.find((soc) => soc.model === info.socModel)?.name ?? null };
  });
}
