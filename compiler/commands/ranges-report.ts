/** What `ranges` says: a table of the largest values, and the policies that would keep them inside. */
import type { CheckedModel } from "../check/typed.ts";
import { type Diagnostic, inputWarning } from "../diagnostics/diagnostic.ts";
import type { EquationsJson } from "../emit/equations.ts";
import { type EquationRange, worstLayers, worstSteps } from "../ranges/measured-ranges.ts";
import { type Policy, policyText } from "../ranges/policy.ts";
import type { Magnitude } from "../ranges/suggest-policies.ts";
import type { ActionResult } from "./command.ts";
import type { OpenArtefact } from "./model-run.ts";
import { linePlaces, table } from "./text.ts";

export interface RangesResult {
  readonly ranges: readonly EquationRange[];
  readonly equations: EquationsJson;
  /** How many were read. */
  readonly tokens: number;
  readonly why: string;
  /** Policies of the artefact's spec, applied or not. */
  readonly present: readonly Policy[];
  /** What the spec should have. */
  readonly policies: readonly Policy[];
  /** Of `ranges`, in their order, as the spec means them: without the factors of policies. */
  readonly magnitudes: readonly Magnitude[];
  /** What `policies` multiply each of `ranges` by. */
  readonly factors: readonly number[];
  /** Beyond the limit under all policies that were found. */
  readonly left: readonly EquationRange[];
  readonly model: CheckedModel;
  readonly artefact: OpenArtefact;
}

interface Frame {
  readonly headroom: number;
  /** The largest finite float16. */
  readonly limit: number;
  /** The spec that the policies were written into. */
  readonly written: string | undefined;
  /** Tokens were read up to --limit: there may be more. */
  readonly isCut: boolean;
}

/** Lines of the table. */
const shown = 15;

export function describeRanges(result: RangesResult, frame: Frame): ActionResult {
  const { ranges, equations, tokens, why, artefact, left, present, policies, factors, magnitudes } = result;
  const { headroom, limit, written, isCut } = frame;
  const isChanged = JSON.stringify(policies) !== JSON.stringify(present);
  const lineOf = (range: EquationRange) => equations.equations[range.equation]!;
  const largestOf = (range: EquationRange): number => magnitudes[ranges.indexOf(range)]!.largest;
  const fileOf = ({ file }: { readonly file: number }): string => equations.files[file]!;
  const place = linePlaces(equations.equations.map(fileOf));
  /** Of the layer in which it will be largest. */
  const mended = (equation: number): number =>
    ranges.reduce(
      (most, range, i) =>
        range.equation === equation ? Math.max(most, magnitudes[i]!.largest * (factors[i] ?? 1)) : most,
      0,
    );
  const worst = worstLayers(ranges);
  const rowsInAll = worst.length;
  const rows = worst
    .slice(0, shown)
    .map((range) => [
      `${lineOf(range).part}.${lineOf(range).name}`,
      place(fileOf(lineOf(range)), lineOf(range).line),
      range.layer === null ? "" : `layer ${range.layer}`,
      `token ${range.token}`,
      shortNumber(largestOf(range)),
      shortNumber(range.stored),
      share(range.stored / limit),
      shortNumber(mended(range.equation)),
    ]);
  const heading = ["equation", "", "", "", "largest", "stored", "of float16", ...(isChanged ? ["with policies"] : [])];
  const body = rows.map((row) => (isChanged ? row : row.slice(0, -1)));
  const values = worstSteps(ranges);
  const above = values.filter(({ stored }) => !(stored <= limit / headroom)).length;
  const lines = [
    table([heading, ...body]),
    `${values.length} values (${rowsInAll} equations, in each layer) over ${isCut ? "the first " : ""}${tokens} tokens (${artefact.manifest.precision} for ${artefact.manifest.target}; ${why}).\n`,
    verdict(above, isChanged, result, frame),
  ];
  const spec = { file: artefact.manifest.spec.path, written: written ?? null };
  return {
    text: lines.join(""),
    json: {
      tokens,
      headroom,
      limit,
      spec,
      policies: { present: present.map((p) => policyText(p)), suggested: policies.map((p) => policyText(p)) },
      equations: values.map((range) => ({
        ...{ equation: range.path, layer: range.layer, file: fileOf(lineOf(range)), line: lineOf(range).line },
        ...{ text: lineOf(range).text },
        ...{ largest: jsonNumber(largestOf(range)), stored: jsonNumber(range.stored), tensor: range.tensor },
        ...{ token: range.token, notFinite: range.notFinite, factor: factors[ranges.indexOf(range)] ?? 1 },
      })),
    },
    diagnostics: left.length === 0 ? [] : [beyondPolicies(left, result, frame)],
  };
}

function verdict(above: number, isChanged: boolean, result: RangesResult, { headroom, limit, written }: Frame): string {
  const { artefact, policies } = result;
  const room = `${limit} / ${headroom}`;
  if (above === 0 && !isChanged) return `Everything stays below ${room}: nothing to do.\n`;
  const list = policies.map((policy) => policyText(policy)).join(", ");
  const leads = `${above} of them are above ${room}. `;
  if (!isChanged) {
    if (result.left.length > 0) return leads + "\n";
    return artefact.manifest.policies.length < policies.length
      ? `${leads}The spec's own policies would keep them below; this artefact was built without them (--no-scaling).\n`
      : `${leads}The spec's policies keep what they scale below.\n`;
  }
  const last = written === undefined ? "--write puts them into the spec." : `Written to ${written}.`;
  const found =
    result.left.length === 0
      ? "The mildest policies found that keep all of them below"
      : "No policies keep all of them below, as the warning says; the mildest found for the others";
  return `${leads}${found}: [${list}]. ${last}\n`;
}

function beyondPolicies(
  left: readonly EquationRange[],
  { equations, artefact }: RangesResult,
  frame: Frame,
): Diagnostic {
  const [first] = left as [EquationRange, ...EquationRange[]];
  const { file, start, end, text } = equations.equations[first.equation]!;
  const names = [...new Set(left.map(({ path }) => path))];
  return inputWarning("ranges/no-policy", "no scaling policy brings some equations below the limit", {
    primary: {
      span: { file: `${artefact.folder}/${equations.files[file]!}`, start, end },
      text: `its largest value is ${shortNumber(first.stored)}${first.layer === null ? "" : ` in layer ${first.layer}`}`,
    },
    notes: [
      `In \`${text}\`: a policy has to bring the value below ${frame.limit} / ${frame.headroom} and be cancelled by a norm or a weight.`,
      `Still above: ${names.slice(0, 8).join(", ")}${names.length > 8 ? `, and ${names.length - 8} more` : ""}.`,
    ],
    hint: "smaller --headroom, or change the equation so that a norm follows the large value",
  });
}

const share = (x: number): string => (Number.isFinite(x) ? `${(100 * x).toFixed(x < 0.1 ? 2 : 0)} %` : "beyond");

const shortNumber = (x: number): string =>
  x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(2) : Number(x.toPrecision(5)).toString();

const jsonNumber = (x: number): number | string => (Number.isFinite(x) ? x : String(x));
