/**
 * A graph for one token  ->  the graph for T tokens that computes the same as T steps of it.
 *
 * Time is implicit until here. What no recurrence touches is done for all tokens at once: its values get an axis of tokens
 * in front, a linear layer's vector becomes T rows. The old values of a state that only remembers (a token shift) are its new
 * values one row later: [state; new rows 0 .. T-2]. What is computed from its own result of the token before (a matrix state's
 * update) is written out token by token, as the graph for one token has it; what it needs is cut into rows, what it gives is
 * put together again. See `plan-tokens.ts` for how the two are told apart.
 *
 * In: any graph for one token. Out: its values' origins say which token they belong to; states keep their names, order and
 * layouts; logits are [T, V]. Exact.
 */
import { type Definition, type IrAxis, type IrGraph, type IrState, tokenDim, type Value } from "../ir/ir.ts";
import { planTokens, type TokenPlan } from "./plan-tokens.ts";

export function batchTokens(graph: IrGraph, tokens: number): IrGraph {
  return new Batching(graph, tokens).run();
}

class Batching {
  private readonly plan: TokenPlan;
  private readonly axis: IrAxis;
  private readonly states: ReadonlyMap<string, IrState>;
  /** Values for all tokens, by the value for one. */
  private readonly whole = new Map<Value, Value>();
  /** Values of each token, by the value for one. */
  private readonly single = new Map<Value, Value[]>();

  constructor(
    private readonly graph: IrGraph,
    private readonly tokens: number,
  ) {
    this.plan = planTokens(graph);
    this.axis = { dim: tokenDim, size: tokens };
    this.states = new Map(graph.states.map((state) => [state.name, state]));
  }

  run(): IrGraph {
    // Operands first, so that what follows never goes deep.
    for (const group of this.plan.order) {
      if (this.plan.kindOf(group[0]!) === "all") this.all(group[0]!);
      else for (let t = 0; t < this.tokens; t++) for (const value of group) this.at(value, t);
    }
    return {
      layerCount: this.graph.layerCount,
      tokens: this.tokens,
      states: this.graph.states.map((state) => ({ ...state, next: this.last(state.next) })),
      logits: this.all(this.graph.logits),
      definitions: this.graph.definitions?.flatMap((definition) => this.defined(definition)),
    };
  }

  /** An equation's value for all tokens, or one for each. */
  private defined(definition: Definition): readonly Definition[] {
    let { value } = definition;
    // A split or merge of heads that nothing needs is not in the graph; the same elements are.
    while (!this.whole.has(value) && !this.single.has(value) && value.op.kind === "regroup")
      [value] = value.inputs as [Value];
    const whole = this.whole.get(value);
    if (whole && this.plan.kindOf(value) === "all")
      return [{ ...definition, value: whole, axes: [this.axis, ...definition.axes] }];
    return (this.single.get(value) ?? []).map((one) => ({ ...definition, value: one }));
  }

  /** The value for all tokens, [T, ...]; what does not change from token to token is repeated. */
  private all(value: Value): Value {
    const known = this.whole.get(value);
    if (known) return known;
    const kind = this.plan.kindOf(value);
    const rows = (): Value[] => Array.from({ length: this.tokens }, (_, t) => this.asRow(this.at(value, t)));
    const made =
      kind !== "all"
        ? this.concat(rows(), value)
        : value.op.kind === "state"
          ? this.shifted(value, value.op.state)
          : this.batched(value);
    this.whole.set(value, made);
    return made;
  }

  /** The value of token `t`, with the axes that it has in the graph for one token. */
  private at(value: Value, t: number): Value {
    const kind = this.plan.kindOf(value);
    if (kind === "fixed") return value;
    const known = this.single.get(value) ?? [];
    this.single.set(value, known);
    return (known[t] ??= kind === "all" ? this.slice(value, t) : this.step(value, t));
  }

  private step(value: Value, t: number): Value {
    if (value.op.kind === "state") return t === 0 ? value : this.at(this.stateOf(value.op.state).next, t - 1);
    const inputs = value.inputs.map((input) => this.at(input, t));
    return { ...value, inputs, name: `${value.name}.t${t}`, origin: { ...value.origin, token: t } };
  }

  private slice(value: Value, t: number): Value {
    const { axes, origin } = value;
    return {
      op: { kind: "slice", axis: 0, index: t },
      inputs: [this.all(value)],
      axes,
      name: `${value.name}.t${t}`,
      origin,
    };
  }

  /** A state's old values where its new ones do not depend on them. */
  private shifted(value: Value, state: string): Value {
    const { next } = this.stateOf(state);
    const earlier = this.rows(this.all(next), 0, this.tokens - 1, value);
    return this.concat([this.asRow(value), earlier], value);
  }

  /** The value of the last token: what a state is afterwards. It belongs to the graph, not to the last token's step. */
  private last(next: Value): Value {
    const kind = this.plan.kindOf(next);
    if (kind === "fixed") return next;
    const value =
      kind === "token" ? this.at(next, this.tokens - 1) : this.rows(this.all(next), this.tokens - 1, 1, next);
    return { ...next, op: { kind: "regroup" }, inputs: [value] };
  }

  private stateOf(name: string): IrState {
    const state = this.states.get(name);
    if (!state) throw new Error(`batch-tokens: unknown state ${name}`);
    return state;
  }

  private asRow(value: Value): Value {
    const { token: _, ...origin } = value.origin;
    return {
      ...value,
      op: { kind: "regroup" },
      inputs: [value],
      axes: [{ ...this.axis, size: 1 }, ...value.axes],
      origin,
    };
  }

  private rows(value: Value, start: number, count: number, like: Value): Value {
    const axes = [{ ...this.axis, size: count }, ...value.axes.slice(1)];
    return { op: { kind: "rows", start }, inputs: [value], axes, name: like.name, origin: like.origin };
  }

  private concat(inputs: readonly Value[], like: Value): Value {
    const axes = [this.axis, ...like.axes];
    return { op: { kind: "concat", axis: 0 }, inputs, axes, name: like.name, origin: like.origin };
  }

  /** The operation over all tokens at once. */
  private batched(value: Value): Value {
    const { op } = value;
    const isFixed = value.inputs.map((input) => this.plan.kindOf(input) === "fixed");
    const inputs = value.inputs.map((input, i) => (isFixed[i] ? input : this.all(input)));
    const made = (changed: Value["op"], operands: readonly Value[] = inputs): Value => ({
      ...value,
      op: changed,
      inputs: operands,
      axes: [this.axis, ...value.axes],
    });
    const labels = (list: readonly string[], i: number): readonly string[] => (isFixed[i] ? list : [tokenDim, ...list]);
    switch (op.kind) {
      case "binary":
      case "contract":
        return made({ ...op, left: labels(op.left, 0), right: labels(op.right, 1), out: [tokenDim, ...op.out] });
      case "sum":
        return made({ ...op, arg: [tokenDim, ...op.arg], out: [tokenDim, ...op.out] });
      case "transpose":
        return made({ ...op, perm: [0, ...op.perm.map((p) => p + 1)] });
      case "slice":
        return made({ ...op, axis: op.axis + 1 });
      case "concat":
        return made(
          { ...op, axis: op.axis + 1 },
          value.inputs.map((input) => this.all(input)),
        );
      case "gather":
      case "norm":
        // Tables and norms' weights come from the checkpoint.
        if (isFixed.some((fixed, i) => fixed !== (op.kind === "norm" ? i > 0 : i === 0)))
          throw new Error(`batch-tokens: ${value.name} has weights that change from token to token`);
        return made(op);
      case "token":
      case "unary":
      case "regroup":
        return made(op);
      case "constant":
      case "state":
      case "rows":
        throw new Error(`batch-tokens: ${op.kind} ${value.name} has no form for several tokens`);
    }
  }
}
