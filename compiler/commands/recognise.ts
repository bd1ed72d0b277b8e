/**
 * The bundled spec that a checkpoint is of, for commands that are given weights and no spec. Only the checkpoint's table of
 * tensors is read.
 */
import { readSpecText } from "../build/spec-text.ts";
import type { SpecFit } from "../check/recognise-spec.ts";
import { type Diagnostic, DiagnosticError, inputError, usageError } from "../diagnostics/diagnostic.ts";
import type { SpecAst } from "../frontend/ast.ts";
import { bundledFile, bundledNamed, bundledNames } from "./bundled.ts";
import type { Session } from "./command.ts";

export interface Recognised {
  /** The spec's file. */
  readonly spec: string;
  /** One line: why this one. */
  readonly why: string;
}

/** What a command is told instead of a spec. */
export const specArgument =
  "spec file, NAME.rwkv.ts, or name of a bundled spec; without it the bundled spec that fits --weights";

export interface ChosenSpec {
  readonly spec: string;
  /** Set when nobody named the spec. */
  readonly recognised?: Recognised;
}

/**
 * The spec that was named, or else the one that the weights are recognised by; then it is told, on standard error.
 * Diagnostics: usage/missing-argument, those of the checkpoint, spec/not-recognised, spec/ambiguous.
 */
export async function chooseSpec(
  named: string | undefined,
  weights: string | undefined,
  session: Session,
): Promise<ChosenSpec> {
  if (named !== undefined) return { spec: bundledNamed(named) ?? named };
  if (weights === undefined) {
    throw new DiagnosticError([
      usageError("usage/missing-argument", "there is neither a spec nor --weights that would tell one", {
        hint: "name a spec, such as specs/NAME.rwkv.ts, or a checkpoint: --weights model.pth",
      }),
    ]);
  }
  const recognised = await recogniseSpec(weights);
  if (!session.json) session.io.stderr.write(`${recognised.why}\n`);
  return { spec: recognised.spec, recognised };
}

export async function recogniseSpec(weights: string): Promise<Recognised> {
  const [{ openCheckpoint }, { rankSpecs, bestFits }, { readSpec }] = await Promise.all([
    import("../checkpoint/open-checkpoint.ts"),
    import("../check/recognise-spec.ts"),
    import("../frontend/read-spec.ts"),
  ]);
  const checkpoint = await openCheckpoint(weights);
  try {
    const specs = bundledNames().flatMap((name): SpecAst[] => {
      const { value } = readSpec(bundledFile(name), readSpecText);
      return value ? [value] : [];
    });
    const ranked = rankSpecs(specs, checkpoint);
    const best = bestFits(ranked);
    if (best.length === 1) return { spec: best[0]!.spec.file, why: reason(best[0]!, ranked, weights, checkpoint) };
    throw new DiagnosticError([best.length > 1 ? ambiguous(best, weights) : notRecognised(ranked, weights)]);
  } finally {
    checkpoint.close();
  }
}

function reason(
  { spec, declared, unexplained }: SpecFit,
  ranked: readonly SpecFit[],
  weights: string,
  { tensors }: { readonly tensors: ReadonlyMap<string, unknown> },
): string {
  const others = ranked.filter((fit) => fit.fits && fit.spec !== spec);
  const left = (count: number): string => (count === 0 ? "no tensor" : `${count} of ${tensors.size} tensors`);
  const rest =
    others.length === 0
      ? "no other bundled spec fits"
      : others.map((fit) => `${fit.spec.name.value} would leave ${left(fit.unexplained)}`).join(", ");
  return (
    `${weights} is of ${spec.file}: all ${declared} kinds of tensors that it declares are there and their shapes agree, ` +
    `${left(unexplained)} of the checkpoint is left over; ${rest}.`
  );
}

function ambiguous(best: readonly SpecFit[], weights: string): Diagnostic {
  const files = best.map(({ spec }) => spec.file);
  return inputError("spec/ambiguous", `${weights} could be of ${files.join(" or ")}`, {
    place: { file: weights },
    notes: [`Each explains all of its tensors but ${best[0]!.unexplained}.`],
    hint: "name the spec",
  });
}

function notRecognised([nearest, ...others]: readonly SpecFit[], weights: string): Diagnostic {
  const title = `no bundled spec fits ${weights}`;
  if (!nearest) return inputError("spec/not-recognised", title, { place: { file: weights } });
  const { file } = nearest.spec;
  return inputError("spec/not-recognised", title, {
    place: { file: weights },
    notes: [
      `The nearest is ${file}.`,
      ...(nearest.missing.length > 0 ? [`Missing for it: ${listed(nearest.missing)}.`] : []),
      ...nearest.errors
        .filter(({ code }) => !isOfMissing(code))
        .slice(0, 5)
        .map(({ title }) => `Contradicts it: ${title}.`),
      ...(nearest.unexplainedKinds.length > 0 ? [`Left over: ${listed(nearest.unexplainedKinds)}.`] : []),
      ...(others.length > 0
        ? [`Others miss more: ${others.map((fit) => `${fit.spec.name.value} ${countText(fit)}`).join(", ")}.`]
        : []),
    ],
    hint: `\`rwkvc check ${file} --weights ${weights}\` tells more; for a model of your own name its spec`,
  });
}

const isOfMissing = (code: string): boolean => /^checkpoint\/(missing-tensor|another-version)$/.test(code);

const countText = ({ missing, declared, errors }: SpecFit): string =>
  missing.length > 0 ? `${missing.length} of ${declared}` : `${errors.length} contradictions`;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
