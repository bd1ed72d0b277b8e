/**
 * What all commands share: `--json`, `--no-color`, examples in the help, and the way an action ends. An action returns
 * what it found as data and as text; diagnostics travel in a DiagnosticError or beside the result.
 */
import { Command, Option } from "commander";

import { type Diagnostic, DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { type CommonOptions, type Io, Progress, useColour } from "./io.ts";

export interface Session {
  readonly io: Io;
  readonly json: boolean;
  /** Colour on standard output. */
  readonly colour: boolean;
  readonly progress: Progress;
  /** A line on standard error, for a person who waits; nothing with --json or in a pipe. */
  readonly note: (line: string) => void;
}

export interface ActionResult {
  /** Printed with --json. */
  readonly json?: object;
  /** With --json, `diagnostics` is a field of the object that is printed; otherwise they are text on standard error. */
  readonly listsDiagnostics?: boolean;
  /** One of several results: its JSON is one line. */
  readonly isOneOfMany?: boolean;
  /** Printed without. */
  readonly text?: string;
  /** Warnings, and errors that did not prevent a result. */
  readonly diagnostics?: readonly Diagnostic[];
  /** Texts of files that are not on disk as the diagnostics' spans mean them. */
  readonly sources?: ReadonlyMap<string, string>;
}

/** Given to each command's file by `cli.ts`. */
export interface CommandLine {
  readonly io: Io;
  readonly finish: (session: Session, result: ActionResult) => Promise<void>;
}

export type Action<Args extends unknown[], Options> = (
  session: Session,
  options: Options,
  ...args: Args
) => Promise<ActionResult | void>;

/** `example` lines stand under the help, each a command and what it does. */
export function defineCommand(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(summary)
    .option("--json", "print the result, or the diagnostics, as JSON")
    .option("--no-color", "no colours (NO_COLOR does the same)")
    .addHelpText("after", `\nExamples:\n${examples.map((line) => `  $ ${line}`).join("\n")}`);
}

/**
 * Options that have to be given. Not commander's own: it would complain of a missing `--weights` before it has seen that
 * `--wieghts` is unknown.
 */
const requiredOptions = new WeakMap<Command, { readonly flag: string; readonly keys: readonly string[] }[]>();

/** `others`: options of the command that may stand instead. */
export function requireOption(
  command: Command,
  flags: string,
  description: string,
  others: readonly string[] = [],
): Command {
  const or = others.map((key) => ` or --${key}`).join("");
  const option = new Option(flags, `${description} (${others.length > 0 ? `this${or} is required` : "required"})`);
  const list = requiredOptions.get(command) ?? [];
  const entry = { flag: `${option.long ?? flags}${or}`, keys: [option.attributeName(), ...others] };
  requiredOptions.set(command, [...list, entry]);
  return command.addOption(option);
}

function checkRequired(command: Command): void {
  const missing = (requiredOptions.get(command) ?? []).filter(({ keys }) =>
    keys.every((key) => command.getOptionValue(key) === undefined),
  );
  if (missing.length === 0) return;
  throw new DiagnosticError(
    missing.map(({ flag }) =>
      usageError("usage/missing-option", `${command.name()} needs ${flag}`, {
        hint: "`--help` after the command tells its options, with examples",
      }),
    ),
  );
}

/** Makes commander's action of ours. */
export function runs<Args extends unknown[], Options>(
  line: CommandLine,
  command: Command,
  action: Action<Args, Options>,
): Command {
  return command.action(async (...received: unknown[]) => {
    checkRequired(command);
    const args = received.slice(0, -2) as Args;
    const options = command.opts<Options & CommonOptions>();
    const session = openSession(line.io, options);
    try {
      const result = await action(session, options, ...args);
      session.progress.done();
      await line.finish(session, result ?? {});
    } finally {
      session.progress.done();
    }
  });
}

export function openSession(io: Io, options: CommonOptions): Session {
  const progress = new Progress(io);
  const json = options.json === true;
  return {
    io,
    json,
    colour: useColour(io.stdout, io, options),
    progress,
    note: (line) => {
      if (json || io.stderr.isTTY !== true) return;
      progress.done();
      io.stderr.write(`${line}\n`);
    },
  };
}
