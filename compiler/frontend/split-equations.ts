/**
 * Cuts a template's tokens into equations: one per line, except that lines go on while a bracket is open. A bracket that
 * is never closed must not swallow what follows: its equation then ends before the next line that begins like one.
 */
import type { IToken } from "chevrotain";
import {
  Comma,
  Equals,
  LeftBracket,
  LeftParen,
  Name,
  Newline,
  Prime,
  RightBracket,
  RightParen,
} from "./equation-tokens.ts";

export interface EquationTokens {
  /** Without newlines; never empty. */
  readonly tokens: readonly IToken[];
  /** The bracket that is still open at the end, if one is. */
  readonly unclosed?: IToken;
}

export function splitEquations(tokens: readonly IToken[]): EquationTokens[] {
  const equations: EquationTokens[] = [];
  let at = 0;
  while (at < tokens.length) {
    const closed = readEquation(tokens, at, false);
    const equation = closed.unclosed ? readEquation(tokens, at, true) : closed;
    if (equation.tokens.length > 0) equations.push(equation);
    at = equation.next;
  }
  return equations;
}

/** `cautious`: also stop inside a list of arguments, where a new line may well begin with `name =`. */
function readEquation(tokens: readonly IToken[], start: number, cautious: boolean): EquationTokens & { next: number } {
  const read: IToken[] = [];
  const open: IToken[] = [];
  let at = start;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.tokenType === Newline) {
      const isArgument = read.at(-1)?.tokenType === Comma && !cautious;
      if (open.length === 0 || (beginsEquation(tokens, at + 1) && !isArgument)) break;
      continue;
    }
    read.push(token);
    if (token.tokenType === LeftParen || token.tokenType === LeftBracket) open.push(token);
    if (token.tokenType === RightParen || token.tokenType === RightBracket) open.pop();
  }
  return { tokens: read, unclosed: open.at(-1), next: at + 1 };
}

/** `name =`, `name' =`, `name[...] =`, `name'[...] =`. */
export function beginsEquation(tokens: readonly IToken[], at: number): boolean {
  if (tokens[at]?.tokenType !== Name) return false;
  let next = at + 1;
  if (tokens[next]?.tokenType === Prime) next++;
  if (tokens[next]?.tokenType === LeftBracket) {
    while (tokens[next] && tokens[next]!.tokenType !== RightBracket && tokens[next]!.tokenType !== Newline) next++;
    next++;
  }
  return tokens[next]?.tokenType === Equals;
}
