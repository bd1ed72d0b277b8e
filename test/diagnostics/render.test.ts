/** Diagnostics as text and as data. */
import { describe, expect, test } from "vitest";
import {
  type Diagnostic,
  exitCode,
  inputError,
  inputWarning,
  internalError,
  missingError,
  unsupportedError,
  usageError,
} from "../../compiler/diagnostics/diagnostic.ts";
import { distinctDiagnostics } from "../../compiler/diagnostics/collect.ts";
import { renderDiagnostics, renderJson } from "../../compiler/diagnostics/render.ts";
import { suggest } from "../../compiler/diagnostics/suggest.ts";

const file = "a.rwkv.ts";

/** The span of the `count`th occurrence. */
function at(text: string, piece: string, count = 0, name = file): { file: string; start: number; end: number } {
  let start = text.indexOf(piece);
  for (let i = 0; i < count; i++) start = text.indexOf(piece, start + 1);
  return { file: name, start, end: start + piece.length };
}

function render(diagnostic: Diagnostic, sources: Record<string, string>, colour = false): string {
  return `\n${renderDiagnostics([diagnostic], new Map(Object.entries(sources)), { colour })}\n`;
}

describe("text", () => {
  test("labels on one line, and on lines around", () => {
    const text = "one\ntwo = alpha * beta\nthree\nfour\nfive\nsix\n";
    const diagnostic = inputError("shape/mismatch", "cannot combine", {
      primary: { span: at(text, "*"), text: "here" },
      secondary: [
        { span: at(text, "alpha"), text: "[D]" },
        { span: at(text, "beta"), text: "[F]" },
        { span: at(text, "four"), text: "two lines on" },
        { span: at(text, "six"), text: "" },
      ],
      notes: ["A note."],
      hint: "a hint",
    });
    expect(render(diagnostic, { [file]: text })).toMatchInlineSnapshot(`
      "
      error[shape/mismatch]: cannot combine
        --> a.rwkv.ts:2:13
         |
       2 | two = alpha * beta
         |       ----- ^ ---- [F]
         |       |     |
         |       |     here
         |       [D]
       3 | three
       4 | four
         | ---- two lines on
       5 | five
       6 | six
         | ---
         = note: A note.
         = hint: a hint
      "
    `);
  });

  test("labels that overlap, touch or coincide", () => {
    const text = "y = f(a + b) * c\n";
    const diagnostic = inputError("equation/x", "overlap", {
      primary: { span: at(text, "a + b"), text: "inner" },
      secondary: [
        { span: at(text, "f(a + b) * c"), text: "outer" },
        { span: at(text, "("), text: "touches" },
        { span: at(text, "c"), text: "one" },
        { span: at(text, "c"), text: "two" },
      ],
    });
    expect(render(diagnostic, { [file]: text })).toMatchInlineSnapshot(`
      "
      error[equation/x]: overlap
        --> a.rwkv.ts:1:7
         |
       1 | y = f(a + b) * c
         |       ^^^^^    - one; two
         |       |
         |       inner
         |     ------------ outer
         |      - touches
      "
    `);
  });

  test("a label over several lines is marked on the first; the end of a file", () => {
    const text = "model({\n  a: 1,\n})";
    const diagnostic = inputError("spec/x", "long", {
      primary: { span: { file, start: 0, end: text.length }, text: "all of this" },
      secondary: [{ span: { file, start: text.length, end: text.length }, text: "the end" }],
    });
    expect(render(diagnostic, { [file]: text })).toMatchInlineSnapshot(`
      "
      error[spec/x]: long
        --> a.rwkv.ts:1:1
         |
       1 | model({
         | ^^^^^^^ all of this
       2 |   a: 1,
       3 | })
         |   - the end
      "
    `);
  });

  test("tabs, wide and combining characters, control characters", () => {
    const text = "\tx = 隐藏状态 * e\u0301 * y \u001b[31m\n";
    const diagnostic = inputError("equation/x", "width", {
      primary: { span: at(text, "y"), text: "under y" },
      secondary: [{ span: at(text, "隐藏状态"), text: "eight columns" }],
    });
    expect(render(diagnostic, { [file]: text })).toMatchInlineSnapshot(`
      "
      error[equation/x]: width
        --> a.rwkv.ts:1:18
         |
       1 |     x = 隐藏状态 * é * y �[31m
         |         --------       ^ under y
         |         |
         |         eight columns
      "
    `);
  });

  test("long lines are cut around the marks", () => {
    const text = `y = ${"first + ".repeat(40)}middle${" + last".repeat(40)}\n`;
    const diagnostic = inputError("equation/x", "long", {
      primary: { span: at(text, "middle"), text: "here" },
      secondary: [
        { span: at(text, "first", 39), text: "near" },
        { span: at(text, "y"), text: "too far" },
      ],
    });
    expect(render(diagnostic, { [file]: text })).toMatchInlineSnapshot(`
      "
      error[equation/x]: long
        --> a.rwkv.ts:1:325
         |
       1 | ...first + first + first + first + first + first + first + first + first + first + middle + last + last + last + last + last + last + last + last + last + last + l...
         |                                                                            -----   ^^^^^^ here
         |                                                                            |
         |                                                                            near
      "
    `);
  });

  test("other files, and files without text", () => {
    const text = "x = y\n";
    const other = "\n\ny = 1\n";
    const diagnostic = inputWarning("name/x", "elsewhere", {
      primary: { span: at(text, "y"), text: "used" },
      secondary: [
        { span: at(other, "y", 0, "b.rwkv.ts"), text: "defined" },
        { span: { file: "gone.rwkv.ts", start: 3, end: 4 }, text: "once was here" },
      ],
      place: { file: "model.pth", detail: "blocks.0.att.key" },
    });
    expect(render(diagnostic, { [file]: text, "b.rwkv.ts": other })).toMatchInlineSnapshot(`
      "
      warning[name/x]: elsewhere
        --> a.rwkv.ts:1:5
         |
       1 | x = y
         |     ^ used
        ::: b.rwkv.ts:3:1
         |
       3 | y = 1
         | - defined
        ::: gone.rwkv.ts
         = once was here
         = in: model.pth: blocks.0.att.key
      "
    `);
  });

  test("a place without text; long notes and lines of their own", () => {
    const diagnostic = missingError("tool/failed", "the compiler failed", {
      place: { file: "model.pth" },
      notes: [`${"a word ".repeat(30).trim()}.`, "last lines:\n  error: one\n  error: two"],
    });
    expect(render(diagnostic, {})).toMatchInlineSnapshot(`
      "
      error[tool/failed]: the compiler failed
        --> model.pth
         = note: a word a word a word a word a word a word a word a word a word a word a word a word a word a word a word a
                 word a word a word a word a word a word a word a word a word a word a word a word a word a word a word.
         = note: last lines:
                   error: one
                   error: two
      "
    `);
  });

  test("names from files cannot steer the terminal", () => {
    const name = "blocks\u001b[2J\u0007.key";
    const diagnostic = inputError("a/b", name, { place: { file: name, detail: name }, notes: [name], hint: name });

    expect(render(diagnostic, {})).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test("windows line ends do not show", () => {
    const text = "a\r\nb\r\nc\r\n";
    expect(
      render(inputError("x/y", "b", { primary: { span: at(text, "b"), text: "b" } }), { [file]: text }),
    ).not.toMatch("\r");
  });

  test("colour only when it is asked for", () => {
    const text = "x = y\n";
    const diagnostic = inputError("name/x", "t", { primary: { span: at(text, "y"), text: "l" } });
    expect(render(diagnostic, { [file]: text })).not.toMatch("\u001b");
    const coloured = render(diagnostic, { [file]: text }, true);
    expect(coloured).toMatch("\u001b[1;31merror[name/x]\u001b[0m");

    expect(coloured.replace(/\u001b\[[\d;]*m/g, "")).toBe(render(diagnostic, { [file]: text }));
  });

  test("several are counted", () => {
    const [error, warning] = [inputError("a/b", "bad"), inputWarning("a/c", "odd")];
    expect(renderDiagnostics([error, warning, error], new Map(), { colour: false })).toMatch(
      /\n\n2 errors, 1 warning$/,
    );
    expect(renderDiagnostics([error], new Map(), { colour: false })).toBe("error[a/b]: bad");
  });
});

describe("JSON", () => {
  test("spans have lines and columns where the text is at hand", () => {
    const text = "a\n  b = c\n";
    const [json] = renderJson(
      [
        inputError("a/b", "t", {
          primary: { span: at(text, "b = c"), text: "l" },
          secondary: [{ span: at("x", "x", 0, "z"), text: "m" }],
        }),
      ],
      new Map([[file, text]]),
    );
    expect(json).toEqual({
      code: "a/b",
      kind: "input",
      severity: "error",
      title: "t",
      primary: {
        span: { file, start: 4, end: 9 },
        text: "l",
        start: { line: 2, column: 3 },
        end: { line: 2, column: 8 },
      },
      secondary: [{ span: { file: "z", start: 0, end: 1 }, text: "m" }],
    });
  });
});

test("exit codes", () => {
  const of = (...diagnostics: Diagnostic[]): number => exitCode(diagnostics);
  expect(of()).toBe(0);
  expect(of(inputWarning("a", "b"))).toBe(0);
  expect(
    [inputError, unsupportedError, usageError, missingError, internalError].map((make) => of(make("a", "b"))),
  ).toEqual([1, 1, 2, 3, 4]);
  expect(of(inputError("a", "b"), missingError("a", "b"))).toBe(3);
});

test("the same is said once", () => {
  const span = { file, start: 0, end: 1 };
  const one = inputError("a/b", "t", { primary: { span, text: "x" } });
  const other = inputError("a/b", "t", { primary: { span: { ...span, end: 2 }, text: "x" } });
  expect(distinctDiagnostics([one, other, { ...one }])).toEqual([one, other]);
});

describe("suggestions", () => {
  const known = ["receptance", "key", "value", "x_r", "x_k", "xx", "output", "H"];
  test.each([
    ["recpetance", "receptance"],
    ["receptnce", "receptance"],
    ["Key", "key"],
    ["keys", "key"],
    ["x_q", "x_r"],
    ["h", "H"],
    ["z", undefined],
    ["decay", undefined],
    ["key", undefined],
  ])("%s", (name, expected) => expect(suggest(name, known)).toBe(expected));
});
