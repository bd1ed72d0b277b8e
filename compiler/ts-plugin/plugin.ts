/**
 * The TypeScript language-service plugin `rwkvc/ts-plugin`: what the checker knows, inside the equation templates of
 * `*.rwkv.ts` files. It wraps the language service; for other files, and where it has nothing to say, TypeScript answers.
 * A failure in here is logged and TypeScript answers as well: an editor never loses its language service through us.
 */
import { posix } from "node:path";

import type ts from "typescript";

import type { Span } from "../diagnostics/diagnostic.ts";
import { describeOccurrence, describeOperation } from "./describe-name.ts";
import { fromModule } from "./imports.ts";
import type { NameIndex, Occurrence } from "./index-names.ts";
import { isSpecFile, openSpecProject } from "./spec-project.ts";
import { specDiagnostics } from "./spec-diagnostics.ts";
import { createConverter } from "./to-typescript.ts";

type TypeScript = typeof ts;

/** The specs beside us, from `out/compiler/`. */
const bundled = posix.join(__dirname.replaceAll("\\", "/"), "../../specs/");

export function createPlugin({ typescript }: { typescript: TypeScript }): ts.server.PluginModule {
  return { create: (info) => wrapLanguageService(typescript, info) };
}

function wrapLanguageService(typescript: TypeScript, info: ts.server.PluginCreateInfo): ts.LanguageService {
  const inner = info.languageService;
  const program = (): ts.Program | undefined => inner.getProgram();
  const readFile = (path: string): string | undefined =>
    program()?.getSourceFile(path)?.text ?? info.serverHost.readFile(path);
  const project = openSpecProject({
    readFile,
    bundled,
    specs: () => (program()?.getSourceFiles() ?? []).map(({ fileName }) => fileName).filter(isSpecFile),
  });
  const convert = createConverter(typescript, (path) => program()?.getSourceFile(path), readFile);

  const wrapped: ts.LanguageService = Object.create(null) as ts.LanguageService;
  for (const [name, method] of Object.entries(inner) as [keyof ts.LanguageService, unknown][]) {
    Object.assign(wrapped, {
      [name]: typeof method === "function" ? (...args: unknown[]): unknown => method.apply(inner, args) : method,
    });
  }

  wrapped.getSemanticDiagnostics = (path) => {
    const own = inner.getSemanticDiagnostics(path);
    return [...own, ...attempt(path, "diagnostics", () => diagnostics(path), [])];
  };
  wrapped.getQuickInfoAtPosition = (path, position, ...rest) =>
    attempt(path, "hover", () => hover(path, position), undefined) ??
    inner.getQuickInfoAtPosition(path, position, ...rest);
  return wrapped;

  /** Runs our part for a spec; whatever goes wrong there becomes a line of the server's log. */
  function attempt<T>(path: string, what: string, run: () => T, otherwise: T): T {
    if (!isSpecFile(path)) return otherwise;
    try {
      return run();
    } catch (error) {
      // The host asks for this when an answer is no longer wanted.
      if (error instanceof typescript.OperationCanceledException) throw error;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      info.project.projectService.logger.info(`rwkvc/ts-plugin: no ${what} for ${path}: ${text}`);
      return otherwise;
    }
  }

  function diagnostics(path: string): ts.Diagnostic[] {
    const source = program()?.getSourceFile(path);
    if (!source) return [];
    const found = specDiagnostics(path, project.analysesWith(path), (file) =>
      fromModule(source, file, bundled, typescript),
    );
    return found.map((diagnostic) => convert.diagnostic(diagnostic, source));
  }

  function hover(path: string, position: number): ts.QuickInfo | undefined {
    for (const { names } of project.analysesWith(path)) {
      const at = names && occurrenceAt(names, path, position);
      if (at) return convert.quickInfo(at.span, describeOccurrence(at, names));
      const operation = names?.operations.find(({ span }) => isAt(span, path, position));
      if (operation) return convert.quickInfo(operation.span, describeOperation(operation, names!));
    }
    return undefined;
  }
}

function occurrenceAt({ occurrences }: NameIndex, path: string, position: number): Occurrence | undefined {
  const at = occurrences.filter(({ span }) => isAt(span, path, position));
  // Behind a name the pointer still means it, unless something begins there.
  return at.find(({ span }) => position < span.end) ?? at[0];
}

const isAt = ({ file, start, end }: Span, path: string, position: number): boolean =>
  file === path && start <= position && position <= end;
