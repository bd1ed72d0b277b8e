/** From chevrotain's concrete tree of one equation to ours. `span` maps offsets in the template's text to the file. */
import type { CstNode, IToken } from "chevrotain";
import type { Span } from "../diagnostics/diagnostic.ts";
import type { BinaryOperator, ConditionAst, EquationAst, Expr, IndexAst, Located, ShapeAst, TargetAst } from "./ast.ts";

type ToSpan = (start: number, end: number) => Span;
/** An expression with its offsets in the template's text. */
interface Built {
  readonly expr: Expr;
  readonly start: number;
  readonly end: number;
}

export function buildEquation(cst: CstNode, text: string, start: number, end: number, span: ToSpan): EquationAst {
  const ascription = node(cst, "ascription");
  const condition = node(cst, "condition");
  return {
    kind: "equation",
    target: buildTarget(node(cst, "target")!, span),
    expr: buildExpression(node(cst, "expression")!, span).expr,
    ...(ascription && { ascription: buildAscription(ascription, span) }),
    ...(condition && { condition: buildCondition(condition, span) }),
    span: span(start, end),
    text: text
      .slice(start, end)
      .replace(/#[^\r\n]*/g, "")
      .replace(/\s+/g, " "),
  };
}

function buildTarget(cst: CstNode, span: ToSpan): TargetAst {
  const name = token(cst, "Name")!;
  const prime = token(cst, "Prime");
  const indices = node(cst, "indices");
  const end = indices ? endOf(token(indices, "RightBracket")!) : endOf(prime ?? name);
  return {
    name: located(name, span),
    primed: prime !== undefined,
    ...(indices && { indices: nodes(indices, "index").map((index) => located(firstToken(index), span)) }),
    span: span(name.startOffset, end),
  };
}

function buildAscription(cst: CstNode, span: ToSpan): ShapeAst {
  const axes = tokens(cst, "Name");
  return {
    axes: axes.map((axis) => located(axis, span)),
    span: span(axes[0]!.startOffset, endOf(axes.at(-1)!)),
  };
}

function buildCondition(cst: CstNode, span: ToSpan): ConditionAst {
  const number = token(cst, "NumberLiteral")!;
  return {
    op: token(cst, "Comparison")!.image as ConditionAst["op"],
    layer: { value: Number(number.image), span: span(number.startOffset, endOf(number)) },
    span: span(token(cst, "When")!.startOffset, endOf(number)),
  };
}

function buildExpression(cst: CstNode, span: ToSpan): Built {
  const operands = nodes(cst, "term").map((term) =>
    buildChain(
      nodes(term, "unary").map((unary) => buildUnary(unary, span)),
      tokens(term, "MultiplicativeOperator"),
      span,
    ),
  );
  return buildChain(operands, tokens(cst, "AdditiveOperator"), span);
}

/** `a op b op c`, left associative. */
function buildChain(operands: readonly Built[], operators: readonly IToken[], span: ToSpan): Built {
  return operands.slice(1).reduce((left, right, i): Built => {
    const operator = operators[i]!;
    const expr: Expr = {
      kind: "binary",
      op: operator.image as BinaryOperator,
      left: left.expr,
      right: right.expr,
      opSpan: span(operator.startOffset, endOf(operator)),
      span: span(left.start, right.end),
    };
    return { expr, start: left.start, end: right.end };
  }, operands[0]!);
}

function buildUnary(cst: CstNode, span: ToSpan): Built {
  const minus = token(cst, "Minus");
  if (!minus) return buildPower(node(cst, "power")!, span);
  const arg = buildUnary(node(cst, "unary")!, span);
  const start = minus.startOffset;
  // A negative literal is one number: `-1e30`.
  if (arg.expr.kind === "number") {
    return { expr: { ...arg.expr, value: -arg.expr.value, span: span(start, arg.end) }, start, end: arg.end };
  }
  return { expr: { kind: "negate", arg: arg.expr, span: span(start, arg.end) }, start, end: arg.end };
}

function buildPower(cst: CstNode, span: ToSpan): Built {
  const base = buildPostfix(node(cst, "postfix")!, span);
  const exponent = token(cst, "NumberLiteral");
  if (!exponent) return base;
  const end = endOf(exponent);
  const value: Located<number> = { value: Number(exponent.image), span: span(exponent.startOffset, end) };
  return {
    expr: { kind: "power", base: base.expr, exponent: value, span: span(base.start, end) },
    start: base.start,
    end,
  };
}

function buildPostfix(cst: CstNode, span: ToSpan): Built {
  return nodes(cst, "indices").reduce(
    (base, indices): Built => {
      const end = endOf(token(indices, "RightBracket")!);
      const expr: Expr = {
        kind: "index",
        base: base.expr,
        indices: nodes(indices, "index").map((index) => buildIndex(index, span)),
        span: span(base.start, end),
      };
      return { expr, start: base.start, end };
    },
    buildPrimary(node(cst, "primary")!, span),
  );
}

function buildIndex(cst: CstNode, span: ToSpan): IndexAst {
  const name = token(cst, "Name");
  const at = firstToken(cst);
  const place = span(at.startOffset, endOf(at));
  return name
    ? { kind: "letter", name: name.image, span: place }
    : { kind: "constant", value: Number(at.image), span: place };
}

function buildPrimary(cst: CstNode, span: ToSpan): Built {
  const call = node(cst, "call");
  if (call) return buildCall(call, span);
  const group = node(cst, "group");
  if (group) {
    // The parentheses belong to what is shown of the expression.
    const start = token(group, "LeftParen")!.startOffset;
    const end = endOf(token(group, "RightParen")!);
    return { expr: { ...buildExpression(node(group, "expression")!, span).expr, span: span(start, end) }, start, end };
  }
  const number = token(cst, "NumberLiteral");
  if (number) {
    const [start, end] = [number.startOffset, endOf(number)];
    return { expr: { kind: "number", value: Number(number.image), span: span(start, end) }, start, end };
  }
  const name = token(cst, "Name")!;
  const prime = token(cst, "Prime");
  const [start, end] = [name.startOffset, endOf(prime ?? name)];
  return {
    expr: { kind: "name", name: name.image, primed: prime !== undefined, span: span(start, end) },
    start,
    end,
  };
}

function buildCall(cst: CstNode, span: ToSpan): Built {
  const name = token(cst, "Name")!;
  const [start, end] = [name.startOffset, endOf(token(cst, "RightParen")!)];
  const args: Expr[] = [];
  const named: { name: Located<string>; value: Expr }[] = [];
  for (const argument of nodes(cst, "argument")) {
    const byName = node(argument, "namedArgument");
    const value = buildExpression(node(byName ?? argument, "expression")!, span).expr;
    if (byName) named.push({ name: located(token(byName, "Name")!, span), value });
    else args.push(value);
  }
  return { expr: { kind: "call", name: located(name, span), args, named, span: span(start, end) }, start, end };
}

const endOf = (t: IToken): number => t.startOffset + t.image.length;
const located = (t: IToken, span: ToSpan): Located<string> => ({ value: t.image, span: span(t.startOffset, endOf(t)) });
const nodes = (cst: CstNode, name: string): CstNode[] => (cst.children[name] ?? []) as CstNode[];
const node = (cst: CstNode, name: string): CstNode | undefined => nodes(cst, name)[0];
const tokens = (cst: CstNode, name: string): IToken[] => (cst.children[name] ?? []) as IToken[];
const token = (cst: CstNode, name: string): IToken | undefined => tokens(cst, name)[0];
const firstToken = (cst: CstNode): IToken => Object.values(cst.children)[0]![0] as IToken;
