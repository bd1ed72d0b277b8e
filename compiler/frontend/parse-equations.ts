/**
 * From an `eq` template's text to equations. Each line is parsed by itself, so a mistake in one leaves the others alone;
 * a line that cannot be parsed stays in its place as "broken".
 *
 * Diagnostics: `equation/character`, `equation/syntax`, `equation/empty`, `equation/too-long`.
 */
import { type Diagnostic, inputError, type Span, unsupportedError } from "../diagnostics/diagnostic.ts";
import type { BrokenEquationAst, EquationAst } from "./ast.ts";
import { equationParser } from "./equation-parser.ts";
import { equationLexer, Name, Prime } from "./equation-tokens.ts";
import { buildEquation } from "./equation-tree.ts";
import { explainSyntaxError } from "./explain-syntax-error.ts";
import { type SourceText, spanOf } from "./source-text.ts";
import { beginsEquation, type EquationTokens, splitEquations } from "./split-equations.ts";

/** Words and signs. The longest in the bundled specs has about 60; nesting is bounded by this as well. */
const longestEquation = 1000;

export interface ParsedEquations {
  readonly equations: readonly (EquationAst | BrokenEquationAst)[];
  readonly diagnostics: readonly Diagnostic[];
}

export function parseEquations(source: SourceText): ParsedEquations {
  const span = (start: number, end: number): Span => spanOf(source, start, end);
  const { tokens, errors } = equationLexer.tokenize(source.text);
  const diagnostics: Diagnostic[] = errors.map((error) =>
    unknownCharacter(
      source.text.slice(error.offset, error.offset + error.length),
      span(error.offset, error.offset + error.length),
    ),
  );
  const equations = splitEquations(tokens).map((line): EquationAst | BrokenEquationAst => {
    const first = line.tokens[0]!;
    const last = line.tokens.at(-1)!;
    const start = first.startOffset;
    const end = last.startOffset + last.image.length;
    // A line with a character that was dropped is not what its author wrote, even if the rest parses.
    const lineStart = Math.max(source.text.lastIndexOf("\n", start), source.text.lastIndexOf("\r", start)) + 1;
    const newline = source.text.slice(end).search(/[\r\n]/);
    const lineEnd = newline < 0 ? source.text.length : end + newline;
    const isDamaged = errors.some(({ offset }) => offset >= lineStart && offset < lineEnd);
    if (isDamaged) return broken(line, span(start, end));
    if (line.tokens.length > longestEquation) {
      const primary = { span: span(start, first.startOffset + first.image.length), text: "begins here" };
      const title = `an equation of ${line.tokens.length} words and signs is too long`;
      const hint = "split it: give names to its parts";
      diagnostics.push(unsupportedError("equation/too-long", title, { primary, hint }));
      return broken(line, span(start, end));
    }
    equationParser.input = [...line.tokens];
    const cst = equationParser.equation();
    const [error] = equationParser.errors;
    if (!error) return buildEquation(cst, source.text, start, end, span);
    const { title, label, hint, token } = explainSyntaxError(error, line.tokens, line.unclosed);
    const place = token ? span(token.startOffset, token.startOffset + token.image.length) : span(end, end);
    diagnostics.push(inputError("equation/syntax", title, { primary: { span: place, text: label }, hint }));
    return broken(line, span(start, end));
  });
  if (equations.length === 0) {
    equations.push({ kind: "broken", targets: [], span: source.span });
    const primary = { span: source.span, text: "nothing is computed here" };
    if (errors.length === 0) diagnostics.push(inputError("equation/empty", "there are no equations", { primary }));
  }
  return { equations, diagnostics };
}

/** A line break that was lost makes one line of two equations: both targets are named. */
function broken({ tokens }: EquationTokens, span: Span): BrokenEquationAst {
  const targets = tokens.flatMap(({ tokenType, image }, i) => {
    if (tokenType !== Name || !(i === 0 || beginsEquation(tokens, i))) return [];
    return [tokens[i + 1]?.tokenType === Prime ? `${image}'` : image];
  });
  return { kind: "broken", targets, span };
}

function unknownCharacter(found: string, span: Span): Diagnostic {
  const meant: Readonly<Record<string, string>> = {
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∘": "*",
    "⊙": "*",
    "−": "-",
    "–": "-",
    "÷": "/",
    "²": "^2",
    σ: "sigmoid(...)",
    "{": "(",
    "}": ")",
  };
  const replacement = meant[found[0] ?? ""];
  return inputError("equation/character", `\`${found}\` has no meaning in an equation`, {
    primary: { span, text: "unknown character" },
    hint: replacement ? `write \`${replacement}\`` : undefined,
  });
}
