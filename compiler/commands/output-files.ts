/** Where a command writes: never over its own inputs. */
import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";

/** Without symbolic links, as far as the path exists. */
function realPath(path: string): string {
  const full = resolve(path);
  try {
    return realpathSync(full);
  } catch {
    return dirname(full) === full ? full : join(realPath(dirname(full)), basename(full));
  }
}

/** Also true for the folder itself. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(realPath(folder), realPath(path));
  return way !== ".." && !way.startsWith("../");
}

const isSameFile = (a: string, b: string): boolean => realPath(a) === realPath(b);

/** Devices and pipes hold nothing that could be lost. */
const isDevice = (path: string): boolean => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
};

/**
 * `outputs` by flag. Diagnostics (DiagnosticError): usage/out-twice, usage/out-is-a-folder, usage/out-is-input, usage/out-in-artefact.
 */
export function checkOutputs(
  outputs: readonly (readonly [flag: string, file: string])[],
  inputs: { readonly files: readonly string[]; readonly artefact?: string },
): void {
  for (const [i, [flag, file]] of outputs.entries()) {
    const other = outputs.slice(0, i).find(([, earlier]) => isSameFile(earlier, file));
    if (file === "") fail("usage/bad-value", `${flag} is empty`);
    if (isDevice(file)) continue;
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
      fail("usage/out-is-a-folder", `${flag} ${file} is a folder`);
    if (other) fail("usage/out-twice", `${flag} and ${other[0]} name the same file, ${file}`);
    if (inputs.files.some((input) => isSameFile(input, file))) {
      fail("usage/out-is-input", `${flag} ${file} would be written over what is read`);
    }
    if (inputs.artefact !== undefined && isInside(file, inputs.artefact))
      fail("usage/out-in-artefact", `${flag} ${file} is inside the artefact`);
  }
}

function fail(code: string, title: string): never {
  throw new DiagnosticError([usageError(code, title, { hint: "name another file" })]);
}
