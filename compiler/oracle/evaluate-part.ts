/**
 * One part of the model in one layer, token after token: the typed equations evaluated as they stand, in double precision. Its
 * states are kept from call to call.
 */
import { children } from "../check/labels.ts";
import { type CheckedModel, type CheckedPart, holds, type TypedEquation, type TypedExpr } from "../check/typed.ts";
import { contract, sum } from "./contract.ts";
import { binary, unary } from "./elementwise.ts";
import { norm } from "./norms.ts";
import { arranged, countOf, extentOf, type Tensor } from "./tensor.ts";
import type { PartWeights } from "./weights.ts";

/** Values handed on from part to part, of one token. */
export type Carries = Map<string, Tensor>;

export class PartEvaluator {
  private states: Map<string, Float64Array>;
  private next = new Map<string, Float64Array>();
  private locals = new Map<string, Tensor>();
  private carries: Carries = new Map();
  private token = 0;
  /** Expressions of weights only, which are the same for every token. */
  private readonly constants = new Map<TypedExpr, Tensor>();
  private readonly equations: readonly TypedEquation[];

  constructor(
    private readonly model: CheckedModel,
    private readonly part: CheckedPart,
    layer: number | null,
    private readonly weights: PartWeights,
  ) {
    this.equations = part.equations.filter((equation) => holds(equation.condition, layer ?? 0));
    this.states = new Map(
      part.states.map((state) => {
        const values = new Float64Array(countOf(this.sizesOf(state.shape)));
        return [state.name, values.fill(state.initial)];
      }),
    );
  }

  /** Evaluates the equations for the next token; reads and writes `carries`. What `onValue` gives stands for the value from there on. */
  step(
    token: number,
    carries: Carries,
    onValue: (equation: TypedEquation, value: Tensor) => Tensor | undefined | void,
  ): void {
    [this.token, this.carries, this.locals, this.next] = [token, carries, new Map(), new Map()];
    for (const equation of this.equations) {
      const value = arranged(
        this.evaluate(equation.expr),
        equation.axes.map((axis) => axis.label),
      );
      this.define(equation, onValue(equation, value) ?? value);
    }
    this.states = this.next;
  }

  /** Values of the states after the last token, by name. */
  stateValues(): ReadonlyMap<string, Float64Array> {
    return this.states;
  }

  private define({ target: { kind, name } }: TypedEquation, value: Tensor): void {
    if (kind === "local") this.locals.set(name, value);
    else if (kind === "carry") this.carries.set(name, value);
    else this.next.set(name, Float64Array.from(value.data));
  }

  private sizesOf(dims: readonly string[]): number[] {
    return dims.map((dim) => {
      const size = this.model.sizes.get(dim);
      if (size === undefined) throw new Error(`oracle: the dimension ${dim} has no number`);
      return size;
    });
  }

  private evaluate(expr: TypedExpr): Tensor {
    const known = this.constants.get(expr);
    if (known) return known;
    const value = this.compute(expr);
    if (expr.kind !== "number" && isConstant(expr)) this.constants.set(expr, value);
    return value;
  }

  private compute(expr: TypedExpr): Tensor {
    const labels = expr.axes.map((axis) => axis.label);
    const own = (data: Tensor["data"]): Tensor => ({
      labels,
      sizes: this.sizesOf(expr.axes.map((a) => a.dim)),
      data,
    });
    switch (expr.kind) {
      case "number":
        return own(Float64Array.of(expr.value));
      case "ref":
        return own(this.reference(expr));
      case "unary":
        return unary(expr.op, this.evaluate(expr.arg));
      case "binary":
        return binary(expr.op, this.evaluate(expr.left), this.evaluate(expr.right));
      case "contract":
        return contract(this.evaluate(expr.left), this.evaluate(expr.right), labels, expr.over);
      case "sum":
        return this.sum(expr, labels);
      case "norm": {
        const [weight, bias] = [expr.weight, expr.bias].map((pair) => pair && this.evaluate(pair));
        return norm(expr.norm, this.evaluate(expr.arg), expr.eps, weight, bias);
      }
      case "shift": {
        // The state may be read by name too, so the new value waits for the next token.
        this.next.set(expr.state, Float64Array.from(this.evaluate(expr.arg).data));
        return own(this.states.get(expr.state)!);
      }
      case "gather":
        return own(this.gather(expr.table));
      case "regroup":
        return own(this.evaluate(expr.arg).data);
      case "slice": {
        const arg = this.evaluate(expr.arg);
        // With the sliced axis in front, what is left is one run of elements.
        const { data } = arranged(arg, [expr.label, ...labels]);
        const count = data.length / extentOf(expr.label, [arg]);
        return own(data.subarray(expr.index * count, (expr.index + 1) * count));
      }
    }
  }

  /** A sum of products is taken without the products of all indices in memory. */
  private sum({ arg, over }: Extract<TypedExpr, { kind: "sum" }>, labels: readonly string[]): Tensor {
    return arg.kind === "binary" && arg.op === "mul"
      ? contract(this.evaluate(arg.left), this.evaluate(arg.right), labels, over)
      : sum(this.evaluate(arg), labels, over);
  }

  private reference({ ref: { kind, name } }: Extract<TypedExpr, { kind: "ref" }>): Tensor["data"] {
    const found = {
      weight: () => this.weights.get(name),
      state: () => this.states.get(name),
      nextState: () => this.next.get(name),
      local: () => this.locals.get(name)?.data,
      carry: () => this.carries.get(name)?.data,
    }[kind]();
    if (!found) throw new Error(`oracle: ${this.part.name}.${name} (${kind}) has no value`);
    return found;
  }

  private gather(table: TypedExpr): Tensor["data"] {
    if (table.kind === "ref" && table.ref.kind === "weight") return this.weights.row(table.ref.name, this.token);
    const { data, sizes } = this.evaluate(table);
    const width = countOf(sizes.slice(1));
    return data.subarray(this.token * width, (this.token + 1) * width);
  }
}

/** Whether an expression depends on weights only. */
function isConstant(expr: TypedExpr): boolean {
  if (expr.kind === "ref") return expr.ref.kind === "weight";
  if (expr.kind === "shift" || expr.kind === "gather") return false;
  return children(expr).every(isConstant);
}
