/**
 * How a build rounds its weights: on the scales that the encodings give, else on searched ones; with errors made good by the
 * second-order statistics of the inputs, where 4 bits are few and the statistics are there.
 */
import { type Factored, factorSecondOrder } from "../calibrate/factor-second-order.ts";
import { quantizeWithCompensation } from "../calibrate/round-weights.ts";
import { searchScales } from "../calibrate/search-scales.ts";
import type { Statistics } from "../calibrate/statistics.ts";
import { roundToNearest, type WeightGrid } from "../calibrate/weight-grid.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import type { WeightEntry } from "../emit/plan-weights.ts";
import type { Encoding, EncodingSet } from "../encodings/encoding.ts";
import type { RoundRows } from "./quantize-constant.ts";
import { upToBfloat16 } from "./quantize-constant.ts";

export interface Rounding {
  readonly encodings?: EncodingSet | undefined;
  /** Where the encodings stand, for messages. */
  readonly file?: string | undefined;
  readonly statistics?: Statistics | undefined;
  /** false: to the nearest, whatever the statistics. */
  readonly compensate: boolean;
}

type Entry = Pick<WeightEntry, "names" | "multiplies" | "dtype">;

/** Diagnostics (DiagnosticError, of the rows that are rounded): encodings/other-weight. */
export function roundingFor({ names, multiplies, dtype }: Entry, rounding: Rounding): RoundRows {
  const { encodings, file = "the encodings", statistics, compensate } = rounding;
  const given = names.map((name) => encodings?.params.get(name)).find((encoding) => encoding !== undefined);
  const moments = dtype === "sfixed4" && multiplies !== undefined ? statistics?.secondOrder(multiplies) : undefined;
  const importance =
    moments &&
    Float64Array.from({ length: moments.size }, (_, i) => Math.max(0, moments.values[i * moments.size + i]!));
  let factored: Factored | undefined;
  let row = 0;
  return (rows, inputs, bits, stored) => {
    const count = rows.length / inputs;
    const block = stored.per === "blocks" ? stored.block : undefined;
    const fits = moments?.size === inputs;
    const search = { bits, ...(block !== undefined && { block: block as 16 | 32 | 64 }), ...(fits && { importance }) };
    const known = given && gridOf(given, bits, block, inputs, row, count);
    if (known) expectFit(rows, inputs, known, names[0]!, file);
    row += count;
    const grid = inFile(known ?? searchScales(rows, inputs, search as Parameters<typeof searchScales>[2]));
    if (fits && compensate) factored ??= factorSecondOrder(moments);
    const values = factored ? quantizeWithCompensation(rows, factored, grid) : roundToNearest(rows, inputs, grid);
    return { values, scales: grid.scales, ...(grid.blocks && { blockScales: grid.blocks.scales }) };
  };
}

/** How much larger than its scale allows a row's largest weight may be: a choice of scales cuts off some, never most. */
const mostCutOff = 16;

/** Scales of another weight would make nothing but ends of most rows, or nothing but zeros of all. */
function expectFit(
  rows: Float64Array,
  inputs: number,
  { bits, scales, blocks }: WeightGrid,
  name: string,
  file: string,
) {
  const most = 2 ** (bits - 1) * (blocks ? 16 : 1);
  const largest = Array.from(scales, (_, r) =>
    rows.subarray(r * inputs, (r + 1) * inputs).reduce((m, x) => Math.max(m, Math.abs(x)), 0),
  );
  const notZero = largest.filter((value) => value > 0).length;
  const cutOff = largest.filter((value, r) => value > mostCutOff * most * scales[r]!).length;
  const vanishing = largest.filter((value, r) => value > 0 && value < scales[r]! / 2).length;
  if (cutOff <= notZero / 2 && (vanishing < notZero || notZero === 0)) return;
  const [found, range] = [Math.max(...largest), most * Math.max(...scales)].map((value) => value.toPrecision(3));
  throw new DiagnosticError([
    inputError("encodings/other-weight", `the scales of ${name} in ${file} are of another weight`, {
      place: { file },
      notes: [`Found: values up to ${found}, and scales for values up to ${range}.`],
      hint: "leave the entry out, or calibrate this checkpoint",
    }),
  ]);
}

/** Scales as `weights.bin` holds them. */
const inFile = (grid: WeightGrid): WeightGrid => ({ ...grid, scales: grid.scales.map(upToBfloat16) });

/** What the encodings say of `count` rows from `row` on; undefined where it is of other bits or another kind. */
function gridOf(
  encoding: Encoding,
  bits: 4 | 8,
  block: number | undefined,
  inputs: number,
  row: number,
  count: number,
): WeightGrid | undefined {
  if (encoding.kind === "integer" && block === undefined && encoding.bits === bits && encoding.symmetric) {
    const { scales } = encoding;
    if (scales.length === 1) return { bits, scales: new Float64Array(count).fill(scales[0]!) };
    return { bits, scales: Float64Array.from(scales.slice(row, row + count)) };
  }
  if (encoding.kind !== "blocks" || bits !== 4 || encoding.block !== block) return undefined;
  const blocks = inputs / block;
  const own = encoding.blockScales.slice(row * blocks, (row + count) * blocks);
  return {
    bits,
    scales: Float64Array.from(encoding.scales.slice(row, row + count)),
    blocks: { size: block, scales: Uint8Array.from(own) },
  };
}
