/** What is written reads back as it was, in every schema that is written. */
import { expect, test } from "vitest";

import { type Encoding, type EncodingSet, rangeEncoding } from "../../compiler/encodings/encoding.ts";
import type { WrittenVersion } from "../../compiler/encodings/encodings-file.ts";
import { readEncodings } from "../../compiler/encodings/read-encodings.ts";
import { writeEncodings } from "../../compiler/encodings/write-encodings.ts";

const perChannel = (bits: number): Encoding => ({
  ...{ kind: "integer", bits, symmetric: true },
  ...{ scales: [0.1, 1e-20, 3.5].map(Math.fround), offsets: [0, 0, 0] },
});
const blocks: Encoding = { kind: "blocks", bits: 4, block: 16, scales: [0.25, 0.5], blockScales: [1, 16, 7, 3] };

const activations = new Map<string, Encoding>([
  ["blocks.0.timeMix.k", rangeEncoding(-1.25, 3)],
  ["nothing.but.zeros", rangeEncoding(0, 0)],
  ["only positive", rangeEncoding(0, 5e30)],
  ["only negative", rangeEncoding(-1e-30, 0)],
  ["state", { kind: "float", bits: 16 }],
  ["__proto__", { kind: "integer", bits: 16, symmetric: true, scales: [1], offsets: [0] }],
  ['strange " name \\ of é', { kind: "float", bits: 32 }],
]);
const floats: EncodingSet = {
  activations,
  params: new Map<string, Encoding>([
    ["w8", perChannel(8)],
    ["w4", perChannel(4)],
    ["bias", perChannel(32)],
    ["float", { kind: "float", bits: 16 }],
  ]),
};

function roundTrip(version: WrittenVersion, encodings: EncodingSet, extra = {}) {
  const { value, diagnostics } = readEncodings("e.json", writeEncodings(version, encodings, extra));
  expect(diagnostics).toEqual([]);
  return value!;
}

test.each(["0.6.1", "1.0.0"] as const)("schema %s", (version) => {
  const extra = { quantizer_args: { activation_bitwidth: 16, is_symmetric: "True" }, rwkvc: { tokens: [1, 2] } };
  const read = roundTrip(version, floats, extra);
  expect(read.version).toBe(version);
  expect(read.encodings).toEqual(floats);
  expect([...read.encodings.activations.keys()]).toEqual([...activations.keys()]);
  expect(read.extra).toEqual(extra);
});

test("blocks in 1.0.0; 0.6.1 has no words for them", () => {
  const set: EncodingSet = { activations: new Map(), params: new Map([["w", blocks]]) };
  expect(roundTrip("1.0.0", set).encodings).toEqual(set);
  expect(() => writeEncodings("0.6.1", set)).toThrow("encodings/not-in-schema");
});

test("random ranges keep their bits", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const set = new Map<string, Encoding>();
  for (let i = 0; i < 500; i++) {
    const size = 10 ** (random() * 60 - 30);
    set.set(`t${i}`, rangeEncoding(-random() * size, random() * size, [8, 16][i % 2]));
  }
  for (const version of ["0.6.1", "1.0.0"] as const)
    expect(roundTrip(version, { activations: set, params: new Map() }).encodings.activations).toEqual(set);
});
