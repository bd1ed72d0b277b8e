/** Writes a file aside and renames it: it is whole or not there. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { makeFolder } from "../build/make-folder.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";

/** Its folder is made where it is missing. Diagnostics (DiagnosticError): file/cannot-write. */
export function writeWhole(file: string, text: string): void {
  const aside = `${file}.tmp${process.pid}`;
  try {
    makeFolder(dirname(file));
    writeFileSync(aside, text);
    renameSync(aside, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DiagnosticError([
      inputError("file/cannot-write", `${file} cannot be written`, { place: { file }, notes: [reason] }),
    ]);
  } finally {
    rmSync(aside, { force: true });
  }
}
