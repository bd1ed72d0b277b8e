/** What generated graphs keep to, because a backend computes the rest wrongly, poorly or slowly (docs/passes, op files). */
import { describe, expect, it } from "vitest";
import type { QnnGraph, QnnNode, QnnTensor } from "../../compiler/lower/qnn-graph.ts";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "../passes/stages.ts";

const models: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7 } },
  {
    spec: "specs/rwkv-7a.rwkv.ts",
    sizes: { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7, I: 4, J: 6 },
  },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 13, V: 37, D: 24, H: 3, N: 8, F: 50 } },
  { spec: "specs/rwkv-4.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 24, F: 31 } },
  { spec: "specs/rwkv-6.rwkv.ts", sizes: { L: 7, V: 37, D: 24, H: 3, N: 8, F: 50, C: 5, Rm: 3, Rw: 5 } },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 24, F: 31 } },
  { spec: "test/lower/specs/v6-like.rwkv.ts", sizes: { L: 2, V: 37, D: 24, H: 3, N: 8, C: 5, R: 3, Q: 4 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 37, H: 3, N: 4, M: 5 } },
];
const targets = [
  { target: "qnn-cpu", precision: "fp32" },
  { target: "htp-v75", precision: "fp16" },
] as const;
const cases = models.flatMap((m) => targets.map((t) => ({ ...m, ...t, bundled: m.spec.startsWith("specs/") })));

const writers = (graph: QnnGraph): ReadonlyMap<QnnTensor, QnnNode> =>
  new Map(graph.nodes.flatMap((node) => node.outputs.map((t) => [t, node] as const)));
const isOf = (node: QnnNode, ...types: string[]): boolean => types.includes(node.type);
const names = (nodes: readonly QnnNode[]): string[] => nodes.map((n) => n.name);

describe.each(cases)("$spec for $target", ({ spec, sizes, target, precision, bundled }) => {
  const { qnn } = stagesOf(tinyModel(spec, specText(spec), sizes).model, { target, precision, scaling: true });
  const writer = writers(qnn);
  const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

  it("has no Multiply that stretches both operands", () => {
    const both = qnn.nodes.filter((n) => {
      const size = count(n.outputs[0]!.dims);
      return isOf(n, "ElementWiseMultiply") && n.inputs.every((t) => count(t.dims) < size);
    });
    expect(names(both)).toEqual([]);
  });

  it("gives every LayerNorm its weight and bias", () => {
    expect(names(qnn.nodes.filter((n) => isOf(n, "LayerNorm") && n.inputs.length !== 3))).toEqual([]);
  });

  it("has no Split whose indices start with 0", () => {
    const leading = qnn.nodes.filter((n) =>
      n.params.some((p) => p.name === "split_index" && p.kind === "tensor" && p.values[0] === 0),
    );
    expect(names(leading)).toEqual([]);
  });

  it("has every Reshape for a reason", () => {
    const reshapes = qnn.nodes.filter((n) => isOf(n, "Reshape"));
    const idle = reshapes.filter((n) => {
      const [from, to] = [n.inputs[0]!, n.outputs[0]!];
      // A value that is needed inside and as a graph output is copied.
      const isCopy = to.kind === "APP_READ";
      return (
        !isCopy &&
        (from.dims.join() === to.dims.join() || writer.get(from)?.type === "Reshape" || from.kind === "STATIC")
      );
    });
    expect(names(idle)).toEqual([]);
  });

  it.runIf(bundled)("has no Transpose", () => {
    expect(names(qnn.nodes.filter((n) => isOf(n, "Transpose")))).toEqual([]);
  });

  it.runIf(precision === "fp16")("keeps Sigmoid and Tanh off the table of 16 segments", () => {
    const poor = qnn.nodes.filter((n) => {
      if (!isOf(n, "Sigmoid", "Tanh")) return false;
      let from = writer.get(n.inputs[0]!);
      while (from?.type === "Reshape") from = writer.get(from.inputs[0]!);
      return from && isOf(from, "MatMul", "FullyConnected", "Conv2d", "ElementWiseAdd");
    });
    expect(names(poor)).toEqual([]);
  });

  it.runIf(precision === "fp16")("keeps Exp between -80 and 11", () => {
    const wild = qnn.nodes.filter((n) => {
      if (!isOf(n, "ElementWiseExp")) return false;
      const { low, high } = rangeOf(n.inputs[0]!, writer);
      return !(low >= -80 && high <= 11);
    });
    expect(names(wild)).toEqual([]);
  });

  it("names tensors by the spec's paths", () => {
    const all = qnn.nodes.flatMap((n) => n.outputs.map((t) => t.name));
    expect(new Set(all).size).toBe(all.length);
    const outside = all.filter((name) => !/^(blocks\.\d+\.|embedding\.|head\.|timeMix\.|axes\.|out$)/.test(name));
    expect(outside).toEqual([]);
  });
});

interface Range {
  readonly low: number;
  readonly high: number;
}

const ranges = new WeakMap<QnnTensor, Range>();

function rangeOf(tensor: QnnTensor, writer: ReadonlyMap<QnnTensor, QnnNode>): Range {
  const range = ranges.get(tensor) ?? findRange(tensor, writer);
  ranges.set(tensor, range);
  return range;
}

/** Interval arithmetic over the graph, independent of the pass's: from what ops can give at all. */
function findRange(tensor: QnnTensor, writer: ReadonlyMap<QnnTensor, QnnNode>): Range {
  if (tensor.constant) {
    const { constant } = tensor;
    return constant.kind === "fill"
      ? { low: constant.value, high: constant.value }
      : { low: -Infinity, high: Infinity };
  }
  const node = writer.get(tensor);
  const all: Range = { low: -Infinity, high: Infinity };
  if (!node) return all;
  const [x, y] = node.inputs.map((t) => rangeOf(t, writer)) as [Range, Range];
  switch (node.type) {
    case "Reshape":
      return x;
    case "Sigmoid":
      return { low: 0, high: 1 };
    case "Tanh":
      return { low: -1, high: 1 };
    case "Relu":
      return { low: 0, high: Math.max(0, x.high) };
    case "ElementWiseExp":
      return { low: Math.exp(x.low), high: Math.exp(x.high) };
    case "ElementWiseNeg":
      return { low: -x.high, high: -x.low };
    case "ElementWiseMaximum":
      return { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
    case "ElementWiseMinimum":
      return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
    case "ElementWiseSubtract": {
      const [from, subtracted] = node.inputs as [QnnTensor, QnnTensor];
      const most = writer.get(subtracted);
      // a - max(a, b)
      const isFromMaximum = most?.type === "ElementWiseMaximum" && most.inputs.includes(from);
      return { low: x.low - y.high, high: isFromMaximum ? 0 : x.high - y.low };
    }
    case "ElementWiseAdd":
      return { low: x.low + y.low, high: x.high + y.high };
    case "ElementWiseMultiply": {
      const corners = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
      return corners.some(Number.isNaN) ? all : { low: Math.min(...corners), high: Math.max(...corners) };
    }
    default:
      return all;
  }
}

describe("a state that starts beyond float16's range", () => {
  const { model } = tinyModel("test/lower/specs/v4-like.rwkv.ts", specText("test/lower/specs/v4-like.rwkv.ts"), {
    L: 1,
    V: 37,
    D: 8,
    A: 8,
    F: 12,
  });
  const initials = (target: string, precision: "fp16" | "fp32"): number[] => {
    const { qnn } = stagesOf(model, { target, precision, scaling: true });
    return qnn.states.flatMap(({ slices }) => slices.map(({ initial }) => initial)).filter((initial) => initial !== 0);
  };

  it("starts at half of it, so that what is added to it overflows nothing", () => {
    expect(initials("htp-v75", "fp16")).toEqual([-32752]);
  });
  it("starts where the spec says in float32", () => {
    expect(initials("qnn-cpu", "fp32")).toEqual([-1e30]);
  });
});
