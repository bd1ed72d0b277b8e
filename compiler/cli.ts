/**
 * The `rwkvc` command line: one file per command in `commands/`. Nothing heavy is imported here: a command loads what it
 * needs when it runs, so that help and light commands start at once.
 */
import { Command, CommanderError } from "commander";

import packageJson from "../package.json" with { type: "json" };
import { benchCommand } from "./commands/bench.ts";
import { buildCommand } from "./commands/build.ts";
import { calibrateCommand } from "./commands/calibrate.ts";
import { checkCommand } from "./commands/check.ts";
import type { ActionResult, CommandLine, Session } from "./commands/command.ts";
import { compareCommand } from "./commands/compare.ts";
import { diffCommand } from "./commands/diff.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { encodingsCommand } from "./commands/encodings.ts";
import { estimateCommand } from "./commands/estimate.ts";
import { evalCommand } from "./commands/eval.ts";
import { inspectCommand } from "./commands/inspect.ts";
import type { Io } from "./commands/io.ts";
import { logitsCommand } from "./commands/logits.ts";
import { newCommand } from "./commands/new.ts";
import { qnnCommand } from "./commands/qnn.ts";
import { rangesCommand } from "./commands/ranges.ts";
import { diagnosticsOf, jsonDiagnostics, reportText, writeJson } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { explainUsageError } from "./commands/usage.ts";
import { sensitivityCommand } from "./commands/sensitivity.ts";
import { verifyCommand } from "./commands/verify.ts";
import { DiagnosticError, exitCode } from "./diagnostics/diagnostic.ts";

/** Runs one command line (without `node` and the script) and gives the exit code. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let code = 0;
  const options = { json: wants(args, "--json"), color: !wants(args, "--no-color") };
  const finish = async (session: Session, result: ActionResult): Promise<void> => {
    const { diagnostics = [], sources } = result;
    code = exitCode(diagnostics);
    if (!session.json || !result.listsDiagnostics) await reportText(io, options, diagnostics, sources);
    if (session.json) {
      const listed = result.listsDiagnostics ? { diagnostics: await jsonDiagnostics(diagnostics, sources) } : {};
      writeJson(io, { ...result.json, ...listed }, result.isOneOfMany);
    } else if (result.text) {
      io.stdout.write(result.text);
    }
  };
  try {
    await program({ io, finish }).parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const found = error instanceof CommanderError ? [explainUsageError(error)] : diagnosticsOf(error, io.env);
    const sources = error instanceof DiagnosticError ? sourcesOf(error) : undefined;
    if (options.json) writeJson(io, { diagnostics: await jsonDiagnostics(found, sources) });
    else await reportText(io, options, found, sources);
    return exitCode(found);
  }
}

function program(line: CommandLine): Command {
  const { io } = line;
  const root = new Command("rwkvc")
    .description("Compiles RWKV specs and checkpoints to Qualcomm QNN graphs, and runs them.")
    .version(packageJson.version, "-V, --version", "print the version")
    .helpCommand("help [command]", "show a command's help")
    .showSuggestionAfterError(true)
    .addHelpText("after", rootHelp);
  for (const make of [
    newCommand,
    checkCommand,
    buildCommand,
    runCommand,
    logitsCommand,
    evalCommand,
    benchCommand,
    verifyCommand,
    rangesCommand,
    calibrateCommand,
    encodingsCommand,
    compareCommand,
    sensitivityCommand,
    estimateCommand,
    diffCommand,
    inspectCommand,
    qnnCommand,
    doctorCommand,
  ]) {
    root.addCommand(make(line));
  }
  for (const command of [root, ...root.commands, ...root.commands.flatMap((c) => c.commands)]) {
    command
      .exitOverride()
      .showSuggestionAfterError(true)
      .allowExcessArguments(false)
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        // Usage errors are shown as diagnostics, by runCli; help for an incomplete command is wanted on standard error.
        writeErr: (text) => void (text.startsWith("error:") || io.stderr.write(text)),
        outputError: () => {},
      });
  }
  return root;
}

const rootHelp = `
Examples:
  $ rwkvc qnn install
  $ rwkvc build specs/rwkv-7.rwkv.ts --weights model.pth --target htp-v75 --soc SM8650 --out out/model
  $ rwkvc run out/model --prompt "In the beginning " --tokens 200

Exit codes: 0 done, 1 the input is at fault, 2 bad usage, 3 a tool or file is missing, 4 internal error.
\`rwkvc COMMAND --help\` tells a command's options.`;

/** A flag before any \`--\`: how to report what fails before the flags are parsed. */
function wants(args: readonly string[], flag: string): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes(flag);
}

const sourcesOf = (error: DiagnosticError): ReadonlyMap<string, string> | undefined =>
  (error as { sources?: ReadonlyMap<string, string> }).sources;
