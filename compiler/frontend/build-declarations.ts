/**
 * The pieces of a spec's tree, from static values: dimensions, carried values, parts with their weights, states and
 * equations, policies. What cannot be read is reported and left out.
 *
 * Diagnostics: `spec/dimension-name`, those of `read-value` and of `parseEquations`.
 */
import { inputError } from "../diagnostics/diagnostic.ts";
import type * as ast from "./ast.ts";
import { parseEquations } from "./parse-equations.ts";
import {
  type Context,
  fields,
  items,
  kindOf,
  knownKeys,
  made,
  number,
  optional,
  required,
  shape,
  string,
  wrongType,
} from "./read-value.ts";
import type { StaticObject, StaticValue } from "./static-value.ts";

export function buildDims(value: StaticValue, context: Context): ast.DimAst[] {
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

export function buildCarries(value: StaticValue, context: Context): ast.CarryAst[] {
  return fields(value, "the carried values", context).flatMap(([name, entry]) => {
    const axes = shape(entry.value, context);
    return axes ? [{ name: { value: name, span: entry.key }, shape: axes }] : [];
  });
}

export function buildLayers(value: StaticValue, context: Context): ast.LayersAst | undefined {
  const body = made(value, "layers", context);
  if (!body) return undefined;
  const count = required(body, "count", context, string);
  const prefix = required(body, "prefix", context, string);
  const parts = required(body, "parts", context, (list) =>
    items(list, "the parts of a layer", context).flatMap((item) => buildPart(item, context) ?? []),
  );
  return count && prefix && parts ? { count, prefix, parts, span: body.span } : undefined;
}

export function buildPart(value: StaticValue, context: Context): ast.PartAst | undefined {
  const body = made(value, "part", context);
  if (!body) return undefined;
  knownKeys(body, ["name", "weights", "state", "equations"], context);
  const name = required(body, "name", context, string);
  const before = context.gaps();
  const weights = optional(body, "weights", context, buildWeights) ?? [];
  const states = optional(body, "state", context, buildStates) ?? [];
  const hasGaps = context.gaps() > before;
  const equations = required(body, "equations", context, buildEquations);
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

export function buildEquations(text: StaticValue, context: Context): ast.PartAst["equations"] | undefined {
  if (text.kind !== "equations") return wrongType(text, "an eq`...` template", context);
  const parsed = parseEquations(text.text);
  parsed.diagnostics.forEach(context.report);
  return parsed.equations;
}

export function buildWeights(value: StaticValue, context: Context): ast.WeightAst[] {
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

export function buildStates(value: StaticValue, context: Context): ast.StateAst[] {
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

/** Both kinds, each in the order in which they are written. */
export interface BuiltPolicies {
  readonly policies: readonly ast.PolicyAst[];
  readonly precisionPolicies: readonly ast.PrecisionPolicyAst[];
}

export function buildPolicies(value: StaticValue, context: Context): BuiltPolicies {
  const policies: ast.PolicyAst[] = [];
  const precisionPolicies: ast.PrecisionPolicyAst[] = [];
  for (const item of items(value, "the policies", context)) {
    const kind = item.kind === "object" ? kindOf(item) : undefined;
    const body = item as StaticObject;
    if (kind === "scale" || kind === "rescaleHidden") policies.push(...buildScaling(body, kind, context));
    else if (kind === "keepFloat" || kind === "quantize")
      precisionPolicies.push(...buildPrecision(body, kind, context));
    else wrongType(item, "a policy: scale(...), rescaleHidden(...), keepFloat(...) or quantize(...)", context);
  }
  return { policies, precisionPolicies };
}

/** As it was written, on one line. */
const textOf = ({ span }: StaticObject, { sources }: Context): string =>
  (sources.get(span.file) ?? "").slice(span.start, span.end).replace(/\s+/g, " ");

function buildScaling(body: StaticObject, kind: ast.PolicyAst["kind"], context: Context): ast.PolicyAst[] {
  const by = required(body, "by", context, number);
  const { span } = body;
  const text = textOf(body, context);
  if (kind === "scale") {
    const named = required(body, "value", context, string);
    return named && by ? [{ kind, value: named, by, span, text }] : [];
  }
  knownKeys(body, ["every", "by"], context);
  const every = required(body, "every", context, number);
  return every && by ? [{ kind, every, by, span, text }] : [];
}

function buildPrecision(
  body: StaticObject,
  kind: ast.PrecisionPolicyAst["kind"],
  context: Context,
): ast.PrecisionPolicyAst[] {
  const { span } = body;
  const text = textOf(body, context);
  if (kind === "keepFloat") {
    const patterns = required(body, "patterns", context, (list) =>
      items(list, "names of values", context).flatMap((item) => string(item, context) ?? []),
    );
    return patterns && patterns.length > 0 ? [{ kind, patterns, span, text }] : [];
  }
  const pattern = required(body, "pattern", context, string);
  const width = required(body, "width", context, string);
  const before = context.gaps();
  const block = optional(body, "how", context, (how) => {
    if (how.kind !== "object") return wrongType(how, "an object: { block: 32 }", context);
    knownKeys(how, ["block"], context, "how weights are quantized");
    return required(how, "block", context, number);
  });
  const isWhole = context.gaps() === before;
  return pattern && width && isWhole ? [{ kind, pattern, width, ...(block && { block }), span, text }] : [];
}
