/** Commander's complaints about a command line, as diagnostics. */
import type { CommanderError } from "commander";

import { type Diagnostic, usageError } from "../diagnostics/diagnostic.ts";

/** `error: unknown option '--taget'\n(Did you mean --target?)` */
export function explainUsageError(error: CommanderError): Diagnostic {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(" "))?.[1];
  const code = `usage/${error.code.replace(/^commander\./, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (error.code === "commander.help") {
    return usageError("usage/no-command", "no command was given", { hint: "`rwkvc --help` lists the commands" });
  }
  return usageError(code, first.trim(), {
    hint: suggestion === undefined ? "`--help` after the command tells its options" : `did you mean ${suggestion}?`,
  });
}
