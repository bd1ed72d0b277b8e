/** Faults in files of encodings: one case per diagnostic, as it is shown, and none that takes long. */
import { describe, expect, test } from "vitest";

import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import { readEncodings } from "../../compiler/encodings/read-encodings.ts";

const codes = (text: string) => readEncodings("e.json", text).diagnostics.map(({ code }) => code);

const whole = (entry: object | string, more = "") =>
  `{"version": "1.0.0", "activation_encodings": [
  ${typeof entry === "string" ? entry : JSON.stringify(entry)}
], "param_encodings": []${more}}`;
const good = { name: "x", dtype: "INT", enc_type: "PER_TENSOR", bw: 16, is_sym: false, scale: [0.5], offset: [-3] };
const old = (entry: object | string) =>
  `{"activation_encodings": {"x": ${typeof entry === "string" ? entry : JSON.stringify(entry)}}, "param_encodings": {}}`;
const oldGood = {
  bitwidth: 8,
  dtype: "int",
  is_symmetric: "False",
  max: 127 / 128,
  min: -1,
  offset: -128,
  scale: 1 / 128,
};
const newer = (entry: object) => `{"version": "2.0.0", "encodings": [${JSON.stringify({ name: "x", ...entry })}]}`;
const lpbq = {
  dtype: "INT",
  enc_type: "LPBQ",
  bw: 8,
  compressed_bw: 4,
  block_size: 16,
  scale: [1, 1],
  per_block_int_scale: [1, 2],
};

test("the good ones are good", () => {
  for (const text of [
    whole(good),
    old([oldGood]),
    old(oldGood),
    newer({ output_dtype: "uint8", y_scale: 0.5 }),
    whole({ name: "w", ...lpbq }),
  ])
    expect(codes(text)).toEqual([]);
});

describe("as a user sees them", () => {
  const cases: Readonly<Record<string, string>> = {
    "no object": "[1, 2]",
    "no JSON": '{"version": "1.0.0", "activation_encodings": [}',
    "a wrong version": '{"version": "3.1", "activation_encodings": [], "param_encodings": []}',
    "a version of another form": '{"version": "1.0.0", "activation_encodings": {}, "param_encodings": {}}',
    "a missing section": '{"version": "1.0.0", "activation_encodings": []}',
    NaN: whole(JSON.stringify(good).replace("0.5", "NaN")),
    "a positive offset": whole({ ...good, offset: [128] }),
    "a scale of 0": whole({ ...good, scale: [0] }),
    counts: whole({ ...good, enc_type: "PER_CHANNEL", scale: [1, 2, 3], offset: [0, 0] }),
    "a wrong field": whole({ ...good, bw: "16" }),
    "a missing field": whole({ ...good, scale: undefined }),
    "two of a name": whole(`${JSON.stringify(good)},\n  ${JSON.stringify(good)}`),
    "an unknown kind": whole({ ...good, enc_type: "VECTOR" }),
  };
  test.each(Object.entries(cases))("%s", async (name, text) => {
    const { value, diagnostics } = readEncodings("e.json", text);
    expect(value).toBeUndefined();
    const shown = renderDiagnostics(diagnostics, new Map([["e.json", text]]), { colour: false });
    await expect(`${text}\n\n${shown}\n`).toMatchFileSnapshot(`golden/${name.replaceAll(" ", "-")}.txt`);
  });
});

describe("codes", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["empty", "", "encodings/not-json"],
    ["cut off", whole(good).slice(0, 90), "encodings/not-json"],
    ["more behind it", `${whole(good)} x`, "encodings/not-json"],
    ["a key twice", '{"version": "1.0.0", "version": "1.0.0"}', "encodings/not-json"],
    ["deeply nested", `{"x": ${"[".repeat(1e5)}`, "encodings/not-json"],
    ["a comma too many", whole(`${JSON.stringify(good)},`), "encodings/not-json"],
    ["a string without end", '{"version', "encodings/not-json"],
    ["a bad escape", '{"\\q": 1}', "encodings/not-json"],
    ["a string", '"encodings"', "encodings/not-an-object"],
    ["null", "null", "encodings/not-an-object"],
    ["no version, new form", whole(good).replace('"version": "1.0.0", ', ""), "encodings/version"],
    ["a number as version", whole(good).replace('"1.0.0"', "1"), "encodings/version"],
    ["both forms", '{"version": "1.0.0", "activation_encodings": [], "param_encodings": {}}', "encodings/version"],
    [
      "a section that is a number",
      '{"version": "1.0.0", "activation_encodings": 3, "param_encodings": []}',
      "encodings/bad-entry",
    ],
    ["an entry that is a number", whole("7"), "encodings/bad-entry"],
    ["a name that is a number", whole({ ...good, name: 7 }), "encodings/bad-entry"],
    ["33 bits", whole({ ...good, bw: 33 }), "encodings/bad-entry"],
    ["a scale of text", whole({ ...good, scale: ["a"] }), "encodings/bad-entry"],
    ["an infinite scale", whole(JSON.stringify(good).replace("0.5", "1e999")), "encodings/not-finite"],
    ["a scale beyond float32", whole({ ...good, scale: [1e60] }), "encodings/scale"],
    ["a scale below float32", whole({ ...good, scale: [1e-60] }), "encodings/scale"],
    ["a negative scale", whole({ ...good, scale: [-1] }), "encodings/scale"],
    ["an offset off the grid", whole({ ...good, offset: [-65536] }), "encodings/offset"],
    ["half an offset", whole({ ...good, offset: [-0.5] }), "encodings/offset"],
    ["several scales of a tensor", whole({ ...good, scale: [1, 2], offset: [0, 0] }), "encodings/count"],
    ["a block scale of 17", whole({ name: "w", ...lpbq, per_block_int_scale: [1, 17] }), "encodings/bad-entry"],
    [
      "block scales that do not go up",
      whole({ name: "w", ...lpbq, per_block_int_scale: [1, 2, 3] }),
      "encodings/count",
    ],
    ["blocks of 3 bits", whole({ name: "w", ...lpbq, compressed_bw: 3 }), "encodings/unsupported"],
    ["old: no list of objects", old("[1]"), "encodings/bad-entry"],
    ["old: an empty list", old([]), "encodings/count"],
    ["old: float of 8 bits", old([{ bitwidth: 8, dtype: "float" }]), "encodings/bad-entry"],
    ["old: channels that differ", old([oldGood, { ...oldGood, bitwidth: 4 }]), "encodings/bad-entry"],
    ["old: neither scale nor range", old([{ ...oldGood, scale: undefined, max: undefined }]), "encodings/bad-entry"],
    ["old: an empty range", old([{ ...oldGood, scale: undefined, max: 0, min: 0 }]), "encodings/scale"],
    ["old: an offset that contradicts", old([{ ...oldGood, offset: 3 }]), "encodings/offset"],
    ["newer: another type", newer({ output_dtype: "float8e5m2", y_scale: 1 }), "encodings/unsupported"],
    ["newer: no axis", newer({ output_dtype: "int8", y_scale: [1, 2] }), "encodings/bad-entry"],
    [
      "newer: float blocks",
      newer({ output_dtype: "int4", y_scale: [[1, 2]], axis: 1, block_size: 32 }),
      "encodings/unsupported",
    ],
    [
      "newer: a zero point off the grid",
      newer({ output_dtype: "uint8", y_scale: 1, y_zero_point: 256 }),
      "encodings/offset",
    ],
  ];
  test.each(cases)("%s", (_name, text, code) => {
    const { value, diagnostics } = readEncodings("e.json", text);
    expect(value).toBeUndefined();
    expect(diagnostics[0]?.code).toBe(code);
    expect(diagnostics[0]?.primary ?? diagnostics[0]?.place?.detail).toBeDefined();
  });
});

describe("older and newer ways to say the same", () => {
  const one = (text: string) => [...readEncodings("e.json", text).value!.encodings.activations.values()][0];

  test("0.6.1: scale and offset follow from the range, and a positive offset from the minimum", () => {
    const { offset: _offset, scale: _scale, ...range } = oldGood;
    expect(one(old([range]))).toEqual(one(old([oldGood])));
    expect(one(old([{ ...oldGood, offset: 128 }]))).toEqual(one(old([oldGood])));
    expect(one(old([{ ...range, is_symmetric: "True", min: -1.28, max: 1.27 }]))).toEqual({
      ...{ kind: "integer", bits: 8, symmetric: true, scales: [expect.closeTo(0.01, 10)], offsets: [0] },
    });
  });

  test("2.0.0: zero points, signed and unsigned, and blocks", () => {
    const asymmetric = { kind: "integer", bits: 8, symmetric: false, scales: [0.5] };
    expect(one(newer({ output_dtype: "uint8", y_scale: 0.5, y_zero_point: 41 }))).toEqual({
      ...asymmetric,
      offsets: [-41],
    });
    expect(one(newer({ output_dtype: "uint8", y_scale: 0.5 }))).toEqual({ ...asymmetric, offsets: [0] });
    expect(one(newer({ output_dtype: "int16", y_scale: 0.5 }))).toMatchObject({ symmetric: true, offsets: [0] });
    expect(one(newer({ output_dtype: "int16", y_scale: 0.5, y_zero_point: 5 }))).toMatchObject({
      ...{ symmetric: false, offsets: [-32773] },
    });
    const params = readEncodings(
      "e.json",
      newer({
        output_dtype: "int4",
        axis: 1,
        block_size: 32,
        per_channel_float_scale: [[0.1], [0.2]],
        per_block_int_scale: [
          [3, 5],
          [11, 16],
        ],
      }),
    ).value!.encodings.params;
    expect(params.get("x")).toEqual({
      kind: "blocks",
      bits: 4,
      block: 32,
      scales: [0.1, 0.2],
      blockScales: [3, 5, 11, 16],
    });
  });

  test("a byte order mark, and Python's words", () => {
    expect(codes(`\ufeff${whole(good)}`)).toEqual([]);
    expect(one(whole({ ...good, is_sym: "True", offset: [-32768] }))).toMatchObject({ symmetric: true });
  });
});

describe("quickly", () => {
  const seconds = (body: () => readonly Diagnostic[]) => {
    // Of the processor, not of the clock: other tests run beside this one. Nothing here takes a fifth of it.
    const start = process.cpuUsage();
    const diagnostics = body();
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(30);
    return diagnostics.map(({ code }) => code);
  };
  const many = (count: number, entry: (i: number) => string, between = ",") =>
    `{"version":"1.0.0","activation_encodings":[${Array.from({ length: count }, (_, i) => entry(i)).join(between)}],"param_encodings":[]}`;

  test("a million entries, and a million faults on one line", () => {
    const text = many(1e6, (i) => `{"name":"t${i}","dtype":"FLOAT","enc_type":"PER_TENSOR","bw":16}`);
    expect(seconds(() => readEncodings("e.json", text).diagnostics)).toEqual(["encodings/too-many"]);
    const faults = many(1e6, () => "{}");
    const { diagnostics } = readEncodings("e.json", faults);
    expect(diagnostics.length).toBe(21);
    expect(diagnostics.at(-1)!.code).toBe("encodings/more");
    const shown = () => void renderDiagnostics(diagnostics, new Map([["e.json", faults]]), { colour: false });
    seconds(() => {
      shown();
      return [];
    });
  });

  test("100,000 entries are read", () => {
    const text = many(1e5, (i) => JSON.stringify({ ...good, name: `t${i}` }), ",\n");
    expect(seconds(() => readEncodings("e.json", text).diagnostics)).toEqual([]);
  });

  test("a list of a million numbers", () => {
    const text = whole({ ...good, scale: Array.from({ length: 1e6 }, () => 1) });
    expect(seconds(() => readEncodings("e.json", text).diagnostics)).toEqual(["encodings/count"]);
  });

  test("a number of a million digits", () => {
    expect(
      seconds(() => readEncodings("e.json", whole(JSON.stringify(good).replace("0.5", "9".repeat(1e6)))).diagnostics),
    ).toEqual(["encodings/not-finite"]);
  });
});
