/** The equation language: `equations.txt` has the cases, each a title, equations, and after an arrow what they become. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseEquations } from "../../compiler/frontend/parse-equations.ts";
import { equationParser } from "../../compiler/frontend/equation-parser.ts";
import { syntheticText } from "../../compiler/frontend/source-text.ts";
import { printEquation } from "./print-ast.ts";

const cases = readFileSync(new URL("equations.txt", import.meta.url), "utf8")
  .split(/\n(?=# .*\n(?!\n))/)
  .map((text) => /^# (?<title>.*)\n(?<input>[\s\S]*?)\n==>\n(?<expected>[\s\S]*)$/.exec(text.trim())?.groups)
  .flatMap((groups) => (groups ? [[groups.title!, groups.input!, groups.expected!] as const] : []));

describe("equations", () => {
  test("cases are found", () => expect(cases.length).toBeGreaterThan(25));

  test.each(cases)("%s", (_title, input, expected) => {
    expect(outcome(input)).toBe(expected);
  });

  test("the grammar is sound", () => {
    // Validations are off when the compiler runs, which saves time at each start.
    const Parser = equationParser.constructor as new () => typeof equationParser;
    const checked = new (class extends Parser {
      override performSelfAnalysis(): void {
        (this as unknown as { skipValidations: boolean }).skipValidations = false;
        super.performSelfAnalysis();
      }
    })();
    expect(checked.getGAstProductions()).toHaveProperty("equation");
  });

  test("the text of an equation has single blanks and no comments", () => {
    const { equations } = parseEquations(
      syntheticText("y  =  (a   # first\n      + b)", { file: "a", start: 0, end: 0 }),
    );
    expect(equations[0]).toMatchObject({ text: "y = (a + b)" });
  });
});

function outcome(input: string): string {
  const text = { file: "case", start: 0, end: input.length };
  const { equations, diagnostics } = parseEquations(syntheticText(input, text));
  return [
    ...equations.map(printEquation),
    ...diagnostics.map(({ title, primary, hint }) => {
      const marked = input.slice(primary!.span.start, primary!.span.end);
      return `error at "${marked}": ${title} (${primary!.text})${hint ? ` -- ${hint}` : ""}`;
    }),
  ].join("\n");
}
