/** `rwkvc qnn install|list|path`: Qualcomm's libraries in the user's cache. */
import { createInterface } from "node:readline";

import { Command } from "commander";

import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { locateQnn } from "../qnn/locate.ts";
import { inspectPacks } from "../qnn/pack-store.ts";
import { licence, libraryFolder, type QnnBackend } from "../qnn/packs.ts";
import { type CommandLine, defineCommand, runs, type Session } from "./command.ts";
import { choice } from "./flags.ts";
import type { Io } from "./io.ts";

export function qnnCommand(line: CommandLine): Command {
  return new Command("qnn")
    .description("Qualcomm's libraries: install, list, locate")
    .addHelpText("after", "\nExamples:\n  $ rwkvc qnn install\n  $ rwkvc qnn list\n  $ rwkvc qnn path htp")
    .addCommand(installCommand(line))
    .addCommand(listCommand(line))
    .addCommand(pathCommand(line));
}

interface InstallFlags {
  readonly acceptLicense?: string;
  readonly force?: boolean;
}

function installCommand(line: CommandLine): Command {
  const command = defineCommand("install", "fetch Qualcomm's libraries into the user's cache, or repair them", [
    "rwkvc qnn install",
    "rwkvc qnn install --accept-license qualcomm",
    "RWKVC_ACCEPT_LICENSE=qualcomm rwkvc qnn install --force",
  ])
    .option("--accept-license <whose>", `"${licence.answer}" accepts the ${licence.name} without a question`)
    .option("--force", "install again what is installed and whole");
  return runs(line, command, async (session, options: InstallFlags) => {
    const { installPacks } = await import("../qnn/install.ts");
    if (!(await acceptLicence(session, options.acceptLicense))) {
      throw new DiagnosticError([
        usageError("qnn/licence-refused", "the licence was not accepted: nothing was installed", {
          hint: "without Qualcomm's libraries, model libraries are still built, but not run or compiled for a device",
        }),
      ]);
    }
    const installed = await installPacks({
      env: session.io.env,
      force: options.force === true,
      onProgress: (text) => {
        // Long work: told in a pipe too, but on standard error and not with --json.
        if (!session.json) session.io.stderr.write(`${text}\n`);
      },
    });
    return {
      json: {
        packs: installed.map(({ pack, folder, action }) => ({
          version: pack.version,
          sdk: pack.sdk,
          backend: pack.backend,
          folder,
          action,
        })),
      },
      text: installed
        .map(({ pack, folder, action }) => `${action.padEnd(9)} ${pack.version} (SDK ${pack.sdk}): ${folder}\n`)
        .join(""),
    };
  });
}

/** The flag answers, then RWKVC_ACCEPT_LICENSE, then the person at the terminal. */
async function acceptLicence(session: Session, flag: string | undefined): Promise<boolean> {
  const { io } = session;
  const given = flag ?? (io.env.RWKVC_ACCEPT_LICENSE || undefined);
  if (given !== undefined) {
    if (given.toLowerCase() === licence.answer) return true;
    const name = flag === undefined ? "RWKVC_ACCEPT_LICENSE" : "--accept-license";
    throw new DiagnosticError([
      usageError("usage/bad-value", `${name} takes "${licence.answer}", not "${given}"`, {
        notes: [`"${licence.answer}" accepts the ${licence.name}. Its text: ${licence.place}.`],
      }),
    ]);
  }
  const terms = `Qualcomm's libraries come under the ${licence.name}.\nIts text: ${licence.place}.\n`;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true || session.json) {
    throw new DiagnosticError([
      usageError("qnn/licence-unanswered", `the ${licence.name} has to be accepted, and nobody can be asked here`, {
        notes: [`Its text: ${licence.place}.`],
        hint: `pass --accept-license ${licence.answer}, or set RWKVC_ACCEPT_LICENSE=${licence.answer}`,
      }),
    ]);
  }
  io.stderr.write(terms);
  const answer = await askPerson(io, "Do you accept it, and shall the libraries be fetched? [y/N] ");
  return /^y(es)?$/i.test(answer.trim());
}

/** The end of the input (Ctrl-D) is an empty answer. */
function askPerson(io: Io, question: string): Promise<string> {
  return new Promise((done) => {
    const ask = createInterface({ input: io.stdin, output: process.stderr });
    ask.on("SIGINT", () => process.exit(130));
    ask.on("close", () => done(""));
    ask.question(question, (answer) => {
      done(answer);
      ask.close();
    });
  });
}

function listCommand(line: CommandLine): Command {
  const command = defineCommand("list", "the packs: which are installed, and whether each is whole", [
    "rwkvc qnn list",
    "rwkvc qnn list --json",
  ]);
  return runs(line, command, async (session) => {
    const found = await inspectPacks(session.io.env, true);
    const rows = found.map(({ pack, folder, state }) => ({
      version: pack.version,
      sdk: pack.sdk,
      backend: pack.backend,
      purpose: pack.purpose,
      folder,
      state: state.kind,
      reason: state.kind === "broken" ? state.reason : null,
      libraries: state.kind === "absent" ? [] : pack.libraries.map((name) => `${folder}/${libraryFolder}/${name}`),
    }));
    const text = rows.map((row) => {
      const status = row.state === "broken" ? `broken: ${row.reason}; \`rwkvc qnn install\` repairs it` : row.state;
      return `${row.version}  SDK ${row.sdk}  ${row.backend}  ${status}\n       ${row.purpose}\n       ${row.folder}\n`;
    });
    return { json: { packs: rows }, text: text.join("") };
  });
}

function pathCommand(line: CommandLine): Command {
  const command = defineCommand("path", "the library that a backend uses, and why", [
    "rwkvc qnn path",
    "rwkvc qnn path cpu",
    "rwkvc qnn path htp --json",
  ]).argument("[backend]", "htp or cpu (qnn-cpu)", choice("backend", ["htp", "cpu", "qnn-cpu"]), "htp");
  return runs(line, command, async (session, _options, name: "htp" | "cpu" | "qnn-cpu") => {
    const backend: QnnBackend = name === "htp" ? "htp" : "cpu";
    const found = await locateQnn(backend, session.io.env);
    session.note(found.why);
    return { json: found, text: `${found.library}\n` };
  });
}
