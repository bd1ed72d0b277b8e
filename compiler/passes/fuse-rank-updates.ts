/**
 * S'[i,j] = w[j] S[i,j] + sum_n a_n[i] b_n[j]    ->  S' = S * W + A^T B        W[i,j] = w[j], rows of A and B: a_n, b_n
 * x[i]    = S[i,j] q[j]                          ->  [x; z] = [q; w r] S^T
 * y[i]    = S'[i,j] r[j]                         ->  y = z + (r B^T) A
 *
 * A state that several outer products change (a delta rule) is read once, by one MatMul with all vectors as rows, and changed by one
 * MatMul with all products. What is read of the new state is computed from the old one, so that it need not wait for it. A decay is
 * made a whole matrix by a MatMul, in every state: a broadcast Multiply costs more, and along columns a Reshape before it.
 */
import { elementwise } from "../ir/elementwise.ts";
import {
  constantValue,
  isConstant,
  type IrAxis,
  type IrGraph,
  type Op,
  rewrite,
  scalar,
  shapeOf,
  topological,
  type Value,
} from "../ir/ir.ts";

type Binary = Value & { op: Extract<Op, { kind: "binary" }> };
const isBinary = (v: Value, op: string): v is Binary => v.op.kind === "binary" && v.op.op === op;

interface Outer {
  /** Along the state's second axis. */
  readonly left: Value;
  /** Along its third. */
  readonly right: Value;
  readonly sign: 1 | -1;
}

interface Update {
  readonly old: Value;
  readonly next: Value;
  /** Along the third axis. */
  readonly decay: Value;
  readonly outers: readonly Outer[];
  /** Sums over the third axis of the old state and of the new one with a vector. */
  readonly oldReads: readonly Value[];
  readonly newReads: readonly Value[];
}

export function fuseRankUpdates(graph: IrGraph): IrGraph {
  const values = topological(graph);
  const updates = graph.states.flatMap(({ next }) => updateOf(next, values) ?? []);
  const fused = new Map<Value, FusedUpdate>();
  for (const update of updates) {
    const whole = new FusedUpdate(update);
    for (const value of [...update.oldReads, update.next, ...update.newReads]) fused.set(value, whole);
  }
  const made = new Map<Value, Value>();
  return rewrite(graph, (value, original) => {
    const result = fused.get(original)?.replace(original, value, (v) => made.get(v) ?? v) ?? withMatrix(value);
    made.set(original, result);
    return result;
  });
}

/** S[h,i,j] w[h,i] -> S W */
function withMatrix(value: Value): Value {
  const decayed = columnDecayOf(value);
  if (!decayed || isConstant(decayed.decay)) return value;
  const { old, decay } = decayed;
  const [h, , j] = old.axes as [IrAxis, IrAxis, IrAxis];
  const ones = constantValue({ kind: "fill", value: 1, shape: shapeOf([h, j]) }, [h, j], value);
  const op = { kind: "binary", op: "mul", left: ["h", "i"], right: ["h", "j"], out: ["h", "i", "j"] } as const;
  return elementwise("mul", old, { ...value, op, inputs: [decay, ones] }, value);
}

function updateOf(next: Value, values: readonly Value[]): Update | undefined {
  const terms = termsOf(next, 1);
  if (next.axes.length !== 3 || terms.length < 3) return undefined;
  const decayed = terms.flatMap(({ value, sign }) => (sign === 1 ? decayOf(value) : undefined) ?? []);
  const outers = terms.flatMap(({ value, sign }) => outerOf(value, sign) ?? []);
  const [first] = decayed;
  if (!first || decayed.length !== 1 || outers.length !== terms.length - 1) return undefined;
  const oldReads = values.filter((v) => readVector(v, first.old));
  const newReads = values.filter((v) => readVector(v, next));
  const place = new Map(values.map((v, i) => [v, i]));
  const at = (v: Value): number => place.get(v) ?? -1;
  const start = Math.min(...oldReads.map(at));
  // All rows are multiplied at the first read: what they are made of has to be there.
  const vectors = [
    first.decay,
    ...oldReads.map((v) => readVector(v, first.old)!),
    ...newReads.map((v) => readVector(v, next)!),
  ];
  if (oldReads.length === 0 || newReads.length === 0 || vectors.some((v) => at(v) > start)) return undefined;
  return { next, ...first, outers, oldReads, newReads };
}

interface Term {
  readonly value: Value;
  readonly sign: 1 | -1;
}

/** Summands that all have the sum's axes in its order. */
function termsOf(value: Value, sign: 1 | -1): readonly Term[] {
  const isSum = isBinary(value, "add") || isBinary(value, "sub");
  if (!isSum || value.op.left.join() !== value.op.out.join() || value.op.right.join() !== value.op.out.join())
    return [{ value, sign }];
  const [left, right] = value.inputs as [Value, Value];
  const second = value.op.op === "sub" ? (-sign as 1 | -1) : sign;
  return [...termsOf(left, sign), ...termsOf(right, second)];
}

interface Decayed {
  readonly old: Value;
  readonly decay: Value;
}

/** S[h,i,j] w[h,j] */
const decayOf = (value: Value): Decayed | undefined => decayAlong(value, 2);
/** S[h,i,j] w[h,i] */
const columnDecayOf = (value: Value): Decayed | undefined => decayAlong(value, 1);

function decayAlong(value: Value, axis: 1 | 2): Decayed | undefined {
  if (!isBinary(value, "mul") || value.axes.length !== 3) return undefined;
  const { left, right, out } = value.op;
  const [a, b] = value.inputs as [Value, Value];
  const row = [out[0], out[axis]].join();
  if (a.op.kind === "state" && left.join() === out.join() && right.join() === row) return { old: a, decay: b };
  if (b.op.kind === "state" && right.join() === out.join() && left.join() === row) return { old: b, decay: a };
  return undefined;
}

/** a[h,i] b[h,j] */
function outerOf(value: Value, sign: 1 | -1): Outer | undefined {
  if (!isBinary(value, "mul")) return undefined;
  const { left, right, out } = value.op;
  const [a, b] = value.inputs as [Value, Value];
  const [column, row] = [`${out[0]},${out[1]}`, `${out[0]},${out[2]}`];
  if (left.join() === column && right.join() === row) return { left: a, right: b, sign };
  return left.join() === row && right.join() === column ? { left: b, right: a, sign } : undefined;
}

/** q of S[h,i,j] q[h,j] -> [h,i]. */
function readVector({ op, inputs, axes }: Value, state: Value): Value | undefined {
  if (op.kind !== "contract" || axes.length !== 2) return undefined;
  const [a, b] = inputs as [Value, Value];
  const [of, labels, vector, own] = a === state ? [a, op.left, b, op.right] : [b, op.right, a, op.left];
  if (of !== state || labels.length !== 3) return undefined;
  const [h, i, j] = labels;
  return own.join() === [h, j].join() && op.out.join() === [h, i].join() ? vector : undefined;
}

/** The values of one update in their new form, each made when its turn comes. */
class FusedUpdate {
  private reads: Value | undefined;
  private left: Value | undefined;
  private right: Value | undefined;

  constructor(private readonly update: Update) {}

  /** `now` gives what stands for an earlier value. */
  replace(original: Value, like: Value, now: (v: Value) => Value): Value {
    const { oldReads, newReads, next } = this.update;
    if (original === next) return this.newState(like, now);
    const old = oldReads.indexOf(original);
    if (old >= 0) return slice(this.readAll(like, now), old, like);
    const index = oldReads.length + newReads.indexOf(original);
    const stored = slice(this.readAll(like, now), index, like);
    const [h, i] = like.axes as [IrAxis, IrAxis];
    const vector = now(readVector(original, next)!);
    const rows = this.right!.axes[1]!;
    const weights = contract(vector, ["h", "j"], this.right!, ["h", "n", "j"], ["h", "n"], [h, rows], like);
    const added = contract(weights, ["h", "n"], this.left!, ["h", "n", "i"], ["h", "i"], [h, i], like);
    return elementwise("add", stored, added, like);
  }

  private readAll(like: Value, now: (v: Value) => Value): Value {
    if (this.reads) return this.reads;
    const { old, next, decay, oldReads, newReads } = this.update;
    const [h, i, j] = old.axes as [IrAxis, IrAxis, IrAxis];
    const vectors = [
      ...oldReads.map((v) => now(readVector(v, old)!)),
      ...newReads.map((v) => elementwise("mul", now(decay), now(readVector(v, next)!), { ...like, axes: [h, j] })),
    ];
    const rows = stack(vectors, like);
    const axes = [h, rows.axes[1]!, i];
    this.reads = contract(rows, ["h", "n", "j"], now(old), ["h", "i", "j"], ["h", "n", "i"], axes, like);
    return this.reads;
  }

  private newState(like: Value, now: (v: Value) => Value): Value {
    const { old, decay, outers } = this.update;
    const [h, i] = old.axes as [IrAxis, IrAxis, IrAxis];
    const signed = ({ right, sign }: Outer): Value =>
      sign === 1 ? now(right) : elementwise("mul", now(right), scalar(-1, like), { ...like, axes: right.axes });
    this.left = stack(
      outers.map((outer) => now(outer.left)),
      like,
    );
    this.right = stack(outers.map(signed), like);
    const ones = constantValue({ kind: "fill", value: 1, shape: shapeOf([h, i]) }, [h, i], like);
    const op = { kind: "binary", op: "mul", left: ["h", "i"], right: ["h", "j"], out: ["h", "i", "j"] } as const;
    const matrix: Value = { ...like, op, inputs: [ones, now(decay)] };
    const kept = elementwise("mul", now(old), matrix, like);
    const { left, right } = this;
    const added = contract(left, ["h", "n", "i"], right, ["h", "n", "j"], ["h", "i", "j"], like.axes, like);
    return elementwise("add", kept, added, like);
  }
}

/** Vectors [h, i] as rows: [h, n, i]. */
function stack(vectors: readonly Value[], like: Value): Value {
  const [h, i] = vectors[0]!.axes as [IrAxis, IrAxis];
  const rows = vectors.map((v): Value => ({
    ...v,
    op: { kind: "regroup" },
    inputs: [v],
    axes: [h, { dim: "1", size: 1 }, i],
  }));
  const axes = [h, { dim: "rows", size: vectors.length }, i];
  return { op: { kind: "concat", axis: 1 }, inputs: rows, axes, name: like.name, origin: like.origin };
}

const slice = (of: Value, index: number, like: Value): Value => ({
  ...like,
  op: { kind: "slice", axis: 1, index },
  inputs: [of],
});

function contract(
  a: Value,
  left: readonly string[],
  b: Value,
  right: readonly string[],
  out: readonly string[],
  axes: readonly IrAxis[],
  like: Value,
): Value {
  return { ...like, op: { kind: "contract", left, right, out }, inputs: [a, b], axes };
}
