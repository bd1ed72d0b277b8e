/** Tokens of the equation language. Newlines are tokens: an equation ends with its line (`split-equations.ts`). */
import { createToken, Lexer } from "chevrotain";

const WhiteSpace = createToken({ name: "WhiteSpace", pattern: /[ \t\u00a0]+/, group: Lexer.SKIPPED });
const Comment = createToken({ name: "Comment", pattern: /#[^\r\n]*/, group: Lexer.SKIPPED });
export const Newline = createToken({ name: "Newline", pattern: /\r\n|\r|\n/ });

export const NumberLiteral = createToken({
  name: "NumberLiteral",
  pattern: /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/,
});
export const Name = createToken({ name: "Name", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });
export const When = createToken({ name: "When", pattern: /when/, longer_alt: Name });
export const Layer = createToken({ name: "Layer", pattern: /layer/, longer_alt: Name });
export const Prime = createToken({ name: "Prime", pattern: /['\u2032\u2019]/ });

/** Categories: the grammar says "an operator of this level", the tree builder looks which. */
export const AdditiveOperator = createToken({ name: "AdditiveOperator", pattern: Lexer.NA });
export const MultiplicativeOperator = createToken({ name: "MultiplicativeOperator", pattern: Lexer.NA });
export const Comparison = createToken({ name: "Comparison", pattern: Lexer.NA });

export const Minus = createToken({ name: "Minus", pattern: /-/, categories: AdditiveOperator });
const Plus = createToken({ name: "Plus", pattern: /\+/, categories: AdditiveOperator });
const Times = createToken({ name: "Times", pattern: /\*/, categories: MultiplicativeOperator });
const Divide = createToken({ name: "Divide", pattern: /\//, categories: MultiplicativeOperator });
const At = createToken({ name: "At", pattern: /@/, categories: MultiplicativeOperator });
const TwoCharacterComparison = createToken({
  name: "TwoCharacterComparison",
  pattern: /==|!=|<=|>=/,
  categories: Comparison,
});
const OneCharacterComparison = createToken({ name: "OneCharacterComparison", pattern: /[<>]/, categories: Comparison });

export const Equals = createToken({ name: "Equals", pattern: /=/ });
export const Caret = createToken({ name: "Caret", pattern: /\^/ });
export const Colon = createToken({ name: "Colon", pattern: /:/ });
export const Comma = createToken({ name: "Comma", pattern: /,/ });
export const LeftParen = createToken({ name: "LeftParen", pattern: /\(/ });
export const RightParen = createToken({ name: "RightParen", pattern: /\)/ });
export const LeftBracket = createToken({ name: "LeftBracket", pattern: /\[/ });
export const RightBracket = createToken({ name: "RightBracket", pattern: /\]/ });

export const equationTokens = [
  WhiteSpace,
  Comment,
  Newline,
  NumberLiteral,
  When,
  Layer,
  Name,
  Prime,
  AdditiveOperator,
  MultiplicativeOperator,
  Comparison,
  TwoCharacterComparison,
  OneCharacterComparison,
  Minus,
  Plus,
  Times,
  Divide,
  At,
  Equals,
  Caret,
  Colon,
  Comma,
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
];

export const equationLexer = new Lexer(equationTokens, { positionTracking: "onlyOffset", skipValidations: true });
