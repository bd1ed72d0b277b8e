/** What a place of a spec's text is to the compiler, by TypeScript's tree of the file, which survives syntax errors. */
import type ts from "typescript";

export type SpecPlace =
  /** Inside an equation template, `before` up to the place. */
  | { readonly kind: "equations"; readonly start: number; readonly end: number; readonly before: string }
  /** Inside a string that is a shape. */
  | { readonly kind: "shape" }
  /** Inside a string that names a policy's value, or also weights; `start`: its first character. */
  | { readonly kind: "policy"; readonly start: number; readonly weights: boolean };

/** Arguments that are shapes or dimensions, by function. */
const shapeArguments: Readonly<Record<string, readonly number[]>> = {
  dim: [1],
  vec: [1],
  mat: [1, 2],
  tensor: [1],
  norm: [1],
  state: [0],
  layers: [0],
};

export function placeInSpec(source: ts.SourceFile, position: number, typescript: typeof ts): SpecPlace | undefined {
  let found: SpecPlace | undefined;
  const visit = (node: ts.Node): void => {
    if (position <= node.getStart(source) || position > node.getEnd()) return;
    if (typescript.isTaggedTemplateExpression(node) && node.tag.getText(source) === "eq") {
      const start = node.template.getStart(source) + 1;
      const isClosed = source.text[node.end - 1] === "`" && node.end > start;
      const end = isClosed ? node.end - 1 : node.end;
      if (position >= start && position <= end) {
        found = { kind: "equations", start, end, before: source.text.slice(start, position) };
      }
      // A template without holes is a literal as well.
      if (typescript.isNoSubstitutionTemplateLiteral(node.template)) return;
    } else if (typescript.isStringLiteralLike(node) && position < node.end) {
      found = stringPlace(node);
    }
    // A hole of a template is TypeScript: only what lies deeper counts there.
    if (typescript.isTemplateSpan(node) && position <= node.expression.end) found = undefined;
    node.forEachChild(visit);
  };
  visit(source);
  return found;

  function stringPlace(node: ts.StringLiteralLike): SpecPlace | undefined {
    const { parent } = node;
    if (typescript.isCallExpression(parent)) {
      const callee = parent.expression.getText(source);
      const argument = parent.arguments.indexOf(node);
      if (shapeArguments[callee]?.includes(argument)) return { kind: "shape" };
      const start = node.getStart(source) + 1;
      if ((callee === "scale" && argument === 0) || callee === "keepFloat")
        return { kind: "policy", start, weights: false };
      if (callee === "quantize" && argument === 0) return { kind: "policy", start, weights: true };
    }
    if (!typescript.isPropertyAssignment(parent) || parent.initializer !== node) return undefined;
    const owner = parent.parent.parent;
    const isShape = typescript.isPropertyAssignment(owner) && ["carry", "state"].includes(owner.name.getText(source));
    return isShape ? { kind: "shape" } : undefined;
  }
}
