/**
 * The host backend against Qualcomm's HTP simulator (v75) at fp16, op by op on the same bits. A step is one float16 number to the
 * next. Where a tolerance is above 0, the simulator's own approximation is modelled, not copied (runtime-cpp/host/numerics/).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { QnnParam } from "../../compiler/lower/qnn-graph.ts";
import { withHtp } from "../qualcomm.ts";
import {
  type Comparison,
  distance,
  extendedValue,
  ordinary,
  type Pair,
  patterns,
  TwoBackends,
} from "./two-backends.ts";

const u32 = (name: string, value: number): QnnParam => ({ name, kind: "scalar", dtype: "uint32", value });
const i32 = (name: string, value: number): QnnParam => ({ name, kind: "scalar", dtype: "int32", value });
const f32 = (name: string, value: number): QnnParam => ({ name, kind: "scalar", dtype: "float32", value });
const flag = (name: string, value: boolean): QnnParam => ({ name, kind: "scalar", dtype: "bool8", value });
const list = (
  name: string,
  values: number[],
  dims = [values.length],
  dtype: "uint32" | "int32" = "uint32",
): QnnParam => ({
  name,
  kind: "tensor",
  dtype,
  dims,
  values,
});
const size = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);

/** Zeros, subnormals, ones, the largest, infinities, NaNs. */
const special = [0, 1, 0x3ff, 0x400, 0x3c00, 0x4000, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x7fff].flatMap((b) => [
  b,
  b | 0x8000,
]);
const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
const square = [1, 1, 256, 256];

withHtp("host backend and HTP simulator at fp16", () => {
  const both = new TwoBackends();
  beforeAll(() => both.run());
  afterAll(() => both.close());
  const { weights } = both;

  /** At most `steps` apart, and at least `equal` of all elements the same. */
  const agree = (pair: Pair, output: string, steps: number, equal: number, comparison?: Comparison): void => {
    const found = distance(pair, output, comparison);
    expect.soft(found.steps, `${pair.graph.name}, ${output}: ${found.worst}`).toBeLessThanOrEqual(steps);
    expect.soft(found.equal, `${pair.graph.name}, ${output}: share of equal elements`).toBeGreaterThanOrEqual(equal);
  };

  describe("element-wise, two operands", () => {
    const a = patterns(65536, 1);
    const b = patterns(65536, 2);
    special.forEach((x, i) =>
      special.forEach((y, j) => {
        a[i * special.length + j] = x;
        b[i * special.length + j] = y;
      }),
    );
    // Numbers of one exponent: cancellation and ties.
    for (let i = 30000; i < 60000; i++) b[i] = (a[i]! & 0x7c00) ^ (b[i]! & 0x83ff);
    const types = ["Add", "Subtract", "Multiply", "Divide", "Maximum", "Minimum"] as const;
    const binary = both.graph("binary", { a, b }, (g) => {
      const [x, y] = [g.input("a", square), g.input("b", square)];
      for (const type of types) g.node(`ElementWise${type}`, [x, y], square, [], type);
    });

    test.each(["Subtract", "Multiply"])("%s is the same in every bit, for all patterns", (type) => {
      agree(binary, type, 0, 1);
    });
    // Of +0 and -0 the simulator takes the right one; the vectorised kernels take the second operand.
    test.each(["Maximum", "Minimum"])("%s is the same in every bit, but for the signs of zeros", (type) => {
      agree(binary, type, 0, 1, { zeros: true });
    });
    test("Add is the same in every bit; NaNs differ in payload only", () => {
      agree(binary, "Add", 0, 1, { nans: true });
    });
    test("Divide differs by two steps at most: its reciprocal is modelled", () => {
      agree(binary, "Divide", 2, 0.97);
    });

    const forms: readonly [string, number[], number[], number[]][] = [
      ["row_second", [1, 1, 4, 64], [64], [1, 1, 4, 64]],
      ["row_first", [64], [1, 1, 4, 64], [1, 1, 4, 64]],
      ["one_row", [1, 1, 1, 64], [64], [1, 1, 1, 64]],
      ["scalar_second", [1, 1, 4, 64], [1], [1, 1, 4, 64]],
      ["scalar_first", [1], [1, 1, 4, 64], [1, 1, 4, 64]],
      ["column", [1, 1, 4, 64], [1, 1, 4, 1], [1, 1, 4, 64]],
      ["head_rows", [1, 3, 4, 64], [1, 3, 1, 64], [1, 3, 4, 64]],
      ["head_numbers", [1, 3, 4, 64], [1, 3, 1, 1], [1, 3, 4, 64]],
      ["head_rows_first", [1, 3, 1, 64], [1, 3, 4, 64], [1, 3, 4, 64]],
      ["narrow", [1, 1, 4, 8], [1, 1, 4, 8], [1, 1, 4, 8]],
      ["sixteen", [1, 1, 4, 16], [1, 1, 4, 16], [1, 1, 4, 16]],
      ["flat", [1, 512], [1, 512], [1, 512]],
    ];
    const broadcast = forms.map(([name, first, second, out], i) => {
      const operand = (dims: number[], seed: number): Uint16Array => {
        const bits = ordinary(size(dims), seed);
        for (let k = 0; k < bits.length; k += 7) bits[k] = k % 2 ? 0x6800 : 0x3c00; // 2048 and 1: ties
        for (let k = 3; k < bits.length; k += 11) bits[k] = 0x7b00; // sums beyond 65504
        return bits;
      };
      const inputs = { a: operand(first, 10 + i), b: operand(second, 40 + i) };
      return both.graph(name, inputs, (g) => {
        const [x, y] = [g.input("a", first), g.input("b", second)];
        for (const type of types) g.node(`ElementWise${type}`, [x, y], out, [], type);
      });
    });
    const row = weights.add("row", "D=64", (i) => (i % 2 ? 1 : 20000 + i));
    const constantRows = both.graph(
      "constant_rows",
      { x: ordinary(4 * 64, 60).map((b, i) => (i % 3 ? b : 0x7bff)) },
      (g) => {
        const x = g.input("x", [1, 1, 4, 64]);
        g.node("ElementWiseAdd", [g.weight(row, [64]), x], [1, 1, 4, 64], [], "first");
        g.node("ElementWiseAdd", [x, g.weight(row, [64])], [1, 1, 4, 64], [], "second");
      },
    );
    test("a constant row rounds otherwise as first operand of Add than as second", () => {
      for (const output of ["first", "second"]) agree(constantRows, output, 0, 1);
      expect(constantRows.device.first).toContain(0x7c00);
      expect(constantRows.device.second).not.toContain(0x7c00);
    });
    test.each(forms.map(([name], i) => [name, i] as const))("broadcast form %s", (_, i) => {
      for (const type of types) agree(broadcast[i]!, type, type === "Divide" ? 2 : 0, type === "Divide" ? 0.9 : 1);
    });
  });

  describe("element-wise, one operand, over all 65536 patterns", () => {
    const types = ["Neg", "Abs", "Exp", "Log", "SquareRoot", "Rsqrt"].map((t) => `ElementWise${t}`);
    const unary = both.graph("unary", { x: all }, (g) => {
      const x = g.input("x", square);
      for (const type of [...types, "Relu", "Sigmoid", "Tanh"]) g.node(type, [x], square, [], type);
    });
    const value = (i: number): number => extendedValue(all[i]!);

    test("Neg, Abs and Relu are the same in every bit", () => {
      for (const type of ["ElementWiseNeg", "ElementWiseAbs", "Relu"]) agree(unary, type, 0, 1);
    });
    test("Exp: one step, also where it leaves its domain", () => {
      agree(unary, "ElementWiseExp", 1, 0.92, { where: (i) => Math.abs(value(i)) < 1000 });
    });
    test("Log of what is not negative: two steps", () => {
      agree(unary, "ElementWiseLog", 2, 0.98, { where: (i) => i < 0x8000 });
    });
    test("SquareRoot and Rsqrt of what is not negative: one step", () => {
      for (const type of ["ElementWiseSquareRoot", "ElementWiseRsqrt"])
        agree(unary, type, 1, 0.99, { where: (i) => i < 0x8000 });
    });
    // Two steps of its grid 1/2048.
    test("Sigmoid: 1e-3, and 97 % in every bit", () => {
      const { absolute, equal, worst } = distance(unary, "Sigmoid");
      expect(absolute, worst).toBeLessThanOrEqual(1e-3);
      expect(equal).toBeGreaterThanOrEqual(0.97);
    });
    test("Tanh: two steps", () => {
      agree(unary, "Tanh", 2, 0.96);
    });
  });

  describe("activations behind other ops", () => {
    const finite = all.filter((b) => (b & 0x7c00) !== 0x7c00 && Math.abs(extendedValue(b)) < 20);
    const width = 8192;
    const one = Uint16Array.of(0x3c00);
    const column = weights.add("column", `O=${width} D=1`, (i) => extendedValue(finite[(i * 5) % finite.length]!));
    const fused = (name: string, activation: string, between?: string): Pair =>
      both.graph(name, { x: one }, (g) => {
        let value = g.node("FullyConnected", [g.input("x", [1, 1]), g.weight(column, [width, 1])], [1, width]);
        if (between) value = g.node(between, [value, g.constant("one", [1], 1)], [1, width]);
        g.node(activation, [value], [1, width], [], "y");
      });
    const fusedSigmoid = fused("fused_sigmoid", "Sigmoid");
    const fusedTanh = fused("fused_tanh", "Tanh");
    const apartSigmoid = fused("apart_sigmoid", "Sigmoid", "ElementWiseMultiply");
    const apartTanh = fused("apart_tanh", "Tanh", "ElementWiseMultiply");

    // One step of float16 below 1.
    test.each([["Sigmoid", fusedSigmoid] as const, ["Tanh", fusedTanh] as const])(
      "%s behind FullyConnected is the same coarse function",
      (_, pair) => {
        const { absolute, equal, worst } = distance(pair, "y");
        expect(absolute, worst).toBeLessThanOrEqual(2 ** -11);
        expect(equal).toBeGreaterThanOrEqual(0.97);
      },
    );
    test("a Multiply between them keeps the accurate form", () => {
      expect(distance(apartSigmoid, "y").absolute).toBeLessThanOrEqual(1e-3);
      agree(apartTanh, "y", 2, 0.9);
    });
  });

  describe("matrix products", () => {
    const [rows, depth, features] = [6, 96, 64] as const;
    const weight = weights.add("weight", `O=${features} D=${depth}`, (i) =>
      extendedValue(ordinary(features * depth, 71)[i]!),
    );
    const bias = weights.add("bias", `O=${features}`, (i) => extendedValue(ordinary(features, 72)[i]!));
    const x = ordinary(rows * depth, 70);
    const linear = both.graph("linear", { x }, (g) => {
      const input = g.input("x", [1, 1, rows, depth]);
      const w = g.weight(weight, [features, depth]);
      g.node("FullyConnected", [input, w], [rows, features], [], "plain");
      g.node("FullyConnected", [input, w, g.weight(bias, [features])], [rows, features], [], "biased");
      const transposed = [flag("transpose_in0", false), flag("transpose_in1", true)];
      g.node(
        "MatMul",
        [input, g.weight(weight, [1, 1, features, depth])],
        [1, 1, rows, features],
        transposed,
        "matmul",
      );
      const places = [list("stride", [1, 1]), list("pad_amount", [0, 0, 0, 0], [2, 2])];
      const filter = g.weight(weight, [1, 1, depth, features]);
      g.node("Conv2d", [input, filter], [1, 1, rows, features], places, "conv");
    });
    // The order of the additions: numerics of both are exact but for sums that end half way between two float16 numbers.
    test.each([
      ["plain", 0.999] as const,
      ["biased", 0.99] as const,
      ["matmul", 0.999] as const,
      ["conv", 0.999] as const,
    ])("%s: one step, and at least %d of them in every bit", (output, equal) => {
      agree(linear, output, 1, equal);
    });

    const heads = [1, 3];
    const matmul = (
      name: string,
      a: number[],
      b: number[],
      out: number[],
      ta: boolean,
      tb: boolean,
      bits = ordinary,
    ): Pair =>
      both.graph(name, { a: bits(size(a), 81), b: bits(size(b), 82) }, (g) => {
        const params = [flag("transpose_in0", ta), flag("transpose_in1", tb)];
        g.node("MatMul", [g.input("a", a), g.input("b", b)], out, params, "y");
      });
    const products = [
      matmul("state_read", [...heads, 1, 64], [...heads, 64, 64], [...heads, 1, 64], false, true),
      matmul("outer", [...heads, 1, 64], [...heads, 1, 64], [...heads, 64, 64], true, false),
      matmul("both_swapped", [...heads, 32, 16], [...heads, 48, 32], [...heads, 16, 48], true, true),
      matmul("rank_two", [5, 40], [40, 33], [5, 33], false, false),
    ];
    test.each(products.map((p) => [p.graph.name, p] as const))("MatMul of activations, %s: one step", (_, pair) => {
      agree(pair, "y", 1, 0.999);
    });

    const nonZero = special.filter((b) => (b & 0x7fff) !== 0);
    /** Two numbers, four zeros, .. : zeros of the first operand in pairs; of the second one anywhere. */
    const inPairs = (count: number, seed: number): Uint16Array =>
      patterns(count, seed).map((b, i) => (i % 6 < 2 ? nonZero[b % nonZero.length]! : 0));
    const anywhere = (count: number, seed: number): Uint16Array =>
      patterns(count, seed).map((b, i) => (i % 7 < 3 ? special[b % special.length]! : 0));
    const rowsBy = (name: string, a: Uint16Array, b: Uint16Array): Pair =>
      both.graph(name, { a, b }, (g) => {
        const params = [flag("transpose_in0", false), flag("transpose_in1", true)];
        const operands = [g.input("a", [32, 30]), g.input("b", [32, 30])];
        g.node("MatMul", operands, [32, 32], params, "y");
      });
    const extreme = rowsBy("extreme", inPairs(960, 83), anywhere(960, 84));
    // Row 0 begins with 0 and 1, column 0 with infinity and 1.
    const lonely = rowsBy(
      "lonely_zero",
      Uint16Array.of(0, 0x3c00, ...new Uint16Array(958)),
      Uint16Array.of(0x7c00, 0x3c00, ...new Uint16Array(958)),
    );

    test("infinities, NaNs and zero times them come out the same", () => {
      agree(extreme, "y", 0, 1, { nans: true });
      expect(extreme.device.y!.some((b) => (b & 0x7fff) > 0x7c00)).toBe(true);
    });
    test("difference: 0 beside a number, times infinity, is NaN on the device, 0 here", () => {
      expect(lonely.device.y![0]! & 0x7fff).toBe(0x7e00);
      expect(lonely.host.y![0]).toBe(0x3c00);
    });
  });

  describe("norms and sums", () => {
    const dims = [1, 1, 16, 64];
    const gamma = weights.add("gamma", "D=64", (i) => 1 + i / 64);
    const beta = weights.add("beta", "D=64", (i) => i / 128 - 0.25);
    const norms = (name: string, x: Uint16Array): Pair =>
      both.graph(name, { x }, (g) => {
        const input = g.input("x", dims);
        const params = [f32("epsilon", 1e-5), list("axes", [3])];
        const plain = [g.constant("ones", [64], 1), g.constant("zeros", [64], 0)];
        g.node("LayerNorm", [input, ...plain], dims, params, "plain");
        g.node("LayerNorm", [input, g.weight(gamma, [64]), g.weight(beta, [64])], dims, params, "weighted");
        g.node("L2Norm", [input], dims, [f32("epsilon", 1e-24), u32("axis", 3)], "l2");
        g.node("ReduceSum", [input], [1, 1, 16, 1], [list("axes", [3]), flag("keep_dims", true)], "sum");
      });
    const usual = norms("norms", ordinary(size(dims), 90));
    // A row each of equal numbers, of the largest, of one infinity, of one NaN, of zeros.
    const odd = ordinary(size(dims), 91);
    [0x4248, 0x7bff, 0x7c00, 0x7e00, 0x0000].forEach((b, row) => {
      const alone = b === 0x7c00 || b === 0x7e00;
      for (let i = 0; i < 64; i++) odd[row * 64 + i] = !alone || i === 5 ? b : 0;
    });
    const odds = norms("odd_norms", odd);

    test.each([["usual rows", usual] as const, ["rows of extremes", odds] as const])("%s: one step", (_, pair) => {
      for (const output of ["plain", "l2", "sum"]) agree(pair, output, 1, 0.99);
    });
    // Near 0, where beta cancels the product, a step is small: what counts is the larger of the two.
    test("LayerNorm with weight and bias: one unit of the larger term", () => {
      for (const pair of [usual, odds]) {
        const { absolute, equal, worst } = distance(pair, "weighted");
        expect(absolute, worst).toBeLessThanOrEqual(2 ** -6);
        expect(equal).toBeGreaterThanOrEqual(0.98);
      }
    });
  });

  describe("moves", () => {
    const x = patterns(2 * 3 * 4 * 32, 100);
    const dims = [2, 3, 4, 32];
    const table = weights.add("table", "V=16 D=64", (i) => i / 16 - 20);
    const moves = both.graph("moves", { x, index: Int32Array.of(15, 0, 7) }, (g) => {
      const input = g.input("x", dims);
      g.node("Reshape", [input], [6, 128], [], "reshaped");
      g.node("Transpose", [input], [2, 4, 3, 32], [list("perm", [0, 2, 1, 3])], "transposed");
      const parts = g.nodeWithOutputs(
        "Split",
        [input],
        [1, 2].map((n) => [2, n, 4, 32]),
        [u32("axis", 1), list("split_index", [1])],
      );
      g.node("Concat", [parts[1]!, parts[0]!], dims, [u32("axis", 1)], "swapped");
      const ranges = [0, 2, 1, 1, 3, 1, 0, 4, 2, 0, 32, 1];
      g.node("StridedSlice", [input], [2, 2, 2, 32], [list("ranges", ranges, [4, 3], "int32")], "sliced");
      const rows = [g.weight(table, [16, 64]), g.input("index", [3], "int32")];
      g.node("Gather", rows, [3, 64], [i32("axis", 0)], "gathered");
    });
    test.each(["reshaped", "transposed", "swapped", "sliced", "gathered"])("%s: the same bits", (output) => {
      agree(moves, output, 0, 1);
    });
  });

  describe("what the device makes one operation", () => {
    const scale = weights.add("scale", "D=64", (i) => 0.7 + i / 77);
    const shift = weights.add("shift", "D=64", (i) => i / 33 - 1.3);
    const pair = both.graph("multiply_add", { x: ordinary(8 * 64, 110) }, (g) => {
      const product = g.node(
        "ElementWiseMultiply",
        [g.input("x", [1, 1, 8, 64]), g.weight(scale, [64])],
        [1, 1, 8, 64],
      );
      g.node("ElementWiseAdd", [product, g.weight(shift, [64])], [1, 1, 8, 64], [], "y");
    });
    // The host rounds the product too: half a unit of a product below 16.
    test("Multiply by and Add of constant rows round once there, twice here", () => {
      const { absolute, worst } = distance(pair, "y");
      expect(absolute, worst).toBeLessThanOrEqual(2 ** -6);
    });
  });
});
