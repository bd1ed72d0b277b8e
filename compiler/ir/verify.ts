/**
 * What holds in the IR between any two passes: operand counts, and axes that follow from the operands' axes. A breach is
 * a bug of the pass that ran last, so it is thrown, not diagnosed.
 */
import { elements } from "./constant.ts";
import { type IrAxis, type IrGraph, type Labels, shapeOf, topological, type Value } from "./ir.ts";

export class IrInvariantError extends Error {}

export function verifyIr(graph: IrGraph, afterPass: string): void {
  const fail = (value: Value, problem: string): never => {
    throw new IrInvariantError(`after ${afterPass}: ${value.op.kind} in ${value.name}: ${problem}`);
  };
  const states = new Set(graph.states.map((s) => s.name));
  for (const value of topological(graph)) verifyValue(value, states, (problem) => fail(value, problem));
  for (const state of graph.states) {
    if (!sameSizes(state.axes, state.next.axes)) fail(state.next, `next value of ${state.name} has another shape`);
  }
}

const sameSizes = (a: readonly IrAxis[], b: readonly IrAxis[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis.size === b[i]?.size);

function verifyValue(value: Value, states: ReadonlySet<string>, fail: (problem: string) => never): void {
  const { op, inputs, axes } = value;
  const arity = {
    token: [0],
    constant: [0],
    state: [0],
    unary: [1],
    binary: [2],
    contract: [2],
    sum: [1],
    norm: [1, 3],
    gather: [2],
    regroup: [1],
    transpose: [1],
    slice: [1],
    rows: [1],
  };
  if (op.kind !== "concat" && !arity[op.kind].includes(inputs.length)) fail(`${inputs.length} operands`);
  const first = inputs[0]?.axes ?? [];
  switch (op.kind) {
    case "token":
      return;
    case "constant":
      if (elements(op.constant.shape) !== elements(shapeOf(axes))) fail("the constant has another shape");
      return;
    case "state":
      if (!states.has(op.state)) fail(`unknown state ${op.state}`);
      return;
    case "unary":
    case "norm":
      if (!sameSizes(first, axes)) fail("result and operand differ in shape");
      return;
    case "binary":
    case "contract":
      verifyLabels([op.left, op.right], inputs, op.out, axes, fail);
      if (op.kind === "binary" && [...op.left, ...op.right].some((l) => !op.out.includes(l))) fail("a label is lost");
      return;
    case "sum":
      return verifyLabels([op.arg], inputs, op.out, axes, fail);
    case "gather":
      if (!sameSizes([...(inputs[1]?.axes ?? []), ...first.slice(1)], axes))
        fail("a row of the table has another shape");
      return;
    case "regroup":
      if (elements(shapeOf(first)) !== elements(shapeOf(axes))) fail("another number of elements");
      return;
    case "transpose":
      if (
        !sameSizes(
          op.perm.map((p) => first[p] as IrAxis),
          axes,
        )
      )
        fail("axes do not follow the permutation");
      return;
    case "slice":
      if (
        !sameSizes(
          first.filter((_, i) => i !== op.axis),
          axes,
        )
      )
        fail("the sliced axis must disappear, no other");
      return;
    case "rows":
      if (!sameSizes(first.slice(1), axes.slice(1)) || axes.length === 0) fail("rows have another shape");
      if (op.start < 0 || op.start + (axes[0]?.size ?? 0) > (first[0]?.size ?? 0)) fail("there are fewer rows");
      return;
    case "concat": {
      const total = inputs.reduce((n, input) => n + (input.axes[op.axis]?.size ?? 0), 0);
      if (axes[op.axis]?.size !== total) fail("extents along the axis do not add up");
      const others = (list: readonly IrAxis[]): readonly IrAxis[] => list.filter((_, i) => i !== op.axis);
      for (const input of inputs) if (!sameSizes(others(input.axes), others(axes))) fail("operands differ in shape");
      return;
    }
  }
}

function verifyLabels(
  labels: readonly Labels[],
  inputs: readonly Value[],
  out: Labels,
  axes: readonly IrAxis[],
  fail: (problem: string) => never,
): void {
  const sizes = new Map<string, number>();
  labels.forEach((list, i) => {
    const input = inputs[i];
    if (!input || list.length !== input.axes.length) return fail("labels and axes differ in number");
    if (new Set(list).size !== list.length) fail("a label occurs twice");
    list.forEach((label, at) => {
      const size = input.axes[at]?.size ?? 0;
      if ((sizes.get(label) ?? size) !== size) fail(`label ${label} has extents ${sizes.get(label)} and ${size}`);
      sizes.set(label, size);
    });
  });
  if (out.length !== axes.length) fail("result labels and axes differ in number");
  out.forEach((label, at) => {
    if (sizes.get(label) !== axes[at]?.size) fail(`result label ${label} does not come from an operand`);
  });
}
