/**
 * That precision policies, of a spec or of the command line, have readable patterns that name something: a value that equations
 * compute, or weights that a quantized build stores otherwise (matrices).
 *
 * Diagnostics: `policy/pattern`, `policy/width`, `policy/block`, `policy/duplicate`, `policy/unknown-name`,
 * `policy/nothing-to-quantize`.
 */
import { type Diagnostic, inputError, type Span, usageError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { Located, PrecisionPolicyAst, SpecAst } from "../frontend/ast.ts";
import { policySubjects } from "../frontend/policy-subjects.ts";
import { children } from "./labels.ts";
import { choicesOf, parsePattern } from "./name-pattern.ts";
import { equationNames, matchesEquation, matchesValue, matchesWeight, weightNames } from "./precision-names.ts";
import type { CheckedModel, CheckedPart, PrecisionPolicy, QuantizePolicy, TypedExpr } from "./typed.ts";

type Report = (diagnostic: Diagnostic) => void;

export const weightWidths: Readonly<Record<string, QuantizePolicy["bits"]>> = { w4: 4, w8: 8, f16: 16 };
export const blockSizes = [16, 32, 64] as const;

/** Form only: what the names stand for is known when equations are. */
export function readPrecision(spec: SpecAst, report: Report): PrecisionPolicy[] {
  const seen = new Map<string, Span>();
  return spec.precisionPolicies.flatMap((policy): PrecisionPolicy[] => {
    const patterns = policy.kind === "keepFloat" ? policy.patterns : [policy.pattern];
    const isReadable = patterns.map((pattern) => checkPattern(pattern, report)).every(Boolean);
    policySubjects(policy).forEach(({ key }, i) => {
      const { span } = patterns[i]!;
      const earlier = seen.get(key);
      if (earlier) {
        report(
          inputError("policy/duplicate", "two policies for the same name", {
            primary: { span, text: "again here" },
            secondary: [{ span: earlier, text: "first here" }],
          }),
        );
      }
      seen.set(key, span);
    });
    if (policy.kind === "keepFloat") {
      const { kind, span, text } = policy;
      return isReadable ? [{ kind, patterns: patterns.map(({ value }) => value), span, text }] : [];
    }
    const read = readWidth(policy, report);
    return isReadable && read ? [read] : [];
  });
}

function checkPattern({ value, span }: Located<string>, report: Report): boolean {
  const parsed = parsePattern(value);
  if (!("problem" in parsed)) return true;
  report(
    inputError("policy/pattern", "this is no pattern of names", {
      primary: { span, text: parsed.problem },
      notes: ["In patterns `*` stands for any characters, and `{a,b}` for a or b."],
    }),
  );
  return false;
}

function readWidth(
  { kind, pattern, width, block, span, text }: Extract<PrecisionPolicyAst, { kind: "quantize" }>,
  report: Report,
): QuantizePolicy | undefined {
  const bits = weightWidths[width.value];
  if (bits === undefined) {
    report(
      inputError("policy/width", `weights are "w4", "w8" or "f16"`, {
        primary: { span: width.span, text: `this is "${width.value}"` },
        hint: didYouMean(width.value, Object.keys(weightWidths)),
      }),
    );
    return undefined;
  }
  if (block === undefined) return { kind, pattern: pattern.value, bits, span, text };
  const problem = blockProblem(bits, block.value);
  if (problem === undefined) {
    return { kind, pattern: pattern.value, bits, block: block.value as 16 | 32 | 64, span, text };
  }
  report(
    inputError("policy/block", problem.title, {
      primary: { span: block.span, text: `this is ${block.value}` },
      hint: problem.hint,
    }),
  );
  return undefined;
}

/** Why weights of so many bits cannot have such blocks. */
export function blockProblem(
  bits: number,
  block: number,
): { readonly title: string; readonly hint: string } | undefined {
  if (bits !== 4)
    return { title: "only 4-bit weights have blocks with scales of their own", hint: "leave `block` out" };
  if (blockSizes.some((size) => size === block)) return undefined;
  return {
    title: `a block has ${blockSizes.slice(0, -1).join(", ")} or ${blockSizes.at(-1)} inputs`,
    hint: "smaller blocks are more precise, and cost more",
  };
}

type Known = Pick<CheckedModel, "embedding" | "parts" | "head" | "layerCount" | "resolved">;

/** Policies whose patterns name nothing in the model. With the spec's tree they are shown where they were written. */
export function unknownNames(policies: readonly PrecisionPolicy[], model: Known, spec?: SpecAst): Diagnostic[] {
  return policies.flatMap((policy) =>
    (policy.kind === "keepFloat" ? policy.patterns : [policy.pattern]).flatMap((pattern): Diagnostic[] => {
      const names = namesFor(pattern, model, spec ? alternatives(spec) : []);
      const span = policy.span && (spec ? spanOf(pattern, policy.span, spec) : policy.span);
      const errorOf = policy.kind === "keepFloat" ? keepFloatError : quantizeError;
      // In a choice between braces each one has to be there.
      const found = choicesOf(pattern).flatMap((choice) => errorOf(choice, names, span) ?? []);
      return found.slice(0, 1);
    }),
  );
}

function spanOf(pattern: string, policy: Span, { precisionPolicies }: SpecAst): Span {
  const written = precisionPolicies.filter(({ span }) => span === policy);
  const patterns = written.flatMap((one) => (one.kind === "keepFloat" ? one.patterns : [one.pattern]));
  return patterns.find(({ value }) => value === pattern)?.span ?? policy;
}

/** Names that weights have with some checkpoints: a policy may speak of all of them. */
const alternatives = ({ embedding, layers, head }: SpecAst): string[] =>
  [embedding, ...layers.parts, head].flatMap(({ weights }) =>
    weights.flatMap(({ tensor }) => {
      const names = tensor.value.split("|").map((name) => name.trim());
      return names.length > 1 ? names : [];
    }),
  );

interface Names {
  /** In full. */
  readonly matrices: readonly string[];
  readonly vectors: readonly string[];
  /** Matrices of which a token reads a row, and no product reads the whole. */
  readonly tables: readonly string[];
  readonly equations: readonly { readonly path: string; readonly hasMatrix: boolean }[];
  readonly states: readonly string[];
}

const keepFloatError = (
  pattern: string,
  { equations, states }: Names,
  span: Span | undefined,
): Diagnostic | undefined => {
  const paths = [...equations.map(({ path }) => path), ...states];
  if (paths.some((path) => matchesValue(pattern, path))) return undefined;
  return unknownNameError(pattern, "no equation computes a value of this name", paths.flatMap(equationNames), span);
};

function quantizeError(
  pattern: string,
  { matrices, vectors, tables, equations }: Names,
  span: Span | undefined,
): Diagnostic | undefined {
  const named = equations.filter(({ path }) => matchesEquation(pattern, path));
  if (matrices.some((name) => matchesWeight(pattern, name)) || named.some(({ hasMatrix }) => hasMatrix))
    return undefined;
  if (tables.some((name) => matchesWeight(pattern, name))) {
    return anyError("policy/nothing-to-quantize", `\`${pattern}\` names a table`, "nothing here is quantized", span, {
      notes: ["Of a table a token reads one row, which costs next to nothing: it keeps float16."],
    });
  }
  const isVector = vectors.some((name) => matchesWeight(pattern, name));
  if (isVector || named.length > 0) {
    const what = isVector ? `\`${pattern}\` names no matrix` : `\`${pattern}\` uses no matrix of the checkpoint`;
    return anyError("policy/nothing-to-quantize", what, "nothing here is quantized", span, {
      notes: ["Quantized builds store matrices with fewer bits; vectors keep float16 or more."],
    });
  }
  const known = [
    ...matrices.flatMap(weightNames),
    ...equations.filter(({ hasMatrix }) => hasMatrix).flatMap(({ path }) => equationNames(path)),
  ];
  return unknownNameError(pattern, "no weight of the checkpoint, no equation", known, span);
}

function unknownNameError(
  pattern: string,
  found: string,
  known: readonly string[],
  span: Span | undefined,
): Diagnostic {
  // Of a pattern, what stands before its first free place is the likeliest slip.
  const star = pattern.search(/[*{]/);
  const beginnings = known.map((name) => `${name.split(".")[0]}.`);
  const nearest =
    star < 0
      ? didYouMean(pattern, known)
      : didYouMean(pattern.slice(0, star), beginnings)?.replace(".`", `.${pattern.slice(star)}\``);
  const short = [...new Set(known)].filter((name) => !/\d+\.|\.weight$/.test(name));
  return anyError("policy/unknown-name", `\`${pattern}\` names nothing in this model`, found, span, {
    hint: nearest,
    notes: nearest === undefined && short.length > 0 ? [`Known are ${short.join(", ")}.`] : [],
  });
}

/** At the place in the spec; without one it was given on the command line. */
function anyError(
  code: "policy/unknown-name" | "policy/nothing-to-quantize",
  title: string,
  found: string,
  span: Span | undefined,
  details: Pick<Diagnostic, "notes" | "hint">,
): Diagnostic {
  if (!span) return usageError(code, `${title}: ${found}`, details);
  return inputError(code, title, { primary: { span, text: found }, ...details });
}

/** Of the first layer, and of the layers that the pattern mentions and the model has. */
function namesFor(pattern: string, model: Known, alternatives: readonly string[]): Names {
  const mentioned = [...pattern.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const limit = model.resolved ? model.layerCount : Infinity;
  const layers = [...new Set([0, ...mentioned])].filter((layer) => layer < limit);
  const inLayer = (text: string): string[] =>
    text.includes("{layer}") ? layers.map((layer) => text.replace("{layer}", String(layer))) : [text];
  const parts = [model.embedding, ...model.parts, model.head];
  const weights = parts.flatMap((part) => {
    const tables = new Set(part.equations.flatMap(({ expr }) => tablesOf(expr)));
    return [...part.weights].map(([name, weight]) => ({ ...weight, isTable: tables.has(name) }));
  });
  const ofKind = (isOne: (weight: (typeof weights)[number]) => boolean): string[] =>
    weights.filter(isOne).map(({ tensor }) => tensor);
  const prefixOf = (part: CheckedPart): string => (model.parts.includes(part) ? "blocks.{layer}." : "");
  return {
    matrices: [...ofKind(({ shape, isTable }) => shape.length > 1 && !isTable), ...alternatives].flatMap(inLayer),
    vectors: ofKind(({ shape }) => shape.length <= 1).flatMap(inLayer),
    tables: ofKind(({ isTable }) => isTable).flatMap(inLayer),
    equations: parts.flatMap((part) =>
      part.equations.flatMap(({ target, expr }) => {
        const hasMatrix = usesMatrix(expr, part);
        return inLayer(`${prefixOf(part)}${part.name}.${target.name}`).map((path) => ({ path, hasMatrix }));
      }),
    ),
    states: parts.flatMap((part) =>
      part.states.flatMap(({ name }) => inLayer(`${prefixOf(part)}${part.name}.${name}`)),
    ),
  };
}

/** Short names of the weights that a token's row is read of. */
const tablesOf = (expr: TypedExpr): string[] =>
  expr.kind === "gather" && expr.table.kind === "ref" && expr.table.ref.kind === "weight"
    ? [expr.table.ref.name]
    : children(expr).flatMap(tablesOf);

const usesMatrix = (expr: TypedExpr, part: CheckedPart): boolean =>
  expr.kind !== "gather" &&
  ((expr.kind === "ref" && expr.ref.kind === "weight" && (part.weights.get(expr.ref.name)?.shape.length ?? 0) > 1) ||
    children(expr).some((child) => usesMatrix(child, part)));
