/** `rwkvc eval`: how well the model predicts a text: bits per byte, perplexity. */
import { join } from "node:path";

import type { Command } from "commander";

import { type BackendName, backendOption } from "./backends.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { integer } from "./flags.ts";
import { openArtefact, prepareRun, withScratch } from "./model-run.ts";
import { runModel } from "./overflow.ts";
import { checkText, tokenizerArgs, tokenizerOption } from "./tokenizer.ts";

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
  /** Of the text of the predicted tokens; null when they have none. */
  readonly bitsPerByte: number | null;
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
    .option(...tokenizerOption)
    .option(...backendOption);
  requireOption(command, "--text <file>", "the text");
  return runs(line, command, async (session, options: EvalFlags, artefact: string) => {
    checkText(options.text);
    const opened = await openArtefact(artefact);
    const tokenizer = tokenizerArgs(options.tokenizer, opened);
    const prepared = await prepareRun(opened, options.backend, session.io.env);
    session.note(`${prepared.qnn.why}; ${prepared.context ? "context binary" : "model library"}`);
    return withScratch(async (folder) => {
      const file = join(folder, "report.json");
      const args = [...prepared.args, ...tokenizer, "--text", options.text];
      if (options.limit !== undefined) args.push("--limit", String(options.limit));
      const { report, diagnostics } = await runModel<EvalReport>(session, prepared, file, ["eval", ...args]);
      return { json: report, text: describe(report), listsDiagnostics: true, diagnostics };
    });
  });
}

function describe(report: EvalReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ["tokens", String(report.tokens)],
    ["nats per token", report.nll.toFixed(4)],
    ["bits per byte", report.bitsPerByte?.toFixed(4) ?? "-"],
    ["perplexity", report.perplexity.toFixed(3)],
    ["tokens/s", (report.tokens / report.seconds).toFixed(1)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(16)}${value.padStart(12)}\n`).join("");
}
