/** `rwkvc logits`: the model's logits after each of the given tokens, as raw float32. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { type BackendName, backendOption } from "./backends.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { choice } from "./flags.ts";
import { openArtefact, prepareRun, withScratch } from "./model-run.ts";
import { checkOutputs } from "./output-files.ts";
import { runModel } from "./overflow.ts";
import { tokenizerOption } from "./tokenizer.ts";
import { checkTokenFlags, givenTokens } from "./given-tokens.ts";

interface LogitsFlags {
  readonly tokens?: string;
  readonly text?: string;
  readonly tokenizer?: string;
  readonly out: string;
  readonly stateOut?: string;
  readonly graph: "decode" | "prefill";
  readonly backend?: BackendName;
}

export function logitsCommand(line: CommandLine): Command {
  const command = defineCommand("logits", "compute the logits after each token of a file", [
    "rwkvc logits out/kjv --tokens ids.txt --out logits.f32",
    "rwkvc logits out/kjv --tokens ids.txt --out logits.f32 --state-out state.f32 --backend htp",
  ])
    .argument("<artefact>", "folder that `rwkvc build` wrote")
    .option("--text <file>", "a text instead of token ids")
    .option(...tokenizerOption)
    .option("--state-out <file>", "where the last state goes: float32, little-endian, in the spec's order")
    .option(
      "--graph <kind>",
      "decode, or prefill (the tokens that are left over by decode)",
      choice("--graph", ["decode", "prefill"] as const),
      "decode",
    )
    .option(...backendOption);
  requireOption(command, "--tokens <file>", "token ids separated by white space; - reads standard input", ["text"]);
  requireOption(command, "--out <file>", "where the logits go: float32, little-endian, [tokens, vocabulary]");
  return runs(line, command, async (session, options: LogitsFlags, artefact: string) => {
    const outputs: [string, string][] = [["--out", options.out]];
    if (options.stateOut !== undefined) outputs.push(["--state-out", options.stateOut]);
    checkTokenFlags(options);
    const inputs = [options.tokens, options.text].filter((file) => file !== undefined && file !== "-");
    checkOutputs(outputs, { files: inputs as string[], artefact });
    const opened = await openArtefact(artefact);
    const ids = await givenTokens(options, opened, session);
    const prepared = await prepareRun(opened, options.backend, session.io.env);
    return withScratch(async (folder) => {
      const tokens = join(folder, "tokens.txt");
      writeFileSync(tokens, `${ids.join(" ")}\n`);
      const args = [...prepared.args, "--tokens", tokens, "--out", options.out, "--graph", options.graph];
      if (options.stateOut !== undefined) args.push("--state-out", options.stateOut);
      const file = join(folder, "report.json");
      const { report, diagnostics } = await runModel<object>(session, prepared, file, ["logits", ...args]);
      const vocabulary = prepared.manifest.vocabulary;
      return {
        json: {
          tokens: ids.length,
          vocabulary,
          out: options.out,
          stateOut: options.stateOut ?? null,
          report,
        },
        text: `${options.out}: float32 [${ids.length}, ${vocabulary}]\n`,
        listsDiagnostics: true,
        diagnostics,
      };
    });
  });
}
