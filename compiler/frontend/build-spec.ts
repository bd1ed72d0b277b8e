/**
 * From the static value that a spec exports to the spec's tree. In: the value of `export default`, a model or an extension
 * of one. Out: the tree, as much of it as could be made; `complete` is false when something is missing (it was reported
 * here or before).
 *
 * Diagnostics: those of `read-value`, `build-declarations` and `extend-spec`.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type * as ast from "./ast.ts";
import { buildCarries, buildDims, buildLayers, buildPart, buildPolicies } from "./build-declarations.ts";
import { extendSpec } from "./extend-spec.ts";
import { type Context, kindOf, knownKeys, made, optional, required, string } from "./read-value.ts";
import type { StaticValue } from "./static-value.ts";

export function buildSpec(
  exported: StaticValue,
  file: string,
  sources: ReadonlyMap<string, string>,
  reportTo: (diagnostic: Diagnostic) => void,
): ast.SpecAst | undefined {
  let gaps = 0;
  const spoil = (): void => {
    gaps++;
  };
  const report = (diagnostic: Diagnostic): void => {
    if (diagnostic.severity === "error") spoil();
    reportTo(diagnostic);
  };
  const context: Context = { sources, report, spoil, gaps: () => gaps };
  const spec = build(exported, file, context);
  return spec && { ...spec, complete: gaps === 0 };
}

function build(value: StaticValue, file: string, context: Context): ast.SpecAst | undefined {
  if (value.kind !== "object" || kindOf(value) !== "extension") return buildModel(value, file, context);
  knownKeys(value, ["base", "changes"], context);
  const base = required(value, "base", context, (inner) => build(inner, file, context));
  const changes = value.entries.get("changes")?.value;
  return base && changes?.kind === "object" ? extendSpec(base, changes, value.span, context) : undefined;
}

function buildModel(value: StaticValue, file: string, context: Context): ast.SpecAst | undefined {
  const body = made(value, "model", context);
  if (!body) return undefined;
  knownKeys(body, ["name", "reference", "dims", "carry", "embedding", "layers", "head", "policies"], context);
  const name = required(body, "name", context, string);
  const embedding = required(body, "embedding", context, buildPart);
  const layers = required(body, "layers", context, buildLayers);
  const head = required(body, "head", context, buildPart);
  const before = context.gaps();
  const dims = required(body, "dims", context, buildDims) ?? [];
  const carries = required(body, "carry", context, buildCarries) ?? [];
  const hasGaps = context.gaps() > before;
  const built = optional(body, "policies", context, buildPolicies) ?? { policies: [], precisionPolicies: [] };
  const reference = optional(body, "reference", context, string)?.value ?? "";
  if (!name || !embedding || !layers || !head) return undefined;
  return {
    file,
    sources: context.sources,
    complete: true,
    hasGaps,
    name,
    reference,
    dims,
    carries,
    embedding,
    layers,
    head,
    ...built,
    span: body.span,
    extensions: [],
  };
}
