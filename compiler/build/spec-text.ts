/** Texts of spec files, bundled ones too. */
import { readFileSync } from "node:fs";

import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import { specFileIn } from "../frontend/bundled-specs.ts";
import { specsFolder } from "./project-paths.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined: it cannot be read. Diagnostics: spec/encoding. */
export function readSpecText(path: string): string | undefined {
  try {
    return utf8.decode(readFileSync(specFileIn(specsFolder, path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") return undefined;
    throw new DiagnosticError([
      inputError("spec/encoding", `${path} is not UTF-8 text`, {
        place: { file: path },
        hint: "save it as UTF-8: another encoding or a binary file cannot be read",
      }),
    ]);
  }
}
