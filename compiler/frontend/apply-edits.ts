/**
 * A list of edits applied to a list of named items (equations of a part, parts of a layer). Every edit speaks of the base's
 * items, so that the edits' order matters only where two put something at the same place: they stand in the order in which
 * they were written.
 *
 *     g, y  --[after("g", a), replace("y", b), after("g", c)]-->  g, a, c, b
 *
 * Diagnostics: `extend/edited-twice`.
 */
import { type Diagnostic, inputError, type Span } from "../diagnostics/diagnostic.ts";

export interface ResolvedEdit<Item> {
  readonly kind: "replace" | "before" | "after" | "remove";
  /** Index of the item that is meant. */
  readonly at: number;
  /** Where the edit names it. */
  readonly place: Span;
  /** The item's name, for messages. */
  readonly name: string;
  readonly items: readonly Item[];
}

export function applyEdits<Item>(
  base: readonly Item[],
  edits: readonly ResolvedEdit<Item>[],
  report: (diagnostic: Diagnostic) => void,
): Item[] {
  const taken = new Map<number, ResolvedEdit<Item>>();
  for (const edit of edits) {
    if (edit.kind !== "replace" && edit.kind !== "remove") continue;
    const earlier = taken.get(edit.at);
    if (!earlier) taken.set(edit.at, edit);
    else report(editedTwice(edit, earlier));
  }
  return base.flatMap((item, at) => {
    const put = (kind: string): readonly Item[] =>
      edits.flatMap((edit) => (edit.at === at && edit.kind === kind ? edit.items : []));
    return [...put("before"), ...(taken.get(at)?.items ?? [item]), ...put("after")];
  });
}

function editedTwice<Item>(edit: ResolvedEdit<Item>, earlier: ResolvedEdit<Item>): Diagnostic {
  const done = (kind: string): string => (kind === "remove" ? "removed" : "replaced");
  return inputError(
    "extend/edited-twice",
    `\`${edit.name}\` is ${done(edit.kind)} after it was ${done(earlier.kind)}`,
    {
      primary: { span: edit.place, text: "again here" },
      secondary: [{ span: earlier.place, text: "first here" }],
      notes: ["Edits speak of what the base has, not of what earlier edits put there."],
      hint: "make one edit of both",
    },
  );
}
