/**
 * How an edit names an equation of the base: by what it defines ("g", "S'"), of several by its condition as well
 * ("v when layer > 0"), or by its number among those that fit ("x #2"). In: the address and the base's equations. Out: the
 * index of the one equation that is meant.
 *
 * Diagnostics: `extend/address`, `extend/unknown`, `extend/ambiguous`.
 */
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { Located, PartAst } from "./ast.ts";

const form = /^([A-Za-z_]\w*'?)(?:\s+when\s+layer\s*(==|!=|<=|>=|<|>)\s*(\d+))?(?:\s+#([1-9]\d*))?$/;

type Equation = PartAst["equations"][number];

export function findEquation(
  address: Located<string>,
  { name: part, equations }: PartAst,
  report: (diagnostic: Diagnostic) => void,
): number | undefined {
  const parsed = form.exec(address.value.trim());
  if (!parsed) {
    report(
      inputError("extend/address", `\`${address.value}\` does not name an equation`, {
        primary: { span: address.span, text: "not the name of a value" },
        hint: 'write what the equation defines: "g", "S\'", "v when layer > 0"',
      }),
    );
    return undefined;
  }
  const [, name = "", op, layer, number] = parsed;
  const named = equations.flatMap((equation, index) =>
    targetsOf(equation).includes(name) ? [{ equation, index }] : [],
  );
  const fitting = named.filter(({ equation }) => op === undefined || hasCondition(equation, op, Number(layer)));
  const chosen = number === undefined ? fitting : fitting.slice(Number(number) - 1, Number(number));
  if (chosen.length === 1) return chosen[0]!.index;
  if (chosen.length > 1) report(ambiguous(address, name, chosen));
  // A line of the base that could not be parsed may be the one that is meant.
  else if (named.length > 0) report(noSuchOne(address, name, part.value, named));
  else if (!equations.some(({ kind }) => kind === "broken")) {
    const known = equations.flatMap(targetsOf);
    report(
      inputError("extend/unknown", `the base has no equation of \`${name}\` in ${part.value}`, {
        primary: { span: address.span, text: "nothing to edit" },
        notes: [`It defines ${[...new Set(known)].join(", ")}.`],
        hint: didYouMean(name, known),
      }),
    );
  }
  return undefined;
}

export function targetsOf(equation: Equation): readonly string[] {
  if (equation.kind === "broken") return equation.targets;
  return [`${equation.target.name.value}${equation.target.primed ? "'" : ""}`];
}

function hasCondition(equation: Equation, op: string, layer: number): boolean {
  const condition = equation.kind === "equation" ? equation.condition : undefined;
  return condition?.op === op && condition.layer.value === layer;
}

interface Found {
  readonly equation: Equation;
}

function ambiguous(address: Located<string>, name: string, found: readonly Found[]): Diagnostic {
  return inputError("extend/ambiguous", `the base has ${found.length} equations of \`${name}\``, {
    primary: { span: address.span, text: "which of them?" },
    secondary: places(found),
    hint: `write one of ${addresses(name, found).join(", ")}`,
  });
}

function noSuchOne(address: Located<string>, name: string, part: string, named: readonly Found[]): Diagnostic {
  return inputError("extend/unknown", `the base has no equation \`${address.value.trim()}\` in ${part}`, {
    primary: { span: address.span, text: `\`${name}\` is there, but not this one` },
    secondary: places(named),
    hint: `write ${named.length > 1 ? "one of " : ""}${addresses(name, named).join(", ")}`,
  });
}

const places = (found: readonly Found[]): { span: Equation["span"]; text: string }[] =>
  found.map(({ equation }) => ({ span: equation.span, text: "" }));

/** An address for each of them. */
function addresses(name: string, found: readonly Found[]): string[] {
  const plain = found.map(({ equation }) => {
    const condition = equation.kind === "equation" ? equation.condition : undefined;
    return condition ? `${name} when layer ${condition.op} ${condition.layer.value}` : name;
  });
  return plain.map((address, i) => {
    if (found.length === 1) return `"${address}"`;
    const isPlain = address === name;
    const isAlone = plain.filter((other) => other === address).length === 1 && !isPlain;
    if (isAlone) return `"${address}"`;
    // Without a condition the number counts all of that name.
    const number = isPlain ? i + 1 : plain.slice(0, i + 1).filter((other) => other === address).length;
    return `"${address} #${number}"`;
  });
}
