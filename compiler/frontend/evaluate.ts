/**
 * The static subset of TypeScript's expressions: literals, templates, objects, lists, spreads, arithmetic, properties of
 * static objects, and the DSL's own functions. In: a syntax node and the names in scope. Out: a static value. Nothing is
 * ever executed; whatever is outside the subset is reported at its place and gives `unknown`.
 *
 * Diagnostics: `spec/not-static`, `spec/call`, `spec/argument`, `spec/property`, `spec/arithmetic`, `spec/spread`,
 * `name/undefined`, `name/duplicate`.
 */
import { type CallExpression, type Expression, Node, SyntaxKind, type TemplateExpression } from "ts-morph";
import { type Diagnostic, inputError, type Span } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { describeSyntax } from "./describe-syntax.ts";
import { applyDslFunction, dslFunctionNames } from "./dsl.ts";
import { joinPieces, literalPieces, type Piece } from "./source-text.ts";
import { describeValue, type Entry, type StaticValue } from "./static-value.ts";

export type Binding =
  | { readonly kind: "value"; readonly value: StaticValue }
  /** A function of the DSL, under its own name there. */
  | { readonly kind: "function"; readonly name: string }
  /** The template tag `eq`. */
  | { readonly kind: "tag" }
  /** Declared further down. */
  | { readonly kind: "later"; readonly span: Span };

export interface Scope {
  readonly file: string;
  readonly names: ReadonlyMap<string, Binding>;
  readonly report: (diagnostic: Diagnostic) => void;
}

export function evaluate(node: Expression, scope: Scope): StaticValue {
  const span = nodeSpan(node, scope);
  if (Node.isParenthesizedExpression(node) || Node.isAsExpression(node) || Node.isSatisfiesExpression(node)) {
    return evaluate(node.getExpression(), scope);
  }
  if (Node.isNonNullExpression(node)) return evaluate(node.getExpression(), scope);
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) {
    return stringValue(literalPieces(node.getText().slice(1, -1), node.getStart() + 1, false), span);
  }
  // TypeScript's own text of a number is decimal already, whatever was written; ts-morph's value drops exponents.
  if (Node.isNumericLiteral(node)) return { kind: "number", value: Number(node.compilerNode.text), span };
  if (Node.isTrueLiteral(node) || Node.isFalseLiteral(node)) {
    return { kind: "boolean", value: Node.isTrueLiteral(node), span };
  }
  if (Node.isNullLiteral(node)) return { kind: "null", span };
  if (Node.isTemplateExpression(node)) {
    const pieces = templatePieces(node, scope, false);
    return pieces ? stringValue(pieces, span) : { kind: "unknown", span };
  }
  if (Node.isTaggedTemplateExpression(node)) {
    const tag = node.getTag();
    const bound = Node.isIdentifier(tag) ? scope.names.get(tag.getText()) : undefined;
    if (bound?.kind !== "tag") return notStatic(node, scope, "only `eq` of rwkvc/spec can stand before a template");
    const template = node.getTemplate();
    const pieces = Node.isTemplateExpression(template)
      ? templatePieces(template, scope, true)
      : literalPieces(template.getText().slice(1, -1), template.getStart() + 1, true);
    if (!pieces) return { kind: "unknown", span };
    return { kind: "equations", text: joinPieces(pieces, nodeSpan(template, scope)), span };
  }
  if (Node.isIdentifier(node)) return evaluateName(node.getText(), span, scope);
  if (Node.isPrefixUnaryExpression(node)) {
    return evaluateUnary(node.getOperatorToken(), evaluate(node.getOperand(), scope), span, scope);
  }
  if (Node.isBinaryExpression(node)) {
    const left = evaluate(node.getLeft(), scope);
    const right = evaluate(node.getRight(), scope);
    return evaluateBinary(node.getOperatorToken().getText(), left, right, span, scope);
  }
  if (Node.isObjectLiteralExpression(node)) return evaluateObject(node, scope);
  if (Node.isArrayLiteralExpression(node)) {
    const items: StaticValue[] = [];
    for (const element of node.getElements()) {
      if (!Node.isSpreadElement(element)) {
        items.push(evaluate(element, scope));
        continue;
      }
      const spread = evaluate(element.getExpression(), scope);
      if (spread.kind === "array") items.push(...spread.items);
      else if (spread.kind === "unknown") items.push(spread);
      else items.push(badSpread(element, spread, "a list", scope));
    }
    return { kind: "array", items, span };
  }
  if (Node.isPropertyAccessExpression(node) && !node.hasQuestionDotToken()) {
    const name = node.getNameNode();
    return property(evaluate(node.getExpression(), scope), name.getText(), nodeSpan(name, scope), scope, span);
  }
  if (Node.isElementAccessExpression(node) && !node.hasQuestionDotToken()) {
    const argument = node.getArgumentExpression();
    const object = evaluate(node.getExpression(), scope);
    const key = argument ? evaluate(argument, scope) : undefined;
    if (key?.kind === "string" || key?.kind === "number") {
      const text = key.kind === "string" ? key.text.text : String(key.value);
      return property(object, text, nodeSpan(argument!, scope), scope, span);
    }
    return key?.kind === "unknown" ? { kind: "unknown", span } : notStatic(node, scope);
  }
  if (Node.isCallExpression(node)) return evaluateCall(node, scope);
  return notStatic(node, scope);
}

function evaluateCall(node: CallExpression, scope: Scope): StaticValue {
  const callee = node.getExpression();
  const bound = Node.isIdentifier(callee) ? scope.names.get(callee.getText()) : undefined;
  if (bound?.kind !== "function") return notCallable(node, bound !== undefined, scope);
  const args: StaticValue[] = [];
  for (const argument of node.getArguments()) {
    args.push(Node.isExpression(argument) ? evaluate(argument, scope) : notStatic(argument, scope));
  }
  const span = nodeSpan(node, scope);
  return applyDslFunction({ name: bound.name, callee: nodeSpan(callee, scope), span, args }, scope.report);
}

/** `spec/call`. */
function notCallable(node: CallExpression, isBound: boolean, scope: Scope): StaticValue {
  const callee = node.getExpression();
  const isName = Node.isIdentifier(callee);
  const [name, span] = [callee.getText(), nodeSpan(callee, scope)];
  const isForgotten = isName && !isBound && dslFunctionNames.includes(name);
  scope.report(
    isForgotten
      ? inputError("spec/call", `\`${name}\` is not imported`, {
          primary: { span, text: "a function of rwkvc/spec" },
          hint: `put it into the import: import { ..., ${name} } from "rwkvc/spec"`,
        })
      : inputError("spec/call", `\`${shortText(callee)}\` cannot be called here`, {
          primary: { span, text: "not a function of rwkvc/spec" },
          notes: ["A spec is read, never executed: only the functions that it imports from rwkvc/spec have a meaning."],
          hint: isName ? didYouMean(name, [...functionNames(scope), ...dslFunctionNames]) : undefined,
        }),
  );
  return { kind: "unknown", span: nodeSpan(node, scope) };
}

export function nodeSpan(node: Node, { file }: { readonly file: string }): Span {
  return { file, start: node.getStart(), end: node.getEnd() };
}

/** `spec/not-static`: what the syntax is called, and that a spec is only read. */
export function notStatic(node: Node, scope: Scope, explanation?: string): StaticValue {
  const span = nodeSpan(node, scope);
  scope.report(
    inputError("spec/not-static", `${describeSyntax(node)} cannot be part of a spec`, {
      primary: { span: firstLine(node, span), text: explanation ?? "cannot be read without running it" },
      notes: [
        "A spec is read, never executed. It may have const declarations, literals, templates, objects, lists, spreads, " +
          "arithmetic, properties of its own objects, imports of other specs, and calls of rwkvc/spec's functions.",
      ],
    }),
  );
  return { kind: "unknown", span };
}

/** Long nodes (a whole function) are marked on their first line only. */
function firstLine(node: Node, span: Span): Span {
  const newline = node.getText().search(/[\r\n]/);
  return newline < 0 ? span : { ...span, end: span.start + newline };
}

function shortText(node: Node): string {
  const text = node.getText().replace(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

function functionNames(scope: Scope): string[] {
  return [...scope.names].filter(([, bound]) => bound.kind === "function").map(([name]) => name);
}

function stringValue(pieces: readonly Piece[], span: Span): StaticValue {
  return { kind: "string", text: joinPieces(pieces, span), span };
}

function templatePieces(node: TemplateExpression, scope: Scope, raw: boolean): Piece[] | undefined {
  const head = node.getHead();
  const pieces: Piece[] = [...literalPieces(head.getText().slice(1, -2), head.getStart() + 1, raw)];
  let good = true;
  let holeStart = head.getEnd() - 2;
  for (const templateSpan of node.getTemplateSpans()) {
    const literal = templateSpan.getLiteral();
    const value = evaluate(templateSpan.getExpression(), scope);
    const range = { fileStart: holeStart, fileEnd: literal.getStart() + 1 };
    if (value.kind === "string") pieces.push({ text: value.text.text, ...range, inner: value.text });
    else if (value.kind === "number") pieces.push({ text: String(value.value), ...range });
    else {
      good = false;
      if (value.kind !== "unknown") {
        scope.report(
          inputError("spec/arithmetic", "a template's hole must be a string or a number", {
            primary: {
              span: { file: scope.file, start: range.fileStart, end: range.fileEnd },
              text: `this is ${describeValue(value)}`,
            },
          }),
        );
      }
    }
    const isTail = Node.isTemplateTail(literal);
    const body = literal.getText().slice(1, isTail ? -1 : -2);
    pieces.push(...literalPieces(body, literal.getStart() + 1, raw));
    holeStart = literal.getEnd() - 2;
  }
  return good ? pieces : undefined;
}

function evaluateName(name: string, span: Span, scope: Scope): StaticValue {
  const bound = scope.names.get(name);
  if (bound?.kind === "value") return bound.value;
  if (name === "undefined" && !bound) return { kind: "undefined", span };
  if ((name === "Infinity" || name === "NaN") && !bound) return { kind: "number", value: Number(name), span };
  if (bound?.kind === "later") {
    scope.report(
      inputError("name/undefined", `\`${name}\` is used before its declaration`, {
        primary: { span, text: "not known yet" },
        secondary: [{ span: bound.span, text: "declared here" }],
        hint: "move the declaration up",
      }),
    );
  } else if (bound) {
    scope.report(
      inputError("spec/call", `\`${name}\` is a function: call it`, {
        primary: { span, text: "a function is not a value in a spec" },
      }),
    );
  } else {
    scope.report(
      inputError("name/undefined", `\`${name}\` is not defined`, {
        primary: { span, text: "not a const of this spec, nor imported" },
        hint: didYouMean(name, scope.names.keys()),
      }),
    );
  }
  return { kind: "unknown", span };
}

function evaluateUnary(operator: SyntaxKind, value: StaticValue, span: Span, scope: Scope): StaticValue {
  if (value.kind === "unknown") return value;
  if (value.kind === "number") {
    if (operator === SyntaxKind.MinusToken) return { kind: "number", value: -value.value, span };
    if (operator === SyntaxKind.PlusToken) return { kind: "number", value: value.value, span };
  }
  return badArithmetic("this operator works on numbers", `this is ${describeValue(value)}`, span, scope);
}

function evaluateBinary(
  operator: string,
  left: StaticValue,
  right: StaticValue,
  span: Span,
  scope: Scope,
): StaticValue {
  if (left.kind === "unknown" || right.kind === "unknown") return { kind: "unknown", span };
  if (left.kind === "number" && right.kind === "number") {
    const results: Readonly<Record<string, number>> = {
      "+": left.value + right.value,
      "-": left.value - right.value,
      "*": left.value * right.value,
      "/": left.value / right.value,
      "%": left.value % right.value,
      "**": left.value ** right.value,
    };
    const value = results[operator];
    if (value !== undefined) return { kind: "number", value, span };
  }
  const pieces = [left, right].map((value): Piece | undefined => {
    const range = { fileStart: value.span.start, fileEnd: value.span.end };
    // An operand that is a name was written elsewhere, perhaps in another file: the whole expression stands for it.
    const outer = value.span.file === span.file && value.span.start >= span.start && value.span.end <= span.end;
    const place = outer ? range : { fileStart: span.start, fileEnd: span.end };
    if (value.kind === "string") return { text: value.text.text, ...place, inner: value.text };
    return value.kind === "number" ? { text: String(value.value), ...place } : undefined;
  });
  const isText = left.kind === "string" || right.kind === "string";
  if (operator === "+" && isText && pieces[0] && pieces[1]) return stringValue([pieces[0], pieces[1]], span);
  const found = `${describeValue(left)} ${operator} ${describeValue(right)}`;
  return badArithmetic("this cannot be computed in a spec", found, span, scope);
}

function badArithmetic(title: string, label: string, span: Span, scope: Scope): StaticValue {
  scope.report(
    inputError("spec/arithmetic", title, {
      primary: { span, text: label },
      hint: "a spec may use + - * / % ** on numbers, and + on strings",
    }),
  );
  return { kind: "unknown", span };
}

function evaluateObject(node: Node, scope: Scope): StaticValue {
  const span = nodeSpan(node, scope);
  const entries = new Map<string, Entry>();
  const written = new Map<string, Span>();
  let isKnown = true;
  if (!Node.isObjectLiteralExpression(node)) return { kind: "unknown", span };
  for (const member of node.getProperties()) {
    if (Node.isSpreadAssignment(member)) {
      const spread = evaluate(member.getExpression(), scope);
      if (spread.kind === "object") for (const [name, entry] of spread.entries) put(name, entry);
      else {
        isKnown = false;
        if (spread.kind !== "unknown") badSpread(member, spread, "an object", scope);
      }
    } else if (Node.isPropertyAssignment(member)) {
      const name = propertyName(member.getNameNode(), scope);
      const initializer = member.getInitializer();
      const value = initializer ? evaluate(initializer, scope) : notStatic(member, scope);
      if (name === undefined) isKnown = false;
      else define(name, nodeSpan(member.getNameNode(), scope), value);
    } else if (Node.isShorthandPropertyAssignment(member)) {
      const key = nodeSpan(member.getNameNode(), scope);
      define(member.getName(), key, evaluateName(member.getName(), key, scope));
    } else {
      notStatic(member, scope);
      isKnown = false;
    }
  }
  return isKnown ? { kind: "object", entries, span } : { kind: "unknown", span };

  /** A later entry replaces an earlier one where it stood, as in JavaScript. */
  function put(name: string, entry: Entry): void {
    entries.set(name, entry);
  }

  function define(name: string, key: Span, value: StaticValue): void {
    const earlier = written.get(name);
    if (earlier) {
      scope.report(
        inputError("name/duplicate", `\`${name}\` is there twice`, {
          primary: { span: key, text: "again here" },
          secondary: [{ span: earlier, text: "first here" }],
        }),
      );
    }
    written.set(name, key);
    put(name, { key, value });
  }
}

function propertyName(node: Node, scope: Scope): string | undefined {
  if (Node.isIdentifier(node)) return node.getText();
  if (Node.isStringLiteral(node)) return node.getLiteralText();
  if (Node.isNumericLiteral(node)) return String(Number(node.compilerNode.text));
  if (Node.isComputedPropertyName(node)) {
    const value = evaluate(node.getExpression(), scope);
    if (value.kind === "string") return value.text.text;
    if (value.kind === "number") return String(value.value);
    if (value.kind === "unknown") return undefined;
  }
  notStatic(node, scope);
  return undefined;
}

function badSpread(node: Node, value: StaticValue, wanted: string, scope: Scope): StaticValue {
  const span = nodeSpan(node, scope);
  scope.report(
    inputError("spec/spread", `only ${wanted} can be spread here`, {
      primary: { span, text: `this is ${describeValue(value)}` },
    }),
  );
  return { kind: "unknown", span };
}

function property(object: StaticValue, name: string, key: Span, scope: Scope, span: Span): StaticValue {
  if (object.kind === "unknown") return { kind: "unknown", span };
  if (object.kind === "object") {
    const entry = object.entries.get(name);
    if (entry) return entry.value;
  }
  if (object.kind === "array" && /^\d+$/.test(name)) {
    const item = object.items[Number(name)];
    if (item) return item;
  }
  scope.report(
    inputError("spec/property", `there is no \`${name}\` in ${describeValue(object)}`, {
      primary: { span: key, text: "not found" },
      secondary: [{ span: object.span, text: `${describeValue(object)}, written here` }],
      hint: object.kind === "object" ? didYouMean(name, object.entries.keys()) : undefined,
    }),
  );
  return { kind: "unknown", span };
}
