/**
 * The TypeScript language-service plugin `rwkvc/ts-plugin`: what the checker knows, inside the equation templates of
 * `*.rwkv.ts` files. It wraps the language service; for other files, and where it has nothing to say, TypeScript answers.
 * A failure in here is logged and TypeScript answers as well: an editor never loses its language service through us.
 */
import { posix } from "node:path";

import type ts from "typescript";

import { createSpecFeatures } from "./spec-features.ts";
import { isSpecFile, openSpecProject } from "./spec-project.ts";
import { createConverter } from "./to-typescript.ts";

/** The specs beside us, from `out/compiler/`. */
const bundled = posix.join(__dirname.replaceAll("\\", "/"), "../../specs/");

export function createPlugin({ typescript }: { typescript: typeof ts }): ts.server.PluginModule {
  return { create: (info) => wrapLanguageService(typescript, info) };
}

function wrapLanguageService(typescript: typeof ts, info: ts.server.PluginCreateInfo): ts.LanguageService {
  const inner = info.languageService;
  // Asking for the program makes TypeScript look at every file for changes: once for each answer.
  let program: ts.Program | undefined;
  const sourceFile = (path: string): ts.SourceFile | undefined => program?.getSourceFile(path);
  const readFile = (path: string): string | undefined => sourceFile(path)?.text ?? info.serverHost.readFile(path);
  const specs = (): string[] => (program?.getSourceFiles() ?? []).map(({ fileName }) => fileName).filter(isSpecFile);
  const project = openSpecProject({ readFile, specs, bundled });
  const features = createSpecFeatures(
    typescript,
    project,
    sourceFile,
    createConverter(typescript, sourceFile, readFile),
  );

  const own: Partial<ts.LanguageService> = {
    getSemanticDiagnostics: (path) => [
      ...inner.getSemanticDiagnostics(path),
      ...(attempt(path, () => features.diagnostics(path)) ?? []),
    ],
    getQuickInfoAtPosition: (path, position, ...rest) =>
      attempt(path, () => features.hover(path, position)) ?? inner.getQuickInfoAtPosition(path, position, ...rest),
    getDefinitionAndBoundSpan: (path, position) =>
      attempt(path, () => features.definition(path, position)) ?? inner.getDefinitionAndBoundSpan(path, position),
    getDefinitionAtPosition: (path, position) =>
      attempt(path, () => features.definition(path, position)?.definitions) ??
      inner.getDefinitionAtPosition(path, position),
    findReferences: (path, position) =>
      attempt(path, () => features.references(path, position)) ?? inner.findReferences(path, position),
    getReferencesAtPosition: (path, position) =>
      attempt(path, () => features.references(path, position)?.[0]?.references) ??
      inner.getReferencesAtPosition(path, position),
    getDocumentHighlights: (path, position, files) =>
      attempt(path, () => features.highlights(path, position)) ?? inner.getDocumentHighlights(path, position, files),
    getCompletionsAtPosition: (path, position, ...rest) =>
      attempt(path, () => features.completions(path, position)) ??
      inner.getCompletionsAtPosition(path, position, ...rest),
    getCompletionEntryDetails: (path, position, text, ...rest) =>
      attempt(path, () => features.completionDetails(path, position, text)) ??
      inner.getCompletionEntryDetails(path, position, text, ...rest),
  };
  return { ...inner, ...own };

  /** Runs our part for a spec; whatever goes wrong there becomes a line of the server's log. */
  function attempt<T>(path: string, run: () => T | undefined): T | undefined {
    if (!isSpecFile(path)) return undefined;
    try {
      program = inner.getProgram();
      return run();
    } catch (error) {
      // The host asks for this when an answer is no longer wanted.
      if (error instanceof typescript.OperationCanceledException) throw error;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      info.project.projectService.logger.info(`rwkvc/ts-plugin failed on ${path}: ${text}`);
      return undefined;
    } finally {
      // A program is large, and the next one is another.
      program = undefined;
    }
  }
}
