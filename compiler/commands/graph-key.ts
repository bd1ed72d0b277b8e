/** What a graph is called where people read of it: its kind, with its tokens where there are several of that kind. */
import type { Manifest, ManifestGraph } from "../emit/manifest.ts";

export function graphKey({ kind, tokens }: ManifestGraph, { graphs }: Manifest): string {
  return graphs.filter((graph) => graph.kind === kind).length === 1 ? kind : `${kind}_${tokens}`;
}
