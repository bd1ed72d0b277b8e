import { expect, test } from "vitest";

import { parsePrecision } from "../../compiler/commands/target-options.ts";

test.each([
  ["a16w8", "a16w8"],
  ["W8A16", "a16w8"],
  ["16a8w", "a16w8"],
  ["8w16a", "a16w8"],
  ["w4a16", "a16w4"],
  ["16a4w", "a16w4"],
  ["fp16w8", "fp16w8"],
  ["a16fw8", "fp16w8"],
  ["w4fp16", "fp16w4"],
  ["float16", "fp16"],
])("%s is %s", (text, precision) => expect(parsePrecision(text)).toBe(precision));
