/**
 * Readers of static values, shared by what makes the spec's tree of them. Each gives undefined after reporting, or silently
 * for what was reported before.
 *
 * Diagnostics: `spec/type`, `spec/missing-key`, `spec/unknown-key`.
 */
import { type Diagnostic, inputError, type Span } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type * as ast from "./ast.ts";
import { spanOf } from "./source-text.ts";
import { describeValue, type Entry, type StaticObject, type StaticValue } from "./static-value.ts";

export interface Context {
  readonly sources: ReadonlyMap<string, string>;
  readonly report: (diagnostic: Diagnostic) => void;
  /** Something is missing. */
  readonly spoil: () => void;
  /** How often that was said. */
  readonly gaps: () => number;
}

export function string(value: StaticValue, context: Context): ast.Located<string> | undefined {
  if (value.kind !== "string") return wrongType(value, "a string", context);
  return { value: value.text.text, span: value.span };
}

export function number(value: StaticValue, context: Context): ast.Located<number> | undefined {
  return value.kind === "number" ? { value: value.value, span: value.span } : wrongType(value, "a number", context);
}

export function shape(value: StaticValue, context: Context): ast.ShapeAst | undefined {
  if (value.kind !== "string") return wrongType(value, 'a shape, as "H N"', context);
  const axes = [...value.text.text.matchAll(/\S+/g)].map((match) => ({
    value: match[0],
    span: spanOf(value.text, match.index, match.index + match[0].length),
  }));
  return { axes, span: value.span };
}

export function fields(value: StaticValue, what: string, context: Context): [string, Entry][] {
  if (value.kind === "object") return [...value.entries];
  wrongType(value, `an object: ${what} by name`, context);
  return [];
}

export function items(value: StaticValue, what: string, context: Context): readonly StaticValue[] {
  if (value.kind === "array") return value.items;
  wrongType(value, `a list: ${what}`, context);
  return [];
}

/** An object that the DSL's function of that name makes. */
export function made(value: StaticValue, kind: string, context: Context): StaticObject | undefined {
  if (value.kind === "object" && kindOf(value) === kind) return value;
  const functions: Readonly<Record<string, string>> = {
    part: "timeMix(...), channelMix(...) or block(...)",
    model: "model(...) or extend(...)",
  };
  return wrongType(value, functions[kind] ?? `${kind}(...)`, context);
}

export function kindOf(value: StaticObject): string | undefined {
  const kind = value.entries.get("kind")?.value;
  if (kind?.kind === "string") return kind.text.text;
  // Parts are told by what they hold, so that `{ ...base, equations }` stays one.
  return value.entries.has("equations") ? "part" : undefined;
}

export function required<T>(
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

export function optional<T>(
  body: StaticObject,
  key: string,
  context: Context,
  read: (value: StaticValue, context: Context) => T | undefined,
): T | undefined {
  const entry = body.entries.get(key);
  return entry && entry.value.kind !== "undefined" ? read(entry.value, context) : undefined;
}

export function knownKeys(
  body: StaticObject,
  known: readonly string[],
  context: Context,
  what = describeValue(body),
): void {
  for (const [name, entry] of body.entries) {
    if (name === "kind" || known.includes(name)) continue;
    context.report(
      inputError("spec/unknown-key", `\`${name}\` means nothing in ${what}`, {
        primary: { span: entry.key, text: `known are ${known.join(", ")}` },
        hint: didYouMean(name, known),
      }),
    );
  }
}

export function wrongType(value: StaticValue, wanted: string, context: Context): undefined {
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
export function beginning(span: Span, { sources }: Context): Span {
  const newline = (sources.get(span.file) ?? "").slice(span.start, span.end).search(/[\r\n]/);
  return newline < 0 ? span : { ...span, end: span.start + newline };
}
