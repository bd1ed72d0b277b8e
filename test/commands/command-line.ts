/** Runs the command line in this process, and keeps what a user would see. */
import { Readable } from "node:stream";

import { runCli } from "../../compiler/cli.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment in which nothing of Qualcomm's is installed. */
export const bareEnv = { PATH: process.env.PATH, HOME: "/nonexistent", RWKVC_CACHE_DIR: "/nonexistent/cache" };

export async function rwkvc(args: readonly string[], env: NodeJS.ProcessEnv = bareEnv, input = ""): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const code = await runCli(args, {
    stdout: { write: (text) => void (stdout += text.toString()) },
    stderr: { write: (text) => void (stderr += text.toString()) },
    stdin: Readable.from([Buffer.from(input)]),
    env,
  });
  return { code, stdout, stderr };
}

/** Runs with --json, and gives the codes of the diagnostics. */
export async function problems(
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<{ code: number; codes: string[] }> {
  const ran = await rwkvc([...args, "--json"], env);
  const { diagnostics } = JSON.parse(ran.stdout) as { diagnostics: { code: string }[] };
  return { code: ran.code, codes: diagnostics.map((diagnostic) => diagnostic.code) };
}
