/** `rwkvc compare`: two builds of one model on one text, equation by equation. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { readEquations } from "../build/read-equations.ts";
import { type ComparedRuns, compareRuns } from "../compare/compare-runs.ts";
import { type Diagnostic, inputWarning } from "../diagnostics/diagnostic.ts";
import { TraceFile } from "../oracle/trace-file.ts";
import { type BackendName, backendNames } from "./backends.ts";
import { type CommandLine, defineCommand, requireOption, runs, type Session } from "./command.ts";
import { checkComparable, type ComparedModel, openModel } from "./compare-inputs.ts";
import { describeComparison } from "./compare-report.ts";
import { choice, integer } from "./flags.ts";
import { checkTokenFlags, givenTokens, type TokenFlags } from "./given-tokens.ts";
import { type OpenArtefact, openArtefact, withScratch } from "./model-run.ts";
import { StoredValues } from "./stored-values.ts";
import { bytes } from "./text.ts";
import { tokenizerOption } from "./tokenizer.ts";
import { type Traced, traceArtefact } from "./trace.ts";

interface CompareFlags extends TokenFlags {
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

export function compareCommand(line: CommandLine): Command {
  const backend = (which: "a" | "b") =>
    [
      `--backend-${which} <name>`,
      `what runs the ${which === "a" ? "first" : "second"}: ${backendNames.join(", ")} (default: host)`,
      choice(`--backend-${which}`, backendNames),
    ] as const;
  const command = defineCommand("compare", "what a build loses against another one, equation by equation", [
    "rwkvc compare out/fp32 out/fp16 --text held-out.txt",
    "rwkvc compare out/fp32 out/a16w8 --text held-out.txt --weights model.pth",
    "rwkvc compare out/a16w8 out/a16w8 --text held-out.txt --backend-b htp",
  ])
    .argument("<reference>", "folder that `rwkvc build` wrote")
    .argument("<other>", "another build of the same spec and checkpoint")
    .option(...tokenizerOption)
    .option("--weights <checkpoint>", "the checkpoint of both: tells what an equation introduces from what it inherits")
    .option("--limit <n>", "use the first n tokens", integer("--limit", { min: 2 }), 512)
    .option(...backend("a"))
    .option(...backend("b"));
  requireOption(command, "--text <file>", "the text to read", ["tokens"]);
  command.option("--tokens <file>", "token ids separated by white space instead; - reads standard input");
  return runs(line, command, async (session, flags: CompareFlags, first: string, second: string) => {
    checkTokenFlags(flags);
    const artefacts = [await openArtefact(first), await openArtefact(second)] as const;
    const warnings = checkComparable(...artefacts);
    const model = await openModel(artefacts[1], flags.weights);
    try {
      const ids = await givenTokens(flags, artefacts[0], session);
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
        const result = describeComparison(compared, { model, ids: read, reference, other, artefacts: [first, second] });
        const all = [...warnings, ...model.diagnostics, ...diagnostics, ...(result.diagnostics ?? [])];
        return { ...result, diagnostics: all, listsDiagnostics: true, sources: model.model.sources };
      });
    } finally {
      model.checkpoint?.close();
    }
  });
}

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
  const stored = new StoredValues(model, await readEquations(artefact.folder), artefact);
  session.progress.update(`running ${ids.length} tokens on ${artefact.folder} ...`);
  const request = { artefact, backend, tokens: ids, tensors: stored.tensors(), scratch: folder };
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
