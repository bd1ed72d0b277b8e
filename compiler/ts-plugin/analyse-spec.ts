/**
 * All that an editor shows of one spec. In: a path, and a function that gives a file's text (what the editor holds, saved
 * or not). Out: what `rwkvc check` would say without a checkpoint, and every name with its places and shape, also where
 * the spec has mistakes. Pure: nothing is remembered.
 */
import { checkSpec } from "../check/check-spec.ts";
import type { CheckedModel } from "../check/typed.ts";
import { type Diagnostic, hasErrors } from "../diagnostics/diagnostic.ts";
import type { SpecAst } from "../frontend/ast.ts";
import { readSpec } from "../frontend/read-spec.ts";
import { checkScaling } from "../pipeline.ts";
import { indexNames, type NameIndex } from "./index-names.ts";

export interface SpecAnalysis {
  readonly path: string;
  /** Text of every file that was read: the spec and what it imports. */
  readonly sources: ReadonlyMap<string, string>;
  /** Files that were asked for and are not there. */
  readonly missing: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Exports pieces for other specs, and no model. */
  readonly isLibrary: boolean;
  /** Absent: the spec's frame could not be read. */
  readonly names?: NameIndex;
  readonly ast?: SpecAst;
  readonly model?: CheckedModel;
}

/** `bundled`: what begins the paths of bundled specs. */
export function analyseSpec(
  path: string,
  readFile: (path: string) => string | undefined,
  bundled?: string,
): SpecAnalysis {
  const missing: string[] = [];
  const read = readSpec(
    path,
    (file) => {
      const text = readFile(file);
      if (text === undefined) missing.push(file);
      return text;
    },
    bundled,
  );
  const { value: ast, sources } = read;
  const isLibrary = read.exports.length > 0 && !read.exports.includes("default");
  const found = { path, sources, missing, isLibrary };
  if (!ast) return { ...found, diagnostics: read.diagnostics };
  const checked = checkSpec(ast);
  const diagnostics = [...read.diagnostics, ...checked.diagnostics];
  if (checked.value && !hasErrors(diagnostics)) diagnostics.push(...checkScaling(checked.value));
  return { ...found, diagnostics, names: indexNames(ast, checked.partial), ast, model: checked.partial };
}
