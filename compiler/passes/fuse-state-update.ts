/**
 * S'[i,j] = w[i] S[i,j] + k[i] v[j]   ->  S' = [diag(w); k]^T [S; v]
 * y[j]    = c v[j] + r[i] S[i,j]      ->  y  = [r, c] [S; v]
 *
 * The state's read and its update become one MatMul each over the state with the new value appended as a row, where the
 * decay w is a constant. On HTP this replaces a broadcast along columns, which is slow, and two passes over the state. One rounding in place of two or three.
 */
import type { Constant } from "../ir/constant.ts";
import {
  constantValue,
  type IrAxis,
  type IrGraph,
  isConstant,
  type Op,
  rewrite,
  topological,
  type Value,
} from "../ir/ir.ts";

type Binary = Value & { op: Extract<Op, { kind: "binary" }> };

interface Update {
  readonly old: Value;
  readonly decay: Constant;
  /** Per head: along the state's first and second axis. */
  readonly key: Value;
  readonly value: Value;
}

export function fuseStateUpdate(graph: IrGraph): IrGraph {
  const updates = new Map<Value, Update>();
  for (const state of graph.states) {
    const update = updateOf(state.next);
    if (update) updates.set(state.next, update);
  }
  const reads = new Map<Value, { readonly update: Update; readonly vector: Value; readonly number: Value }>();
  for (const value of topological(graph)) {
    for (const update of updates.values()) {
      const read = readOf(value, update);
      if (read) reads.set(value, { update, ...read });
    }
  }
  const made = new Map<Value, Value>();
  const appended = new Map<Update, Value>();
  return rewrite(graph, (value, original) => {
    const done = (result: Value): Value => {
      made.set(original, result);
      return result;
    };
    const now = (v: Value): Value => made.get(v) ?? v;
    const update = updates.get(original);
    const read = reads.get(original);
    const whole = (u: Update): Value => {
      const known = appended.get(u) ?? appendRow(now(u.old), now(u.value), value);
      appended.set(u, known);
      return known;
    };
    if (update) return done(newState(whole(update), update, now(update.key), value));
    if (read) return done(readState(whole(read.update), now(read.vector), now(read.number), value));
    return done(value);
  });
}

const operands = (v: Value): readonly (readonly [Value, Value])[] => {
  const [a, b] = v.inputs as [Value, Value];
  return [
    [a, b],
    [b, a],
  ];
};
const isBinary = (v: Value, op: string): v is Binary => v.op.kind === "binary" && v.op.op === op;
const labelsOf = (v: Binary, input: Value): readonly string[] => (v.inputs[0] === input ? v.op.left : v.op.right);

function updateOf(next: Value): Update | undefined {
  if (!isBinary(next, "add") || next.axes.length !== 3) return undefined;
  for (const [decayed, outer] of operands(next)) {
    if (!isBinary(decayed, "mul") || !isBinary(outer, "mul")) continue;
    const [h, i, j] = decayed.op.out as [string, string, string];
    if (labelsOf(next, decayed).join() !== labelsOf(next, outer).join()) continue;
    for (const [old, decay] of operands(decayed)) {
      if (old.op.kind !== "state" || decay.op.kind !== "constant" || labelsOf(decayed, decay).join() !== [h, i].join())
        continue;
      if (labelsOf(decayed, old).join() !== [h, i, j].join()) continue;
      const [oh, oi] = outer.op.out;
      for (const [key, value] of operands(outer)) {
        const along = labelsOf(outer, key);
        if (along.length === 2 && along[0] === oh && along[1] === oi && labelsOf(outer, value).length === 2) {
          return { old, decay: decay.op.constant, key, value };
        }
      }
    }
  }
  return undefined;
}

/** c[h] v[h,j] + sum_i r[h,i] S[h,i,j] of this update's state and value. */
function readOf(sum: Value, update: Update): { readonly vector: Value; readonly number: Value } | undefined {
  if (!isBinary(sum, "add") || sum.axes.length !== 2) return undefined;
  for (const [direct, stored] of operands(sum)) {
    if (
      !isBinary(direct, "mul") ||
      stored.op.kind !== "contract" ||
      !stored.inputs.includes(update.old) ||
      !direct.inputs.includes(update.value)
    )
      continue;
    const [left] = stored.inputs as [Value, Value];
    const stateLabels = left === update.old ? stored.op.left : stored.op.right;
    const vector = stored.inputs.find((v) => v !== update.old);
    const number = direct.inputs.find((v) => v !== update.value);
    if (!vector || !number || vector.axes.length !== 2 || number.axes.length !== 1 || isConstant(number)) continue;
    if (stored.op.out.includes(stateLabels[1] ?? "") || vector.axes[0]?.size !== update.old.axes[0]?.size) continue;
    return { vector, number };
  }
  return undefined;
}

const row = (v: Value, axes: readonly IrAxis[]): Value => ({ ...v, op: { kind: "regroup" }, inputs: [v], axes });

/** [S; v]: the state with the value as one more row. */
function appendRow(old: Value, value: Value, like: Value): Value {
  const [h, i, j] = old.axes as [IrAxis, IrAxis, IrAxis];
  const last = row(value, [h, { dim: "1", size: 1 }, j]);
  const axes = [h, { dim: `${i.dim}+1`, size: i.size + 1 }, j];
  return { op: { kind: "concat", axis: 1 }, inputs: [old, last], axes, name: `${like.name}.rows`, origin: old.origin };
}

function newState(whole: Value, update: Update, key: Value, like: Value): Value {
  const [h, i] = update.old.axes as [IrAxis, IrAxis];
  const column: Constant = { kind: "reshape", arg: update.decay, shape: [h.size, i.size, 1] };
  const identity: Constant = { kind: "identity", shape: [i.size, i.size] };
  const diagonal: Constant = {
    kind: "binary",
    op: "mul",
    left: column,
    right: identity,
    shape: [h.size, i.size, i.size],
  };
  const decay = constantValue(diagonal, [h, i, i], { name: `${like.name}.decay`, origin: like.origin });
  const weights: Value = {
    op: { kind: "concat", axis: 1 },
    inputs: [decay, row(key, [h, { dim: "1", size: 1 }, i])],
    axes: [h, whole.axes[1] as IrAxis, i],
    name: `${like.name}.weights`,
    origin: like.origin,
  };
  return {
    ...like,
    op: { kind: "contract", left: ["h", "m", "i"], right: ["h", "m", "j"], out: ["h", "i", "j"] },
    inputs: [weights, whole],
  };
}

function readState(whole: Value, vector: Value, number: Value, like: Value): Value {
  const [h] = whole.axes as [IrAxis];
  const weights: Value = {
    op: { kind: "concat", axis: 1 },
    inputs: [vector, row(number, [h, { dim: "1", size: 1 }])],
    axes: [h, whole.axes[1] as IrAxis],
    name: `${like.name}.weights`,
    origin: like.origin,
  };
  return {
    ...like,
    op: { kind: "contract", left: ["h", "m"], right: ["h", "m", "j"], out: ["h", "j"] },
    inputs: [weights, whole],
  };
}
