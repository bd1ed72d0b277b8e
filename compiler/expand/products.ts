/**
 * Products of labelled values in an order that keeps intermediates small: factors over the same axes meet first, sums
 * are taken as early as their labels allow, and only then are values spread over each other's axes.
 *
 *     sa[h,i] * kk[h,j] * a[h,j]            -> sa (x) (kk * a)
 *     sum_i r[h,i] * u[h,i] * k[h,i] * v[h,j] -> (r . (u * k)) * v
 */
import { scalarOf } from "../ir/ir.ts";
import { binary, contract, type Labelled, type Place } from "./expand.ts";

const key = (labels: readonly string[]): string => [...labels].sort().join(" ");

/** Element-wise product. Exact but for the order of roundings. */
export function multiply(factors: readonly Labelled[], place: Place): Labelled {
  const groups = groupByLabels(factors).map((group) => group.reduce((a, b) => binary("mul", a, b, place)));
  const ordered = [...groups].sort(
    (a, b) => a.labels.length - b.labels.length || groups.indexOf(a) - groups.indexOf(b),
  );
  return ordered.reduce((a, b) => {
    // The operand with more axes gives the order of the result's.
    const [wide, narrow] = a.labels.length > b.labels.length || covers(a, b) ? [a, b] : covers(b, a) ? [b, a] : [a, b];
    return binary("mul", wide, narrow, place);
  });
}

const covers = (a: Labelled, b: Labelled): boolean => b.labels.every((l) => a.labels.includes(l));

/** Sum over `over` of the sum of `addends` (each a product of factors), with axes `out`. */
export function sumOfProducts(
  addends: readonly (readonly Labelled[])[],
  over: readonly string[],
  out: readonly string[],
  place: Place,
): Labelled {
  const terms = addends.map((factors) => reduceProduct(factors, over, out, place));
  return terms.reduce((a, b) => {
    const negated = negative(b);
    return negated ? binary("sub", a, negated, place) : binary("add", a, b, place);
  });
}

/** `x` when the term is `-1 * x`. */
function negative(term: Labelled): Labelled | undefined {
  const { op, inputs } = term.value;
  if (op.kind !== "binary" || op.op !== "mul" || inputs.length !== 2) return undefined;
  const [left, right] = inputs as [Labelled["value"], Labelled["value"]];
  if (scalarOf(left) === -1) return { value: right, labels: op.right };
  if (scalarOf(right) === -1) return { value: left, labels: op.left };
  return undefined;
}

function reduceProduct(
  factors: readonly Labelled[],
  over: readonly string[],
  out: readonly string[],
  place: Place,
): Labelled {
  const summed = (f: Labelled): boolean => f.labels.some((l) => over.includes(l));
  const kept = factors.filter((f) => !summed(f));
  let groups = groupByLabels(factors.filter(summed));
  if (groups.length === 0) return multiply(factors, place);
  if (groups.length === 1) {
    const [only] = groups as [readonly Labelled[]];
    const last = only.at(-1) as Labelled;
    const rest = only.slice(0, -1);
    const labels = out.filter((l) => last.labels.includes(l));
    const inner = rest.length ? contract(multiply(rest, place), last, labels, place) : sum(last, labels, place);
    return multiply([inner, ...kept], place);
  }
  // The largest operand (a state) is contracted with the others one after the other.
  groups = [...groups].sort((a, b) => (b[0]?.labels.length ?? 0) - (a[0]?.labels.length ?? 0));
  let result = multiply(groups[0] ?? [], place);
  groups.slice(1).forEach((group, at) => {
    const later = groups.slice(at + 2).flat();
    const needed = (l: string): boolean => out.includes(l) || later.some((f) => f.labels.includes(l));
    const right = multiply(group, place);
    const labels = [...new Set([...result.labels, ...right.labels])].filter(needed);
    result = contract(result, right, labels, place);
  });
  return multiply([result, ...kept], place);
}

function sum(arg: Labelled, out: readonly string[], place: Place): Labelled {
  const axes = out.map((l) => arg.value.axes[arg.labels.indexOf(l)]).filter((a) => a !== undefined);
  return { value: { op: { kind: "sum", arg: arg.labels, out }, inputs: [arg.value], axes, ...place }, labels: out };
}

/** Factors over the same set of labels together, in order of first appearance. */
function groupByLabels(factors: readonly Labelled[]): readonly (readonly Labelled[])[] {
  const groups = new Map<string, Labelled[]>();
  for (const factor of factors) {
    const k = key(factor.labels);
    const group = groups.get(k);
    if (group) group.push(factor);
    else groups.set(k, [factor]);
  }
  return [...groups.values()];
}
