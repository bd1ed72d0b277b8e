/**
 * The oracle: what a spec says, computed in double precision straight from its typed equations. It knows nothing of the IR, of passes,
 * of policies or of any library, so that all of those can be held against it.
 *
 * Layer by layer for all tokens, so that only one layer's weights are in memory at a time; in a layer, token by token.
 */
import type { CheckedModel, CheckedPart, TypedEquation } from "../check/typed.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { type Carries, PartEvaluator } from "./evaluate-part.ts";
import type { Tensor } from "./tensor.ts";
import { PartWeights } from "./weights.ts";

/** An equation's value for one token. */
export interface OracleValue {
  /** `blocks.3.timeMix.k`; for `S'` the state's path. Several equations may have one path (`x = ...` twice). */
  readonly path: string;
  readonly equation: TypedEquation;
  readonly part: string;
  readonly layer: number | null;
  /** Position of the token in the sequence. */
  readonly token: number;
  /** Axes in the order of the equation's left side. Not to be changed; lives on only where it is kept. */
  readonly value: Tensor;
}

/** One evaluation of the model. */
export interface OracleRun {
  /** What it gives, of the same axes, stands for the value in all that follows: to see what an equation makes of given operands. */
  readonly onValue?: (value: OracleValue) => Tensor | undefined | void;
  /** false: the result has no logits, of which thousands of tokens have gigabytes. */
  readonly keepsLogits?: boolean;
}

export interface OracleOptions {
  /** Before each part: how many of all parts are done. */
  readonly onProgress?: (done: number, all: number) => void;
}

export interface OracleResult {
  /** After each token, [vocabulary]. */
  readonly logits: readonly Float64Array[];
  /** After the last token, by path, in the order of the spec: layer by layer, as declared. */
  readonly states: ReadonlyMap<string, Float64Array>;
}

/** The checkpoint must be the one that the model was checked with. */
export const runOracle = (
  model: CheckedModel,
  checkpoint: Checkpoint,
  tokens: readonly number[],
  options: OracleRun & OracleOptions = {},
): OracleResult => runOracles(model, checkpoint, tokens, [options], options)[0]!;

/** Several evaluations of the same tokens side by side, which read the weights once. */
export function runOracles(
  model: CheckedModel,
  checkpoint: Checkpoint,
  tokens: readonly number[],
  runs: readonly OracleRun[],
  { onProgress }: OracleOptions = {},
): readonly OracleResult[] {
  const carries = runs.map(() => tokens.map((): Carries => new Map()));
  const states = runs.map(() => new Map<string, Float64Array>());
  const places = placesOf(model);
  places.forEach(({ part, layer }, done) => {
    onProgress?.(done, places.length);
    const path = pathOf(part.name, layer);
    const weights = new PartWeights(model, part, layer, checkpoint);
    runs.forEach(({ onValue, keepsLogits = true }, run) => {
      const evaluator = new PartEvaluator(model, part, layer, weights);
      tokens.forEach((id, token) => {
        evaluator.step(id, carries[run]![token]!, (equation, value) => {
          const { name } = equation.target;
          return onValue?.({ path: `${path}.${name}`, equation, part: part.name, layer, token, value });
        });
        if (!keepsLogits) carries[run]![token]!.delete("logits");
      });
      for (const [name, values] of evaluator.stateValues()) states[run]!.set(`${path}.${name}`, values);
    });
  });
  return runs.map((_, run) => ({
    logits: carries[run]!.map((values) => Float64Array.from(values.get("logits")?.data ?? [])),
    states: inOrder(states[run]!, places),
  }));
}

interface Place {
  readonly part: CheckedPart;
  /** null outside the layers. */
  readonly layer: number | null;
}

/** The parts in the order of computation. */
function placesOf(model: CheckedModel): readonly Place[] {
  const layers = Array.from({ length: model.layerCount }, (_, layer) => model.parts.map((part) => ({ part, layer })));
  return [{ part: model.embedding, layer: null }, ...layers.flat(), { part: model.head, layer: null }];
}

const pathOf = (part: string, layer: number | null): string => (layer === null ? part : `blocks.${layer}.${part}`);

/** As declared; equations may define them in another order. */
const inOrder = (
  states: ReadonlyMap<string, Float64Array>,
  places: readonly Place[],
): ReadonlyMap<string, Float64Array> =>
  new Map(
    places.flatMap(({ part, layer }) =>
      part.states.map((state): [string, Float64Array] => {
        const path = `${pathOf(part.name, layer)}.${state.name}`;
        return [path, states.get(path)!];
      }),
    ),
  );
