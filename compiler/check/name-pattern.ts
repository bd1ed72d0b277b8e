/**
 * Patterns of names, as precision policies have them: `*` stands for any characters, `{a,b}` for one of several texts, everything
 * else for itself. Matching takes time linear in pattern and name, whatever the pattern.
 */
export interface NamePattern {
  readonly pieces: readonly Piece[];
}

type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "choice"; readonly of: readonly (readonly Piece[])[] };

/** The pattern, or what is wrong with its text. */
export function parsePattern(text: string): NamePattern | { readonly problem: string } {
  if (text === "") return { problem: "it is empty" };
  if (/\s/.test(text)) return { problem: "names have no blanks" };
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] !== "{") {
      const end = [text.indexOf("{", at), text.length].find((place) => place >= 0)!;
      const plain = text.slice(at, end);
      if (plain.includes("}")) return { problem: "a `}` closes nothing" };
      if (plain.includes(",")) return { problem: "a `,` belongs between braces" };
      pieces.push(...plainPieces(plain));
      at = end;
      continue;
    }
    const end = text.indexOf("}", at);
    const inner = text.slice(at + 1, end);
    if (end < 0) return { problem: "a `{` is not closed" };
    if (inner.includes("{")) return { problem: "braces stand inside braces" };
    const choices = inner.split(",");
    if (choices.includes("")) return { problem: "a choice between braces is empty" };
    pieces.push({ kind: "choice", of: choices.map(plainPieces) });
    at = end + 1;
  }
  return { pieces };
}

const plainPieces = (text: string): Piece[] =>
  text
    .split(/(\*+)/)
    .filter((piece) => piece !== "")
    .map((piece): Piece => (piece.startsWith("*") ? { kind: "any" } : { kind: "text", text: piece }));

export const matchesPattern = ({ pieces }: NamePattern, name: string): boolean =>
  reach(pieces, name, new Set([0])).has(name.length);

/** Where in the name one can be behind the pieces, having been at one of `from`. */
function reach(pieces: readonly Piece[], name: string, from: ReadonlySet<number>): ReadonlySet<number> {
  return pieces.reduce<ReadonlySet<number>>((places, piece) => {
    if (places.size === 0) return places;
    switch (piece.kind) {
      case "text":
        return new Set([...places].filter((at) => name.startsWith(piece.text, at)).map((at) => at + piece.text.length));
      case "any": {
        const first = Math.min(...places);
        return new Set(Array.from({ length: name.length - first + 1 }, (_, i) => first + i));
      }
      case "choice":
        return new Set(piece.of.flatMap((choice) => [...reach(choice, name, places)]));
    }
  }, from);
}

/** The pattern with one choice of one pair of braces at a time: each should match something. Without braces, the pattern itself. */
export function choicesOf(text: string): string[] {
  const found = [...text.matchAll(/\{([^{}]*)\}/g)].flatMap((match) =>
    match[1]!
      .split(",")
      .map((choice) => text.slice(0, match.index) + choice + text.slice(match.index + match[0].length)),
  );
  return found.length === 0 ? [text] : found;
}
