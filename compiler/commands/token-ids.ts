/** Token ids as text, separated by white space. */
import { readFileSync } from "node:fs";

import { DiagnosticError, inputError, missingError } from "../diagnostics/diagnostic.ts";
import type { Io } from "./io.ts";

/** Diagnostics (DiagnosticError): tokens/not-found, tokens/none, tokens/not-an-id, tokens/out-of-range. */
export async function readTokenIds(file: string, vocabulary: number, io: Io): Promise<number[]> {
  const text = file === "-" ? await readAll(io.stdin) : readText(file);
  const ids: number[] = [];
  let count = 0;
  for (const [line, content] of text.split("\n").entries()) {
    for (const match of content.matchAll(/\S+/g)) {
      const where = { file, detail: `line ${line + 1}, token ${count + 1}` };
      count++;
      if (!/^\d+$/.test(match[0])) {
        fail("tokens/not-an-id", `"${match[0].slice(0, 40)}" is not a token id`, where, [
          "The file holds ids (integers from 0), separated by white space.",
        ]);
      }
      const id = Number(match[0]);
      if (id >= vocabulary) {
        fail("tokens/out-of-range", `token id ${match[0]} is outside the vocabulary`, where, [
          `The model knows the ids 0 to ${vocabulary - 1}.`,
        ]);
      }
      ids.push(id);
    }
  }
  if (ids.length === 0) fail("tokens/none", `${file} holds no token ids`, { file }, []);
  return ids;
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString("utf8");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder" : "cannot be read";
    throw new DiagnosticError([
      (code === "EISDIR" ? inputError : missingError)("tokens/not-found", `${file || '""'} ${what}`, {
        place: { file },
      }),
    ]);
  }
}

function fail(code: string, title: string, place: { file: string; detail?: string }, notes: string[]): never {
  throw new DiagnosticError([inputError(code, title, { place, notes })]);
}
