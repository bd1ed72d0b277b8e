/** `rwkvc eval`: how well the model predicts a text: bits per byte, perplexity. */
import { statSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { DiagnosticError, inputError, missingError } from "../diagnostics/diagnostic.ts";
import { type BackendName, backendOption } from "./backends.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { integer } from "./flags.ts";
import { openArtefact, prepareRun, withScratch } from "./model-run.ts";
import { runModel } from "./overflow.ts";
import { checkTokenizer, refuseTokenizerFiles } from "./tokenizer.ts";

interface EvalFlags {
  readonly text: string;
  readonly limit?: number;
  readonly tokenizer?: string;
  readonly backend?: BackendName;
}

/** What `rwkv-run eval` reports. The first token is read and not predicted. */
export interface EvalReport {
  readonly tokens: number;
  /** Nats per predicted token. */
  readonly nll: number;
  readonly bitsPerByte: number;
  readonly perplexity: number;
  /** Without loading. */
  readonly seconds: number;
}

export function evalCommand(line: CommandLine): Command {
  const command = defineCommand("eval", "bits per byte and perplexity of a text", [
    "rwkvc eval out/kjv --text held-out.txt",
    "rwkvc eval out/kjv --text held-out.txt --limit 1024 --json",
  ])
    .argument("<artefact>", "folder that `rwkvc build` wrote")
    .option("--limit <n>", "use the first n tokens only", integer("--limit", { min: 2 }))
    .option("--tokenizer <bytes>", "how text becomes tokens: bytes (default: the model's own)")
    .option(...backendOption);
  requireOption(command, "--text <file>", "the text");
  return runs(line, command, async (session, options: EvalFlags, artefact: string) => {
    refuseTokenizerFiles(options.tokenizer);
    checkText(options.text);
    const opened = await openArtefact(artefact);
    checkTokenizer(options.tokenizer, opened.manifest);
    const prepared = await prepareRun(opened, options.backend, session.io.env);
    session.note(`${prepared.qnn.why}; ${prepared.context ? "context binary" : "model library"}`);
    return withScratch(async (folder) => {
      const file = join(folder, "report.json");
      const args = [...prepared.args, "--text", options.text];
      if (options.limit !== undefined) args.push("--limit", String(options.limit));
      if (options.tokenizer) args.push("--tokenizer", options.tokenizer);
      const { report, diagnostics } = await runModel<EvalReport>(session, prepared, file, ["eval", ...args]);
      return { json: report, text: describe(report), listsDiagnostics: true, diagnostics };
    });
  });
}

function describe(report: EvalReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ["tokens", String(report.tokens)],
    ["nats per token", report.nll.toFixed(4)],
    ["bits per byte", report.bitsPerByte.toFixed(4)],
    ["perplexity", report.perplexity.toFixed(3)],
    ["tokens/s", (report.tokens / report.seconds).toFixed(1)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(16)}${value.padStart(12)}\n`).join("");
}

function checkText(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  const problem = !stat
    ? "does not exist"
    : stat.isDirectory()
      ? "is a folder"
      : stat.isFile() && stat.size === 0
        ? "is empty"
        : undefined;
  if (!problem) return;
  const error = stat ? inputError : missingError;
  throw new DiagnosticError([error("text/not-found", `${file || '""'} ${problem}`, { place: { file } })]);
}
