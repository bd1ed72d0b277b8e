/**
 * Puts policies into a spec's text: into its `policies` list, with the imports that they need. Text is only inserted
 * or replaced in those places, so that comments, line ends and formatting stay. In: the text and the policies that the spec is
 * to have. Out: the new text, or why it was not to be edited (the list is computed elsewhere: then the author has to do it).
 *
 * An extension gets what differs from its base, into the object of its changes: policies that the base has already are not
 * repeated, and those that are not wanted are taken away with `remove`. What the base has is told by `read`, which gives the
 * policies of a text as the front end reads it.
 */
import {
  type CallExpression,
  type ImportDeclaration,
  Node,
  type ObjectLiteralExpression,
  Project,
  type SourceFile,
} from "ts-morph";

import { type Policy, policyText, type Precision, subjectsOf } from "./policy.ts";

export type Written =
  | { readonly text: string }
  /** The spec is written in a way that leaves no one place for its policies. */
  | { readonly problem: string };

/** `text` instead of what stands from `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The policies of the spec with this text; undefined: it cannot be read. */
export type ReadPolicies = (text: string) => readonly (Policy | Precision)[] | undefined;

export function writePolicies(text: string, policies: readonly (Policy | Precision)[], read: ReadPolicies): Written {
  const base = writeList(text, () => []);
  if ("problem" in base) return base;
  const inherited = read(base.text) ?? [];
  return writeList(text, (use) => itemsOf(policies, inherited, use));
}

/** What a list is to say so that, together with what is inherited, it comes to `policies`. */
function itemsOf(
  policies: readonly (Policy | Precision)[],
  inherited: readonly (Policy | Precision)[],
  use: (name: string) => string,
): string[] {
  const kept = inherited.map((policy) => policyText(policy));
  const wanted = policies.flatMap(subjectsOf).map(({ key }) => key);
  const there = inherited.flatMap(subjectsOf);
  // A name that policies of several kinds are about says with its kind which of them.
  const address = ({ name, key }: { name: string; key: string }): string =>
    there.filter((other) => other.name === name).length > 1 ? key : name;
  return [
    ...policies.filter((policy) => !kept.includes(policyText(policy))).map((policy) => policyText(policy, use)),
    ...there
      .filter(({ key }) => !wanted.includes(key))
      .map((subject) => `${use("remove")}(${JSON.stringify(address(subject))})`),
  ];
}

function writeList(text: string, itemsFor: (use: (name: string) => string) => readonly string[]): Written {
  const project = new Project({ useInMemoryFileSystem: true, skipLoadingLibFiles: true });
  // A byte order mark becomes a blank, so that offsets stay those of the file.
  const source = project.createSourceFile("/spec.ts", text.replace(/^\ufeff/, " "));
  const body = modelBody(source);
  if (!body) {
    return { problem: "its default export is not a call of model({ ... }) or extend(base, { ... }) in this file" };
  }
  const names = importedNames(source, text);
  if (typeof names === "string") return { problem: names };
  const list = `[${itemsFor(names.use).join(", ")}]`;
  const property = body.getProperties().find((p) => Node.hasName(p) && /^(["']?)policies\1$/.test(p.getName()));
  const edits: Edit[] = [];
  if (!property) {
    // Behind all others: it counts instead of what a spread may hold.
    edits.push(insertProperty(body, `policies: ${list}`, text));
  } else {
    const initializer = Node.isPropertyAssignment(property) ? property.getInitializer() : undefined;
    if (!initializer || !Node.isArrayLiteralExpression(initializer)) {
      return { problem: "its `policies` are not a list written in place" };
    }
    if (hasComments(initializer)) return { problem: "comments in its list of `policies` would be lost" };
    edits.push({ start: initializer.getStart(), end: initializer.getEnd(), text: list });
  }
  edits.push(...names.imports());
  return { text: applyEdits(text, edits) };
}

/** Comments belong to nodes and to punctuation: whatever is left of the text without strings. */
const hasComments = (list: Node): boolean => /\/[/*]/.test(list.getText().replace(/(["'`])(?:\\.|(?!\1).)*\1/g, ""));

function applyEdits(text: string, edits: readonly Edit[]): string {
  const fromTheEnd = [...edits].sort((a, b) => b.start - a.start);
  return fromTheEnd.reduce((result, edit) => result.slice(0, edit.start) + edit.text + result.slice(edit.end), text);
}

/** Behind the last property, on a line of its own where that one has one. */
function insertProperty(body: ObjectLiteralExpression, property: string, text: string): Edit {
  const last = body.getProperties().at(-1);
  if (!last) return insertAt(body.getStart() + 1, ` ${property} `);
  const comma = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*?,/.exec(text.slice(last.getEnd(), body.getEnd()))?.[0].length;
  const before = comma === undefined ? "," : "";
  const indentation = ownLine(last, text);
  const at = last.getEnd() + (comma ?? 0);
  return insertAt(
    at,
    indentation === undefined ? `${before} ${property}` : `${before}${lineEnd(text)}${indentation}${property},`,
  );
}

const insertAt = (at: number, text: string): Edit => ({ start: at, end: at, text });

const lineEnd = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** The blanks before a node that begins its line; undefined when something else stands there. */
function ownLine(node: Node, text: string): string | undefined {
  const before = text.slice(text.lastIndexOf("\n", node.getStart() - 1) + 1, node.getStart());
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The object that the exported model is made from: the only argument of `model`, the second one of `extend`. */
function modelBody(source: SourceFile): ObjectLiteralExpression | undefined {
  const exported = source.getExportAssignment((e) => !e.isExportEquals())?.getExpression();
  const call = exported && (Node.isIdentifier(exported) ? initializerOf(exported.getText(), source) : exported);
  if (!call || !Node.isCallExpression(call)) return undefined;
  const body = call.getArguments()[calledName(call, source) === "extend" ? 1 : 0];
  return body && Node.isObjectLiteralExpression(body) ? body : undefined;
}

/** The name under which the spec language exports what is called. */
function calledName(call: CallExpression, source: SourceFile): string | undefined {
  const callee = call.getExpression();
  const imported = source.getImportDeclarations().flatMap((declaration) => declaration.getNamedImports());
  const found = imported.find((one) => (one.getAliasNode()?.getText() ?? one.getName()) === callee.getText());
  return found?.getName();
}

const initializerOf = (name: string, source: SourceFile): Node | undefined =>
  source.getVariableDeclaration(name)?.getInitializer();

interface ImportedNames {
  /** The name to write for one of the spec language's functions. */
  readonly use: (name: string) => string;
  /** Imports of what was used and not imported before. */
  readonly imports: () => readonly Edit[];
}

function importedNames(source: SourceFile, text: string): ImportedNames | string {
  const declarations = source
    .getImportDeclarations()
    .filter((d) => d.getModuleSpecifierValue() === "rwkvc/spec" && !d.isTypeOnly());
  const [first] = declarations;
  if (!first) return 'it does not import from "rwkvc/spec"';
  const namespace = declarations.map((d) => d.getNamespaceImport()?.getText()).find((name) => name !== undefined);
  const missing = new Set<string>();
  return {
    use: (name) => {
      const found = declarations
        .flatMap((d) => d.getNamedImports())
        .find((i) => i.getName() === name && !i.isTypeOnly());
      if (found) return found.getAliasNode()?.getText() ?? name;
      if (namespace !== undefined) return `${namespace}.${name}`;
      missing.add(name);
      return name;
    },
    imports: () => (missing.size === 0 ? [] : [importEdit(declarations, [...missing].sort(), text)]),
  };
}

/** Into a list of names that is there, else as a line of its own. */
function importEdit(declarations: readonly ImportDeclaration[], names: readonly string[], text: string): Edit {
  const last = declarations.flatMap((d) => d.getNamedImports()).at(-1);
  if (last) {
    const indentation = ownLine(last, text);
    const separator = indentation === undefined ? " " : `${lineEnd(text)}${indentation}`;
    return insertAt(last.getEnd(), names.map((name) => `,${separator}${name}`).join(""));
  }
  const at = declarations.at(-1)!.getEnd();
  return insertAt(at, `${lineEnd(text)}import { ${names.join(", ")} } from "rwkvc/spec";`);
}
