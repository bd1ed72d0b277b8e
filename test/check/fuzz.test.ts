/**
 * Random damage to the bundled specs: whatever becomes of them, the front end and the checker give a value or an error,
 * with spans inside of the file; they never throw. Seeded, so a failure comes again; it shows the seed and the damage.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hasErrors, type Label } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import { check, miniFile, miniSpec } from "./mini-spec.ts";
import { violations } from "./verify-typed.ts";

const sources = ["specs/rwkv-7.rwkv.ts", "specs/rwkv-5.2.rwkv.ts", "test/check/fixtures/v4.rwkv.ts"].map((file) =>
  readFileSync(file, "utf8"),
);
/** Pieces that mean something here and there. */
const scraps = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "'",
  "`",
  '"',
  "${",
  "\\",
  "=",
  "==",
  ":",
  ",",
  "@",
  "^2",
  "*",
  "-",
  "\n",
  "#",
];
const words = [
  ...scraps,
  "when layer > 0",
  "token",
  "layer",
  "x",
  "S'",
  "[h,i]",
  "[0]",
  "shift(x, S)",
  " ",
  "0.5",
  "H N",
  "é",
  "\u{1f600}",
];

const seeds = Array.from({ length: 8 }, (_, seed) => seed + 1);

test.each(seeds)("seed %i", (seed) => {
  const random = generator(seed);
  for (let round = 0; round < 60; round++) {
    const text = damage(sources[Math.floor(random() * sources.length)]!, 1 + Math.floor(random() * 3), random);
    const context = `seed ${seed}, round ${round}`;
    const { model, diagnostics, sources: read } = attempt(text, context);
    expect(model !== undefined || hasErrors(diagnostics), `${context}: neither a model nor an error`).toBe(true);
    expect(model === undefined || !hasErrors(diagnostics), `${context}: a model despite errors`).toBe(true);
    expect(model ? violations(model) : [], context).toEqual([]);
    const labels = diagnostics.flatMap((d): readonly Label[] => [
      ...(d.primary ? [d.primary] : []),
      ...(d.secondary ?? []),
    ]);
    for (const { span, text: shown } of labels) {
      const isInside = span.file === miniFile && 0 <= span.start && span.start <= span.end && span.end <= text.length;
      expect(isInside, `${context}: "${shown}" at ${JSON.stringify(span)}`).toBe(true);
    }
    for (const { primary, place, title } of diagnostics) expect(primary ?? place, `${context}: ${title}`).toBeDefined();
    const rendered = renderDiagnostics(diagnostics, read, { colour: true });
    expect(rendered.replaceAll(/\w+\/undefined/g, "")).not.toMatch(/undefined|\[object|NaN/);
  }
});

function attempt(text: string, context: string): ReturnType<typeof check> {
  try {
    return check(text);
  } catch (error) {
    throw new Error(`${context}:\n${text}`, { cause: error });
  }
}

function damage(source: string, count: number, random: () => number): string {
  const at = (): number => Math.floor(random() * source.length);
  for (let i = 0; i < count; i++) {
    const start = at();
    const end = Math.min(source.length, start + 1 + Math.floor(random() ** 3 * 60));
    const word = words[Math.floor(random() * words.length)]!;
    const replacement = [
      (): string => "",
      (): string => source.slice(start, end) + source.slice(start, end),
      (): string => word,
      (): string => word + source.slice(start, end),
      (): string => source.slice(at(), at() + 20).slice(0, 40),
    ][Math.floor(random() * 5)]!();
    source = source.slice(0, start) + replacement + source.slice(end);
  }
  return source;
}

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.each([
  [
    "brackets in an equation",
    miniSpec({ also: `z = ${"(".repeat(20_000)}xx${")".repeat(20_000)}` }),
    "equation/too-long",
  ],
  ["open brackets", miniSpec({ also: `z = ${"(".repeat(20_000)}` }), "equation/too-long"],
  ["minus signs", miniSpec({ also: `z = ${"-".repeat(20_000)}xx` }), "equation/too-long"],
  ["a long sum", miniSpec({ also: `z = xx${" + xx".repeat(20_000)}` }), "equation/too-long"],
  ["lists", miniSpec({ top: `const a = ${"[".repeat(20_000)}${"]".repeat(20_000)};` }), "spec/too-deep"],
  [
    "many lines",
    miniSpec({ also: Array.from({ length: 3000 }, (_, i) => `z${i} = xx ~ 1`).join("\n") }),
    "equation/character",
  ],
])("hostile size: %s", (_title, text, code) => {
  const { model, diagnostics } = check(text);
  expect(model).toBeUndefined();
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
});

test("the longest equation that is allowed is also checked", () => {
  const nested = `${"(".repeat(490)}xx${")".repeat(490)}`;
  expect(check(miniSpec({ also: `z = ${nested}` })).model).toBeDefined();
  expect(check(miniSpec({ also: `z = ${"-".repeat(990)}xx` })).model).toBeDefined();
  expect(check(miniSpec({ also: `z = xx${" + xx".repeat(490)}` })).model).toBeDefined();
});
