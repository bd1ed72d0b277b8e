/**
 * What can stand at a place of a spec: names and functions inside an equation template, dimensions in a shape, values in
 * a policy. In: the text before the place, and the spec's names (perhaps of a moment ago). Out: names, the likeliest first.
 */
import { functionNames, normFunctions } from "../check/builtins.ts";
import { equationsOf, namesOf } from "../check/walk-names.ts";
import type { NameIndex, PartNames, SpecName } from "./index-names.ts";

export interface Completion {
  /** What is inserted. */
  readonly text: string;
  /** Absent: a word of the language. */
  readonly name?: SpecName;
  readonly primed: boolean;
}

const plain = (name: SpecName): Completion => ({ text: name.name, name, primed: false });
const primed = (name: SpecName): Completion => ({ text: `${name.name}'`, name, primed: true });
const word = (text: string): Completion => ({ text, primed: false });
const functionName = (name: string): SpecName => ({ kind: "function", name, definitions: [] });

/** `before`: the template's text up to the place, at `offset` of `file`. */
export function completeEquation(
  before: string,
  file: string,
  offset: number,
  part: PartNames,
  { dims, carries }: NameIndex,
): readonly Completion[] {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  if (line.includes("#")) return [];
  const bracket = openBracket(before);
  const declared = [...part.declared.values()];
  const states = declared.filter(({ kind }) => kind === "state");
  const weights = declared.filter((name) => name.kind === "weight" && !name.isPair);
  const pairs = declared.filter((name) => name.kind === "weight" && name.isPair);

  if (bracket?.character === "[") {
    const letters = /^\s*[A-Za-z_]\w*'?\[([^\]]*)\]\s*=/.exec(bracket.equation)?.[1]?.split(",") ?? [];
    return [...letters.map((letter) => word(letter.trim())), word("token")];
  }
  if (bracket?.callee === "shift" && bracket.argument === 1) return states.map(plain);
  if (bracket && normFunctions.get(bracket.callee)?.hasPair && bracket.argument === 1) return pairs.map(plain);
  if (!bracket && /\bwhen\s+\w*$/.test(line)) return [word("layer")];
  if (!bracket && /\bwhen\b/.test(line)) return [];
  if (!bracket && /:[\w\s]*$/.test(line)) return [...[...dims.values()].map(plain), word("when")];
  if (!bracket && /^\s*\w*$/.test(line)) {
    // What a shift keeps needs no equation.
    const shifted = equationsOf(part.ast).flatMap((equation) => namesOf(equation).filter(({ use }) => use === "shift"));
    const own = states.filter((state) => !shifted.some(({ name }) => name === state.name));
    const known = [...own.map(primed), ...[...carries.values()].map(plain)];
    return carries.has("logits") || part.ast.name.value !== "head" ? known : [...known, word("logits")];
  }

  // Equations are computed from top to bottom: what an equation further down defines is not there yet.
  const isAbove = (span: SpecName["definitions"][number]): boolean =>
    part.ast.equations.some(
      (equation) =>
        equation.span.file === span.file &&
        equation.span.start <= span.start &&
        span.end <= equation.span.end &&
        (span.file !== file || equation.span.end < offset),
    );
  const values = [...part.values.values()].filter(({ definitions }) => definitions.some(isAbove));
  const updated = states.filter((state) => state.kind === "state" && state.updates.some(isAbove));
  return [
    ...values.reverse().map(plain),
    ...updated.map(primed),
    ...weights.map(plain),
    ...states.map(plain),
    ...[...carries.values()].map(plain),
    ...functionNames.map((name) => plain(functionName(name))),
    ...(bracket ? [] : [word("when")]),
  ];
}

export const completeShape = ({ dims }: NameIndex): readonly Completion[] => [...dims.values()].map(plain);

/** `part.value`, for every value that equations compute; before them matrices, by the checkpoint's names inside a layer. */
export function completePolicy({ parts }: NameIndex, weights: boolean): readonly Completion[] {
  const declared = [...parts].flatMap(([, part]) => [...part.declared.values()]);
  const matrices = declared.flatMap((name): Completion[] =>
    name.kind === "weight" && (name.shape?.length ?? 0) > 1
      ? [{ text: name.tensor.split(/\{layer\}\.?/).at(-1)!, name, primed: false }]
      : [],
  );
  const values = [...parts].flatMap(([part, { values }]) =>
    [...values.values()].map((name) => ({ text: `${part}.${name.name}`, name, primed: false })),
  );
  return weights ? [...matrices, ...values] : values;
}

interface OpenBracket {
  readonly character: "(" | "[";
  /** The function before it; "" for a group. */
  readonly callee: string;
  /** Which of its arguments this is. */
  readonly argument: number;
  /** From the beginning of its equation. */
  readonly equation: string;
}

/** The innermost bracket that is still open; a line that begins an equation ends the search. */
function openBracket(text: string): OpenBracket | undefined {
  const start = Math.max(
    0,
    ...[...text.matchAll(/^[ \t]*[A-Za-z_]\w*'?(?:\[[^\]\n]*\])?[ \t]*=/gm)].map((m) => m.index),
  );
  const equation = text.slice(start);
  let depth = 0;
  let argument = 0;
  for (let at = equation.length - 1; at >= 0; at--) {
    const character = equation[at]!;
    if (character === ")" || character === "]") depth++;
    else if (character === "," && depth === 0) argument++;
    else if (character === "(" || character === "[") {
      if (depth-- > 0) continue;
      const callee = /([A-Za-z_]\w*)?\s*$/.exec(equation.slice(0, at))?.[1] ?? "";
      return { character, callee: character === "(" ? callee : "", argument, equation };
    }
  }
  return undefined;
}
