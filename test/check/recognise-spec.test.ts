/** Which of several specs a checkpoint is of: by unification first, then by what is left unexplained. */
import { expect, test } from "vitest";

import { bestFits, rankSpecs } from "../../compiler/check/recognise-spec.ts";
import type { SpecAst } from "../../compiler/frontend/ast.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { miniCheckpoint, type MiniSpec, miniSpec } from "./mini-spec.ts";

function spec(name: string, change: MiniSpec = {}): SpecAst {
  const { value } = readSpec(`${name}.rwkv.ts`, () => miniSpec(change).replace('"mini"', `"${name}"`));
  return value!;
}

const names = (ranked: readonly { readonly spec: SpecAst }[]): string[] => ranked.map((fit) => fit.spec.name.value);

const using = (...tensors: readonly string[]): MiniSpec => ({
  weights: tensors.map((name) => `${name}: tensor("${name}", "H N"),`).join(" "),
  also: `z = k * ${tensors.join(" * ")}\nx = x + out @ z`,
});
const withMore = miniCheckpoint({ "blocks.0.t": [2, 3], "blocks.1.t": [2, 3] });

const plain = spec("plain", using("u"));
/** Uses one tensor more, which the checkpoint has. */
const more = spec("more", using("u", "t"));
/** Uses one that it has not. */
const foreign = spec("foreign", using("u", "q"));

test("of those that fit, the one that explains more", () => {
  const ranked = rankSpecs([plain, foreign, more], withMore);
  expect(names(ranked)).toEqual(["more", "plain", "foreign"]);
  expect(names(bestFits(ranked))).toEqual(["more"]);
  expect(ranked.map(({ fits, unexplained }) => [fits, unexplained])).toEqual([
    [true, 0],
    [true, 2],
    [false, 2],
  ]);
  expect(ranked[2]!.missing).toEqual(["blocks.{layer}.q"]);
});

test("without the tensor the larger one does not fit", () => {
  expect(names(bestFits(rankSpecs([more, plain], miniCheckpoint())))).toEqual(["plain"]);
});

test("a tensor that only some layers use may be missing in the others", () => {
  const late = spec("late", {
    weights: 'u: tensor("u", "H N"), t: tensor("t", "H N"),',
    also: "z = k * u when layer == 0\nz = k * u * t when layer > 0\nx = x + out @ z",
  });
  const checkpoint = miniCheckpoint({ "blocks.1.t": [2, 3] });
  expect(names(bestFits(rankSpecs([plain, late, more], checkpoint)))).toEqual(["late"]);
});

test("shapes that contradict each other do not fit", () => {
  const checkpoint = miniCheckpoint({ "blocks.1.up": [13, 8] });
  const [first] = rankSpecs([plain], checkpoint);
  expect(bestFits([first!])).toEqual([]);
  expect(first!.errors.map(({ code }) => code)).toEqual(["shape/checkpoint"]);
});

test("two that fit equally well", () => {
  expect(names(bestFits(rankSpecs([more, plain, { ...more }], withMore)))).toEqual(["more", "more"]);
});

test("no specs, no checkpoint's tensors", () => {
  expect(bestFits(rankSpecs([], miniCheckpoint()))).toEqual([]);
  const empty = { source: "empty.pth", tensors: new Map() };
  expect(bestFits(rankSpecs([plain, more], empty))).toEqual([]);
});
