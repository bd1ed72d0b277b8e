/** Where a spec imports another file, directly or through others. */
import type ts from "typescript";

import type { Span } from "../diagnostics/diagnostic.ts";

/** The import's path in quotes; for a file that is reached through others, the first import of a spec. */
export function fromModule(source: ts.SourceFile, file: string, typescript: typeof ts): Span {
  const imports = source.statements.flatMap((statement) =>
    typescript.isImportDeclaration(statement) && typescript.isStringLiteral(statement.moduleSpecifier)
      ? [statement.moduleSpecifier]
      : [],
  );
  const folder = source.fileName.replace(/[^/]*$/, "");
  const absolute = (path: string): string => new URL(path, `file:///${folder.replace(/^\//, "")}`).pathname;
  const wanted = new URL(file, "file:///").pathname;
  const relative = imports.filter(({ text }) => text.startsWith("."));
  const found = relative.find(({ text }) => absolute(text) === wanted) ?? relative[0];
  return { file: source.fileName, start: found?.getStart(source) ?? 0, end: found?.getEnd() ?? 0 };
}
