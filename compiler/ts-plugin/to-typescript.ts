/** Our findings in the types of TypeScript's language service. */
import type ts from "typescript";

import type { Span } from "../diagnostics/diagnostic.ts";
import type { Description } from "./describe-name.ts";
import type { EditorDiagnostic } from "./spec-diagnostics.ts";

export interface Converter {
  readonly diagnostic: (diagnostic: EditorDiagnostic, source: ts.SourceFile) => ts.Diagnostic;
  readonly quickInfo: (span: Span, description: Description) => ts.QuickInfo;
}

/**
 * The protocol has numbers as codes, and clients rely on it: all of ours have this one, far from TypeScript's, and the
 * name of the kind (`shape/mismatch`) begins the message.
 */
const diagnosticCode = 700_000;

/** `sourceFile`: of the program; `readFile`: text of files that are outside of it. */
export function createConverter(
  typescript: typeof ts,
  sourceFile: (path: string) => ts.SourceFile | undefined,
  readFile: (path: string) => string | undefined,
): Converter {
  return { diagnostic, quickInfo };

  function diagnostic(
    { severity, span, text, related, isUnused }: EditorDiagnostic,
    source: ts.SourceFile,
  ): ts.Diagnostic {
    const { Error, Warning, Message } = typescript.DiagnosticCategory;
    return {
      file: source,
      ...textSpan(span),
      category: severity === "error" ? Error : Warning,
      code: diagnosticCode,
      source: "rwkvc",
      messageText: text,
      ...(isUnused && { reportsUnnecessary: {} }),
      relatedInformation: related.flatMap((label) => {
        const file = label.span.file === source.fileName ? source : fileOf(label.span.file);
        if (!file) return [];
        const place = { file, ...textSpan(label.span), category: Message, code: diagnosticCode };
        return [{ ...place, messageText: label.text }];
      }),
    };
  }

  function fileOf(path: string): ts.SourceFile | undefined {
    const known = sourceFile(path);
    if (known) return known;
    const text = readFile(path);
    return text === undefined
      ? undefined
      : typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, false, typescript.ScriptKind.TS);
  }

  function quickInfo(span: Span, { title, text }: Description): ts.QuickInfo {
    return {
      kind: typescript.ScriptElementKind.unknown,
      kindModifiers: "",
      textSpan: textSpan(span),
      displayParts: [{ kind: "text", text: title }],
      documentation: text === "" ? [] : [{ kind: "text", text }],
    };
  }
}

export const textSpan = ({ start, end }: Span): ts.TextSpan => ({ start, length: Math.max(0, end - start) });
