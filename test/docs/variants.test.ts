/**
 * docs/variants.md: its files are written and its commands are run, in its order, and what they print is what the page shows.
 * `npx vitest run test/docs -u` puts new outputs into the page. Times, sizes of binaries and measured differences may vary; commands
 * on Qualcomm's library run where it is.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { expect, test } from "vitest";

import { bareEnv, rwkvc } from "../commands/command-line.ts";
import { htpLibrary } from "../qualcomm.ts";

const page = "docs/variants.md";
const folder = "out/variants";

/** A fenced block that is a file (its first line is a comment with the path) or a command with its output. */
const block = /```(ts|text)\n(?:\/\/ (\S+)|\$ npx rwkvc ([^\n]*))\n([^]*?)```/g;

/** The words of a command line; none of the page's has more than double quotes around one. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

const needsQualcomm = (args: readonly string[]): boolean => args.includes("--soc") || args.includes("htp");

/** Without what differs between machines and runs. */
function lasting(output: string, isQualcomms: boolean): string {
  const text = output
    .replace(/^(equation .* since the start|\S+ +\S+ +token \d.*)$/gm, "(a row of the table)")
    .replace(/[\d.]+ (ms|s|KiB|MiB)\b/g, "#")
    .replace(/^tokens\/s .*$/gm, "tokens/s #");
  return isQualcomms ? text.replace(/\d+(\.\d+)?/g, "#") : text;
}

test("every file and every command of the page", { timeout: 300_000 }, async () => {
  rmSync(folder, { recursive: true, force: true });
  const text = readFileSync(page, "utf8");
  let rendered = "";
  let at = 0;
  let commands = 0;
  for (const found of text.matchAll(block)) {
    const [whole, , file, line, rest] = found;
    let shown = whole;
    if (file !== undefined) {
      if (file.startsWith(`${folder}/`)) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, rest!);
      } else expect(readFileSync(file, "utf8"), file).toBe(rest);
    } else {
      const args = words(line!);
      const isQualcomms = needsQualcomm(args);
      if (!isQualcomms || htpLibrary) {
        commands++;
        const env = isQualcomms ? { ...process.env, RWKVC_QNN_DIR: dirname(htpLibrary!) } : bareEnv;
        const { code, stdout, stderr } = await rwkvc(args, env);
        const output = stderr + stdout;
        expect(code, `${line}\n${output}`).toBe(output.includes("error[") ? 1 : 0);
        if (lasting(output, isQualcomms) !== lasting(rest!, isQualcomms)) {
          shown = `\`\`\`text\n$ npx rwkvc ${line}\n${output}\`\`\``;
        }
      }
    }
    rendered += text.slice(at, found.index) + shown;
    at = found.index + whole.length;
  }
  expect(commands).toBeGreaterThan(10);
  await expect(rendered + text.slice(at)).toMatchFileSnapshot(`../../${page}`);
});
