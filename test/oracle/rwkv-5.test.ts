/**
 * RWKV-5.0 and 5.1, of which there are no checkpoints here: made from the trained one of 5.2, with one decay and one bonus for all
 * channels of a head, and for 5.0 without the gate. With a gate the result must be what 5.2's own spec gives; all are held against
 * plain loops, both in double precision: 1e-9 of the largest logit.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../compiler/checkpoint/open-checkpoint.ts";
import { readFloat32 } from "../../compiler/checkpoint/read-floats.ts";
import type { Checkpoint } from "../../compiler/checkpoint/checkpoint.ts";
import { runOracle } from "../../compiler/oracle/run-oracle.ts";
import { checkedModel, relativeDifference } from "../ir/bundled-model.ts";
import { specText } from "../ir/tiny-model.ts";
import { rwkv5 } from "./rwkv-5-reference.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
const sizes = { layers: 4, width: 128, heads: 2, headSize: 64 };
const tokens = [...Buffer.from("In the beginning God")];

let trained: ReadonlyMap<string, Stored>;
beforeAll(async () => {
  const checkpoint = await openCheckpoint("models/rwkv5.2-kjv/model.pth");
  trained = new Map(
    [...checkpoint.tensors.values()].map((info) => {
      const values = new Float32Array(info.shape.reduce((product, size) => product * size, 1));
      readFloat32(checkpoint, info, 0, values);
      return [info.name, { shape: info.shape, values }];
    }),
  );
  checkpoint.close();
});

/** log(-log w) and u of a head: the trained ones of its first channel, u made positive so that it has a logarithm. */
const headDecay = (layer: number, head: number): number =>
  trained.get(`blocks.${layer}.att.time_decay`)!.values[head * sizes.headSize]!;
const headBonus = (layer: number, head: number): number =>
  Math.fround(0.1 + Math.abs(trained.get(`blocks.${layer}.att.time_faaaa`)!.values[head * sizes.headSize]!));

const perHead = (value: (head: number) => number): Stored => ({
  shape: [sizes.heads],
  values: Float32Array.from({ length: sizes.heads }, (_, head) => value(head)),
});
const perChannel = (value: (head: number) => number): Stored => ({
  shape: [sizes.heads, sizes.headSize],
  values: Float32Array.from({ length: sizes.width }, (_, i) => value(Math.floor(i / sizes.headSize))),
});

type Bonus = "per channel" | "time_faaaa" | "time_first";

/** The trained tensors with the decay and the bonus stored in the given way, and the gate left out or not. */
function made(bonus: Bonus, hasGate: boolean): ReadonlyMap<string, Stored> {
  const tensors = new Map(trained);
  for (let layer = 0; layer < sizes.layers; layer++) {
    const att = `blocks.${layer}.att.`;
    for (const name of hasGate ? [] : ["gate.weight", "time_mix_g"]) tensors.delete(att + name);
    tensors.delete(`${att}time_faaaa`);
    const spread = bonus === "per channel" ? perChannel : perHead;
    tensors.set(
      `${att}time_decay`,
      spread((head) => headDecay(layer, head)),
    );
    const stored = (head: number): number =>
      bonus === "time_first" ? Math.log(headBonus(layer, head)) : headBonus(layer, head);
    tensors.set(att + (bonus === "time_first" ? "time_first" : "time_faaaa"), spread(stored));
  }
  return tensors;
}

function oracleLogits(version: string, tensors: ReadonlyMap<string, Stored>): readonly Float64Array[] {
  const checkpoint: Checkpoint = {
    source: "made",
    tensors: new Map([...tensors].map(([name, { shape }]) => [name, { name, shape, dtype: "float32" }])),
    readBits({ name }, start, out) {
      const floats = new Float32Array(out.buffer, out.byteOffset, out.length);
      floats.set(tensors.get(name)!.values.subarray(start, start + out.length));
    },
    close: () => undefined,
  };
  const spec = `specs/rwkv-${version}.rwkv.ts`;
  return runOracle(checkedModel(spec, specText(spec), checkpoint), checkpoint, tokens).logits;
}

function expectSame(actual: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[], tolerance: number) {
  expect(actual.length).toBe(tokens.length);
  actual.forEach((logits, t) => expect(relativeDifference(logits, expected[t]!), `token ${t}`).toBeLessThan(tolerance));
}

const plainLogits = (tensors: ReadonlyMap<string, Stored>) =>
  rwkv5(
    (name) => tensors.get(name)?.values,
    sizes,
    (layer, head) => Math.exp(-Math.exp(headDecay(layer, head))),
    headBonus,
    tokens,
  );

describe.each([true, false])("with a gate: %s", (hasGate) => {
  const version = hasGate ? "5.1" : "5.0";

  it(`${version}-faaaa, which stores u, gives what plain loops give`, () => {
    const tensors = made("time_faaaa", hasGate);
    expectSame(oracleLogits(`${version}-faaaa`, tensors), plainLogits(tensors), 1e-9);
  });

  it(`${version}, which stores log(u), too, but for the logarithm's rounding to float32`, () => {
    const tensors = made("time_first", hasGate);
    expectSame(oracleLogits(version, tensors), plainLogits(tensors), 1e-5);
  });

  it("each refuses a checkpoint that stores the other", () => {
    expect(() => oracleLogits(version, made("time_faaaa", hasGate))).toThrow(/missing-tensor.*time_first/s);
    expect(() => oracleLogits(`${version}-faaaa`, made("time_first", hasGate))).toThrow(/missing-tensor.*time_faaaa/s);
  });
});

it("5.1 is 5.2 with equal channels", () => {
  expectSame(
    oracleLogits("5.1-faaaa", made("time_faaaa", true)),
    oracleLogits("5.2", made("per channel", true)),
    1e-12,
  );
});
