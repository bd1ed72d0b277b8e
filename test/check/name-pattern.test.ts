import { expect, test } from "vitest";

import { choicesOf, matchesPattern, parsePattern } from "../../compiler/check/name-pattern.ts";

const matches = (text: string, name: string): boolean => {
  const pattern = parsePattern(text);
  if ("problem" in pattern) throw new Error(pattern.problem);
  return matchesPattern(pattern, name);
};

test.each([
  ["att.key", "att.key", true],
  ["att.key", "att.keys", false],
  ["att.key", "att_key", false],
  ["att.*", "att.key.weight", true],
  ["att.*", "att.", true],
  ["att.*", "batt.key", false],
  ["*", "anything", true],
  ["*.key", "blocks.3.att.key", true],
  ["a*b*c", "abbc", true],
  ["a*b*c", "acb", false],
  ["ffn.{key,value}", "ffn.value", true],
  ["ffn.{key,value}", "ffn.keyvalue", false],
  ["{att,ffn}.{k*,v}", "ffn.key", true],
  ["{a,ab}{c,bc}", "abc", true],
  ["blocks.{1,2}.*", "blocks.12.att.key", false],
  ["a+(b|c)?", "a+(b|c)?", true],
])("%s and %s: %s", (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

test("time does not grow with what a pattern leaves open", () => {
  const start = performance.now();
  expect(matches("*a".repeat(2000), `${"a".repeat(1500)}b`)).toBe(false);
  expect(performance.now() - start).toBeLessThan(5000);
});

test("each choice of a pattern by itself", () => {
  expect(choicesOf("ffn.*")).toEqual(["ffn.*"]);
  expect(choicesOf("{att,ffn}.{k,v}")).toEqual(["att.{k,v}", "ffn.{k,v}", "{att,ffn}.k", "{att,ffn}.v"]);
});
