import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { hostOpTable, hostOpTablePath, readOpTable } from "../../compiler/setup/host-op-table.mjs";

test("the host backend's op table is the compiler's: after a change, run `node compiler/setup/host-op-table.mjs`", () => {
  expect(readFileSync(hostOpTablePath, "utf8")).toBe(hostOpTable(readOpTable()));
});

test("rank limits of all configurations that floats come under are joined", () => {
  const row = {
    inputs: [{ name: "in[0]", minRank: 1 }],
    parameters: [{ name: "axis", kind: "scalar", optional: true, dtypes: ["i32", "u32"] }],
    outputs: [{ name: "out[0]" }],
    backends: {
      HTP: {
        columns: ["in[0]", "out[0]"],
        dtypes: { FP16: [["f16", ""]], INT8: [["uq8", "uq8"]] },
        limits: {
          All: { "in[0]": { maxRank: 5 } },
          FP16: { "in[0]": { rank: [2, 4] } },
          INT8: { "in[0]": { maxRank: 3 } },
        },
      },
    },
  };
  expect(
    hostOpTable({ Some: row, OnlyElsewhere: { ...row, backends: {} } })
      .split("\n")
      .slice(1),
  ).toEqual([
    '{"Some",',
    ' {{"in[0]", false, false, 2, 4}},',
    ' {{"axis", false, true, "i32|u32"}},',
    ' {{"out[0]", false, false, 0, 8}},',
    ' "in[0] out[0]",',
    ' {"f16 -", "uq8 uq8"}},',
    "",
  ]);
});
