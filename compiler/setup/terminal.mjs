/** What the set-up scripts say, and how they run other programs. Plain Node: nothing is installed yet. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const say = (text) => void process.stderr.write(`${text}\n`);

/** Ends the script: what is wrong, and what to do. 3: a tool or file is missing. */
export function stop(text, hint, code = 3) {
  say(`error: ${text}`);
  if (hint) say(`  hint: ${hint}`);
  process.exit(code);
}

/** Runs a program in the project's folder, its output shown; gives its exit code. */
export function run(program, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: root, stdio: "inherit", ...options });
    child.on("error", (error) => {
      say(`error: cannot start ${program}: ${error.message}`);
      done(3);
    });
    child.on("close", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 4)));
  });
}

/** Runs a program quietly; its output is shown only when it fails. */
export function runQuietly(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: "utf8", ...options });
  if (status === 0) return 0;
  if (stdout) process.stderr.write(stdout);
  if (stderr) process.stderr.write(stderr);
  if (error) say(`error: cannot start ${program}: ${error.message}`);
  return status ?? 3;
}

/** A program answers to `--version` (or the given arguments). */
export function works(program, args = ["--version"]) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
