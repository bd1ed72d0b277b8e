/**
 * Test support: typed equations evaluated as they stand, one after the other, element by element over labels. It shares nothing
 * with expansion, and holds it where there is no reference implementation.
 */
import { type Axis, type CheckedModel, type CheckedPart, holds, type TypedExpr } from "../../compiler/check/typed.ts";
import { binaryFunctions, unaryFunctions } from "../../compiler/emit/evaluate-constant.ts";
import type { ConstantValues, States } from "../../compiler/ir/evaluate.ts";

/** Row-major over `labels`. */
interface Labelled {
  readonly labels: readonly string[];
  readonly sizes: readonly number[];
  readonly data: Float64Array;
}

type Index = ReadonlyMap<string, number>;

export interface TypedStep {
  readonly logits: Float64Array;
  readonly states: States;
}

export const typedInitialStates = (model: CheckedModel): States =>
  new Map(
    placesOf(model).flatMap(({ part, path }) =>
      part.states.map((s): [string, Float64Array] => {
        const size = s.shape.reduce((n, dim) => n * model.sizes.get(dim)!, 1);
        return [`${path}.${s.name}`, new Float64Array(size).fill(s.initial)];
      }),
    ),
  );

export function evaluateTyped(
  model: CheckedModel,
  constants: ConstantValues,
  token: number,
  states: States,
): TypedStep {
  const carries = new Map<string, Labelled>();
  const next = new Map<string, Float64Array>();
  for (const { part, path, layer } of placesOf(model)) {
    const run = new PartRun(model, constants, token, states, part, path, layer ?? 0, carries, next);
    for (const equation of part.equations) if (holds(equation.condition, layer ?? 0)) run.define(equation);
  }
  return { logits: carries.get("logits")!.data, states: next };
}

function placesOf(model: CheckedModel): { part: CheckedPart; path: string; layer: number | null }[] {
  const layers = Array.from({ length: model.layerCount }, (_, layer) =>
    model.parts.map((part) => ({ part, path: `blocks.${layer}.${part.name}`, layer })),
  );
  const outside = (part: CheckedPart) => ({ part, path: part.name, layer: null });
  return [outside(model.embedding), ...layers.flat(), outside(model.head)];
}

class PartRun {
  private readonly locals = new Map<string, Labelled>();

  constructor(
    private readonly model: CheckedModel,
    private readonly constants: ConstantValues,
    private readonly token: number,
    private readonly states: States,
    private readonly part: CheckedPart,
    private readonly path: string,
    private readonly layer: number,
    private readonly carries: Map<string, Labelled>,
    private readonly next: Map<string, Float64Array>,
  ) {}

  define({ target, axes, expr }: CheckedPart["equations"][number]): void {
    const value = this.evaluate(expr);
    const made = this.build(axes, (index) => at(value, index));
    if (target.kind === "local") this.locals.set(target.name, made);
    else if (target.kind === "carry") this.carries.set(target.name, made);
    else this.next.set(`${this.path}.${target.name}`, made.data);
  }

  private sizesOf(axes: readonly Axis[]): number[] {
    return axes.map((a) => this.model.sizes.get(a.dim)!);
  }

  private build(axes: readonly Axis[], f: (index: Index) => number): Labelled {
    const labels = axes.map((a) => a.label);
    const sizes = this.sizesOf(axes);
    const size = sizes.reduce((a, b) => a * b, 1);
    const data = Float64Array.from({ length: size }, (_, i) => f(indexOf(i, labels, sizes)));
    return { labels, sizes, data };
  }

  private evaluate(expr: TypedExpr): Labelled {
    const { axes } = expr;
    const [labels, sizes] = [axes.map((a) => a.label), this.sizesOf(axes)];
    switch (expr.kind) {
      case "number":
        return { labels: [], sizes: [], data: Float64Array.of(expr.value) };
      case "ref":
        return { labels, sizes, data: this.reference(expr) };
      case "unary": {
        const arg = this.evaluate(expr.arg);
        return { ...arg, data: arg.data.map(unaryFunctions[expr.op]) };
      }
      case "binary": {
        const [left, right] = [this.evaluate(expr.left), this.evaluate(expr.right)];
        return this.build(axes, (index) => binaryFunctions[expr.op](at(left, index), at(right, index)));
      }
      case "contract": {
        const [left, right] = [this.evaluate(expr.left), this.evaluate(expr.right)];
        const over = extents(expr.over, [left, right]);
        return this.build(axes, (index) => total(index, over, (i) => at(left, i) * at(right, i)));
      }
      case "sum": {
        const arg = this.evaluate(expr.arg);
        const over = extents(expr.over, [arg]);
        return this.build(axes, (index) => total(index, over, (i) => at(arg, i)));
      }
      case "norm":
        return this.norm(expr);
      case "shift": {
        const state = `${this.path}.${expr.state}`;
        this.next.set(state, this.evaluate(expr.arg).data);
        return { labels, sizes, data: this.states.get(state)! };
      }
      case "gather": {
        const table = this.evaluate(expr.table);
        const row = table.data.length / table.sizes[0]!;
        return { labels, sizes, data: table.data.subarray(this.token * row, (this.token + 1) * row) };
      }
      case "regroup":
        return { labels, sizes, data: this.evaluate(expr.arg).data };
      case "slice": {
        const arg = this.evaluate(expr.arg);
        return this.build(axes, (index) => at(arg, new Map([...index, [expr.label, expr.index]])));
      }
    }
  }

  private reference({ ref }: Extract<TypedExpr, { kind: "ref" }>): Float64Array {
    switch (ref.kind) {
      case "weight": {
        const weight = this.part.weights.get(ref.name)!;
        const shape = weight.shape.map((dim) => this.model.sizes.get(dim)!);
        return this.constants({ kind: "tensor", tensor: weight.tensor.replace("{layer}", String(this.layer)), shape });
      }
      case "state":
        return this.states.get(`${this.path}.${ref.name}`)!;
      case "nextState":
        return this.next.get(`${this.path}.${ref.name}`)!;
      case "local":
        return this.locals.get(ref.name)!.data;
      case "carry":
        return this.carries.get(ref.name)!.data;
    }
  }

  private norm(expr: Extract<TypedExpr, { kind: "norm" }>): Labelled {
    const arg = this.evaluate(expr.arg);
    const [last, size] = [arg.labels.at(-1)!, arg.sizes.at(-1)!];
    const along = (index: Index): number[] =>
      Array.from({ length: size }, (_, i) => at(arg, new Map([...index, [last, i]])));
    const [weight, bias] = [expr.weight, expr.bias].map((e) => e && this.evaluate(e));
    return this.build(expr.axes, (index) => {
      const row = along(index);
      const x = at(arg, index);
      if (expr.norm === "l2") return x / Math.max(Math.hypot(...row), expr.eps);
      const mean = row.reduce((a, b) => a + b, 0) / size;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
      return ((x - mean) / Math.sqrt(variance + expr.eps)) * at(weight!, index) + at(bias!, index);
    });
  }
}

function indexOf(position: number, labels: readonly string[], sizes: readonly number[]): Index {
  const index = new Map<string, number>();
  let rest = position;
  for (let i = labels.length - 1; i >= 0; i--) {
    index.set(labels[i]!, rest % sizes[i]!);
    rest = Math.floor(rest / sizes[i]!);
  }
  return index;
}

const at = ({ labels, sizes, data }: Labelled, index: Index): number =>
  data[labels.reduce((n, label, i) => n * sizes[i]! + index.get(label)!, 0)]!;

const extents = (over: readonly string[], operands: readonly Labelled[]): (readonly [string, number])[] =>
  over.map((label) => {
    const operand = operands.find((o) => o.labels.includes(label))!;
    return [label, operand.sizes[operand.labels.indexOf(label)]!];
  });

function total(index: Index, over: readonly (readonly [string, number])[], f: (index: Index) => number): number {
  const [first, ...rest] = over;
  if (!first) return f(index);
  let sum = 0;
  for (let i = 0; i < first[1]; i++) sum += total(new Map([...index, [first[0], i]]), rest, f);
  return sum;
}
