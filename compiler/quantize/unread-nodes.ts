/** Rewrites of lowered graphs leave nodes behind that nothing reads any more. */
import type { QnnNode } from "../lower/qnn-graph.ts";

/** Those whose results other nodes or the client read. */
export function withoutUnread(nodes: readonly QnnNode[]): readonly QnnNode[] {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const kept = nodes.filter(({ outputs }) => outputs.some((t) => t.kind === "APP_READ" || read.has(t)));
  return kept.length === nodes.length ? nodes : withoutUnread(kept);
}
