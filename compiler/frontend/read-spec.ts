/**
 * Reads a spec without executing it: TypeScript's syntax tree (ts-morph, in memory, no types), the static subset, the
 * equations. Files come through `readFile`, so the reader itself does no I/O.
 *
 *     .rwkv.ts --read-module, evaluate--> static value --build-spec, parse-equations--> SpecAst
 *
 * A tree is given even when there are errors, if its frame could be read: `complete` is then false, and the checker can
 * still look for more. Diagnostics: those of the stages, and `spec/no-model`.
 */
import { type Diagnostic, inputError, type Outcome } from "../diagnostics/diagnostic.ts";
import { distinctDiagnostics } from "../diagnostics/collect.ts";
import type { SpecAst } from "./ast.ts";
import { buildSpec } from "./build-spec.ts";
import { bundledSpecs } from "./bundled-specs.ts";
import { withInheritance } from "./inheritance.ts";
import { createModuleReader, readModule } from "./read-module.ts";

export interface ReadSpec extends Outcome<SpecAst> {
  /** Text of every file that was read, for showing the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
  /** Names that the file exports, `default` among them: without it, the file is there to be imported. */
  readonly exports: readonly string[];
}

/**
 * `path` is what spans call the file; `readFile` gives a file's text, or undefined if there is none; `bundled` is what
 * begins the paths of bundled specs.
 */
export function readSpec(
  path: string,
  readFile: (path: string) => string | undefined,
  bundled = bundledSpecs,
): ReadSpec {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const reader = createModuleReader(readFile, report, bundled);
  const module = readModule(path, reader);
  const exported = module.exports.get("default");
  if (!exported && !module.isBroken) {
    report(
      inputError("spec/no-model", "the spec exports no model", {
        primary: { span: { file: path, start: 0, end: 0 }, text: "no `export default` in this file" },
        hint: "write `export default model({ ... })`, or `extend(base, { ... })`",
      }),
    );
  }
  const ast = exported && buildSpec(exported, path, reader.sources, report);
  const isComplete = ast?.complete === true && !module.isBroken;
  return {
    value: ast && { ...ast, complete: isComplete },
    diagnostics: distinctDiagnostics(ast ? withInheritance(ast, diagnostics) : diagnostics),
    sources: reader.sources,
    exports: [...module.exports.keys()],
  };
}
