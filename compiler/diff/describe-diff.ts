/**
 * The differences of two specs for people, in the manner of a unified diff, with the place of every line on both sides:
 *
 *     timeMix
 *       weights
 *         + x_s: att.x_s [D]                   mine:11
 *       equations
 *                base:67  base:67   dx = shift(xx, x_prev) - xx
 *         +               mine:18   dd = shift(dx, dx_prev)
 */
import type { Span } from "../diagnostics/diagnostic.ts";
import { lineTable, positionOf } from "../diagnostics/text-position.ts";
import { specName } from "../frontend/spec-file.ts";
import type { Paired } from "./diff-lists.ts";
import type { Difference, Side, SpecDifference } from "./diff-specs.ts";

/** Unchanged equations that are shown around changed ones. */
const context = 1;

/** "mine:18": the file's name without its ending, and the line. */
type PlaceText = (span: Span) => string;

/** Texts of the files of each spec: an artefact's copy of a file need not be as the file is now. */
export interface BothSources {
  readonly left: ReadonlyMap<string, string>;
  readonly right: ReadonlyMap<string, string>;
}

interface Places {
  readonly left: PlaceText;
  readonly right: PlaceText;
}

function placeFinder(sources: ReadonlyMap<string, string>): PlaceText {
  const tables = new Map([...sources].map(([file, text]) => [file, lineTable(text)]));
  return ({ file, start }) => {
    const table = tables.get(file);
    return table ? `${specName(file)}:${positionOf(table, start).line}` : specName(file);
  };
}

export function describeDifference(difference: SpecDifference, sources: BothSources): string[] {
  const places = { left: placeFinder(sources.left), right: placeFinder(sources.right) };
  const section = (title: string, found: readonly Difference[]): string[] =>
    found.length === 0 ? [] : [title, ...indented(describeSides(found, places))];
  const { name, dims, carry, layers, parts, policies } = difference;
  return [
    ...(name.length === 0 ? [] : ["name", ...indented(describeSides(name, places, () => ""))]),
    ...section("dims", dims),
    ...section("carry", carry),
    ...section("layers", layers),
    ...parts.flatMap(({ part, weights, state, equations }) => [
      part,
      ...indented([
        ...section("weights", weights),
        ...section("state", state),
        ...(equations.length === 0 ? [] : ["equations", ...indented(describeEquations(equations, places))]),
      ]),
    ]),
    ...section("policies", policies),
  ];
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

function describeSides(
  found: readonly Difference[],
  places: Places,
  label: (name: string) => string = (name) => `${name}: `,
): string[] {
  const rows = found.flatMap(({ name, left, right }) => [
    ...(left ? [{ text: `- ${label(name)}${left.text}`, place: places.left(left.span) }] : []),
    ...(right ? [{ text: `+ ${label(name)}${right.text}`, place: places.right(right.span) }] : []),
  ]);
  const width = Math.max(...rows.map(({ text }) => text.length));
  return rows.map(({ text, place }) => `${text.padEnd(width)}   ${place}`);
}

function describeEquations(equations: readonly Paired<Side>[], places: Places): string[] {
  const isChanged = ({ left, right }: Paired<Side>): boolean => !left || !right;
  const isNear = (at: number): boolean => equations.slice(Math.max(0, at - context), at + context + 1).some(isChanged);
  const at = (pair: Paired<Side>, which: "left" | "right"): string => {
    const side = pair[which];
    return side ? places[which](side.span) : "";
  };
  const width = (which: "left" | "right"): number => Math.max(...equations.map((pair) => at(pair, which).length));
  const [wide, narrow] = [width("left"), width("right")];
  const lines: string[] = [];
  let skipped = false;
  for (const [i, pair] of equations.entries()) {
    if (!isNear(i)) {
      skipped = true;
      continue;
    }
    if (skipped && lines.length > 0) lines.push("...");
    skipped = false;
    const sign = !pair.left ? "+" : !pair.right ? "-" : " ";
    const { text } = (pair.right ?? pair.left)!;
    lines.push(`${sign} ${at(pair, "left").padEnd(wide)}  ${at(pair, "right").padEnd(narrow)}  ${text}`);
  }
  return lines;
}

/** The same as plain data: file, line and column instead of offsets. */
export function placed(difference: SpecDifference, sources: BothSources): object {
  const locate = (which: keyof BothSources, { text, span: { file, start } }: Side): object => {
    const source = sources[which].get(file);
    return { text, file, ...(source !== undefined && positionOf(lineTable(source), start)) };
  };
  const both = ({ left, right, ...rest }: Paired<Side>): object => ({
    ...rest,
    ...(left && { left: locate("left", left) }),
    ...(right && { right: locate("right", right) }),
  });
  const { name, dims, carry, layers, parts, policies } = difference;
  return {
    ...{ name: name.map(both), dims: dims.map(both), carry: carry.map(both), layers: layers.map(both) },
    parts: parts.map(({ part, weights, state, equations }) => ({
      ...{ part, weights: weights.map(both), state: state.map(both), equations: equations.map(both) },
    })),
    policies: policies.map(both),
  };
}
