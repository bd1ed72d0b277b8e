/**
 * One spec file: its statements, imports and exports. In: a path and a function that gives a file's text. Out: the static
 * values that the module exports. Imports of other specs are read the same way, once each.
 *
 * Diagnostics: `spec/syntax`, `spec/side-effect`, `spec/not-const`, `spec/not-static`, `spec/import`, `spec/missing-file`,
 * `spec/import-cycle`, `spec/too-deep`, `name/duplicate`, and those of `evaluate`.
 */
import { Node, Project, type SourceFile, type Statement, VariableDeclarationKind } from "ts-morph";
import { type Diagnostic, inputError, missingError, type Span, unsupportedError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { bundledSpecs } from "./bundled-specs.ts";
import { dslFunctionNames, equationTag } from "./dsl.ts";
import { type Binding, evaluate, nodeSpan, notStatic, type Scope } from "./evaluate.ts";
import type { StaticValue } from "./static-value.ts";

export interface ModuleReader {
  readonly readFile: (path: string) => string | undefined;
  readonly report: (diagnostic: Diagnostic) => void;
  /** What begins the paths of bundled specs. */
  readonly bundled: string;
  /** Text of every file that was read. */
  readonly sources: Map<string, string>;
  readonly project: Project;
  readonly modules: Map<string, StaticModule | "reading">;
}

export interface StaticModule {
  readonly exports: ReadonlyMap<string, StaticValue>;
  /** Has the file's own errors: what it does not export may be their fault. */
  readonly isBroken: boolean;
}

export function createModuleReader(
  readFile: (path: string) => string | undefined,
  report: (diagnostic: Diagnostic) => void,
  bundled = bundledSpecs,
): ModuleReader {
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    skipFileDependencyResolution: true,
    skipAddingFilesFromTsConfig: true,
  });
  return { readFile, report, bundled, sources: new Map(), project, modules: new Map() };
}

/** `from`: the import that asked for the file. */
export function readModule(path: string, reader: ModuleReader, from?: Span): StaticModule {
  const known = reader.modules.get(path);
  const broken: StaticModule = { exports: new Map(), isBroken: true };
  if (known === "reading") {
    reader.report(
      inputError("spec/import-cycle", "specs import each other in a circle", {
        primary: from && { span: from, text: `${path} is being read at this point` },
      }),
    );
    return broken;
  }
  if (known) return known;
  const text = reader.readFile(path);
  if (text === undefined) {
    reader.report(
      from
        ? inputError("spec/missing-file", `${path} cannot be read`, { primary: { span: from, text: "imported here" } })
        : missingError("spec/missing-file", `${path} cannot be read`, { place: { file: path } }),
    );
    return broken;
  }
  reader.sources.set(path, text);
  reader.modules.set(path, "reading");
  const module = readSafely(path, text, reader) ?? broken;
  reader.modules.set(path, module);
  return module;
}

/** Nesting that is deeper than the stack is the author's mistake (or malice), not ours. */
function readSafely(path: string, text: string, reader: ModuleReader): StaticModule | undefined {
  try {
    return readStatements(path, text, reader);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reader.report(
      unsupportedError("spec/too-deep", "the spec is nested too deeply to be read", {
        primary: { span: { file: path, start: 0, end: 0 }, text: "in this file" },
      }),
    );
    return undefined;
  }
}

function readStatements(path: string, text: string, reader: ModuleReader): StaticModule {
  // A byte order mark becomes a blank, so that offsets stay those of the file. The name inside the project is our own.
  const source = reader.project.createSourceFile(`/${reader.sources.size}.ts`, text.replace(/^\ufeff/, " "));
  const syntaxErrors = parseErrors(source, path);
  if (syntaxErrors.length > 0) {
    syntaxErrors.forEach(reader.report);
    return { exports: new Map(), isBroken: true };
  }
  let isBroken = false;
  const names = new Map<string, Binding>();
  const exports = new Map<string, StaticValue>();
  const declared = new Map<string, Span>();
  const scope: Scope = {
    file: path,
    names,
    report: (diagnostic) => {
      isBroken = true;
      reader.report(diagnostic);
    },
  };
  const statements = source.getStatementsWithComments().filter((s) => Node.isStatement(s)) as Statement[];
  for (const statement of statements) announce(statement);
  // `export { a }` may stand above `const a`: the exports' turn comes last.
  for (const statement of statements) if (!Node.isExportDeclaration(statement)) readStatement(statement);
  for (const statement of statements) if (Node.isExportDeclaration(statement)) readStatement(statement);
  return { exports, isBroken };

  /** Names that come later are known as such, so that an early use is told from a wrong name. */
  function announce(statement: Statement): void {
    if (!Node.isVariableStatement(statement)) return;
    for (const declaration of statement.getDeclarations()) {
      const name = declaration.getNameNode();
      if (Node.isIdentifier(name)) names.set(name.getText(), { kind: "later", span: nodeSpan(name, scope) });
    }
  }

  function readStatement(statement: Statement): void {
    if (Node.isImportDeclaration(statement)) {
      if (!statement.isTypeOnly()) readImport(statement);
    } else if (Node.isVariableStatement(statement)) {
      if (!statement.hasDeclareKeyword()) readConst(statement);
    } else if (Node.isExportAssignment(statement)) {
      if (statement.isExportEquals()) notStatic(statement, scope, "write `export default`");
      else exportValue("default", evaluate(statement.getExpression(), scope), nodeSpan(statement, scope));
    } else if (Node.isExportDeclaration(statement)) {
      readExport(statement);
    } else if (Node.isExpressionStatement(statement)) {
      scope.report(
        inputError("spec/side-effect", "a spec cannot do anything: it is read, never executed", {
          primary: { span: nodeSpan(statement, scope), text: "this statement would only have an effect if it ran" },
          hint: "remove it",
        }),
      );
    } else if (
      !Node.isTypeAliasDeclaration(statement) &&
      !Node.isInterfaceDeclaration(statement) &&
      !Node.isEmptyStatement(statement) &&
      !(Node.isAmbientable(statement) && statement.hasDeclareKeyword())
    ) {
      notStatic(statement, scope);
    }
  }

  function readImport(statement: Node): void {
    if (!Node.isImportDeclaration(statement)) return;
    const specifier = statement.getModuleSpecifierValue();
    const place = nodeSpan(statement.getModuleSpecifier(), scope);
    const specPath = resolveSpec(path, specifier, reader.bundled);
    const isSpec = specPath !== undefined;
    if ((!isSpec && specifier !== "rwkvc/spec") || !statement.getImportClause()) {
      scope.report(
        inputError("spec/import", `a spec cannot import "${specifier}"`, {
          primary: { span: place, text: "neither rwkvc/spec nor another spec" },
          hint: 'other specs are imported by a relative path, "./NAME.rwkv.ts", bundled ones as "rwkvc/specs/NAME.rwkv.ts"',
        }),
      );
      bindUnknown(statement);
      return;
    }
    const namespace = statement.getNamespaceImport();
    if (namespace) {
      notStatic(namespace, scope, "import names one by one");
      define(namespace.getText(), nodeSpan(namespace, scope), { kind: "value", value: unknown(namespace) });
    }
    const target = isSpec ? readModule(specPath, reader, place) : undefined;
    if (target?.isBroken) isBroken = true;
    const defaultImport = statement.getDefaultImport();
    if (defaultImport) importName("default", defaultImport, defaultImport, target);
    for (const named of statement.getNamedImports()) {
      if (named.isTypeOnly()) continue;
      importName(named.getName(), named.getNameNode(), named.getAliasNode() ?? named.getNameNode(), target);
    }
  }

  function importName(name: string, node: Node, local: Node, target: StaticModule | undefined): void {
    const place = nodeSpan(local, scope);
    const value = target?.exports.get(name);
    if (value) define(local.getText(), place, { kind: "value", value });
    else if (!target && dslFunctionNames.includes(name)) define(local.getText(), place, { kind: "function", name });
    else if (!target && name === equationTag) define(local.getText(), place, { kind: "tag" });
    else {
      define(local.getText(), place, { kind: "value", value: unknown(local) });
      if (target?.isBroken) return;
      const known = target ? [...target.exports.keys()] : [...dslFunctionNames, equationTag];
      scope.report(
        inputError("spec/import", target ? `the spec has no export \`${name}\`` : `rwkvc/spec has no \`${name}\``, {
          primary: { span: nodeSpan(node, scope), text: "not exported there" },
          hint: didYouMean(name, known),
        }),
      );
    }
  }

  function bindUnknown(statement: Node): void {
    if (!Node.isImportDeclaration(statement)) return;
    const nodes = [
      statement.getDefaultImport(),
      statement.getNamespaceImport(),
      ...statement.getNamedImports().map((named) => named.getAliasNode() ?? named.getNameNode()),
    ];
    for (const node of nodes) if (node) names.set(node.getText(), { kind: "value", value: unknown(node) });
  }

  function readConst(statement: Node): void {
    if (!Node.isVariableStatement(statement)) return;
    if (statement.getDeclarationKind() !== VariableDeclarationKind.Const) {
      const keyword = statement.getDeclarationKindKeywords()[0]!;
      scope.report(
        inputError("spec/not-const", "a spec's names cannot change: use `const`", {
          primary: { span: nodeSpan(keyword, scope), text: "write `const`" },
        }),
      );
    }
    for (const declaration of statement.getDeclarations()) {
      const name = declaration.getNameNode();
      const initializer = declaration.getInitializer();
      const value = initializer ? evaluate(initializer, scope) : unknown(declaration);
      if (!Node.isIdentifier(name)) {
        notStatic(name, scope, "give each const a name of its own");
        continue;
      }
      define(name.getText(), nodeSpan(name, scope), { kind: "value", value });
      if (statement.isExported()) exportValue(name.getText(), value, nodeSpan(name, scope));
    }
  }

  function readExport(statement: Node): void {
    if (!Node.isExportDeclaration(statement) || statement.isTypeOnly()) return;
    if (statement.hasModuleSpecifier() || statement.isNamespaceExport()) {
      notStatic(statement, scope, "import the names, then export them");
      return;
    }
    for (const named of statement.getNamedExports()) {
      if (named.isTypeOnly()) continue;
      const bound = names.get(named.getName());
      const place = nodeSpan(named, scope);
      if (bound?.kind === "value") exportValue(named.getAliasNode()?.getText() ?? named.getName(), bound.value, place);
      else {
        scope.report(
          inputError("name/undefined", `\`${named.getName()}\` is not defined`, {
            primary: { span: place, text: "not a const of this spec" },
            hint: didYouMean(named.getName(), names.keys()),
          }),
        );
      }
    }
  }

  function define(name: string, place: Span, binding: Binding): void {
    const earlier = declared.get(name);
    if (earlier) duplicate(name, place, earlier);
    declared.set(name, place);
    names.set(name, binding);
  }

  function exportValue(name: string, value: StaticValue, place: Span): void {
    if (exports.has(name)) duplicate(name, place, exports.get(name)!.span);
    exports.set(name, value);
  }

  function duplicate(name: string, place: Span, earlier: Span): void {
    scope.report(
      inputError("name/duplicate", `\`${name}\` is declared twice`, {
        primary: { span: place, text: "again here" },
        secondary: [{ span: earlier, text: "first here" }],
      }),
    );
  }

  function unknown(node: Node): StaticValue {
    return { kind: "unknown", span: nodeSpan(node, scope) };
  }
}

const shownSyntaxErrors = 3;

function parseErrors(source: SourceFile, file: string): Diagnostic[] {
  // TypeScript keeps a file's syntax errors in this field; asking a Program for them would start the type checker.
  const { parseDiagnostics = [] } = source.compilerNode as {
    parseDiagnostics?: { start: number; length: number; messageText: string | { messageText: string } }[];
  };
  const shown = parseDiagnostics.slice(0, shownSyntaxErrors);
  const hidden = parseDiagnostics.length - shown.length;
  return shown.map((found, i) => {
    const message = typeof found.messageText === "string" ? found.messageText : found.messageText.messageText;
    const end = Math.min(found.start + found.length, source.getEnd());
    return inputError("spec/syntax", "the file is not TypeScript", {
      primary: { span: { file, start: Math.min(found.start, end), end }, text: message.replace(/\.$/, "") },
      ...(hidden > 0 && i === shown.length - 1
        ? { notes: [`${hidden} more follow${hidden === 1 ? "s" : ""}; mend these first: one mistake makes many.`] }
        : {}),
    });
  });
}

/** The file that an import of another spec names. */
function resolveSpec(from: string, specifier: string, bundled: string): string | undefined {
  if (/^\.\.?\/.*\.rwkv\.ts$/.test(specifier)) return resolve(from, specifier);
  const name = /^rwkvc\/specs\/([^/\\]+\.rwkv\.ts)$/.exec(specifier)?.[1];
  return name === undefined ? undefined : `${bundled}${name}`;
}

/** A relative import, from the folder of the importing file. */
function resolve(from: string, specifier: string): string {
  const segments = from.split("/").slice(0, -1);
  for (const segment of specifier.split("/")) {
    if (segment === "..") {
      if (segments.length > 0 && segments.at(-1) !== "..") segments.pop();
      else segments.push("..");
    } else if (segment !== ".") {
      segments.push(segment);
    }
  }
  return segments.join("/");
}
