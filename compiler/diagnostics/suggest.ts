/**
 * The known name nearest to an unknown one, for "did you mean ...?": by edit distance (insertions, deletions,
 * replacements and swaps of neighbours), and only when it is near enough to be a slip. Another case, and underscores left out or
 * put in, are the likeliest slips: they come before any other letter.
 */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Of one letter, every other letter is as near: only its other case is a slip.
  let bestDistance = name.length === 1 ? 0.6 : Math.max(1, Math.floor(name.length / 3)) + 0.5;
  for (const candidate of known) {
    if (candidate === name || Math.abs(candidate.length - name.length) > bestDistance) continue;
    const distance = distanceOf(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The same as a hint: "did you mean `key`?". */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const nearest = suggest(name, known);
  return nearest === undefined ? undefined : `did you mean \`${nearest}\`?`;
}

function distanceOf(name: string, candidate: string): number {
  if (name === candidate) return 0.5;
  return name.replaceAll("_", "") === candidate.replaceAll("_", "") ? 0.75 : editDistance(name, candidate);
}

function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforePrevious[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}
