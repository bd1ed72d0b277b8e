/** The QNN graph as text, one node per line: `--dump-ir=lower` and golden files. */
import { constantKey } from "../ir/constant.ts";
import type { QnnGraph, QnnParam, QnnTensor } from "./qnn-graph.ts";

export function printQnnGraph(graph: QnnGraph): string {
  const lines: string[] = [];
  const states = graph.states.map(
    (s) => `${s.input} -> ${s.output} ${s.dtype} [${s.shape.join(", ")}]  // ${s.slices.map((x) => x.name).join(", ")}`,
  );
  lines.push(`graph ${graph.name}: ${graph.nodes.length} nodes`);
  for (const t of graph.inputs) lines.push(`input ${t.name} ${t.dtype} [${t.shape.join(", ")}] ${t.role}`);
  lines.push(...states.map((s) => `state ${s}`));
  let heading = "";
  for (const node of graph.nodes) {
    const { layer, part, text } = node.origin;
    const here = `${layer === null ? part : `layer ${layer} ${part}`}: ${text}`;
    if (here !== heading) lines.push("", `# ${(heading = here)}`);
    const outputs = node.outputs
      .map((t) => `${t.name}${printType(t)} [${t.dims.join(", ")}]${t.kind === "APP_READ" ? " out" : ""}`)
      .join(", ");
    const params = node.params.map(printParam).join(" ");
    lines.push(`${outputs} = ${node.type}(${node.inputs.map(printInput).join(", ")})${params ? ` ${params}` : ""}`);
  }
  for (const t of graph.outputs) lines.push("", `output ${t.name} ${t.dtype} [${t.shape.join(", ")}] ${t.role}`);
  return lines.join("\n") + "\n";
}

const printInput = (t: QnnTensor): string =>
  t.constant ? `{${constantKey(t.constant)} as${printType(t)} [${t.dims.join(", ")}]}` : t.name;

/** Of fixed point only: the graph's float type goes without saying. */
function printType({ dtype, grid, stored }: QnnTensor): string {
  if (grid) return ` ${dtype}(${grid.scale.toPrecision(4)}, ${grid.offset})`;
  return stored ? ` ${dtype}/${stored.per === "blocks" ? `blocks of ${stored.block}` : stored.per}` : "";
}

const printParam = (p: QnnParam): string =>
  `${p.name}=${p.kind === "scalar" ? String(p.value) : `[${p.values.join(" ")}]`}`;
