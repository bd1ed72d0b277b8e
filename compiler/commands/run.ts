/** `rwkvc run`: streams text that the model writes after a prompt. */
import { join } from "node:path";

import type { Command } from "commander";

import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { type BackendName, backendOption } from "./backends.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { decimal, integer } from "./flags.ts";
import { openArtefact, prepareRun, withScratch } from "./model-run.ts";
import { runModel } from "./overflow.ts";
import { tokenizerArgs, tokenizerOption } from "./tokenizer.ts";

interface RunFlags {
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly repetitionPenalty?: number;
  readonly seed?: number;
  readonly tokenizer?: string;
  readonly backend?: BackendName;
}

/** What `rwkv-run generate` reports. */
export interface GenerateReport {
  readonly text: string;
  readonly tokens: number;
  readonly promptTokens: number;
  readonly tokensPerSecond: number;
}

export function runCommand(line: CommandLine): Command {
  const command = defineCommand("run", "write text after a prompt", [
    'rwkvc run out/kjv --prompt "In the beginning " --tokens 200',
    'rwkvc run out/kjv --prompt "And God said" --temperature 0.8 --top-p 0.9 --seed 7',
  ])
    .argument("<artefact>", "folder that `rwkvc build` wrote")
    .option("--tokens <n>", "tokens to write", integer("--tokens", { min: 1, max: 1_000_000 }), 100)
    .option(
      "--temperature <x>",
      "0 takes the likeliest token each time (default: 0; 1 with --top-p, --top-k or --seed)",
      decimal("--temperature", { min: 0, max: 100 }),
    )
    .option(
      "--top-p <x>",
      "sample from the likeliest tokens of this total probability (default: 0.9)",
      decimal("--top-p", { above: 0, max: 1 }),
    )
    .option("--top-k <n>", "sample from the n likeliest tokens", integer("--top-k", { min: 1 }))
    .option("--repetition-penalty <x>", "1 is none", decimal("--repetition-penalty", { above: 0, max: 100 }))
    .option("--seed <n>", "seed of the sampling", integer("--seed", { min: 0 }))
    .option(...tokenizerOption)
    .option(...backendOption);
  requireOption(command, "--prompt <text>", "text to go on from");
  return runs(line, command, async (session, options: RunFlags, artefact: string) => {
    if (options.prompt === "") {
      throw new DiagnosticError([usageError("usage/bad-value", "--prompt is empty: there is nothing to go on from")]);
    }
    const opened = await openArtefact(artefact);
    const tokenizer = tokenizerArgs(options.tokenizer, opened);
    const prepared = await prepareRun(opened, options.backend, session.io.env);
    session.note(`${prepared.qnn.why}; ${prepared.context ? "context binary" : "model library"}`);
    return withScratch(async (folder) => {
      const file = join(folder, "report.json");
      const args = [...prepared.args, ...tokenizer, "--prompt", options.prompt];
      args.push("--tokens", String(options.tokens), ...samplingArgs(options));
      const { report, diagnostics } = await runModel<GenerateReport>(session, prepared, file, ["generate", ...args], {
        onStdout: session.json ? undefined : (piece) => void session.io.stdout.write(piece),
      });
      if (!session.json) {
        session.io.stdout.write("\n");
        session.io.stderr.write(`${report.tokens} tokens, ${report.tokensPerSecond.toFixed(1)} tokens/s\n`);
      }
      return { json: report, listsDiagnostics: true, diagnostics };
    });
  });
}

function samplingArgs(options: RunFlags): string[] {
  const args: string[] = [];
  const add = (flag: string, value: number | undefined): void => {
    if (value !== undefined) args.push(flag, String(value));
  };
  // Who asks for top-p, top-k or a seed wants to sample: greedy choice would ignore them.
  const samples = [options.topP, options.topK, options.seed].some((option) => option !== undefined);
  add("--temperature", options.temperature ?? (samples ? 1 : undefined));
  add("--top-p", options.topP);
  add("--top-k", options.topK);
  add("--repetition-penalty", options.repetitionPenalty);
  add("--seed", options.seed);
  return args;
}
