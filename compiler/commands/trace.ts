/** Runs an artefact with all inner values visible: what `verify` needs of `rwkv-run trace`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { TraceReport } from "../oracle/trace-file.ts";
import type { BackendName } from "./backends.ts";
import type { Session } from "./command.ts";
import { type OpenArtefact, prepareRun, readReport, runNative } from "./model-run.ts";

export interface TraceRequest {
  readonly artefact: OpenArtefact;
  readonly backend: BackendName | undefined;
  readonly tokens: readonly number[];
  /** Names; all when absent. */
  readonly tensors?: readonly string[];
  /** For the files of this run. */
  readonly scratch: string;
}

export interface Traced {
  /** See `TraceFile`. */
  readonly file: string;
  readonly report: TraceReport;
  /** Which library ran it. */
  readonly why: string;
}

/** Diagnostics: those of `prepareRun` and of the program. */
export async function traceArtefact(request: TraceRequest, session: Session): Promise<Traced> {
  const { artefact, backend, tokens, tensors, scratch } = request;
  const prepared = await prepareRun(artefact, backend, session.io.env, { composed: true });
  const [ids, names, file, report] = ["tokens.txt", "tensors.txt", "trace.f32", "trace.json"].map((name) =>
    join(scratch, name),
  ) as [string, string, string, string];
  writeFileSync(ids, `${tokens.join(" ")}\n`);
  const args = ["trace", ...prepared.args, "--tokens", ids, "--out", file, "--report", report];
  if (tensors) {
    writeFileSync(names, `${tensors.join("\n")}\n`);
    args.push("--tensors", names);
  }
  await runNative(session, "rwkv-run", args);
  return { file, report: readReport<TraceReport>(report), why: prepared.qnn.why };
}
