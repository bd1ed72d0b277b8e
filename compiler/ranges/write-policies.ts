/**
 * Puts scaling policies into a spec's text: into its `policies` list, with the imports that they need. Only what has to
 * change changes. In: the text and the policies that the spec is to have. Out: the new text, or why it was not to be
 * edited (the list is computed elsewhere: then the author has to do it).
 */
import {
  type CallExpression,
  IndentationText,
  Node,
  type ObjectLiteralExpression,
  Project,
  type SourceFile,
} from "ts-morph";

import { type Policy, policyText } from "./policy.ts";

export type Written =
  | { readonly text: string }
  /** The spec is written in a way that leaves no one place for its policies. */
  | { readonly problem: string };

export function writePolicies(text: string, policies: readonly Policy[]): Written {
  const project = new Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    manipulationSettings: { indentationText: IndentationText.TwoSpaces },
  });
  const bom = text.startsWith("\ufeff") ? "\ufeff" : "";
  const source = project.createSourceFile("/spec.ts", text.slice(bom.length));
  const body = modelBody(source);
  if (!body) return { problem: "its default export is not a call of model({ ... }) in this file" };
  const names = importedNames(source);
  if (typeof names === "string") return { problem: names };
  const list = policies.map((policy) => policyText(policy, names.use)).join(", ");
  const property = body.getProperty("policies");
  if (!property) {
    const last = body.getProperties().at(-1);
    body.addPropertyAssignment({ name: "policies", initializer: `[${list}]` });
    // ts-morph puts no comma behind the last property, which the house style wants.
    if (last) body.getProperties().at(-1)!.replaceWithText(`policies: [${list}],`);
  } else if (Node.isPropertyAssignment(property) && Node.isArrayLiteralExpression(property.getInitializer())) {
    property.getInitializerOrThrow().replaceWithText(`[${list}]`);
  } else {
    return { problem: "its `policies` are not a list written in place" };
  }
  names.addImports();
  return { text: bom + source.getFullText() };
}

/** The object that the exported model is made from. */
function modelBody(source: SourceFile): ObjectLiteralExpression | undefined {
  const exported = source.getExportAssignment((e) => !e.isExportEquals())?.getExpression();
  const call = exported && (Node.isIdentifier(exported) ? initializerOf(exported.getText(), source) : exported);
  if (!call || !Node.isCallExpression(call)) return undefined;
  const body = (call as CallExpression).getArguments()[0];
  return body && Node.isObjectLiteralExpression(body) ? body : undefined;
}

const initializerOf = (name: string, source: SourceFile): Node | undefined =>
  source.getVariableDeclaration(name)?.getInitializer();

interface ImportedNames {
  /** The name to write for one of the spec language's functions. */
  readonly use: (name: string) => string;
  /** Adds the imports of what was used and not imported before. */
  readonly addImports: () => void;
}

function importedNames(source: SourceFile): ImportedNames | string {
  const declaration = source.getImportDeclaration((d) => d.getModuleSpecifierValue() === "rwkvc/spec");
  if (!declaration) return 'it does not import from "rwkvc/spec"';
  const namespace = declaration.getNamespaceImport()?.getText();
  if (namespace !== undefined) return { use: (name) => `${namespace}.${name}`, addImports: () => {} };
  const missing = new Set<string>();
  return {
    use: (name) => {
      const found = declaration.getNamedImports().find((i) => i.getName() === name);
      if (!found) missing.add(name);
      return found?.getAliasNode()?.getText() ?? name;
    },
    addImports: () => void declaration.addNamedImports([...missing].sort()),
  };
}
