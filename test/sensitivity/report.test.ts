/** What `sensitivity` prints. */
import { expect, test } from "vitest";

import { describeSensitivity, type Sensitivity } from "../../compiler/commands/sensitivity-report.ts";
import { groupWeights } from "../../compiler/sensitivity/groups.ts";
import { mixPolicies } from "../../compiler/sensitivity/mix.ts";

const weight = (short: string, elements: number) => ({
  ...({ name: `blocks.0.${short}.weight`, short, layer: 0, bits: 4, elements, prefix: "blocks." } as const),
});
const groups = groupWeights([weight("att.key", 1000), weight("ffn.key", 4000)], { thirds: false, layers: 1 });
const [attKey, ffnKey] = groups;
const asItIs = new Map(groups.map((group) => [group.pattern, group.bits]));
const raised = (pattern: string) => new Map(asItIs).set(pattern, 8);

const base = { mix: asItIs, nll: 1.1404, bytes: 2500 };
const better = { mix: raised("att.key"), nll: 1.1371, bytes: 3000 };
const found: Sensitivity = {
  ...{ spec: "mine.rwkv.ts", precision: "a16w4", limit: 1024, loss: 0.03, soc: undefined, written: undefined },
  reference: { nll: 1.1361, bytes: 10000 },
  ...{ base, groups, front: [base, better], chosen: base, policies: [], measured: 3 },
  steps: [
    { group: attKey!, direction: "raised", measured: better },
    { group: ffnKey!, direction: "raised", measured: { mix: raised("ffn.key"), nll: 1.1411, bytes: 4500 } },
  ],
};
const textOf = (changed: Partial<Sensitivity>): string => describeSensitivity({ ...found, ...changed }).text ?? "";

test("the sides, the groups with the most sensitive first, the front, and the choice", () => {
  expect(textOf({})).toMatchInlineSnapshot(`
    "       nats a token           weights a token
    fp16   1.1361                 9.8 KiB
    a16w4  1.1404        +0.0043  2.4 KiB
    Over at most 1024 tokens.

    weights  now  up  nats     bytes     down  nats  bytes
    att.key  w4   w8  -0.0033  +500 B
    ffn.key  w4   w8  +7e-4    +2.0 KiB

       against fp16  weights  mix
    *  +0.0043       2.4 KiB  as it is
       +0.001        2.9 KiB  quantize("att.key", "w8")

    * The smallest of 3 mixes that loses no more than 0.03 nats a token against fp16. It is the a16w4 build as it is: no further policy is worth its bytes.
    "
  `);
});

test("a choice that is not the build as it is comes as policies", () => {
  const policies = mixPolicies(groups, better.mix);
  expect(textOf({ loss: 0.002, chosen: better, policies })).toMatch(
    /loses no more than 0\.002 nats[^]*quantize\("att\.key", "w8"\)/,
  );
  expect(textOf({ loss: 0.0001, chosen: better, policies })).toContain("this one loses least");
});

test("of a short text it says that it tells little", () => {
  expect(textOf({ limit: 512 })).not.toContain("chance");
  expect(textOf({ limit: 64 })).toMatch(/Over at most 64 tokens\. So few tell little: .* are chance \(--limit\)/);
});
