/**
 * Scaling policies: values that would leave fp16's range are kept multiplied by a power of two, and what they lead to is
 * *exactly* the unscaled model.
 *
 * Every value carries a factor (stored = factor * the spec's value). Products multiply factors, linear operations pass them
 * on, sums need equal ones, norms absorb them (layer_norm(c x, eps) = layer_norm(x, eps / c^2), so eps becomes eps * c^2),
 * and exp, sigmoid, tanh, a logit must get 1. Where a sum's operands differ, the one that can take the missing factor
 * into its weights does (`output.weight / 2`). A state's factor is an unknown that its update determines.
 *
 * Factors are exact as long as no value leaves the range of floating point for them; `scale/range` refuses those that
 * have added up to more than any value needs.
 *
 * In: the graph as expanded. Out: the graph with changed weights and epsilons; states know their scale.
 */
import type { CheckedPolicy } from "../check/typed.ts";
import { type Diagnostic, inputError, type Outcome } from "../diagnostics/diagnostic.ts";
import { elementwise } from "../ir/elementwise.ts";
import { countUses, type IrGraph, isConstant, rewrite, scalar, topological, type Value } from "../ir/ir.ts";
import { scaleConstant } from "./fold-constants.ts";

/** Of the base-2 logarithm of a value's factor. A norm's epsilon is scaled by its square and has to stay a float32. */
const maximalSum = 32;

/** stored = number * product of the unknown scales of `states` * the spec's value. */
interface Factor {
  readonly number: number;
  readonly states: readonly string[];
}

const one: Factor = { number: 1, states: [] };
const times = (a: Factor, b: Factor): Factor => ({
  number: a.number * b.number,
  states: [...a.states, ...b.states].sort(),
});
const distanceFromOne = ({ number }: Factor): number => Math.abs(Math.log2(Math.abs(number)));
const same = (a: Factor, b: Factor): boolean => a.number === b.number && a.states.join() === b.states.join();

export function applyScaling(graph: IrGraph, policies: readonly CheckedPolicy[]): Outcome<IrGraph> {
  if (policies.length === 0) return { value: graph, diagnostics: [] };
  const { scaling, result } = settle(graph, policies);
  return { value: scaling.diagnostics.length ? undefined : result, diagnostics: scaling.diagnostics };
}

/**
 * What the policies multiply each of the graph's values by when it is computed: before a multiplication that stands for a policy. Values
 * that are gone have none. Undefined when the policies are refused.
 */
export function scalingFactors(
  graph: IrGraph,
  policies: readonly CheckedPolicy[],
): ReadonlyMap<Value, number> | undefined {
  const { scaling, result } = settle(graph, policies);
  return scaling.diagnostics.length ? undefined : scaling.computedFactors(result);
}

/** Kept scaled where that is possible, else undone as soon as a weight can. */
function settle(graph: IrGraph, policies: readonly CheckedPolicy[]) {
  const kept = attempt(graph, policies, true);
  return kept.scaling.diagnostics.length === 0 ? kept : attempt(graph, policies, false);
}

function attempt(graph: IrGraph, policies: readonly CheckedPolicy[], keepScaled: boolean) {
  const scales = new Map<string, number>();
  // Early rounds find the scales of states, the last works with them; a state's scale is found once.
  for (let round = 0; round <= graph.states.length + 1; round++) {
    const scaling = new Scaling(graph, policies, scales, keepScaled);
    const result = scaling.run();
    if (!scaling.learnt) return { scaling, result };
  }
  throw new Error("apply-scaling: the states' scales do not settle");
}

class Scaling {
  readonly diagnostics: Diagnostic[] = [];
  /** A state's scale was found: what was computed before is void. */
  learnt = false;
  private readonly factors = new Map<Value, Factor>();
  private readonly uses: ReadonlyMap<Value, number>;
  private readonly madeFrom = new Map<Value, Value>();
  private readonly definitions: ReadonlySet<Value>;
  private readonly hiddenEnds: ReadonlyMap<Value, Extract<CheckedPolicy, { kind: "rescaleHidden" }>>;

  constructor(
    private readonly graph: IrGraph,
    private readonly policies: readonly CheckedPolicy[],
    private readonly scales: Map<string, number>,
    /** In a sum of unequal factors, the operand nearer to 1 is the first to follow the other; else the right one is. */
    private readonly keepScaled: boolean,
  ) {
    this.uses = countUses(graph);
    this.definitions = new Set(this.lastOfEachName());
    this.hiddenEnds = this.findHiddenEnds();
  }

  run(): IrGraph {
    const result = rewrite(this.graph, (value, original) => {
      const propagated = this.propagate(value);
      this.madeFrom.set(propagated, original);
      const made = this.applyPolicies(propagated, original);
      this.madeFrom.set(made, original);
      return made;
    });
    const states = result.states.map((state, i) => {
      const original = this.graph.states[i]?.next as Value;
      return { ...state, scale: this.settleState(state.name, this.factor(state.next), original) };
    });
    this.settleOne();
    if (!same(this.factor(result.logits), one))
      this.refuse("scale/uncancelled-logits", result.logits, "the logits would be scaled");
    this.checkRange(result);
    return { ...result, states, definitions: this.scaledDefinitions(result) };
  }

  /** Of each original value: the factor of the first that is made from it. */
  computedFactors(result: IrGraph): ReadonlyMap<Value, number> {
    const factors = new Map<Value, number>();
    for (const value of topological(result)) {
      const original = this.madeFrom.get(value);
      if (original && !factors.has(original)) factors.set(original, this.factor(value).number);
    }
    return factors;
  }

  /** The equations with the factors of their values: of those that stand for them in the end, where weights took a factor in later. */
  private scaledDefinitions(result: IrGraph): IrGraph["definitions"] {
    const values = topological(result);
    const there = new Set(values);
    const standIns = new Map(values.map((value) => [this.madeFrom.get(value), value]));
    return result.definitions?.map((definition, i) => {
      const original = this.graph.definitions![i]!.value;
      const value = there.has(definition.value) ? definition.value : (standIns.get(original) ?? definition.value);
      return { ...definition, value, scale: this.factor(value).number };
    });
  }

  /** The first value, in the order of the graph, that policies together scale too far. */
  private checkRange(result: IrGraph): void {
    for (const value of topological(result)) {
      const { number } = this.factor(value);
      if (Math.abs(Math.log2(Math.abs(number))) <= maximalSum) continue;
      const exponent = Math.round(Math.log2(Math.abs(number)));
      this.refuse("scale/range", value, `the factors add up to 2**${exponent}`, {
        notes: [
          `At most 2**${maximalSum}, at least 1 / 2**${maximalSum} leaves the model's result unchanged in float32.`,
        ],
        hint: "scale by less",
      });
      return;
    }
  }

  /** The value's factor, with the scales of states filled in as far as they are known by now. */
  private factor(value: Value): Factor {
    const { number, states } = this.factors.get(value) ?? one;
    const known = states.reduce((n, s) => n * (this.scales.get(s) ?? 1), number);
    return { number: known, states: states.filter((s) => !this.scales.has(s)) };
  }

  private with(value: Value, factor: Factor): Value {
    this.factors.set(value, factor);
    return value;
  }

  /** The value with what its operands' factors ask for, and its own factor. */
  private propagate(value: Value): Value {
    const { op, inputs } = value;
    const [a, b] = inputs.map((v) => this.factor(v)) as [Factor, Factor];
    switch (op.kind) {
      case "token":
      case "constant":
        return value;
      case "state":
        return this.with(value, { number: 1, states: [op.state] });
      case "regroup":
      case "transpose":
      case "slice":
      case "sum":
      case "gather":
        return this.with(value, a);
      case "contract":
        return this.with(value, times(a, b));
      case "unary":
        if (["neg", "relu", "abs"].includes(op.op) || same(a, one)) return this.with(value, a);
        return this.mustBeOne(value, a, op.op);
      case "norm": {
        if (a.states.length) return this.mustBeOne(value, a, `${op.norm}_norm`);
        const eps = op.norm === "l2" ? op.eps * a.number : op.eps * a.number ** 2;
        return this.with(eps === op.eps ? value : { ...value, op: { ...op, eps } }, one);
      }
      case "binary":
        if (op.op === "mul") return this.with(value, times(a, b));
        if (op.op === "div")
          return b.states.length
            ? this.mustBeOne(value, b, "/")
            : this.with(value, { number: a.number / b.number, states: a.states });
        return this.balance(value, a, b);
      case "rows":
      case "concat":
        return this.with(value, a);
    }
  }

  /** Operands of a sum (max, min) brought to one factor. */
  private balance(value: Value, a: Factor, b: Factor): Value {
    if (same(a, b)) return this.with(value, a);
    if (this.learnState(a, b) || this.learnState(b, a)) return this.with(value, a);
    if (a.states.length || b.states.length) return this.with(value, a);
    const [left, right] = value.inputs as [Value, Value];
    const rightFollows = (): Value | undefined => {
      const made = this.absorb(right, a.number / b.number);
      return made && this.with({ ...value, inputs: [left, made] }, a);
    };
    const leftFollows = (): Value | undefined => {
      const made = this.absorb(left, b.number / a.number);
      return made && this.with({ ...value, inputs: [made, right] }, b);
    };
    const leftFirst = this.keepScaled && distanceFromOne(a) < distanceFromOne(b);
    const balanced = leftFirst ? (leftFollows() ?? rightFollows()) : (rightFollows() ?? leftFollows());
    if (balanced) return balanced;
    const what = value.op.kind === "binary" && (value.op.op === "max" || value.op.op === "min") ? value.op.op : "a sum";
    this.refuse(
      "scale/unequal-sum",
      value,
      `the operands of ${what} are scaled by ${a.number} and ${b.number}, and no weight can take the difference`,
    );
    return value;
  }

  /** Resolves a state's scale from `with = without * scale`. */
  private learnState(withState: Factor, other: Factor): boolean {
    const [state, ...rest] = withState.states;
    if (state === undefined || rest.join() !== other.states.join()) return false;
    this.scales.set(state, other.number / withState.number);
    return (this.learnt = true);
  }

  private settleState(name: string, factor: Factor, original: Value): number {
    const known = this.scales.get(name);
    if (known === undefined) {
      // One that depends on states of unknown scale waits for them.
      if (factor.states.length === 0) this.scales.set(name, factor.number);
      this.learnt ||= factor.states.length === 0;
      return 1;
    }
    if (!same(factor, { number: known, states: [] })) {
      this.refuse("scale/state", original, `${name} is read scaled by ${known} and written scaled by ${factor.number}`);
    }
    return known;
  }

  /** A state that nothing ties to a scale keeps 1. */
  private settleOne(): void {
    const open = this.graph.states.find((state) => !this.scales.has(state.name));
    if (this.learnt || !open) return;
    this.scales.set(open.name, 1);
    this.learnt = true;
  }

  /**
   * The value times `by` without a new operation, by a change of weights; undefined if that is not possible. Values that
   * others use too are left alone.
   */
  private absorb(value: Value, by: number, root = true): Value | undefined {
    if (isConstant(value)) return scaleConstant(value, by);
    const original = this.madeFrom.get(value);
    if (!root && original && (this.uses.get(original) ?? 0) > 1) return undefined;
    if (root && original && (this.uses.get(original) ?? 0) > 1 && !this.rootMayChange) return undefined;
    const { op, inputs } = value;
    const replace = (at: number): Value | undefined => {
      const input = inputs[at];
      const made = input && this.absorb(input, by, false);
      return made && this.keep(value, { ...value, inputs: inputs.map((v, i) => (i === at ? made : v)) }, by);
    };
    switch (op.kind) {
      case "regroup":
      case "transpose":
      case "slice":
      case "sum":
        return replace(0);
      case "unary":
        return by > 0 && ["neg", "relu", "abs"].includes(op.op) ? replace(0) : undefined;
      case "contract":
        // A weight takes it before an activation does.
        return inputs[1] && isConstant(inputs[1]) ? replace(1) : (replace(0) ?? replace(1));
      case "norm": {
        const [x, weight, bias] = inputs;
        const [scaled, shifted] = [weight, bias].map((v) => v && this.absorb(v, by, false));
        return x && scaled && shifted && this.keep(value, { ...value, inputs: [x, scaled, shifted] }, by);
      }
      case "binary":
        if (op.op === "mul") return replace(1) ?? replace(0);
        if (op.op === "div") return replace(0);
        if (op.op === "add" || op.op === "sub") {
          const [l, r] = inputs.map((v) => this.absorb(v, by, false));
          return l && r && this.keep(value, { ...value, inputs: [l, r] }, by);
        }
        return undefined;
      default:
        return undefined;
    }
  }

  private rootMayChange = false;

  private keep(from: Value, to: Value, by: number): Value {
    const f = this.factor(from);
    const original = this.madeFrom.get(from);
    if (original) this.madeFrom.set(to, original);
    return this.with(to, { number: f.number * by, states: f.states });
  }

  private applyPolicies(value: Value, original: Value): Value {
    let result = value;
    for (const policy of this.policies) {
      const by = this.policyFactor(policy, original);
      if (by === undefined || by === 1) continue;
      // All users of a named value see the change, so it may be made in place; its operands must be its own.
      this.rootMayChange = true;
      const absorbed = policy.kind === "scale" ? this.absorb(result, by) : undefined;
      this.rootMayChange = false;
      result = absorbed ?? this.multiplied(result, by, policy);
    }
    return result;
  }

  private policyFactor(policy: CheckedPolicy, original: Value): number | undefined {
    if (policy.kind === "rescaleHidden") return this.hiddenEnds.get(original) === policy ? policy.by : undefined;
    const { layer, part } = original.origin;
    const prefix = layer === null ? part : `blocks.${layer}.${part}`;
    return part === policy.part && original.name === `${prefix}.${policy.value}` && this.isDefinition(original)
      ? policy.by
      : undefined;
  }

  /** An equation's value, as against the inner values of its expression, which share its name. */
  private isDefinition(original: Value): boolean {
    return this.definitions.has(original);
  }

  private lastOfEachName(): Iterable<Value> {
    const last = new Map<string, Value>();
    for (const v of topological(this.graph)) if (v.op.kind !== "constant") last.set(v.name, v);
    return last.values();
  }

  private multiplied(value: Value, by: number, policy: CheckedPolicy): Value {
    const origin = { ...value.origin, span: policy.span, text: policy.text };
    const place = { name: `${value.name}.scaled`, origin };
    const made = elementwise("mul", value, scalar(by, { name: value.name, origin }), { ...value, ...place });
    const f = this.factor(value);
    return this.with(made, { number: f.number * by, states: f.states });
  }

  /** The hidden state at the end of every `every`-th layer but the last: the last value of that layer that later ones use. */
  private findHiddenEnds(): ReadonlyMap<Value, Extract<CheckedPolicy, { kind: "rescaleHidden" }>> {
    const ends = new Map<Value, Extract<CheckedPolicy, { kind: "rescaleHidden" }>>();
    const lastX = new Map<number, Value>();
    for (const v of topological(this.graph)) {
      if (v.origin.layer !== null && /\.x$/.test(v.name) && v.op.kind !== "constant") lastX.set(v.origin.layer, v);
    }
    for (const policy of this.policies) {
      if (policy.kind !== "rescaleHidden") continue;
      for (const [layer, x] of lastX) {
        if ((layer + 1) % policy.every === 0 && layer + 1 < this.graph.layerCount) ends.set(x, policy);
      }
    }
    return ends;
  }

  /** For operations that pass no factor on. A state whose scale is not known yet is looked at again in the next round. */
  private mustBeOne(value: Value, factor: Factor, what: string): Value {
    if (factor.states.length === 0) {
      this.refuse(
        "scale/non-homogeneous",
        value,
        `${what} would get a value scaled by ${factor.number}, which it does not pass on`,
      );
    }
    return this.with(value, one);
  }

  private refuse(code: string, value: Value, problem: string, details?: Pick<Diagnostic, "notes" | "hint">): void {
    const { span, layer, text } = value.origin;
    if (this.diagnostics.some((d) => d.code === code && d.primary?.span.start === span.start)) return;
    const policies = this.policies.map((p) => ({ span: p.span, text: "this policy scales what leads here" }));
    this.diagnostics.push(
      inputError(code, problem, {
        primary: { span, text: layer === null ? "here" : `here, in layer ${layer}` },
        secondary: policies.filter((p) => p.span.start !== span.start || p.span.file !== span.file),
        notes: [
          `In \`${text}\`, ${problem}. A scaling policy must leave the model's result unchanged: its factor has to reach a norm, which cancels it, or a weight, which takes it in.`,
        ],
        hint: "scale another value, or take the policy out",
        ...details,
      }),
    );
  }
}
