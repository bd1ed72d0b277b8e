/**
 * The checker: from the spec's tree to typed equations, with the numbers of a checkpoint if there is one. In: a tree, as
 * `readSpec` gives it (even an incomplete one, to find more mistakes). Out: the checked model if nothing is wrong, and all
 * diagnostics of the steps:
 *
 *     declarations -> equations of each part -> definitions in every layer -> policies -> sizes
 *
 * Diagnostics of its own: `shape/logits`, `shape/table`.
 */
import { type Diagnostic, hasErrors, inputError, type Outcome } from "../diagnostics/diagnostic.ts";
import { distinctDiagnostics } from "../diagnostics/collect.ts";
import type { PartAst, SpecAst } from "../frontend/ast.ts";
import { withInheritance } from "../frontend/inheritance.ts";
import { declarePart, openModel } from "./check-declarations.ts";
import { checkDefinitions, isActive, representativeLayers } from "./check-definitions.ts";
import { checkPart } from "./check-part.ts";
import { checkPolicies } from "./check-policies.ts";
import { readPrecision, unknownNames } from "./check-precision.ts";
import { placeholderSizes } from "./placeholder-sizes.ts";
import { type CheckpointTensors, type DeclaredTensor, resolveDims } from "./resolve-dims.ts";
import { type Dims, type ModelScope, type PartScope, shapeText } from "./scope.ts";
import type { CheckedModel, CheckedPart, CheckedPolicy } from "./typed.ts";
import { equationsOf, namesOf } from "./walk-names.ts";

export interface CheckedSpec extends Outcome<CheckedModel> {
  /** What could be found out even so, for an editor: equations that could not be typed are left out. */
  readonly partial: CheckedModel;
}

export function checkSpec(spec: SpecAst, checkpoint?: CheckpointTensors): CheckedSpec {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const model = openModel(spec, checkpoint, report);
  const prefix = spec.layers.prefix.value;
  const check = (part: PartAst, role: PartScope["role"]): CheckedPart =>
    checkPart(part, role, declarePart(part, role === "layer" ? prefix : undefined, model), model);
  const embedding = check(spec.embedding, "embedding");
  const parts = spec.layers.parts.map((part) => check(part, "layer"));
  const head = check(spec.head, "head");
  checkVocabulary(head, model);
  checkDefinitions(spec, report);
  const policies = checkPolicies(spec, report);
  const precisionPolicies = readPrecision(spec, report);
  const declared = declaredTensors(spec, [embedding, ...parts, head]);
  const resolved = checkpoint ? resolveDims(declared, prefix, checkpoint, model) : placeholders(spec, policies, model);
  const wasGood = spec.complete && !hasErrors(diagnostics);
  const partial: CheckedModel = {
    name: spec.name.value,
    file: spec.file,
    sources: spec.sources,
    dims: new Map([...model.dims].map(([name, { factors }]) => [name, factors])),
    sizes: resolved.sizes,
    resolved: checkpoint !== undefined,
    carries: new Map([...model.carries].flatMap(([name, { dims }]): [string, Dims][] => (dims ? [[name, dims]] : []))),
    layerCount: resolved.layerCount,
    embedding,
    parts,
    head,
    policies,
    precisionPolicies,
  };
  // Of a spec with other mistakes a name may be missing for those.
  if (wasGood) unknownNames(precisionPolicies, partial, spec).forEach(report);
  const isGood = wasGood && !hasErrors(diagnostics);
  const found = distinctDiagnostics(withInheritance(spec, diagnostics));
  return { value: isGood ? partial : undefined, partial, diagnostics: found };
}

/** `logits` has one axis, the vocabulary; the tables that `token` looks up count the same. */
function checkVocabulary(head: CheckedPart, model: ModelScope): void {
  const logits = head.equations.find(({ target }) => target.kind === "carry" && target.name === "logits");
  if (!logits) return;
  const [vocabulary] = logits.axes;
  if (!vocabulary || logits.axes.length > 1) {
    model.report(
      inputError("shape/logits", `\`logits\` must have one axis, the vocabulary, not ${shapeText(logits.axes)}`, {
        primary: { span: logits.expr.span, text: `this is ${shapeText(logits.axes)}` },
      }),
    );
    return;
  }
  for (const { dim, span } of model.tables) {
    if (dim === vocabulary.dim) continue;
    model.report(
      inputError(
        "shape/table",
        `a table that \`token\` looks up counts the vocabulary, ${vocabulary.dim}, not ${dim}`,
        {
          primary: { span, text: `the first axis is ${dim}` },
          secondary: [{ span: logits.span, text: `the logits count ${vocabulary.dim}` }],
        },
      ),
    );
  }
}

function declaredTensors(spec: SpecAst, checked: readonly CheckedPart[]): DeclaredTensor[] {
  const parts = [spec.embedding, ...spec.layers.parts, spec.head];
  return checked.flatMap((part, i): DeclaredTensor[] => {
    const uses = equationsOf(parts[i]!).map((equation) => ({
      equation,
      names: new Set(namesOf(equation).map((use) => use.name)),
    }));
    return [...part.weights].map(([name, { tensor, shape, span }]) => {
      const short = name.replace(/\.(weight|bias)$/, "");
      const using = uses.filter(({ names }) => names.has(short)).map(({ equation }) => equation);
      return { tensor, shape, span, isUsedIn: (layer) => using.some((equation) => isActive(equation, layer)) };
    });
  });
}

/** Enough layers that every condition and every policy is seen. */
function placeholders(
  spec: SpecAst,
  policies: readonly CheckedPolicy[],
  model: ModelScope,
): { readonly sizes: ReadonlyMap<string, number>; readonly layerCount: number } {
  const every = policies.map((policy) => (policy.kind === "rescaleHidden" ? 2 * policy.every + 1 : 0));
  const layerCount = Math.max(3, ...every, ...representativeLayers(spec).map((layer) => layer + 1));
  return { sizes: placeholderSizes(model, layerCount), layerCount };
}
