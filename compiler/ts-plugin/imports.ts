/** Where a spec imports another file, directly or through others. */
import type ts from "typescript";

import type { Span } from "../diagnostics/diagnostic.ts";

/** The import's path in quotes; for a file that is reached through others, the first import of a spec. */
export function fromModule(source: ts.SourceFile, file: string, bundled: string, typescript: typeof ts): Span {
  const imports = source.statements.flatMap((statement) =>
    typescript.isImportDeclaration(statement) && typescript.isStringLiteral(statement.moduleSpecifier)
      ? [statement.moduleSpecifier]
      : [],
  );
  const folder = source.fileName.replace(/[^/]*$/, "");
  const prefix = /^rwkvc\/specs\//;
  const absolute = (path: string): string =>
    new URL(path.replace(prefix, bundled), `file:///${folder.replace(/^\//, "")}`).pathname;
  const wanted = new URL(file, "file:///").pathname;
  const specs = imports.filter(({ text }) => text.startsWith(".") || prefix.test(text));
  const found = specs.find(({ text }) => absolute(text) === wanted) ?? specs[0];
  return { file: source.fileName, start: found?.getStart(source) ?? 0, end: found?.getEnd() ?? 0 };
}
