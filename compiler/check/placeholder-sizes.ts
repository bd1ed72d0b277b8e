/**
 * Numbers for the dimensions where there is no checkpoint: small, different from each other, in agreement with the
 * declared products, and large enough for every constant index. Primes keep products apart from each other as well.
 */
import type { ModelScope } from "./scope.ts";

export function placeholderSizes(model: ModelScope, layerCount: number): Map<string, number> {
  const { dims, layerDim, constantIndices } = model;
  const sizes = new Map<string, number>([[layerDim, layerCount]]);
  const taken = new Set<number>();
  for (const [dim, { factors }] of dims) {
    if (factors || sizes.has(dim)) continue;
    const least = Math.max(5, ...constantIndices.filter((use) => use.dim === dim).map((use) => use.index + 1));
    let size = least;
    while (!isPrime(size) || taken.has(size)) size++;
    taken.add(size);
    sizes.set(dim, size);
  }
  for (const dim of dims.keys()) sizes.set(dim, sizeOf(dim));
  return sizes;

  function sizeOf(dim: string): number {
    const factors = dims.get(dim)?.factors;
    return sizes.get(dim) ?? (factors ?? []).reduce((product, factor) => product * sizeOf(factor), 1);
  }
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
