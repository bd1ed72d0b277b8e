/**
 * Two lists side by side: what both have, what only one has, in an order that keeps both. By the longest common subsequence;
 * lists here are short. `key` says when two items are the same.
 */
export interface Paired<Item> {
  readonly left?: Item;
  readonly right?: Item;
}

export function diffLists<Item>(
  left: readonly Item[],
  right: readonly Item[],
  key: (item: Item) => string,
): Paired<Item>[] {
  const [a, b] = [left.map(key), right.map(key)];
  /** length[i][j]: of the longest common subsequence of what follows i and j. */
  const length = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i]![j] = a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!);
    }
  }
  const pairs: Paired<Item>[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) pairs.push({ left: left[i++]!, right: right[j++]! });
    else if (i < a.length && (j === b.length || length[i + 1]![j]! >= length[i]![j + 1]!))
      pairs.push({ left: left[i++]! });
    else pairs.push({ right: right[j++]! });
  }
  return pairs;
}
