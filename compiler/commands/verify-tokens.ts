/** The tokens that `verify` runs: a text's, a file's, or made up. */
import { readFileSync } from "node:fs";

import { DiagnosticError, inputError, missingError, usageError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import type { Io } from "./io.ts";
import { readTokenIds } from "./token-ids.ts";
import { checkTokenizer } from "./tokenizer.ts";

export interface TokenFlags {
  readonly text?: string;
  readonly tokens?: string;
  readonly limit: number;
}

/** Diagnostics: usage/two-inputs. */
export function checkTokenFlags({ text, tokens }: TokenFlags): void {
  if (text === undefined || tokens === undefined) return;
  throw new DiagnosticError([
    usageError("usage/two-inputs", "--text and --tokens exclude each other", { hint: "leave one of them out" }),
  ]);
}

/** Diagnostics: text/not-found, tokenizer/not-yet, those of readTokenIds. */
export async function verifyTokens(flags: TokenFlags, manifest: Manifest, io: Io): Promise<readonly number[]> {
  if (flags.tokens !== undefined) {
    return (await readTokenIds(flags.tokens, manifest.vocabulary, io)).slice(0, flags.limit);
  }
  if (flags.text !== undefined) {
    checkTokenizer(undefined, manifest);
    return [...readText(flags.text).subarray(0, flags.limit)];
  }
  return madeUp(manifest, flags.limit);
}

function readText(file: string): Uint8Array {
  const fail = (make: typeof inputError, problem: string): never => {
    throw new DiagnosticError([make("text/not-found", `${file || '""'} ${problem}`, { place: { file } })]);
  };
  try {
    const bytes = readFileSync(file);
    return bytes.length > 0 ? bytes : fail(inputError, "is empty");
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return code === "EISDIR" ? fail(inputError, "is a folder") : fail(missingError, "does not exist");
  }
}

const sentence = "The quick brown fox jumps over the lazy dog, and 42 sleepy cats look on. ";

/** For a model of bytes a sentence; else ids spread over the vocabulary by steps of the golden section. */
function madeUp({ tokenizer, vocabulary }: Manifest, count: number): number[] {
  const bytes = Buffer.from(sentence);
  return Array.from({ length: count }, (_, i) =>
    tokenizer?.kind === "bytes" ? bytes[i % bytes.length]! : Math.floor(((i * 0.6180339887) % 1) * vocabulary),
  );
}
