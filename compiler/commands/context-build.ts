/** Compiles an artefact's model library into a context binary with Qualcomm's library, inside the artefact's folder. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { ContextManifest, Estimate, Manifest } from "../emit/manifest.ts";
import { locateQnn, type LocatedQnn } from "../qnn/locate.ts";
import { sha256OfFile } from "../qnn/pack-store.ts";
import type { Session } from "./command.ts";
import { modelLibrary, readReport, runNative, withScratch } from "./model-run.ts";

export type CompiledContext =
  | { readonly kind: "made"; readonly manifest: ContextManifest }
  | { readonly kind: "noLibrary"; readonly reason: string };

/** What `rwkv-context compile` and `estimate` report. */
export interface CompileReport {
  readonly library: ContextManifest["library"];
  readonly graphs: readonly {
    readonly name: string;
    readonly finalizeSeconds: number;
    readonly estimate: Estimate | null;
  }[];
}

/** Without an installed library nothing is made; one that is broken or named wrongly is an error. */
export async function compileContext(folder: string, manifest: Manifest, session: Session): Promise<CompiledContext> {
  let qnn: LocatedQnn;
  try {
    qnn = await locateQnn("htp", session.io.env);
  } catch (error) {
    const first = error instanceof DiagnosticError ? error.diagnostics[0] : undefined;
    if (first?.code === "qnn/not-installed") return { kind: "noLibrary", reason: first.title };
    throw error;
  }
  return { kind: "made", manifest: await compileWith(session, folder, manifest, qnn) };
}

async function compileWith(
  session: Session,
  folder: string,
  manifest: Manifest,
  qnn: LocatedQnn,
): Promise<ContextManifest> {
  const { soc, socModel } = manifest.htp!;
  const place = join(folder, "context", soc);
  const file = `${manifest.name}.bin`;
  const binary = join(place, file);
  mkdirSync(place, { recursive: true });
  const report = await withScratch(async (scratch) => {
    const path = join(scratch, "report.json");
    const args = ["compile", "--artefact", folder, "--model-library", modelLibrary(folder, manifest)];
    args.push("--backend-library", qnn.library, "--soc-model", String(socModel), "--out", binary, "--report", path);
    if (qnn.system) args.push("--system-library", qnn.system);
    await runNative(session, "rwkv-context", args);
    return readReport<CompileReport>(path);
  });
  const { buildId, coreApi, backendApi } = report.library;
  const context: ContextManifest = {
    format: "rwkvc-context",
    formatVersion: 1,
    file,
    bytes: statSync(binary).size,
    sha256: await sha256OfFile(binary),
    soc,
    socModel,
    model: createHash("sha256")
      .update(readFileSync(join(folder, "model.json")))
      .digest("hex"),
    library: { buildId, coreApi, backendApi },
    finalizeSeconds: report.graphs.reduce((sum, graph) => sum + graph.finalizeSeconds, 0),
    estimates: Object.fromEntries(report.graphs.map((graph) => [graph.name, graph.estimate])),
  };
  writeFileSync(join(place, "context.json"), `${JSON.stringify(context, null, 2)}\n`);
  return context;
}
