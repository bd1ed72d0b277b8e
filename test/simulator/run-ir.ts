/** Test support: lowers a hand-made IR graph for HTP at fp16, builds it, runs it on Qualcomm's simulator. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { runProgram } from "../../compiler/build/native-programs.ts";
import { writeArtefact } from "../../compiler/build/write-artefact.ts";
import type { Checkpoint, TensorInfo } from "../../compiler/checkpoint/checkpoint.ts";
import { float16ToFloat32, float32ToFloat16 } from "../../compiler/checkpoint/float16.ts";
import type { States } from "../../compiler/ir/evaluate.ts";
import { isConstant, type IrGraph, shapeOf, topological } from "../../compiler/ir/ir.ts";
import { lower } from "../../compiler/lower/lower.ts";
import type { QnnGraph } from "../../compiler/lower/qnn-graph.ts";
import { findTarget } from "../../compiler/targets/targets.ts";
import { htpLibrary, scratch } from "../end-to-end/artefacts.ts";
import { smallConstants } from "../passes/small-graph.ts";

const target = findTarget("htp-v75")!;

export const lowered = (graph: IrGraph): QnnGraph =>
  lower(graph, { name: "small", precision: "fp16", embedding: "graph", target }).graph;

/** The graph's next states (and logits as "out") for these states, which hold float16 values. */
export async function simulate(qnn: QnnGraph, ir: IrGraph, states: States, token = 0): Promise<States> {
  const [artefact, inputs, outputs] = [join(scratch(), "small"), scratch(), scratch()];
  await writeArtefact(artefact, plan(qnn), madeUpCheckpoint(ir));
  for (const state of qnn.states) {
    const values = states.get(state.slices[0]!.name)!;
    writeFileSync(
      join(inputs, `${state.input}.raw`),
      Uint16Array.from(values, (v) => float32ToFloat16(v)),
    );
  }
  for (const input of qnn.inputs) writeFileSync(join(inputs, `${input.name}.raw`), Int32Array.of(token));
  await runProgram(
    "rwkv-run",
    ["exec", "--artefact", artefact, "--backend", "htp", "--backend-library", htpLibrary!, "--graph", qnn.name].concat([
      "--inputs",
      inputs,
      "--outputs",
      outputs,
      "--report",
      join(outputs, "report.json"),
    ]),
    {},
  );
  const read = (name: string): Float64Array => {
    const bytes = readFileSync(join(outputs, `${name}.raw`));
    const bits = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return Float64Array.from(bits, (b) => float16ToFloat32(b));
  };
  const next = qnn.states.map((s): [string, Float64Array] => [s.slices[0]!.name, read(s.output)]);
  return new Map([...next, ["out", read("out")]]);
}

function plan(qnn: QnnGraph): Parameters<typeof writeArtefact>[1] {
  return {
    name: qnn.name,
    compilerVersion: "0.0.0",
    spec: { name: "small", file: "small" },
    sources: new Map([["small", ""]]),
    dims: {},
    vocabulary: qnn.outputs[0]!.shape.at(-1)!,
    precision: "fp16",
    target,
    policies: [],
    tokenizer: null,
    graphs: [qnn],
    hostEmbedding: null,
  };
}

/** The values that the evaluator's constants have, as a checkpoint. */
function madeUpCheckpoint(ir: IrGraph): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  for (const value of topological(ir)) {
    if (!isConstant(value) || value.op.constant.kind !== "tensor") continue;
    const name = value.op.constant.tensor;
    tensors.set(name, { name, shape: shapeOf(value.axes), dtype: "float32" });
  }
  return {
    source: "made up",
    tensors,
    readBits(info, start, out) {
      const values = smallConstants({ kind: "tensor", tensor: info.name, shape: info.shape });
      new Float32Array(out.buffer, out.byteOffset, out.length).set(values.subarray(start, start + out.length));
    },
    close: () => undefined,
  };
}
