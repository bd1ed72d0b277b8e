/**
 * Two traced runs of the same tokens, equation by equation. In: the model, where each run has the values of its equations, and its
 * checkpoint if what is introduced is to be told from what is inherited. Out: sums per equation and layer, and the predictions. Of the
 * values one token's are in memory at a time.
 */
import { type CheckedModel, type CheckedPart, holds, type TypedEquation } from "../check/typed.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { StoredValue } from "../oracle/compare.ts";
import { type OracleValue, runOracles } from "../oracle/run-oracle.ts";
import { addErrors, type ErrorSums, noErrors } from "./error-sums.ts";
import { type Predictions, PredictionSums } from "./predictions.ts";

/** Where a run has its values, and the values. */
export interface TracedRun {
  readonly storedOf: (equation: TypedEquation, layer: number | null) => StoredValue | undefined;
  readonly read: (tensor: string, token: number) => ArrayLike<number>;
}

/** An equation in a layer. */
export interface ComparedValue {
  readonly path: string;
  readonly equation: TypedEquation;
  readonly layer: number | null;
  readonly sums: ErrorSums;
}

export interface ComparedRuns {
  /** In the order of computation. */
  readonly values: readonly ComparedValue[];
  /** Paths of equations that one run or both have no tensor for: what they introduce is seen in the next that has one. */
  readonly missing: readonly string[];
  readonly predictions: Predictions;
}

export interface CompareOptions {
  /** Must be the one that the model was checked with. */
  readonly checkpoint?: Checkpoint | undefined;
  readonly onProgress?: (done: number, all: number) => void;
}

export function compareRuns(
  model: CheckedModel,
  tokens: readonly number[],
  reference: TracedRun,
  other: TracedRun,
  { checkpoint, onProgress }: CompareOptions = {},
): ComparedRuns {
  const values = new Map<string, ComparedValue>();
  const missing = new Set<string>();
  const add = (
    { path, equation, layer, token }: Omit<OracleValue, "value" | "part">,
    ideal?: ArrayLike<number>,
  ): void => {
    const [a, b] = [reference.storedOf(equation, layer), other.storedOf(equation, layer)];
    if (!a || !b) return void missing.add(path);
    const key = `${path}@${equation.span.start}`;
    const value = values.get(key) ?? { path, equation, layer, sums: noErrors() };
    values.set(key, value);
    const read = (run: TracedRun, { tensor, scale }: StoredValue) => ({ data: run.read(tensor, token), scale });
    addErrors(value.sums, read(reference, a), read(other, b), ideal);
  };
  if (checkpoint) {
    const onValue = ({ value, ...place }: OracleValue) => {
      add(place, value.data);
      const stored = other.storedOf(place.equation, place.layer);
      if (!stored) return undefined;
      // What follows gets what this run had, where that is finite.
      const data = Float64Array.from(other.read(stored.tensor, place.token), (x) => x / stored.scale);
      return data.every(Number.isFinite) ? { ...value, data } : undefined;
    };
    runOracles(model, checkpoint, tokens, [{ onValue, keepsLogits: false }], { ...(onProgress && { onProgress }) });
  } else {
    for (const place of placesOf(model)) tokens.forEach((_, token) => add({ ...place, token }));
  }
  return {
    values: [...values.values()],
    missing: [...missing],
    predictions: predictionsOf(model, tokens, reference, other),
  };
}

/** All equations of all layers, in the order of computation. */
function placesOf(model: CheckedModel): Pick<ComparedValue, "path" | "equation" | "layer">[] {
  const ofPart = (part: CheckedPart, layer: number | null) =>
    part.equations
      .filter(({ condition }) => holds(condition, layer ?? 0))
      .map((equation) => {
        const path = `${part.name}.${equation.target.name}`;
        return { path: layer === null ? path : `blocks.${layer}.${path}`, equation, layer };
      });
  const layers = Array.from({ length: model.layerCount }, (_, layer) => layer);
  return [
    ...ofPart(model.embedding, null),
    ...layers.flatMap((layer) => model.parts.flatMap((part) => ofPart(part, layer))),
    ...ofPart(model.head, null),
  ];
}

function predictionsOf(
  model: CheckedModel,
  tokens: readonly number[],
  reference: TracedRun,
  other: TracedRun,
): Predictions {
  const logits = model.head.equations.find(({ target }) => target.kind === "carry" && target.name === "logits")!;
  const [a, b] = [reference, other].map((run) => run.storedOf(logits, null));
  if (!a || !b) throw new Error("a graph's logits are an output, and have a tensor");
  const read = (run: TracedRun, { tensor, scale }: StoredValue, token: number): ArrayLike<number> =>
    Float64Array.from(run.read(tensor, token), (x) => x / scale);
  const sums = new PredictionSums();
  tokens.forEach((_, token) => sums.add(token, read(reference, a, token), read(other, b, token), tokens[token + 1]));
  return sums.result();
}
