/**
 * Expansion: typed equations in, tensor IR for one token out. Every layer is written out with the equations whose
 * condition holds there; names become paths (`blocks.3.timeMix.k`).
 */
import {
  type Axis,
  type CheckedModel,
  type CheckedPart,
  type CheckedState,
  type Reference,
  type TypedEquation,
  type TypedExpr,
  holds,
} from "../check/typed.ts";
import {
  constantValue,
  type Definition,
  type IrAxis,
  type IrGraph,
  type IrState,
  type IrUnary,
  type Origin,
  scalar,
  shapeOf,
  type Value,
} from "../ir/ir.ts";
import { numberSteps } from "./number-steps.ts";
import { multiply, sumOfProducts } from "./products.ts";

/** A value with the labels that the equation gives to its axes. */
export interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** What making a value needs to know of its place. */
export type Place = Pick<Value, "name" | "origin">;

export function expand(model: CheckedModel): IrGraph {
  const states: IrState[] = [];
  const definitions: Definition[] = [];
  const carries = new Map<string, Value>();
  const run = (part: CheckedPart, layer: number | null): void => {
    const scope = new PartScope(model, part, layer, carries);
    for (const equation of part.equations) {
      if (holds(equation.condition, layer ?? 0)) definitions.push(scope.define(equation));
    }
    states.push(...part.states.map((s) => scope.stateOf(s)));
  };
  run(model.embedding, null);
  for (let layer = 0; layer < model.layerCount; layer++) for (const part of model.parts) run(part, layer);
  run(model.head, null);
  const logits = required(carries.get("logits"), "logits");
  return numberSteps({ layerCount: model.layerCount, states, logits, definitions });
}

/** The checker guarantees what this asserts. */
function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`expand: ${what} has no definition`);
  return value;
}

/** One part in one layer: what its names stand for. */
class PartScope {
  private readonly locals = new Map<string, Value>();
  private readonly next = new Map<string, Value>();

  constructor(
    private readonly model: CheckedModel,
    private readonly part: CheckedPart,
    private readonly layer: number | null,
    private readonly carries: Map<string, Value>,
  ) {}

  private path(name: string): string {
    return this.layer === null ? `${this.part.name}.${name}` : `blocks.${this.layer}.${this.part.name}.${name}`;
  }

  private axes(dims: readonly string[]): readonly IrAxis[] {
    return dims.map((dim) => ({ dim, size: required(this.model.sizes.get(dim), `dimension ${dim}`) }));
  }

  stateOf(state: CheckedState): IrState {
    const next = required(this.next.get(state.name), `state ${state.name}'`);
    return { name: this.path(state.name), axes: this.axes(state.shape), initial: state.initial, scale: 1, next };
  }

  define(equation: TypedEquation): Definition {
    const { target, axes, text, span } = equation;
    const origin: Origin = { span, text, part: this.part.name, layer: this.layer };
    const place: Place = { name: this.path(target.name), origin };
    const expression = this.expression(equation.expr, place);
    const table = target.kind === "local" ? this.locals : target.kind === "carry" ? this.carries : this.next;
    const value = sameOrder(expression, axes) ? named(expression.value, place) : arrange(expression, axes, place);
    table.set(target.name, value);
    return { ...place, axes: value.axes, value, scale: 1 };
  }

  private reference(ref: Reference, place: Place): Value {
    switch (ref.kind) {
      case "weight": {
        const weight = required(this.part.weights.get(ref.name), `weight ${ref.name}`);
        const axes = this.axes(weight.shape);
        const tensor = weight.tensor.replace("{layer}", String(this.layer));
        return constantValue({ kind: "tensor", tensor, shape: shapeOf(axes) }, axes, place);
      }
      case "state":
        return this.oldState(ref.name, place);
      case "nextState":
        return required(this.next.get(ref.name), `${ref.name}'`);
      case "local":
        return required(this.locals.get(ref.name), ref.name);
      case "carry":
        return required(this.carries.get(ref.name), ref.name);
    }
  }

  private readonly oldStates = new Map<string, Value>();

  private oldState(name: string, place: Place): Value {
    const known = this.oldStates.get(name);
    if (known) return known;
    const state = required(
      this.part.states.find((s) => s.name === name),
      `state ${name}`,
    );
    const value: Value = {
      op: { kind: "state", state: this.path(name) },
      inputs: [],
      axes: this.axes(state.shape),
      name: this.path(name),
      origin: place.origin,
    };
    this.oldStates.set(name, value);
    return value;
  }

  private expression(expr: TypedExpr, place: Place): Labelled {
    const labels = expr.axes.map((a) => a.label);
    const sub = (e: TypedExpr): Labelled => this.expression(e, place);
    const made = (op: Value["op"], inputs: readonly Value[]): Labelled => ({
      value: { op, inputs, axes: this.axes(expr.axes.map((a) => a.dim)), ...place },
      labels,
    });
    switch (expr.kind) {
      case "number":
        return { value: scalar(expr.value, place), labels: [] };
      case "ref":
        return { value: this.reference(expr.ref, place), labels };
      case "unary":
        return expandUnary(expr.op, sub(expr.arg), place);
      case "binary":
        // A product is taken apart into its factors first, so that small ones meet before they are spread out.
        if (expr.op === "mul") return multiply(this.factors(expr, place), place);
        return binary(expr.op, sub(expr.left), sub(expr.right), place);
      case "contract":
        return contract(sub(expr.left), sub(expr.right), labels, place);
      case "sum":
        return sumOfProducts(this.addends(expr.arg, place), expr.over, labels, place);
      case "norm": {
        const inputs = [expr.arg, expr.weight, expr.bias].filter((e) => e !== undefined).map((e) => sub(e).value);
        return made({ kind: "norm", norm: expr.norm, eps: expr.eps }, inputs);
      }
      case "shift": {
        this.next.set(expr.state, sub(expr.arg).value);
        return { value: this.oldState(expr.state, place), labels };
      }
      case "gather":
        return made({ kind: "gather" }, [sub(expr.table).value, this.token(place)]);
      case "regroup":
        return made({ kind: "regroup" }, [sub(expr.arg).value]);
      case "slice": {
        const arg = sub(expr.arg);
        return made({ kind: "slice", axis: arg.labels.indexOf(expr.label), index: expr.index }, [arg.value]);
      }
    }
  }

  private token(place: Place): Value {
    return { op: { kind: "token" }, inputs: [], axes: [], name: "token", origin: place.origin };
  }

  /** Factors of a chain of multiplications. */
  private factors(expr: TypedExpr, place: Place): readonly Labelled[] {
    if (expr.kind === "binary" && expr.op === "mul")
      return [...this.factors(expr.left, place), ...this.factors(expr.right, place)];
    return [this.expression(expr, place)];
  }

  /** Products that are added up under a sum, multiplied out: `r * (u * k * v + S)` gives two. */
  private addends(expr: TypedExpr, place: Place): readonly (readonly Labelled[])[] {
    if (expr.kind === "binary" && (expr.op === "add" || expr.op === "sub")) {
      const minus: Labelled = { value: scalar(-1, place), labels: [] };
      const right = this.addends(expr.right, place);
      return [
        ...this.addends(expr.left, place),
        ...right.map((factors) => (expr.op === "sub" ? [minus, ...factors] : factors)),
      ];
    }
    if (expr.kind === "binary" && expr.op === "mul") {
      const right = this.addends(expr.right, place);
      return this.addends(expr.left, place).flatMap((l) => right.map((r) => [...l, ...r]));
    }
    return [[this.expression(expr, place)]];
  }
}

function expandUnary(op: Extract<TypedExpr, { kind: "unary" }>["op"], arg: Labelled, place: Place): Labelled {
  const unary = (name: IrUnary): Labelled => ({
    value: { op: { kind: "unary", op: name }, inputs: [arg.value], axes: arg.value.axes, ...place },
    labels: arg.labels,
  });
  if (op === "silu") return binary("mul", arg, unary("sigmoid"), place);
  if (op === "square") return binary("mul", arg, arg, place);
  return unary(op);
}

/** Element-wise; the result has the left's axes, then those that only the right has. */
export function binary(
  op: Extract<Value["op"], { kind: "binary" }>["op"],
  left: Labelled,
  right: Labelled,
  place: Place,
): Labelled {
  const labels = [...left.labels, ...right.labels.filter((l) => !left.labels.includes(l))];
  const value: Value = {
    op: { kind: "binary", op, left: left.labels, right: right.labels, out: labels },
    inputs: [left.value, right.value],
    axes: labels.map((label) => axisOf(label, [left, right])),
    ...place,
  };
  return { value, labels };
}

/** Product of two operands, summed over the labels that are not in `out`. */
export function contract(left: Labelled, right: Labelled, out: readonly string[], place: Place): Labelled {
  const value: Value = {
    op: { kind: "contract", left: left.labels, right: right.labels, out },
    inputs: [left.value, right.value],
    axes: out.map((label) => axisOf(label, [left, right])),
    ...place,
  };
  return { value, labels: out };
}

export function axisOf(label: string, operands: readonly Labelled[]): IrAxis {
  for (const { value, labels } of operands) {
    const axis = value.axes[labels.indexOf(label)];
    if (axis) return axis;
  }
  throw new Error(`expand: label ${label} has no axis`);
}

const sameOrder = (e: Labelled, axes: readonly Axis[]): boolean =>
  e.labels.length === axes.length && e.labels.every((l, i) => l === axes[i]?.label);

/** A value that the equation computes gets its name; one that it merely passes on keeps identity and first name. */
const named = (value: Value, place: Place): Value =>
  value.origin !== place.origin || value.inputs.length === 0 ? value : { ...value, name: place.name };

/** The expression with its axes in the order that the equation's left side asks for. */
function arrange(e: Labelled, axes: readonly Axis[], place: Place): Value {
  const perm = axes.map((a) => e.labels.indexOf(a.label));
  return {
    op: { kind: "transpose", perm },
    inputs: [e.value],
    axes: perm.map((p) => e.value.axes[p] as IrAxis),
    ...place,
  };
}
