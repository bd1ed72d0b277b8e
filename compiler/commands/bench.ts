/** `rwkvc bench`: tokens per second, beside what the machine's memory gives in the same minute. */
import { join } from "node:path";

import type { Command } from "commander";

import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { type BackendName, backendOption } from "./backends.ts";
import { type CommandLine, defineCommand, runs } from "./command.ts";
import { integer } from "./flags.ts";
import { openArtefact, prepareRun, withScratch } from "./model-run.ts";
import { runModel } from "./overflow.ts";
import { seconds } from "./text.ts";

interface BenchFlags {
  readonly threads?: readonly number[];
  readonly tokens: number;
  readonly backend?: BackendName;
}

/** What `rwkv-run bench` reports of one number of threads. Bytes and bandwidth: the host backend only. */
export interface BenchRun {
  readonly threads: number;
  readonly loadSeconds: number;
  readonly decode: {
    readonly tokensPerSecond: number;
    /** Weights that one token reads. */
    readonly bytesPerToken?: number;
    /** The same a second. */
    readonly bytesPerSecond?: number;
    /** Bytes a second of plain reading, by as many threads, in turn with the tokens. */
    readonly readBandwidth?: number;
    /** bytesPerSecond / readBandwidth. */
    readonly share?: number;
  };
  /** Of a graph that reads several tokens at once. */
  readonly prefill?: { readonly tokens: number; readonly tokensPerSecond: number; readonly timesDecode: number };
}

export interface BenchReport {
  readonly runs: readonly BenchRun[];
  readonly peakMemoryBytes: number;
}

export function benchCommand(line: CommandLine): Command {
  const command = defineCommand("bench", "tokens per second, and the share of the memory's bandwidth", [
    "rwkvc bench out/kjv",
    "rwkvc bench out/kjv --threads 1,2 --tokens 64 --json",
  ])
    .argument("<artefact>", "folder that `rwkvc build` wrote")
    .option("--threads <list>", "numbers of threads, one run for each (default: 1)", threadCounts)
    .option("--tokens <n>", "tokens to decode in each run", integer("--tokens", { min: 1, max: 100000 }), 32)
    .option(...backendOption);
  return runs(line, command, async (session, options: BenchFlags, artefact: string) => {
    const prepared = await prepareRun(await openArtefact(artefact), options.backend, session.io.env);
    return withScratch(async (folder) => {
      const args = [
        ...prepared.args,
        "--threads",
        (options.threads ?? [1]).join(","),
        "--tokens",
        String(options.tokens),
      ];
      const file = join(folder, "report.json");
      const { report, diagnostics } = await runModel<BenchReport>(session, prepared, file, ["bench", ...args]);
      return { json: report, text: describe(report), listsDiagnostics: true, diagnostics };
    });
  });
}

/** "1,2": at least one. */
function threadCounts(text: string): number[] {
  return text.split(",").map((part) => {
    if (/^\d+$/.test(part) && Number(part) >= 1 && Number(part) <= 256) return Number(part);
    throw new DiagnosticError([
      usageError("usage/bad-value", `--threads takes numbers from 1 to 256 with commas between them, not "${text}"`, {
        hint: "for example --threads 1,2",
      }),
    ]);
  });
}

/** In the powers of ten of memory bandwidth. */
const decimalBytes = (bytes: number): string =>
  bytes < 1e8 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

function describe(report: BenchReport): string {
  const rows: (readonly [string, string])[] = [];
  for (const { threads, loadSeconds, decode, prefill } of report.runs) {
    rows.push([`threads`, String(threads)], ["  load", seconds(1000 * loadSeconds)]);
    rows.push(["  decode", `${decode.tokensPerSecond.toFixed(2)} tokens/s`]);
    const { bytesPerToken, bytesPerSecond, readBandwidth, share } = decode;
    if (bytesPerToken !== undefined && bytesPerSecond !== undefined) {
      rows.push(["  weights per token", decimalBytes(bytesPerToken)], ["  read", `${decimalBytes(bytesPerSecond)}/s`]);
    }
    if (readBandwidth !== undefined && share !== undefined) {
      rows.push(["  plain reading", `${decimalBytes(readBandwidth)}/s`], ["  share", `${(100 * share).toFixed(1)} %`]);
    }
    if (prefill) {
      const times = `${prefill.timesDecode.toFixed(1)} times decode`;
      rows.push([`  prompt, ${prefill.tokens} at once`, `${prefill.tokensPerSecond.toFixed(1)} tokens/s, ${times}`]);
    }
  }
  rows.push(["memory, at most", decimalBytes(report.peakMemoryBytes)]);
  return rows.map(([name, value]) => `${name.padEnd(24)}${value}\n`).join("");
}
