/** Our findings in the types of TypeScript's language service. */
import type ts from "typescript";

import type { Span } from "../diagnostics/diagnostic.ts";
import type { Completion } from "./complete-names.ts";
import { type Description, kindWords } from "./describe-name.ts";
import type { Occurrence, SpecName } from "./index-names.ts";
import type { EditorDiagnostic } from "./spec-diagnostics.ts";

export interface Converter {
  readonly diagnostic: (diagnostic: EditorDiagnostic, source: ts.SourceFile) => ts.Diagnostic;
  readonly quickInfo: (span: Span, description: Description) => ts.QuickInfo;
  readonly definition: (span: Span, name: SpecName) => ts.DefinitionInfo;
  readonly reference: (occurrence: Occurrence) => ts.ReferencedSymbolEntry;
  readonly referencedDefinition: (span: Span, name: SpecName) => ts.ReferencedSymbolDefinitionInfo;
  readonly completions: (list: readonly Completion[], replaced: Span | undefined) => ts.CompletionInfo;
  readonly completionDetails: (completion: Completion, description: Description) => ts.CompletionEntryDetails;
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
  const kinds = typescript.ScriptElementKind;
  const elementKinds: Readonly<Record<SpecName["kind"], ts.ScriptElementKind>> = {
    weight: kinds.constElement,
    state: kinds.memberVariableElement,
    carry: kinds.variableElement,
    value: kinds.localVariableElement,
    dim: kinds.typeParameterElement,
    index: kinds.parameterElement,
    function: kinds.functionElement,
    token: kinds.keyword,
  };
  return { diagnostic, quickInfo, definition, reference, referencedDefinition, completions, completionDetails };

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
      displayParts: textParts(title),
      documentation: text === "" ? [] : textParts(text),
    };
  }

  function definition(span: Span, name: SpecName): ts.DefinitionInfo {
    const container = { containerKind: kinds.unknown, containerName: name.part ?? "" };
    return {
      fileName: span.file,
      textSpan: textSpan(span),
      kind: elementKinds[name.kind],
      name: name.name,
      ...container,
    };
  }

  function referencedDefinition(span: Span, name: SpecName): ts.ReferencedSymbolDefinitionInfo {
    return { ...definition(span, name), displayParts: textParts(`(${kindWords[name.kind]}) ${name.name}`) };
  }

  function reference({ span, isWrite }: Occurrence): ts.ReferencedSymbolEntry {
    return { fileName: span.file, textSpan: textSpan(span), isWriteAccess: isWrite };
  }

  function completions(list: readonly Completion[], replaced: Span | undefined): ts.CompletionInfo {
    const entries = list.map(({ text, name }, i): ts.CompletionEntry => ({
      name: text,
      kind: name ? elementKinds[name.kind] : kinds.keyword,
      kindModifiers: "",
      sortText: String(i).padStart(4, "0"),
      ...(name && { labelDetails: { description: [kindWords[name.kind], ...(name.shape ?? [])].join(" ") } }),
      ...(replaced && { replacementSpan: textSpan(replaced) }),
    }));
    return { isGlobalCompletion: false, isMemberCompletion: false, isNewIdentifierLocation: true, entries };
  }

  function completionDetails({ text, name }: Completion, description: Description): ts.CompletionEntryDetails {
    return {
      name: text,
      kind: name ? elementKinds[name.kind] : kinds.keyword,
      kindModifiers: "",
      displayParts: textParts(description.title),
      documentation: description.text === "" ? [] : textParts(description.text),
    };
  }
}

const textParts = (text: string): ts.SymbolDisplayPart[] => [{ kind: "text", text }];
export const textSpan = ({ start, end }: Span): ts.TextSpan => ({ start, length: Math.max(0, end - start) });
