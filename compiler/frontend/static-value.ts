/**
 * What the static subset of TypeScript evaluates to: plain data in which every value knows where it was written.
 * `unknown` stands for a value that could not be read; it was reported, and whatever it touches stays silent.
 */
import type { Span } from "../diagnostics/diagnostic.ts";
import type { SourceText } from "./source-text.ts";

export interface Entry {
  /** Where the key was written. */
  readonly key: Span;
  readonly value: StaticValue;
}

export type StaticValue =
  | { readonly kind: "string"; readonly text: SourceText; readonly span: Span }
  | { readonly kind: "number"; readonly value: number; readonly span: Span }
  | { readonly kind: "boolean"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "undefined" | "null" | "unknown"; readonly span: Span }
  | { readonly kind: "object"; readonly entries: ReadonlyMap<string, Entry>; readonly span: Span }
  | { readonly kind: "array"; readonly items: readonly StaticValue[]; readonly span: Span }
  /** The text of an `eq` template, as String.raw gives it. */
  | { readonly kind: "equations"; readonly text: SourceText; readonly span: Span };

export type StaticObject = Extract<StaticValue, { kind: "object" }>;

/** "a string", "an object": for messages. */
export function describeValue(value: StaticValue): string {
  switch (value.kind) {
    case "string":
      return "a string";
    case "number":
      return "a number";
    case "boolean":
      return "a boolean";
    case "object": {
      const made = value.entries.get("kind")?.value;
      if (made?.kind !== "string") return "an object";
      return `${/^[aeiou]/.test(made.text.text) ? "an" : "a"} ${made.text.text}`;
    }
    case "array":
      return "a list";
    case "equations":
      return "equations";
    case "undefined":
    case "null":
    case "unknown":
      return value.kind;
  }
}
