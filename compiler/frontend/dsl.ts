/**
 * The DSL's functions as the reader knows them: the arguments each takes, and the plain data it stands for. It mirrors
 * `compiler/spec/index.ts`, which a spec imports but which is never run; a test holds the two together.
 */
import { type Diagnostic, inputError, type Span } from "../diagnostics/diagnostic.ts";
import { joinPieces, syntheticText } from "./source-text.ts";
import { describeValue, type Entry, type StaticValue } from "./static-value.ts";

type ArgumentKind = "string" | "number" | "object" | "array" | "content";

interface DslFunction {
  /** Name and kind of each argument; a `?` after the name makes it optional; `...` before the last one's: one or several. */
  readonly parameters: readonly (readonly [name: string, kind: ArgumentKind])[];
  readonly make: (args: readonly StaticValue[], call: DslCall) => readonly (readonly [string, StaticValue])[];
}

export interface DslCall {
  readonly name: string;
  readonly callee: Span;
  readonly span: Span;
  readonly args: readonly StaticValue[];
}

const text = (value: string, span: Span): StaticValue => ({ kind: "string", text: syntheticText(value, span), span });

/** Fields by position: the name of each argument becomes the field's name. */
function record(kind: string, parameters: DslFunction["parameters"], fields?: readonly string[]): DslFunction {
  return {
    parameters,
    make: (args, call) => [
      ["kind", text(kind, call.callee)],
      ...args.map((arg, i) => [fields?.[i] ?? parameters[i]![0].replace("?", ""), arg] as const),
    ],
  };
}

/** An object whose own fields come after the defaults. */
function withBody(
  kind: string,
  defaults: readonly string[],
  body: StaticValue,
  call: DslCall,
): [string, StaticValue][] {
  if (body.kind !== "object") return [];
  const empty: StaticValue = { kind: "object", entries: new Map(), span: body.span };
  const emptyList: StaticValue = { kind: "array", items: [], span: body.span };
  return [
    ["kind", text(kind, call.callee)],
    ...defaults.map((name): [string, StaticValue] => [name, name === "policies" ? emptyList : empty]),
    ...[...body.entries].map(([name, entry]): [string, StaticValue] => [name, entry.value]),
  ];
}

const part = (name: string): DslFunction => ({
  parameters: [["body", "object"]],
  make: ([body], call) => [["name", text(name, call.callee)], ...withBody("part", ["weights", "state"], body!, call)],
});

/** `content` is what edits put in: equations, or a part. */
function edit(kind: string): DslFunction {
  return record(kind, [
    ["at", "string"],
    ["what", "content"],
  ]);
}

const functions: Readonly<Record<string, DslFunction>> = {
  dim: record("dim", [
    ["meaning", "string"],
    ["factors?", "string"],
  ]),
  vec: record(
    "weight",
    [
      ["name", "string"],
      ["axis", "string"],
    ],
    ["name", "shape"],
  ),
  mat: {
    parameters: [
      ["name", "string"],
      ["rows", "string"],
      ["columns", "string"],
    ],
    make: ([name, rows, columns], call) => [
      ["kind", text("weight", call.callee)],
      ["name", name!],
      ["shape", joined(rows!, columns!)],
    ],
  },
  tensor: record("weight", [
    ["name", "string"],
    ["shape", "string"],
  ]),
  norm: record("norm", [
    ["name", "string"],
    ["shape", "string"],
  ]),
  state: record("state", [
    ["shape", "string"],
    ["initial", "number"],
  ]),
  timeMix: part("timeMix"),
  channelMix: part("channelMix"),
  embedding: part("embedding"),
  head: part("head"),
  block: {
    parameters: [
      ["name", "string"],
      ["body", "object"],
    ],
    make: ([name, body], call) => [["name", name!], ...withBody("part", ["weights", "state"], body!, call)],
  },
  layers: record("layers", [
    ["count", "string"],
    ["prefix", "string"],
    ["parts", "array"],
  ]),
  scale: record("scale", [
    ["value", "string"],
    ["by", "number"],
  ]),
  rescaleHidden: {
    parameters: [["how", "object"]],
    make: ([how], call) => withBody("rescaleHidden", [], how!, call),
  },
  keepFloat: {
    parameters: [["...values", "string"]],
    make: (args, call) => [
      ["kind", text("keepFloat", call.callee)],
      ["patterns", { kind: "array", items: args, span: call.span }],
    ],
  },
  quantize: record("quantize", [
    ["pattern", "string"],
    ["width", "string"],
    ["how?", "object"],
  ]),
  extend: record("extension", [
    ["base", "object"],
    ["changes", "object"],
  ]),
  replace: edit("replace"),
  before: edit("before"),
  after: edit("after"),
  remove: record("remove", [["at?", "string"]]),
  model: { parameters: [["body", "object"]], make: ([body], call) => withBody("model", ["policies"], body!, call) },
};

/** Functions that are called, and `eq`, which is a template's tag. */
export const dslFunctionNames: readonly string[] = Object.keys(functions);
export const equationTag = "eq";

/** Evaluates a call of a DSL function. Diagnostics: `spec/argument`. */
export function applyDslFunction(call: DslCall, report: (d: Diagnostic) => void): StaticValue {
  const definition = functions[call.name]!;
  if (!checkArguments(call, definition, report)) return { kind: "unknown", span: call.span };
  const entries = new Map<string, Entry>();
  const written = new Map<string, Span>();
  for (const arg of call.args) {
    if (arg.kind === "object") for (const [name, entry] of arg.entries) written.set(name, entry.key);
  }
  for (const [name, value] of definition.make(call.args, call)) {
    entries.set(name, { key: written.get(name) ?? value.span, value });
  }
  return { kind: "object", entries, span: call.span };
}

const argumentKinds: Readonly<Record<ArgumentKind, string>> = {
  string: "a string",
  number: "a number",
  object: "an object",
  array: "a list",
  content: "an eq`...` template or a part",
};

function checkArguments(call: DslCall, { parameters }: DslFunction, report: (d: Diagnostic) => void): boolean {
  const signature = `${call.name}(${parameters.map(([name]) => name).join(", ")})`;
  const required = parameters.filter(([name]) => !name.endsWith("?")).length;
  const isOpen = parameters.at(-1)?.[0].startsWith("...") === true;
  if (call.args.length < required || (!isOpen && call.args.length > parameters.length)) {
    report(
      inputError(
        "spec/argument",
        `\`${call.name}\` takes ${isOpen ? "at least " : ""}${required} argument${required === 1 ? "" : "s"}`,
        {
          primary: { span: call.span, text: `${call.args.length} given` },
          hint: `write ${signature}`,
        },
      ),
    );
    return false;
  }
  let good = true;
  call.args.forEach((arg, i) => {
    const [name, kind] = parameters[Math.min(i, parameters.length - 1)]!;
    const fits = kind === "content" ? arg.kind === "equations" || arg.kind === "object" : arg.kind === kind;
    if (fits || (arg.kind === "undefined" && name.endsWith("?"))) return;
    good = false;
    if (arg.kind === "unknown") return;
    const wanted = argumentKinds[kind];
    report(
      inputError("spec/argument", `\`${name.replace(/^\.\.\.|\?$/g, "")}\` of \`${call.name}\` must be ${wanted}`, {
        primary: { span: arg.span, text: `this is ${describeValue(arg)}` },
        hint: `write ${signature}`,
      }),
    );
  });
  return good;
}

function joined(left: StaticValue, right: StaticValue): StaticValue {
  const span = { ...left.span, end: left.span.file === right.span.file ? right.span.end : left.span.end };
  const pieces = [left, right].flatMap((value, i) => {
    if (value.kind !== "string") return [];
    const range = { fileStart: value.span.start, fileEnd: value.span.end };
    const blank = i === 0 ? [] : [{ text: " ", ...range }];
    return [...blank, { text: value.text.text, ...range, inner: value.text }];
  });
  return { kind: "string", text: joinPieces(pieces, span), span };
}
