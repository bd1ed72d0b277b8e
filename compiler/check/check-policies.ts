/**
 * That policies name values that exist, and factors that keep floating point exact. What a factor does to the model is
 * another stage's question.
 *
 * Diagnostics: `policy/unknown-value`, `policy/ambiguous-value`, `policy/not-a-value`, `policy/power-of-two`,
 * `policy/factor-range`, `policy/every`, `policy/duplicate`.
 */
import { type Diagnostic, inputError, type Span } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { Located, PartAst, PolicyAst, SpecAst } from "../frontend/ast.ts";
import type { CheckedPolicy } from "./typed.ts";
import { equationsOf } from "./walk-names.ts";

type Report = (diagnostic: Diagnostic) => void;

export function checkPolicies(spec: SpecAst, report: Report): CheckedPolicy[] {
  const seen = new Map<string, Span>();
  return spec.policies.flatMap((policy): CheckedPolicy[] => {
    const isPower = checkPowerOfTwo(policy, report);
    const checked = policy.kind === "scale" ? checkScale(policy, spec, report) : checkEvery(policy, report);
    if (!checked) return [];
    const key = checked.kind === "scale" ? `${checked.part}.${checked.value}` : "rescaleHidden";
    const earlier = seen.get(key);
    if (earlier) {
      report(
        inputError("policy/duplicate", "two policies for the same value", {
          primary: { span: policy.span, text: "again here" },
          secondary: [{ span: earlier, text: "first here" }],
        }),
      );
    }
    seen.set(key, policy.span);
    return isPower ? [checked] : [];
  });
}

function checkPowerOfTwo({ by }: PolicyAst, report: Report): boolean {
  if (by.value > 0 && Number.isFinite(by.value) && Number.isInteger(Math.log2(by.value))) {
    return checkRange(by, report);
  }
  report(
    inputError("policy/power-of-two", "a scaling factor must be a power of two", {
      primary: { span: by.span, text: `this is ${by.value}` },
      notes: ["Multiplying by a power of two only moves the exponent: the model's results stay exactly the same."],
      hint: by.value > 0 && Number.isFinite(by.value) ? `the nearest is ${nearestPower(by.value)}` : "write 1 / 2",
    }),
  );
  return false;
}

/** The spread of float16's normal numbers on either side of 1, roughly: no value needs more to be brought into range. */
const maximalExponent = 16;

function checkRange(by: Located<number>, report: Report): boolean {
  const exponent = Math.log2(by.value);
  if (Math.abs(exponent) <= maximalExponent) return true;
  report(
    inputError(
      "policy/factor-range",
      `a scaling factor is at most 2**${maximalExponent}, at least 1 / 2**${maximalExponent}`,
      {
        primary: { span: by.span, text: `this is 2**${exponent}` },
        notes: ["Values that are scaled further leave the range of floating point, and the results would change."],
      },
    ),
  );
  return false;
}

function nearestPower(value: number): string {
  const exponent = Math.round(Math.log2(value));
  return exponent < 0 ? `1 / ${2 ** -exponent}` : String(2 ** exponent);
}

function checkEvery(policy: Extract<PolicyAst, { kind: "rescaleHidden" }>, report: Report): CheckedPolicy | undefined {
  const { every, by, span, text } = policy;
  if (Number.isInteger(every.value) && every.value >= 1) {
    return { kind: "rescaleHidden", every: every.value, by: by.value, span, text };
  }
  report(
    inputError("policy/every", "`every` is a number of layers", {
      primary: { span: every.span, text: `must be a whole number from 1 on, not ${every.value}` },
    }),
  );
  return undefined;
}

function checkScale(
  policy: Extract<PolicyAst, { kind: "scale" }>,
  spec: SpecAst,
  report: Report,
): CheckedPolicy | undefined {
  const { value, by, span, text } = policy;
  const parts = [spec.embedding, ...spec.layers.parts, spec.head];
  const [partName, valueName] = value.value.includes(".") ? value.value.split(/\.(.*)/s) : [undefined, value.value];
  const candidates = partName === undefined ? parts : parts.filter((part) => part.name.value === partName);
  // `x` alone would read as the hidden state everywhere.
  const isAmbiguous = partName === undefined && isCarry(valueName!, spec);
  const found = isAmbiguous ? [] : candidates.filter((part) => valuesOf(part, spec).has(valueName!));
  const [part] = found;
  if (part && found.length === 1) {
    return { kind: "scale", part: part.name.value, value: valueName!, by: by.value, span, text };
  }
  if (found.length > 1) {
    report(
      inputError("policy/ambiguous-value", `\`${value.value}\` is computed in several parts`, {
        primary: { span: value.span, text: `in ${found.map((p) => p.name.value).join(", ")}` },
        hint: `write ${found.map((p) => `"${p.name.value}.${valueName}"`).join(" or ")}`,
      }),
    );
    return undefined;
  }
  if (candidates.some((p) => p.hasGaps || p.equations.some((e) => e.kind === "broken"))) return undefined;
  report(unknownValue(value, valueName!, candidates, parts, spec));
  return undefined;
}

/** What the part's equations compute and keep to themselves; of the embedding also the hidden state with which it begins. */
function valuesOf(part: PartAst, spec: SpecAst): Set<string> {
  const handedOn = part === spec.embedding ? [] : spec.carries.map((carry) => carry.name.value);
  const carries = new Set(["logits", ...handedOn]);
  const targets = equationsOf(part).map((equation) => equation.target);
  return new Set(targets.flatMap(({ name, primed }) => (primed || carries.has(name.value) ? [] : [name.value])));
}

const isCarry = (name: string, spec: SpecAst): boolean => spec.carries.some((carry) => carry.name.value === name);

function unknownValue(
  value: Located<string>,
  name: string,
  candidates: readonly PartAst[],
  parts: readonly PartAst[],
  spec: SpecAst,
): Diagnostic {
  const declared = candidates.flatMap((part) => [
    ...part.weights.map((weight) => ({ ...weight, what: "a weight" })),
    ...part.states.map((state) => ({ ...state, what: "a state" })),
  ]);
  const other = declared.find((declaration) => declaration.name.value === name);
  if (other || isCarry(name, spec)) {
    return inputError("policy/not-a-value", `\`${name}\` is ${other?.what ?? "a carried value"}`, {
      primary: { span: value.span, text: "only values that equations compute can be scaled" },
      secondary: other ? [{ span: other.span, text: "declared here" }] : [],
      hint:
        name === "x"
          ? `the hidden state is scaled by rescaleHidden, or from its beginning on by scale("${spec.embedding.name.value}.x", ...)`
          : "scale the values that it is computed from or with",
    });
  }
  const isPart = candidates.length > 0;
  const near = isPart ? parts.filter((part) => candidates.includes(part)) : parts;
  const known = near.flatMap((part) => [...valuesOf(part, spec)].map((own) => `${part.name.value}.${own}`));
  const wanted = value.value.includes(".") || near.length !== 1 ? value.value : `${near[0]!.name.value}.${name}`;
  return inputError("policy/unknown-value", `there is no value \`${value.value}\``, {
    primary: { span: value.span, text: isPart ? "no equation computes it" : "there is no part of this name" },
    hint: didYouMean(wanted, known) ?? 'write "part.value", as "timeMix.k"',
  });
}
