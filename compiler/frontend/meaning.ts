/** What a piece of a spec's tree says, as a key: equal where only places, blanks, comments or needless parentheses differ. */
export const meaningOf = (tree: object): string =>
  JSON.stringify(tree, (key, value: unknown) => (/^(span|opSpan|text)$/.test(key) ? undefined : value));
