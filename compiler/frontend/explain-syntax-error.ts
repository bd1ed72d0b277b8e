/**
 * What is wrong with an equation that does not parse, in the words of its author. In: the equation's tokens and the token
 * at which the grammar gave up (undefined: the equation ended too early), and which rule was being read.
 */
import type { IRecognitionException, IToken } from "chevrotain";
import * as t from "./equation-tokens.ts";

export interface SyntaxExplanation {
  readonly title: string;
  readonly label: string;
  readonly hint?: string;
  /** The token to mark; undefined marks the place after the last one. */
  readonly token: IToken | undefined;
}

export function explainSyntaxError(
  error: IRecognitionException,
  tokens: readonly IToken[],
  unclosed: IToken | undefined,
): SyntaxExplanation {
  const at = tokens.indexOf(error.token);
  const token = at < 0 ? undefined : tokens[at];
  const before = at < 0 ? tokens.at(-1) : tokens[at - 1];
  const rule = error.context.ruleStack.at(-1) ?? "equation";
  const found = token ? `found \`${token.image}\`` : "the equation ends here";
  const explain = (title: string, label: string, hint?: string): SyntaxExplanation => ({ title, label, hint, token });

  if (unclosed && !token) {
    const bracket = unclosed.image;
    return {
      title: `\`${bracket}\` is never closed`,
      label: "opened here",
      hint: `close it with \`${bracket === "(" ? ")" : "]"}\``,
      token: unclosed,
    };
  }
  const is = (type: (typeof t)["Name"], what: IToken | undefined): boolean =>
    what !== undefined && (what.tokenType === type || (what.tokenType.CATEGORIES?.includes(type) ?? false));

  if (rule !== "condition" && (is(t.Layer, token) || (is(t.When, token) && rule !== "equation"))) {
    const hint = "it stands only in conditions: `when layer == 0`";
    return explain(`\`${token!.image}\` is a reserved word`, found, hint);
  }
  if (is(t.Equals, token) && is(t.Equals, before)) return explain("`=` stands twice", found, "write one `=`");
  if (rule === "condition" || is(t.When, before)) {
    return explain("a condition asks for the layer's number", found, "write `when layer == 0` or `when layer > 0`");
  }
  if (rule === "ascription") return explain("dimension names are missing after `:`", found, "write `: H N`");
  if (is(t.Comma, token) && tokens.slice(0, at).some((x) => x.tokenType === t.Colon)) {
    return explain("dimension names are separated by blanks", found, "write `: H N`");
  }
  if (rule === "index" || rule === "indices") {
    return explain("an index is a letter, a number or `token`", found, "write `S[h,i,j]` or `m[0]`");
  }
  if (rule === "target") return explain("an equation begins with a name", found, "write `name = expression`");
  if (rule === "equation" && (at === 1 || is(t.Comparison, token) || !tokens.some((x) => x.tokenType === t.Equals))) {
    return explain(
      is(t.Comparison, token) ? `\`${token!.image}\` stands where \`=\` belongs` : "`=` is missing after the name",
      found,
      "an equation is `name = expression`",
    );
  }
  if (rule === "equation" && token && !tokens.slice(0, at).some((x) => x.tokenType === t.Equals)) {
    return explain("`=` is missing after the name", found, "an equation is `name = expression`");
  }
  if (is(t.MultiplicativeOperator, token) && is(t.MultiplicativeOperator, before)) {
    const isPower = token!.image === "*" && before!.image === "*";
    return explain("two operators in a row", found, isPower ? "the square is written `x^2`" : undefined);
  }
  if (rule === "power") return explain("an exponent is a number", found, "the square is written `x^2`");
  if (rule === "primary" || rule === "unary") {
    const after = before ? ` after \`${before.image}\`` : "";
    const hint = token ? undefined : "an equation ends with its line, unless a bracket is open";
    return explain(`an expression is missing${after}`, found, hint);
  }
  if (is(t.RightParen, token) || is(t.RightBracket, token)) {
    return explain(`\`${token!.image}\` has no opening bracket`, found);
  }
  if (token && (is(t.Name, token) || is(t.NumberLiteral, token) || is(t.LeftParen, token))) {
    return explain(
      `an operator is missing between \`${before?.image ?? ""}\` and \`${token.image}\``,
      found,
      "a product is written `a * b`",
    );
  }
  if (token && is(t.Equals, token)) return explain("an equation has one `=`", found, "write one equation per line");
  return explain(token ? `\`${token.image}\` is not expected here` : "the equation is not complete", found);
}
