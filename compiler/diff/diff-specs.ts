/**
 * What two specs say differently. In: two trees without mistakes. Out: the differences in the order of a spec, as data, each with its places.
 * Equations are the same when they mean the same: blanks, comments and needless parentheses do not count.
 */
import type { Span } from "../diagnostics/diagnostic.ts";
import type { PartAst, PolicyAst, PrecisionPolicyAst, ShapeAst, SpecAst } from "../frontend/ast.ts";
import { meaningOf } from "../frontend/meaning.ts";
import { policySubjects } from "../frontend/policy-subjects.ts";
import { diffLists, type Paired } from "./diff-lists.ts";

/** A piece of a spec as text, and where it was written. */
export interface Side {
  readonly text: string;
  readonly span: Span;
}

/** Something that has a name, as both sides say it. */
export interface Difference extends Paired<Side> {
  readonly name: string;
}

/** Of a part that one side or both have. */
export interface PartDifference {
  readonly part: string;
  readonly weights: readonly Difference[];
  readonly state: readonly Difference[];
  /** All equations of the part, those that have not changed on both sides; empty when none has changed. */
  readonly equations: readonly Paired<Side>[];
}

export interface SpecDifference {
  readonly name: readonly Difference[];
  readonly dims: readonly Difference[];
  readonly carry: readonly Difference[];
  readonly layers: readonly Difference[];
  /** In the order of a spec. */
  readonly parts: readonly PartDifference[];
  readonly policies: readonly Difference[];
}

export const isSame = (difference: SpecDifference): boolean =>
  Object.values(difference as object).every((found: readonly unknown[]) => found.length === 0);

interface Named extends Side {
  readonly name: string;
}

export function diffSpecs(left: SpecAst, right: SpecAst): SpecDifference {
  const [ours, theirs] = [partsOf(left), partsOf(right)];
  const names = new Set(diffLists(ours, theirs, nameOfPart).map((pair) => nameOfPart((pair.left ?? pair.right)!)));
  const of = (parts: readonly PartAst[], name: string) => parts.find((part) => nameOfPart(part) === name);
  return {
    name: byName([nameOf(left)], [nameOf(right)]),
    dims: byName(dimsOf(left), dimsOf(right)),
    carry: byName(carriesOf(left), carriesOf(right)),
    layers: byName(layersOf(left), layersOf(right)),
    parts: [...names]
      .map((name) => diffParts(name, of(ours, name), of(theirs, name)))
      .filter(({ weights, state, equations }) => weights.length + state.length + equations.length > 0),
    policies: byName(policiesOf(left), policiesOf(right)),
  };
}

/** A part that one side does not have is compared with an empty one. */
function diffParts(part: string, left: PartAst | undefined, right: PartAst | undefined): PartDifference {
  const equations = diffLists(keyed(left), keyed(right), ({ key }) => key);
  return {
    part,
    weights: byName(weightsOf(left), weightsOf(right)),
    state: byName(statesOf(left), statesOf(right)),
    equations: equations.every((pair) => pair.left && pair.right) ? [] : equations.map(withoutKeys),
  };
}

/** Of the same name and with another text; of a name that only one side has. */
function byName(left: readonly Named[], right: readonly Named[]): Difference[] {
  const of = (name: string, side: readonly Named[]): Named | undefined => side.find((one) => one.name === name);
  const names = [...new Set([...left, ...right].map(({ name }) => name))];
  return names.flatMap((name): Difference[] => {
    const [a, b] = [of(name, left), of(name, right)];
    return a?.text === b?.text ? [] : [{ name, ...(a && { left: side(a) }), ...(b && { right: side(b) }) }];
  });
}

const partsOf = ({ embedding, layers, head }: SpecAst): PartAst[] => [embedding, ...layers.parts, head];

const nameOfPart = ({ name }: PartAst): string => name.value;

const side = ({ text, span }: Side): Side => ({ text, span });

const nameOf = ({ name }: SpecAst): Named => ({ name: "name", text: name.value, span: name.span });

const shapeText = ({ axes }: ShapeAst): string => `[${axes.map(({ value }) => value).join(", ")}]`;

const dimsOf = ({ dims }: SpecAst): Named[] =>
  dims.map(({ name, meaning, factors }) => ({
    name: name.value,
    text: `${meaning}${factors ? ` = ${factors.axes.map(({ value }) => value).join(" ")}` : ""}`,
    span: name.span,
  }));

const carriesOf = ({ carries }: SpecAst): Named[] =>
  carries.map(({ name, shape }) => ({ name: name.value, text: shapeText(shape), span: name.span }));

/** The parts' order, where they are the same ones, is told by the list of their names. */
const layersOf = ({ layers }: SpecAst): Named[] => [
  { name: "count", text: layers.count.value, span: layers.count.span },
  { name: "prefix", text: layers.prefix.value, span: layers.prefix.span },
  { name: "parts", text: layers.parts.map(({ name }) => name.value).join(", "), span: layers.span },
];

const weightsOf = (part: PartAst | undefined): Named[] =>
  (part?.weights ?? []).map(({ kind, name, tensor, shape }) => ({
    name: name.value,
    text: `${tensor.value}${kind === "norm" ? ".weight and .bias" : ""} ${shapeText(shape)}`,
    span: name.span,
  }));

const statesOf = (part: PartAst | undefined): Named[] =>
  (part?.states ?? []).map(({ name, shape, initial }) => ({
    name: name.value,
    text: `${shapeText(shape)}${initial === 0 ? "" : ` from ${initial}`}`,
    span: name.span,
  }));

const policiesOf = ({ policies, precisionPolicies }: SpecAst): Named[] => [
  ...policies.map((policy) => ({
    name: policySubjects(policy)[0]!.name,
    text: scalingText(policy),
    span: policy.span,
  })),
  ...precisionPolicies.flatMap((policy) =>
    policySubjects(policy).map(({ key }) => ({ name: key, text: precisionText(policy), span: policy.span })),
  ),
];

const scalingText = (policy: PolicyAst): string =>
  policy.kind === "scale" ? `by ${policy.by.value}` : `by ${policy.by.value} every ${policy.every.value} layers`;

function precisionText(policy: PrecisionPolicyAst): string {
  if (policy.kind === "keepFloat") return "float16";
  return `${policy.width.value}${policy.block ? ` in blocks of ${policy.block.value}` : ""}`;
}

interface KeyedSide extends Side {
  readonly key: string;
}

/** Of a spec without mistakes every equation can be read. */
const keyed = (part: PartAst | undefined): KeyedSide[] =>
  (part?.equations ?? []).flatMap((equation) =>
    equation.kind === "equation" ? [{ key: meaningOf(equation), text: equation.text, span: equation.span }] : [],
  );

const withoutKeys = ({ left, right }: Paired<KeyedSide>): Paired<Side> => ({
  ...(left && { left: side(left) }),
  ...(right && { right: side(right) }),
});
