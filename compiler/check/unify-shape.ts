/**
 * One declared shape against one tensor's shape. Extents of 1 are stripped or added where the ranks differ: a checkpoint
 * stores a vector as [1, 1, 2048]. In: dimension names and extents. Out: every way in which they can be paired.
 */
import type { Dims } from "./scope.ts";

export function pairShapes(dims: Dims, extents: readonly number[]): readonly (readonly number[])[] {
  if (extents.length === dims.length) return [extents];
  // Nobody stores more of them; and the ways to choose among many would be too many to list.
  const difference = Math.abs(extents.length - dims.length);
  if (difference > 3 || Math.max(extents.length, dims.length) > 16) return [];
  const ways = extents.length > dims.length ? dropOnes(extents, difference) : addOnes(extents, difference);
  const seen = new Set<string>();
  return ways.filter((way) => !seen.has(way.join()) && seen.add(way.join()));
}

function dropOnes(extents: readonly number[], count: number): number[][] {
  if (count === 0) return [[...extents]];
  return extents.flatMap((extent, i) => (extent === 1 ? dropOnes(extents.toSpliced(i, 1), count - 1) : []));
}

function addOnes(extents: readonly number[], count: number): number[][] {
  if (count === 0) return [[...extents]];
  return Array.from({ length: extents.length + 1 }, (_, i) => addOnes(extents.toSpliced(i, 0, 1), count - 1)).flat();
}
