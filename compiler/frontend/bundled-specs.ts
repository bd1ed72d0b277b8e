/**
 * Specs that come with rwkvc are imported as "rwkvc/specs/NAME.rwkv.ts", from wherever the importing spec lies. Spans and
 * sources call such a file "rwkvc:specs/NAME.rwkv.ts", the same on every machine; whoever reads files knows where they are.
 */
export const bundledSpecs = "rwkvc:specs/";

/** The file in that folder; other paths as they are. */
export function specFileIn(folder: string, path: string): string {
  return path.startsWith(bundledSpecs) ? `${folder}/${path.slice(bundledSpecs.length)}` : path;
}
