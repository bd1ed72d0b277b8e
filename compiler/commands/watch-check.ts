/**
 * `rwkvc check --watch`: the check, again and again, until a signal ends the process (130 on Ctrl-C, as for any command).
 * A terminal is cleared before each result; a pipe gets them one after another, with --json one document a line.
 */
import type { ActionResult, CommandLine, Session } from "./command.ts";
import { diagnosticsOf } from "./report.ts";
import { stampOf, watchFiles } from "./watch-files.ts";

/** Clears the terminal and what scrolled out of it, and goes to its top. */
const clear = "\x1b[2J\x1b[3J\x1b[H";

/** `check` tells each file before it looks at it: a change that comes meanwhile is not missed. */
export async function watchCheck(
  spec: string,
  check: (onFile: (path: string) => void) => Promise<ActionResult>,
  session: Session,
  { finish }: CommandLine,
): Promise<never> {
  for (;;) {
    const stamps = new Map<string, string>();
    const result = await check((path) => stamps.set(path, stamps.get(path) ?? stampOf(path))).catch(
      (error: unknown): ActionResult => ({
        json: { ok: false, spec },
        listsDiagnostics: true,
        diagnostics: diagnosticsOf(error, session.io.env),
      }),
    );
    const now = new Date();
    const { stdout } = session.io;
    if (!session.json) stdout.write(`${stdout.isTTY ? clear : ""}[${clockTime(now)}] ${spec}\n`);
    await finish(session, { ...result, json: { time: now.toISOString(), ...result.json }, isOneOfMany: true });
    session.note(`\nwatching ${stamps.size === 1 ? "the file" : `${stamps.size} files`}; Ctrl-C ends it`);
    await watchFiles(stamps);
  }
}

const clockTime = (time: Date): string =>
  [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
