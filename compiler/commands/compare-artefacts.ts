/** What `rwkvc compare` does: runs both builds on the text, and compares what they kept of each equation. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { readEquations } from "../build/read-equations.ts";
import { type ComparedRuns, compareRuns } from "../compare/compare-runs.ts";
import { type Diagnostic, DiagnosticError, inputError, inputWarning } from "../diagnostics/diagnostic.ts";
import { equationsFile } from "../emit/equations.ts";
import { TraceFile } from "../oracle/trace-file.ts";
import type { BackendName } from "./backends.ts";
import type { ActionResult, Session } from "./command.ts";
import { checkComparable, type ComparedModel, openModel } from "./compare-inputs.ts";
import { describeComparison } from "./compare-report.ts";
import { checkTokenFlags, givenTokens, type TokenFlags } from "./given-tokens.ts";
import { type OpenArtefact, openArtefact, withScratch } from "./model-run.ts";
import { StoredValues } from "./stored-values.ts";
import { bytes } from "./text.ts";
import { type Traced, traceArtefact } from "./trace.ts";

export interface CompareFlags extends TokenFlags {
  readonly limit: number;
  readonly weights?: string;
  readonly backendA?: BackendName;
  readonly backendB?: BackendName;
}

/** One of the two. */
export interface ComparedSide {
  readonly artefact: OpenArtefact;
  readonly traced: Traced;
  readonly stored: StoredValues;
}

/** Diagnostics: those of opening, of checkComparable and of the runs; compare/too-short, compare/nothing-in-common; a warning: compare/cut. */
export async function compareArtefacts(
  first: string,
  second: string,
  flags: CompareFlags,
  session: Session,
): Promise<ActionResult> {
  checkTokenFlags(flags);
  const artefacts = [await openArtefact(first), await openArtefact(second)] as const;
  const warnings = checkComparable(...artefacts);
  const model = await openModel(artefacts[1], flags.weights);
  try {
    const ids = await givenTokens(flags, artefacts[0], session);
    if (ids.length < 2) throw new DiagnosticError([tooShort(flags)]);
    return await withScratch(async (scratch) => {
      const { read, diagnostics } = await affordable(ids, artefacts);
      const backends = [flags.backendA, flags.backendB];
      const sides: ComparedSide[] = [];
      for (const [i, artefact] of artefacts.entries()) {
        const folder = join(scratch, String(i));
        sides.push(await runSide({ artefact, backend: backends[i], ids: read, folder }, model, session));
      }
      const [reference, other] = sides as [ComparedSide, ComparedSide];
      const compared = compare(model, read, reference, other, session);
      if (compared.values.length === 0) throw new DiagnosticError([nothingInBoth(second)]);
      const result = describeComparison(compared, { model, ids: read, reference, other, artefacts: [first, second] });
      const all = [...warnings, ...model.diagnostics, ...diagnostics, ...(result.diagnostics ?? [])];
      return { ...result, diagnostics: all, listsDiagnostics: true, sources: model.model.sources };
    });
  } finally {
    model.checkpoint?.close();
  }
}

const tooShort = ({ text, tokens = "" }: TokenFlags): Diagnostic =>
  inputError("compare/too-short", `${text ?? tokens} has fewer than 2 tokens: there is nothing to predict`, {
    place: { file: text ?? tokens },
    hint: "give some hundreds of tokens",
  });

const nothingInBoth = (folder: string): Diagnostic =>
  inputError("compare/nothing-in-common", "no equation has a tensor of its own in both artefacts", {
    place: { file: join(folder, equationsFile) },
    notes: ["equations.json tells which tensor of the graph is which equation."],
    hint: "build both artefacts again",
  });

interface SideRequest {
  readonly artefact: OpenArtefact;
  readonly backend: BackendName | undefined;
  readonly ids: readonly number[];
  /** For its files, to be made. */
  readonly folder: string;
}

async function runSide(
  { artefact, backend, ids, folder }: SideRequest,
  { model }: ComparedModel,
  session: Session,
): Promise<ComparedSide> {
  mkdirSync(folder);
  const stored = new StoredValues(model, await readEquations(artefact.folder), artefact, "compare");
  session.progress.update(`running ${ids.length} tokens on ${artefact.folder} ...`);
  const tensors = stored.tensors();
  if (tensors.length === 0) throw new DiagnosticError([nothingInBoth(artefact.folder)]);
  const request = { artefact, backend, tokens: ids, tensors, scratch: folder };
  return { artefact, stored, traced: await traceArtefact(request, session) };
}

/** What the values of a run may take on disk. */
const mostBytes = 8 * 2 ** 30;

/** As many of the tokens as the values of both runs have room for. Diagnostics (warning): compare/cut. */
async function affordable(
  ids: readonly number[],
  artefacts: readonly OpenArtefact[],
): Promise<{ readonly read: readonly number[]; readonly diagnostics: readonly Diagnostic[] }> {
  const perToken = await Promise.all(artefacts.map(bytesPerToken));
  const most = Math.max(2, Math.floor(mostBytes / Math.max(...perToken)));
  if (ids.length <= most) return { read: ids, diagnostics: [] };
  const title = `only the first ${most} of ${ids.length} tokens are compared`;
  const notes = [`All values of one token are ${bytes(Math.max(...perToken))} on disk.`];
  return { read: ids.slice(0, most), diagnostics: [inputWarning("compare/cut", title, { notes })] };
}

async function bytesPerToken({ folder, manifest }: OpenArtefact): Promise<number> {
  const { graphs } = await readEquations(folder);
  const decode = manifest.graphs.find(({ kind }) => kind === "decode")?.name;
  const values = graphs.find(({ name }) => name === decode)?.values ?? [];
  const sizes = new Map(values.map(({ tensor, shape }) => [tensor, shape.reduce((product, n) => product * n, 4)]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function compare(
  { model, checkpoint }: ComparedModel,
  ids: readonly number[],
  reference: ComparedSide,
  other: ComparedSide,
  session: Session,
): ComparedRuns {
  const files: TraceFile[] = [];
  const open = ({ traced, stored }: ComparedSide) => {
    const file = new TraceFile(traced.file, traced.report);
    files.push(file);
    return {
      storedOf: (...place: Parameters<StoredValues["of"]>) => stored.of(...place),
      read: (tensor: string, token: number) => file.values(tensor, token),
    };
  };
  try {
    return compareRuns(model, ids, open(reference), open(other), {
      checkpoint,
      onProgress: (done, all) => session.progress.update(`comparing: part ${done + 1} of ${all} ...`),
    });
  } finally {
    files.forEach((file) => file.close());
  }
}
