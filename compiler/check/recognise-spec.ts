/**
 * Which of several specs a checkpoint is of: those whose declared weights unify with its tensors (every dimension solved,
 * no tensor missing, no shape that contradicts another), and of those the ones that leave the fewest tensors unexplained.
 * In: the specs' trees and the checkpoint's tensors. Out: the specs in the order in which they fit.
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SpecAst } from "../frontend/ast.ts";
import { checkSpec } from "./check-spec.ts";
import type { CheckpointTensors } from "./resolve-dims.ts";
import type { CheckedModel } from "./typed.ts";

export interface SpecFit {
  readonly spec: SpecAst;
  /** Its weights unify with the checkpoint. */
  readonly fits: boolean;
  /** Kinds of tensors (those of all layers are one) that it declares, and that are in no layer of the checkpoint. */
  readonly declared: number;
  readonly missing: readonly string[];
  /** Tensors of the checkpoint that it does not declare, and kinds of them. */
  readonly unexplained: number;
  readonly unexplainedKinds: readonly string[];
  /** What keeps it from fitting. */
  readonly errors: readonly Diagnostic[];
}

/** Best first. A spec with mistakes of its own does not fit. */
export function rankSpecs(specs: readonly SpecAst[], checkpoint: CheckpointTensors): SpecFit[] {
  return specs.map((spec) => fitOf(spec, checkpoint)).sort(compareFits);
}

/** The specs that fit equally well: one when the checkpoint is recognised. */
export function bestFits(ranked: readonly SpecFit[]): SpecFit[] {
  const [best] = ranked;
  return best?.fits ? ranked.filter(({ fits, unexplained }) => fits && unexplained === best.unexplained) : [];
}

function compareFits(a: SpecFit, b: SpecFit): number {
  if (a.fits !== b.fits) return a.fits ? -1 : 1;
  if (a.fits) return a.unexplained - b.unexplained;
  // Of those that do not fit, the nearest: a tensor that is missing and one that is left over both speak against it.
  return distance(a) - distance(b) || a.errors.length - b.errors.length;
}

const distance = ({ missing, unexplainedKinds }: SpecFit): number => missing.length + unexplainedKinds.length;

function fitOf(spec: SpecAst, checkpoint: CheckpointTensors): SpecFit {
  const { value, partial, diagnostics } = checkSpec(spec, checkpoint);
  const declared = declaredNames(partial);
  const kinds = new Map<string, number>();
  for (const name of checkpoint.tensors.keys()) {
    const kind = declared.has(name) ? name : kindOf(name);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const unexplained = [...kinds].filter(([kind]) => !declared.has(kind));
  return {
    spec,
    fits: value !== undefined,
    declared: declared.size,
    missing: [...declared].filter((name) => !kinds.has(name)),
    unexplained: unexplained.reduce((sum, [, count]) => sum + count, 0),
    unexplainedKinds: unexplained.map(([kind]) => kind),
    errors: diagnostics.filter(({ severity }) => severity === "error"),
  };
}

/** With `{layer}` for the layer's number. */
function declaredNames(model: CheckedModel): Set<string> {
  const parts = [model.embedding, ...model.parts, model.head];
  return new Set(parts.flatMap((part) => [...part.weights.values()].map(({ tensor }) => tensor)));
}

const kindOf = (name: string): string => name.replace(/(?<=^|\.)\d+(?=\.|$)/, "{layer}");
