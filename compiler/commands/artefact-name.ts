/** Names that a build gets when the user gives none. */
import { basename, join, resolve } from "node:path";

import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";

/** Files get longer names from it, and a file system knows names of up to 255 bytes. */
const longest = 100;

/** specs/rwkv-7.rwkv.ts -> out/rwkv-7 */
export const defaultOut = (spec: string): string => join("out", basename(spec).replace(/(\.rwkv)?\.ts$/, ""));

/** Of the graph and the library: the folder's name, with what a C identifier cannot have replaced. */
export const defaultName = (out: string): string => sanitise(basename(resolve(out))).slice(0, longest) || "model";

export function sanitise(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_]+/g, "_");
  return /^\d/.test(name) ? `m_${name}` : name;
}

export function parseName(text: string): string {
  if (text.length > longest) {
    throw new DiagnosticError([
      usageError("usage/bad-value", `--name has ${text.length} characters; at most ${longest} are possible`),
    ]);
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return text;
  throw new DiagnosticError([
    usageError("usage/bad-value", `--name takes letters, digits and _, not "${text}"`, {
      notes: ["It becomes the graph's name, the library's file name and a C identifier."],
      hint: `for example --name ${/[A-Za-z0-9]/.test(text) ? sanitise(text) : "model"}`,
    }),
  ]);
}
