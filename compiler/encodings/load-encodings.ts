/** Reads a file of encodings from disk, within bounds of size. */
import { readFileSync, statSync } from "node:fs";

import { type Diagnostic, DiagnosticError, inputError, missingError } from "../diagnostics/diagnostic.ts";
import { type ReadEncodings, readEncodings } from "./read-encodings.ts";

export interface LoadedEncodings extends ReadEncodings {
  readonly file: string;
  readonly text: string;
}

const largest = 256 * 2 ** 20;
const mebibytes = (size: number): string => `${Math.ceil(size / 2 ** 20)} MiB`;

/** Diagnostics (DiagnosticError): encodings/not-found, encodings/too-large, encodings/not-json, those of readEncodings. */
export function loadEncodings(file: string): LoadedEncodings {
  const text = readText(file);
  const { value, diagnostics } = readEncodings(file, text);
  if (!value) throw new DiagnosticError(diagnostics);
  return { ...value, file, text };
}

function readText(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat)
    fail(
      missingError("encodings/not-found", `${file || '""'} does not exist`, {
        place: { file },
        hint: "`rwkvc calibrate` writes such a file, and so does every quantized build: encodings.json in its folder",
      }),
    );
  if (!stat.isFile()) fail(inputError("encodings/not-found", `${file} is no file`, { place: { file } }));
  if (stat.size > largest) {
    fail(
      inputError("encodings/too-large", `${file} has ${mebibytes(stat.size)}, more than the encodings of any graph`, {
        place: { file },
        notes: [`The most is ${mebibytes(largest)}.`],
      }),
    );
  }
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(inputError("encodings/not-found", `${file} cannot be read`, { place: { file }, notes: [reason] }));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return fail(inputError("encodings/not-json", `${file} is not JSON: it is no UTF-8 text`, { place: { file } }));
  }
}

function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}
