/**
 * From the static value that a spec exports to the spec's tree. In: the value of `export default`. Out: the tree, as much
 * of it as could be made; `complete` is false when something is missing (it was reported here or before).
 *
 * Diagnostics: `spec/type`, `spec/missing-key`, `spec/unknown-key`, `spec/dimension-name`, and those of `parseEquations`.
 */
import { type Diagnostic, inputError, type Span } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type * as ast from "./ast.ts";
import { parseEquations } from "./parse-equations.ts";
import { spanOf } from "./source-text.ts";
import { describeValue, type Entry, type StaticObject, type StaticValue } from "./static-value.ts";

interface Context {
  readonly sources: ReadonlyMap<string, string>;
  readonly report: (diagnostic: Diagnostic) => void;
  /** Something is missing. */
  readonly spoil: () => void;
  /** How often that was said. */
  readonly gaps: () => number;
}

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
  const body = made(exported, "model", context);
  if (!body) return undefined;
  knownKeys(body, ["name", "reference", "dims", "carry", "embedding", "layers", "head", "policies"], context);
  const name = required(body, "name", context, string);
  const embedding = required(body, "embedding", context, buildPart);
  const layers = required(body, "layers", context, buildLayers);
  const head = required(body, "head", context, buildPart);
  const before = gaps;
  const dims = required(body, "dims", context, buildDims) ?? [];
  const carries = required(body, "carry", context, buildCarries) ?? [];
  const hasGaps = gaps > before;
  const policies = optional(body, "policies", context, buildPolicies) ?? [];
  const reference = optional(body, "reference", context, string)?.value ?? "";
  if (!name || !embedding || !layers || !head) return undefined;
  const complete = gaps === 0;
  return {
    file,
    sources,
    complete,
    hasGaps,
    name,
    reference,
    dims,
    carries,
    embedding,
    layers,
    head,
    policies,
    span: body.span,
  };
}

function buildDims(value: StaticValue, context: Context): ast.DimAst[] {
  return fields(value, "the dimensions", context).flatMap(([name, entry]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      context.report(
        inputError("spec/dimension-name", `\`${name}\` cannot be the name of a dimension`, {
          primary: { span: entry.key, text: "not a letter followed by letters, digits and _" },
        }),
      );
      return [];
    }
    const dim = made(entry.value, "dim", context);
    if (!dim) return [];
    const meaning = required(dim, "meaning", context, string);
    const factors = optional(dim, "factors", context, shape);
    return [{ name: { value: name, span: entry.key }, meaning: meaning?.value ?? "", ...(factors && { factors }) }];
  });
}

function buildCarries(value: StaticValue, context: Context): ast.CarryAst[] {
  return fields(value, "the carried values", context).flatMap(([name, entry]) => {
    const axes = shape(entry.value, context);
    return axes ? [{ name: { value: name, span: entry.key }, shape: axes }] : [];
  });
}

function buildLayers(value: StaticValue, context: Context): ast.LayersAst | undefined {
  const body = made(value, "layers", context);
  if (!body) return undefined;
  const count = required(body, "count", context, string);
  const prefix = required(body, "prefix", context, string);
  const parts = required(body, "parts", context, (list) =>
    items(list, "the parts of a layer", context).flatMap((item) => buildPart(item, context) ?? []),
  );
  return count && prefix && parts ? { count, prefix, parts, span: body.span } : undefined;
}

function buildPart(value: StaticValue, context: Context): ast.PartAst | undefined {
  const body = made(value, "part", context);
  if (!body) return undefined;
  knownKeys(body, ["name", "weights", "state", "equations"], context);
  const name = required(body, "name", context, string);
  const before = context.gaps();
  const weights = optional(body, "weights", context, buildWeights) ?? [];
  const states = optional(body, "state", context, buildStates) ?? [];
  const hasGaps = context.gaps() > before;
  const equations = required(body, "equations", context, (text) => {
    if (text.kind !== "equations") return wrongType(text, "an eq`...` template", context);
    const parsed = parseEquations(text.text);
    parsed.diagnostics.forEach(context.report);
    return parsed.equations;
  });
  return (
    name && {
      name,
      weights,
      states,
      hasGaps,
      equations: equations ?? [{ kind: "broken", targets: [], span: body.span }],
      span: body.span,
    }
  );
}

function buildWeights(value: StaticValue, context: Context): ast.WeightAst[] {
  return fields(value, "the weights", context).flatMap(([name, { key, value: declared }]): ast.WeightAst[] => {
    const kind = declared.kind === "object" ? kindOf(declared) : undefined;
    if (kind !== "weight" && kind !== "norm") {
      wrongType(declared, "a weight: vec(...), mat(...), tensor(...) or norm(...)", context);
      return [];
    }
    const body = declared as StaticObject;
    const tensor = required(body, "name", context, string);
    const axes = required(body, "shape", context, shape);
    if (!tensor || !axes) return [];
    return [{ kind, name: { value: name, span: key }, tensor, shape: axes, span: body.span }];
  });
}

function buildStates(value: StaticValue, context: Context): ast.StateAst[] {
  return fields(value, "the states", context).flatMap(([name, { key, value: declared }]): ast.StateAst[] => {
    const located = { value: name, span: key };
    if (declared.kind === "string") {
      return [
        { name: located, shape: shape(declared, context)!, initial: 0, span: { ...key, end: declared.span.end } },
      ];
    }
    const body = made(declared, "state", context);
    if (!body) return [];
    const axes = required(body, "shape", context, shape);
    const initial = required(body, "initial", context, number);
    return axes && initial ? [{ name: located, shape: axes, initial: initial.value, span: body.span }] : [];
  });
}

function buildPolicies(value: StaticValue, context: Context): ast.PolicyAst[] {
  return items(value, "the policies", context).flatMap((item): ast.PolicyAst[] => {
    const kind = item.kind === "object" ? kindOf(item) : undefined;
    if (kind !== "scale" && kind !== "rescaleHidden") {
      wrongType(item, "a policy: scale(...) or rescaleHidden(...)", context);
      return [];
    }
    const body = item as StaticObject;
    const by = required(body, "by", context, number);
    const { span } = body;
    const text = (context.sources.get(span.file) ?? "").slice(span.start, span.end).replace(/\s+/g, " ");
    if (kind === "scale") {
      const named = required(body, "value", context, string);
      return named && by ? [{ kind, value: named, by, span, text }] : [];
    }
    knownKeys(body, ["every", "by"], context);
    const every = required(body, "every", context, number);
    return every && by ? [{ kind, every, by, span, text }] : [];
  });
}

/* Readers of single values: each gives undefined after reporting, or silently for what was reported before. */

function string(value: StaticValue, context: Context): ast.Located<string> | undefined {
  if (value.kind !== "string") return wrongType(value, "a string", context);
  return { value: value.text.text, span: value.span };
}

function number(value: StaticValue, context: Context): ast.Located<number> | undefined {
  return value.kind === "number" ? { value: value.value, span: value.span } : wrongType(value, "a number", context);
}

function shape(value: StaticValue, context: Context): ast.ShapeAst | undefined {
  if (value.kind !== "string") return wrongType(value, 'a shape, as "H N"', context);
  const axes = [...value.text.text.matchAll(/\S+/g)].map((match) => ({
    value: match[0],
    span: spanOf(value.text, match.index, match.index + match[0].length),
  }));
  return { axes, span: value.span };
}

function fields(value: StaticValue, what: string, context: Context): [string, Entry][] {
  if (value.kind === "object") return [...value.entries];
  wrongType(value, `an object: ${what} by name`, context);
  return [];
}

function items(value: StaticValue, what: string, context: Context): readonly StaticValue[] {
  if (value.kind === "array") return value.items;
  wrongType(value, `a list: ${what}`, context);
  return [];
}

/** An object that the DSL's function of that name makes. */
function made(value: StaticValue, kind: string, context: Context): StaticObject | undefined {
  if (value.kind === "object" && kindOf(value) === kind) return value;
  const functions: Readonly<Record<string, string>> = { part: "timeMix(...), channelMix(...) or block(...)" };
  return wrongType(value, functions[kind] ?? `${kind}(...)`, context);
}

function kindOf(value: StaticObject): string | undefined {
  const kind = value.entries.get("kind")?.value;
  if (kind?.kind === "string") return kind.text.text;
  // Parts are told by what they hold, so that `{ ...base, equations }` stays one.
  return value.entries.has("equations") ? "part" : undefined;
}

function required<T>(
  body: StaticObject,
  key: string,
  context: Context,
  read: (value: StaticValue, context: Context) => T | undefined,
): T | undefined {
  const entry = body.entries.get(key);
  if (entry && entry.value.kind !== "undefined") return read(entry.value, context);
  context.report(
    inputError("spec/missing-key", `\`${key}\` is missing in ${describeValue(body)}`, {
      primary: { span: beginning(body.span, context), text: `has no \`${key}\`` },
    }),
  );
  return undefined;
}

function optional<T>(
  body: StaticObject,
  key: string,
  context: Context,
  read: (value: StaticValue, context: Context) => T | undefined,
): T | undefined {
  const entry = body.entries.get(key);
  return entry && entry.value.kind !== "undefined" ? read(entry.value, context) : undefined;
}

function knownKeys(body: StaticObject, known: readonly string[], context: Context): void {
  for (const [name, entry] of body.entries) {
    if (name === "kind" || known.includes(name)) continue;
    context.report(
      inputError("spec/unknown-key", `\`${name}\` means nothing in ${describeValue(body)}`, {
        primary: { span: entry.key, text: `known are ${known.join(", ")}` },
        hint: didYouMean(name, known),
      }),
    );
  }
}

function wrongType(value: StaticValue, wanted: string, context: Context): undefined {
  context.spoil();
  if (value.kind === "unknown") return undefined;
  context.report(
    inputError("spec/type", `expected ${wanted}`, {
      primary: { span: beginning(value.span, context), text: `this is ${describeValue(value)}` },
    }),
  );
  return undefined;
}

/** The first line of a long value. */
function beginning(span: Span, { sources }: Context): Span {
  const newline = (sources.get(span.file) ?? "").slice(span.start, span.end).search(/[\r\n]/);
  return newline < 0 ? span : { ...span, end: span.start + newline };
}
