/**
 * What the plugin answers for a place in a spec, in the types of TypeScript's language service. Each gives undefined where
 * it has nothing to say.
 */
import type ts from "typescript";

import type { Span } from "../diagnostics/diagnostic.ts";
import { type Completion, completeEquation, completePolicy, completeShape } from "./complete-names.ts";
import { describeOccurrence, describeOperation } from "./describe-name.ts";
import { fromModule } from "./imports.ts";
import type { NameIndex, Occurrence } from "./index-names.ts";
import { placeInSpec } from "./place-in-spec.ts";
import { specDiagnostics } from "./spec-diagnostics.ts";
import type { SpecProject } from "./spec-project.ts";
import { type Converter, textSpan } from "./to-typescript.ts";

export interface SpecFeatures {
  readonly diagnostics: (path: string) => readonly ts.Diagnostic[];
  readonly hover: (path: string, position: number) => ts.QuickInfo | undefined;
  readonly definition: (path: string, position: number) => ts.DefinitionInfoAndBoundSpan | undefined;
  readonly references: (path: string, position: number) => ts.ReferencedSymbol[] | undefined;
  readonly highlights: (path: string, position: number) => ts.DocumentHighlights[] | undefined;
  readonly completions: (path: string, position: number) => ts.CompletionInfo | undefined;
  readonly completionDetails: (path: string, position: number, text: string) => ts.CompletionEntryDetails | undefined;
}

export function createSpecFeatures(
  typescript: typeof ts,
  project: SpecProject,
  sourceFile: (path: string) => ts.SourceFile | undefined,
  convert: Converter,
): SpecFeatures {
  return { diagnostics, hover, definition, references, highlights, completions, completionDetails };

  function diagnostics(path: string): readonly ts.Diagnostic[] {
    const source = sourceFile(path);
    if (!source) return [];
    const found = specDiagnostics(path, project.analysesWith(path), (file) =>
      fromModule(source, file, project.bundled, typescript),
    );
    return found.map((diagnostic) => convert.diagnostic(diagnostic, source));
  }

  function hover(path: string, position: number): ts.QuickInfo | undefined {
    const [at] = occurrencesAt(path, position);
    if (at) return convert.quickInfo(at.occurrence.span, describeOccurrence(at.occurrence, at.names));
    for (const { names } of project.analysesWith(path)) {
      const operation = names?.operations.find(({ span }) => isAt(span, path, position));
      if (operation) return convert.quickInfo(operation.span, describeOperation(operation, names!));
    }
    return undefined;
  }

  function definition(path: string, position: number): ts.DefinitionInfoAndBoundSpan | undefined {
    const found = occurrencesAt(path, position);
    const definitions = found.flatMap(({ occurrence: { name, primed, isWrite } }) => {
      // From a state's next value to the equation that gives it, and from there to the declaration.
      const isUse = name.kind === "state" && primed && !isWrite && name.updates.length > 0;
      const spans = isUse ? name.updates : name.definitions;
      return spans.map((span) => convert.definition(span, name));
    });
    if (definitions.length === 0) return undefined;
    return { textSpan: textSpan(found[0]!.occurrence.span), definitions: distinct(definitions) };
  }

  function references(path: string, position: number): ts.ReferencedSymbol[] | undefined {
    const found = occurrencesAt(path, position);
    const [first] = found;
    if (!first) return undefined;
    const uses = found.flatMap(({ names, occurrence }) =>
      names.occurrences.filter(({ name }) => name === occurrence.name).map((use) => convert.reference(use)),
    );
    const { name, span } = first.occurrence;
    return [
      { definition: convert.referencedDefinition(name.definitions[0] ?? span, name), references: distinct(uses) },
    ];
  }

  function highlights(path: string, position: number): ts.DocumentHighlights[] | undefined {
    const found = references(path, position);
    const { writtenReference, reference } = typescript.HighlightSpanKind;
    const highlightSpans = (found?.[0]?.references ?? []).flatMap(({ fileName, textSpan, isWriteAccess }) =>
      fileName === path ? [{ fileName, textSpan, kind: isWriteAccess ? writtenReference : reference }] : [],
    );
    return highlightSpans.length > 0 ? [{ fileName: path, highlightSpans }] : undefined;
  }

  function completions(path: string, position: number): ts.CompletionInfo | undefined {
    const found = complete(path, position);
    return found && convert.completions(found.list, found.replaced);
  }

  function completionDetails(path: string, position: number, text: string): ts.CompletionEntryDetails | undefined {
    const found = complete(path, position);
    const chosen = found?.list.find((completion) => completion.text === text);
    if (!found || !chosen?.name) return undefined;
    return convert.completionDetails(
      chosen,
      describeOccurrence({ name: chosen.name, primed: chosen.primed }, found.names),
    );
  }

  interface Completed {
    readonly list: readonly Completion[];
    readonly names: NameIndex;
    /** What a chosen text replaces, where it is more than the word before the place. */
    readonly replaced?: Span;
  }

  /** In the middle of a change the spec may not be readable: then its names are those of a moment ago. */
  function complete(path: string, position: number): Completed | undefined {
    const source = sourceFile(path);
    const place = source && placeInSpec(source, position, typescript);
    if (!place) return undefined;
    for (const analysis of project.analysesWith(path)) {
      const names = analysis.names ?? project.lastGood(analysis.path)?.names;
      if (!names) continue;
      if (place.kind === "shape") return { list: completeShape(names), names };
      if (place.kind === "policy") {
        return {
          list: completePolicy(names, place.weights),
          names,
          replaced: { file: path, start: place.start, end: position },
        };
      }
      const isHere = ({ file, start, end }: Span): boolean =>
        file === path && start >= place.start - 1 && end <= place.end + 1;
      const part = [...names.parts.values()].find(({ ast }) => ast.equations.some(({ span }) => isHere(span)));
      if (part) return { list: completeEquation(place.before, path, position, part, names), names };
    }
    return undefined;
  }

  interface Found {
    readonly occurrence: Occurrence;
    readonly names: NameIndex;
  }

  /** The name at a place: of the spec itself, and of the specs that import it. */
  function occurrencesAt(path: string, position: number): readonly Found[] {
    return project.analysesWith(path).flatMap(({ names }): Found[] => {
      if (!names) return [];
      const at = names.occurrences.filter(({ span }) => isAt(span, path, position));
      // Behind a name the pointer still means it, unless something begins there.
      const inside = at.filter(({ span }) => position < span.end);
      return (inside.length > 0 ? inside : at).map((occurrence) => ({ occurrence, names }));
    });
  }
}

const isAt = ({ file, start, end }: Span, path: string, position: number): boolean =>
  file === path && start <= position && position <= end;

/** Specs that share a text, and parts that share equations, give the same places. */
function distinct<T extends { readonly fileName: string; readonly textSpan: ts.TextSpan }>(places: readonly T[]): T[] {
  const key = ({ fileName, textSpan }: T): string => `${fileName} ${textSpan.start}`;
  return [...new Map(places.map((place) => [key(place), place])).values()];
}
