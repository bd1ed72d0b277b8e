#!/usr/bin/env node
/** The program: a process around `runCli`. Ends quietly on a closed pipe, and by the signal's code on Ctrl-C. */
import { runCli } from "./cli.ts";
import { processIo } from "./commands/io.ts";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // The reader has gone (`rwkvc run ... | head`): nobody is left to tell.
    if (error.code === "EPIPE") process.exit(0);
    // A full disk, say. What else was to be shown is lost with it.
    if (stream === process.stdout)
      process.stderr.write(`error[system/output]: cannot write the output: ${error.message}\n`);
    process.exit(3);
  });
}

// 128 + the signal's number, as shells have it. Child processes are in our group and get the signal themselves.
process.once("SIGHUP", () => process.exit(129));
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

// What `runCli` itself cannot show: a bug in showing, or one outside of any promise that it waits for.
process.on("uncaughtException", (error) => {
  const more = process.env.RWKVC_DEBUG ? `\n${error.stack}` : "; RWKVC_DEBUG=1 shows where";
  process.stderr.write(
    `error[internal/uncaught]: rwkvc failed inside itself (${error.message}): please report this${more}\n`,
  );
  process.exit(4);
});

process.exitCode = await runCli(process.argv.slice(2), processIo());
