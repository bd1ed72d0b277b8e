/**
 * What was found in text that a spec inherits says through which extension it came: the place at fault is in the base, the
 * reason often in the extension. In: a spec's tree and diagnostics. Out: the same diagnostics with that place beside.
 */
import type { Diagnostic, Label, Span } from "../diagnostics/diagnostic.ts";
import type { ExtensionAst, SpecAst } from "./ast.ts";

export function withInheritance(spec: SpecAst, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  if (spec.extensions.length === 0) return [...diagnostics];
  return diagnostics.map((diagnostic) => {
    const { primary, secondary = [] } = diagnostic;
    if (!primary) return diagnostic;
    const through = spec.extensions.filter(({ inherited }) => inherited.some((piece) => contains(piece, primary.span)));
    const labels = through.flatMap((extension) => labelsOf(extension, diagnostic));
    const fresh = labels.filter(({ span }) => !secondary.some((label) => contains(span, label.span)));
    return fresh.length > 0 ? { ...diagnostic, secondary: [...secondary, ...fresh] } : diagnostic;
  });
}

/** That the extension inherits it; and where it takes away a name that the message speaks of. */
function labelsOf({ base, span, removed }: ExtensionAst, { title }: Diagnostic): Label[] {
  const named = new Set([...title.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
  return [
    { span, text: `inherited from ${base} here` },
    ...removed.flatMap((name) =>
      named.has(name.value) ? [{ span: name.span, text: `\`${name.value}\` is taken away here` }] : [],
    ),
  ];
}

const contains = (outer: Span, inner: Span): boolean =>
  outer.file === inner.file && outer.start <= inner.start && inner.end <= outer.end;
