/** The IR as text, one value per line: what `--dump-ir` shows and golden files hold. */
import { type Constant, constantKey } from "./constant.ts";
import { type IrGraph, type Op, topological, type Value } from "./ir.ts";

export function printIr(graph: IrGraph): string {
  const names = new Map<Value, string>();
  const ref = (v: Value): string => (v.op.kind === "constant" ? printConstant(v.op.constant) : (names.get(v) ?? "?"));
  const lines: string[] = [];
  let heading = "";
  for (const value of topological(graph)) {
    if (value.op.kind === "constant") continue;
    const id = `%${names.size}`;
    names.set(value, id);
    const { layer, part } = value.origin;
    const here = layer === null ? part : `layer ${layer} ${part}`;
    if (here !== heading) lines.push(`${lines.length ? "\n" : ""}# ${(heading = here)}`);
    const axes = value.axes.map((a) => `${a.dim}:${a.size}`).join(" ");
    lines.push(`${id} [${axes}] = ${printOp(value.op, value.inputs.map(ref))}   // ${value.name}`);
  }
  lines.push("\n# roots");
  for (const s of graph.states) {
    const scale = s.scale === 1 ? "" : ` * ${s.scale}`;
    lines.push(`${s.name}' = ${ref(s.next)}${scale}${s.initial === 0 ? "" : ` (initially ${s.initial})`}`);
  }
  lines.push(`logits = ${ref(graph.logits)}`);
  return lines.join("\n") + "\n";
}

function printConstant(constant: Constant): string {
  const key = constantKey(constant);
  return constant.kind === "fill" && constant.shape.length === 0 ? String(constant.value) : `{${key}}`;
}

function printOp(op: Op, args: readonly string[]): string {
  const labelled = (labels: readonly (readonly string[])[], out: readonly string[]): string =>
    `${args.join(", ")}   ${labels.map((l) => l.join(" ")).join(", ")} -> ${out.join(" ")}`;
  switch (op.kind) {
    case "token":
    case "constant":
      return op.kind;
    case "state":
      return `state ${op.state}`;
    case "unary":
      return `${op.op} ${args[0]}`;
    case "binary":
      return `${op.op} ${labelled([op.left, op.right], op.out)}`;
    case "contract":
      return `contract ${labelled([op.left, op.right], op.out)}`;
    case "sum":
      return `sum ${labelled([op.arg], op.out)}`;
    case "norm":
      return `${op.norm}_norm(eps ${op.eps}) ${args.join(", ")}`;
    case "gather":
    case "regroup":
      return `${op.kind} ${args.join(", ")}`;
    case "transpose":
      return `transpose(${op.perm.join(" ")}) ${args[0]}`;
    case "slice":
      return `slice(axis ${op.axis}, ${op.index}) ${args[0]}`;
    case "rows":
      return `rows(from ${op.start}) ${args[0]}`;
    case "concat":
      return `concat(axis ${op.axis}) ${args.join(", ")}`;
  }
}
