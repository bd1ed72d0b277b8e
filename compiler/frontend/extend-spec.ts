/**
 * An extension: the base's tree and the changes that a spec makes to it. In: the base, as it was read, and the static value
 * of the changes. Out: the tree that a spec with all of it written out would have, each piece with the place where it was
 * written, in the base's file or in the extension's.
 *
 * Diagnostics: `extend/unknown`, `extend/remove`, `extend/nothing-left`, those of `equation-address`, `apply-edits`, `build-declarations` and
 * `read-value`.
 */
import { inputError, type Span } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { applyEdits, type ResolvedEdit } from "./apply-edits.ts";
import type * as ast from "./ast.ts";
import {
  type BuiltPolicies,
  buildCarries,
  buildDims,
  buildEquations,
  buildPart,
  buildPolicies,
  buildStates,
  buildWeights,
} from "./build-declarations.ts";
import { findEquation, targetsOf } from "./equation-address.ts";
import {
  beginning,
  type Context,
  items,
  kindOf,
  knownKeys,
  optional,
  required,
  string,
  wrongType,
} from "./read-value.ts";
import { policySubjects, withoutSubjects } from "./policy-subjects.ts";
import type { Entry, StaticObject, StaticValue } from "./static-value.ts";

type Located = ast.Located<string>;

/** What the readers here share: the context, and where names go that are taken away. */
interface Changing {
  readonly context: Context;
  /** The base's name, for messages. */
  readonly base: string;
  readonly removed: Located[];
  /** In a part that cannot be taken away. */
  readonly hasToStay?: boolean;
}

/** Parts of the layers that extensions have keys for; others stand under `blocks`. */
export const namedBlocks = ["timeMix", "channelMix"] as const;

export function extendSpec(base: ast.SpecAst, changes: StaticObject, span: Span, context: Context): ast.SpecAst {
  const keys = [
    "name",
    "reference",
    "dims",
    "carry",
    "embedding",
    ...namedBlocks,
    "head",
    "blocks",
    "layers",
    "policies",
  ];
  knownKeys(changes, keys, context, "an extension");
  const removed: Located[] = [];
  const changing: Changing = { context, base: base.name.value, removed };
  const before = context.gaps();
  const dims = changeMap(base.dims, changes, "dims", buildDims, changing);
  const carries = changeMap(base.carries, changes, "carry", buildCarries, changing);
  const hasGaps = base.hasGaps || context.gaps() > before;
  const name = required(changes, "name", context, string);
  return {
    ...base,
    hasGaps,
    name: name ?? base.name,
    reference: optional(changes, "reference", context, string)?.value ?? base.reference,
    dims,
    carries,
    embedding: changeFramePart(base.embedding, changes, "embedding", changing),
    layers: changeLayers(base.layers, changes, changing),
    head: changeFramePart(base.head, changes, "head", changing),
    ...changePolicies(base, changes, changing),
    span,
    extensions: [
      {
        base: base.name.value,
        span: callHead(span, changes, context),
        inherited: writtenIn(base),
        removed,
      },
      ...base.extensions,
    ],
  };
}

/** The call's first line, or what of it stands before the changes: `extend(base,`. */
function callHead(span: Span, changes: StaticObject, context: Context): Span {
  const head = beginning(span, context);
  const isInside = changes.span.file === span.file && changes.span.start > span.start && changes.span.start < head.end;
  if (!isInside) return head;
  const text = (context.sources.get(span.file) ?? "").slice(span.start, changes.span.start).trimEnd();
  return { ...head, end: span.start + text.length };
}

/** Declarations by name: those of the base's names take their places, others come behind, `remove()` takes away. */
function changeMap<Item extends { readonly name: Located }>(
  base: readonly Item[],
  changes: StaticObject,
  key: string,
  build: (value: StaticValue, context: Context) => readonly Item[],
  changing: Changing,
): Item[] {
  const { context } = changing;
  const value = changes.entries.get(key)?.value;
  if (!value || value.kind === "undefined") return [...base];
  if (value.kind !== "object") {
    build(value, context);
    return [...base];
  }
  const kept = new Map<string, Entry>();
  const gone = new Set<string>();
  for (const [name, entry] of value.entries) {
    if (!isRemoval(entry.value)) kept.set(name, entry);
    else if (withoutName(entry.value, context)) {
      const place = { value: name, span: entry.key };
      if (base.some((item) => item.name.value === name)) gone.add(name);
      else
        unknownName(
          place,
          `no \`${name}\` in ${key}`,
          base.map((item) => item.name.value),
          changing,
        );
      changing.removed.push(place);
    }
  }
  const built = build({ ...value, entries: kept }, context);
  const known = new Set(base.map((item) => item.name.value));
  const changed = new Map(built.map((item) => [item.name.value, item]));
  return [
    ...base.filter((item) => !gone.has(item.name.value)).map((item) => changed.get(item.name.value) ?? item),
    ...built.filter((item) => !known.has(item.name.value)),
  ];
}

function changeLayers(base: ast.LayersAst, changes: StaticObject, changing: Changing): ast.LayersAst {
  const { context } = changing;
  const edited = optional(changes, "layers", context, (value): ast.LayersAst | undefined => {
    if (value.kind !== "object" || value.entries.has("kind")) {
      return wrongType(value, "changes of the layers: { count, prefix, parts }", context);
    }
    knownKeys(value, ["count", "prefix", "parts"], context, "changes of the layers");
    return {
      count: optional(value, "count", context, string) ?? base.count,
      prefix: optional(value, "prefix", context, string) ?? base.prefix,
      parts: optional(value, "parts", context, (list) => editParts(base.parts, list, changing)) ?? base.parts,
      span: base.span,
    };
  });
  let { parts } = edited ?? base;
  for (const [name, entry] of changedParts(changes, context)) {
    const place = { value: name, span: entry.key };
    const at = parts.findIndex((part) => part.name.value === name);
    if (at < 0) {
      const known = parts.map((part) => part.name.value);
      unknownName(place, `no part \`${name}\``, known, changing, "a new part is put beside another one");
    } else if (isRemoval(entry.value)) {
      if (withoutName(entry.value, context)) parts = parts.toSpliced(at, 1);
      changing.removed.push(place);
    } else {
      parts = parts.with(at, changePart(parts[at]!, entry.value, changing));
    }
  }
  return { ...(edited ?? base), parts };
}

/** Parts of the layers by name: the two that have keys of their own, and those under `blocks`. */
function changedParts(changes: StaticObject, context: Context): [string, Entry][] {
  const own = namedBlocks.flatMap((name): [string, Entry][] => {
    const entry = changes.entries.get(name);
    return entry && entry.value.kind !== "undefined" ? [[name, entry]] : [];
  });
  const others = optional(changes, "blocks", context, (value): [string, Entry][] | undefined => {
    if (value.kind !== "object" || value.entries.has("kind")) {
      return wrongType(value, "an object: changed parts by name", context);
    }
    return [...value.entries];
  });
  return [...own, ...(others ?? [])];
}

function editParts(base: readonly ast.PartAst[], list: StaticValue, changing: Changing): ast.PartAst[] {
  const { context } = changing;
  const edits = items(list, "edits of the parts", context).flatMap((item): ResolvedEdit<ast.PartAst>[] => {
    const edit = readEdit(item, changing);
    if (!edit) return [];
    const part = edit.what && buildPart(edit.what, context);
    const at = base.findIndex(({ name }) => name.value === edit.at.value);
    if (at < 0) {
      unknownName(
        edit.at,
        `no part \`${edit.at.value}\``,
        base.map(({ name }) => name.value),
        changing,
      );
      return [];
    }
    const { kind } = edit;
    return [{ kind, at, place: edit.at.span, name: edit.at.value, items: part ? [part] : [] }];
  });
  return applyEdits(base, edits, context.report);
}

/** The embedding and the head cannot be taken away. */
function changeFramePart(base: ast.PartAst, changes: StaticObject, key: string, changing: Changing): ast.PartAst {
  const value = changes.entries.get(key)?.value;
  return value && value.kind !== "undefined" ? changePart(base, value, { ...changing, hasToStay: true }) : base;
}

function changePart(base: ast.PartAst, value: StaticValue, changing: Changing): ast.PartAst {
  const { context } = changing;
  const kind = value.kind === "object" ? value.entries.get("kind")?.value : undefined;
  if (kind?.kind === "string" && kind.text.text === "part")
    return buildPart(value, context) ?? { ...base, hasGaps: true };
  if (value.kind !== "object" || kind !== undefined) {
    wrongType(value, "changes of a part: { weights, state, equations }", context);
    return { ...base, hasGaps: true };
  }
  knownKeys(value, ["weights", "state", "equations"], context, "changes of a part");
  const before = context.gaps();
  const weights = changeMap(base.weights, value, "weights", buildWeights, changing);
  const states = changeMap(base.states, value, "state", buildStates, changing);
  const hasGaps = base.hasGaps || context.gaps() > before;
  const equations = optional(value, "equations", context, (list) =>
    list.kind === "equations" ? buildEquations(list, context) : editEquations(base, list, changing),
  );
  return { ...base, weights, states, hasGaps, equations: equations ?? base.equations };
}

function editEquations(base: ast.PartAst, list: StaticValue, changing: Changing): ast.PartAst["equations"] | undefined {
  const { context } = changing;
  if (list.kind !== "array") return wrongType(list, "a list of edits, or an eq`...` template", context);
  /** Equations without a place: what they define is not unknown for that. */
  const stray: ast.BrokenEquationAst[] = [];
  const edits = list.items.flatMap((item): ResolvedEdit<ast.PartAst["equations"][number]>[] => {
    const edit = readEdit(item, changing);
    if (!edit) return [];
    const put = edit.what ? (buildEquations(edit.what, context) ?? []) : [];
    const at = findEquation(edit.at, base, context.report);
    if (at === undefined) {
      if (put.length > 0) stray.push({ kind: "broken", targets: put.flatMap(targetsOf), span: edit.at.span });
      return [];
    }
    const isGone = edit.kind === "remove" || edit.kind === "replace";
    for (const name of isGone ? targetsOf(base.equations[at]!) : []) {
      const isBack = put.some((equation) => targetsOf(equation).includes(name));
      if (!isBack) changing.removed.push({ value: name, span: edit.at.span });
    }
    return [{ kind: edit.kind, at, place: edit.at.span, name: edit.at.value, items: put }];
  });
  const left = [...applyEdits(base.equations, edits, context.report), ...stray];
  return left.length > 0 ? left : [noneLeft(base, list, changing)];
}

/** Stands for the equations that are not there. */
function noneLeft({ name }: ast.PartAst, list: StaticValue, { context, hasToStay }: Changing): ast.BrokenEquationAst {
  const span = beginning(list.span, context);
  context.report(
    inputError("extend/nothing-left", `no equation is left in ${name.value}`, {
      primary: { span, text: "these edits take all of them away" },
      hint: hasToStay ? undefined : `take the part itself away: ${name.value}: remove()`,
    }),
  );
  return { kind: "broken", targets: [], span };
}

function changePolicies(base: ast.SpecAst, changes: StaticObject, changing: Changing): BuiltPolicies {
  const { context } = changing;
  const list = optional(changes, "policies", context, (value) => items(value, "the policies", context));
  if (!list) return { policies: base.policies, precisionPolicies: base.precisionPolicies };
  const subjects = [...base.policies, ...base.precisionPolicies].flatMap(policySubjects);
  const gone = new Set<string>();
  for (const item of list.filter(isRemoval)) {
    const name = withName(item, context);
    if (!name) continue;
    const found = subjects.filter(({ name: own, key }) => own === name.value || key === name.value);
    found.forEach(({ key }) => gone.add(key));
    if (found.length > 0) continue;
    const known = subjects.map(({ name: own }) => own);
    unknownName(name, `no policy of \`${name.value}\``, known, changing);
  }
  const written = list.filter((item) => !isRemoval(item));
  const [first] = list;
  const own = first
    ? buildPolicies({ kind: "array", items: written, span: first.span }, context)
    : { policies: [], precisionPolicies: [] };
  const keyOf = (policy: ast.PolicyAst): string => policySubjects(policy)[0]!.key;
  const replaced = new Map([...own.policies].reverse().map((policy) => [keyOf(policy), policy]));
  const known = new Set(base.policies.map(keyOf));
  const anew = new Set(own.precisionPolicies.flatMap(policySubjects).map(({ key }) => key));
  return {
    policies: [
      ...base.policies.filter((policy) => !gone.has(keyOf(policy))).map((p) => replaced.get(keyOf(p)) ?? p),
      // A second one for the same value stays, for the checker to find.
      ...own.policies.filter((policy) => !known.has(keyOf(policy)) || replaced.get(keyOf(policy)) !== policy),
    ],
    // Of these the last one counts: those of an extension stand behind the base's.
    precisionPolicies: [
      ...base.precisionPolicies.flatMap((policy) => withoutSubjects(policy, new Set([...gone, ...anew]))),
      ...own.precisionPolicies,
    ],
  };
}

interface ReadEdit {
  readonly kind: ResolvedEdit<unknown>["kind"];
  readonly at: Located;
  readonly what?: StaticValue;
}

function readEdit(item: StaticValue, { context }: Changing): ReadEdit | undefined {
  if (isRemoval(item)) {
    const at = withName(item, context);
    return at && { kind: "remove", at };
  }
  if (item.kind === "object") {
    const kind = kindOf(item);
    const at = optional(item, "at", context, string);
    const what = item.entries.get("what")?.value;
    if (at && (kind === "replace" || kind === "before" || kind === "after")) return { kind, at, what };
  }
  return wrongType(item, "an edit: replace(...), before(...), after(...) or remove(...)", context);
}

type Removal = StaticObject & { readonly isRemoval?: true };

function isRemoval(value: StaticValue): value is Removal {
  return value.kind === "object" && kindOf(value) === "remove";
}

/** `remove()`, as the value of a key. */
function withoutName(removal: Removal, { report }: Context): boolean {
  const at = removal.entries.get("at")?.value;
  if (!at || at.kind === "undefined") return true;
  report(
    inputError("extend/remove", "the key says already what is taken away", {
      primary: { span: at.span, text: "one name too many" },
      hint: "write remove()",
    }),
  );
  return false;
}

/** `remove("name")`, in a list. */
function withName(removal: Removal, context: Context): Located | undefined {
  const at = removal.entries.get("at")?.value;
  if (at && at.kind !== "undefined") return string(at, context);
  context.report(
    inputError("extend/remove", "in a list it must be said what is taken away", {
      primary: { span: removal.span, text: "no name" },
      hint: 'write remove("name")',
    }),
  );
  return undefined;
}

function unknownName(
  { value, span }: Located,
  what: string,
  known: readonly string[],
  { base, context }: Changing,
  otherwise?: string,
): void {
  context.report(
    inputError("extend/unknown", `${base} has ${what}`, {
      primary: { span, text: "not in the base" },
      notes: known.length > 0 ? [`It has ${known.join(", ")}.`] : [],
      hint:
        didYouMean(value, known) ??
        (otherwise &&
          `${otherwise}: layers: { parts: [after("${known.at(-1) ?? "NAME"}", block("${value}", { ... }))] }`),
    }),
  );
}

/** Places of all that a spec is made of, wherever it was written. */
function writtenIn(spec: ast.SpecAst): Span[] {
  const parts = [spec.embedding, ...spec.layers.parts, spec.head];
  return [
    spec.span,
    spec.layers.span,
    ...[...spec.dims, ...spec.carries].map(({ name }) => name.span),
    ...spec.carries.map(({ shape }) => shape.span),
    ...parts.flatMap((part) => [part, ...part.weights, ...part.states, ...part.equations].map(({ span }) => span)),
    ...[...spec.policies, ...spec.precisionPolicies].map(({ span }) => span),
  ];
}
