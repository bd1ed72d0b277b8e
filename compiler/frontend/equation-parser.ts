/**
 * Grammar of one equation, without actions: it gives chevrotain's concrete tree (`equation-tree.ts` makes ours).
 *
 *     equation:   target "=" expression [":" Name+] ["when" "layer" comparison number]
 *     expression: `+ -`, then `* / @` on one level, left associative as in Python, then unary `-`, then `^`, then `[...]`
 */
import { CstParser } from "chevrotain";
import * as t from "./equation-tokens.ts";

class EquationParser extends CstParser {
  constructor() {
    super(t.equationTokens, { nodeLocationTracking: "none", recoveryEnabled: false, skipValidations: true });
    this.performSelfAnalysis();
  }

  equation = this.RULE("equation", () => {
    this.SUBRULE(this.target);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
    this.OPTION(() => this.SUBRULE(this.ascription));
    this.OPTION2(() => this.SUBRULE(this.condition));
  });

  private target = this.RULE("target", () => {
    this.CONSUME(t.Name);
    this.OPTION(() => this.CONSUME(t.Prime));
    this.OPTION2(() => this.SUBRULE(this.indices));
  });

  private ascription = this.RULE("ascription", () => {
    this.CONSUME(t.Colon);
    this.AT_LEAST_ONE(() => this.CONSUME(t.Name));
  });

  private condition = this.RULE("condition", () => {
    this.CONSUME(t.When);
    this.CONSUME(t.Layer);
    this.CONSUME(t.Comparison);
    this.CONSUME(t.NumberLiteral);
  });

  private expression = this.RULE("expression", () => {
    this.SUBRULE(this.term);
    this.MANY(() => {
      this.CONSUME(t.AdditiveOperator);
      this.SUBRULE2(this.term);
    });
  });

  private term = this.RULE("term", () => {
    this.SUBRULE(this.unary);
    this.MANY(() => {
      this.CONSUME(t.MultiplicativeOperator);
      this.SUBRULE2(this.unary);
    });
  });

  private unary = this.RULE("unary", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Minus);
          this.SUBRULE(this.unary);
        },
      },
      { ALT: () => this.SUBRULE(this.power) },
    ]);
  });

  private power = this.RULE("power", () => {
    this.SUBRULE(this.postfix);
    this.OPTION(() => {
      this.CONSUME(t.Caret);
      this.CONSUME(t.NumberLiteral);
    });
  });

  private postfix = this.RULE("postfix", () => {
    this.SUBRULE(this.primary);
    this.MANY(() => this.SUBRULE(this.indices));
  });

  private indices = this.RULE("indices", () => {
    this.CONSUME(t.LeftBracket);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.index) });
    this.CONSUME(t.RightBracket);
  });

  private index = this.RULE("index", () => {
    this.OR([{ ALT: () => this.CONSUME(t.Name) }, { ALT: () => this.CONSUME(t.NumberLiteral) }]);
  });

  private primary = this.RULE("primary", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.NumberLiteral) },
      { ALT: () => this.SUBRULE(this.call) },
      {
        ALT: () => {
          this.CONSUME(t.Name);
          this.OPTION(() => this.CONSUME(t.Prime));
        },
      },
      { ALT: () => this.SUBRULE(this.group) },
    ]);
  });

  private group = this.RULE("group", () => {
    this.CONSUME(t.LeftParen);
    this.SUBRULE(this.expression);
    this.CONSUME(t.RightParen);
  });

  private call = this.RULE("call", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.LeftParen);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.argument) });
    this.CONSUME(t.RightParen);
  });

  private argument = this.RULE("argument", () => {
    this.OR([{ ALT: () => this.SUBRULE(this.namedArgument) }, { ALT: () => this.SUBRULE(this.expression) }]);
  });

  private namedArgument = this.RULE("namedArgument", () => {
    this.CONSUME(t.Name);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.expression);
  });
}

/** One parser serves all equations: `input` resets it. */
export const equationParser = new EquationParser();
