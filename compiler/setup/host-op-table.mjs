#!/usr/bin/env node
/**
 * Writes `runtime-cpp/host/validate/op_table.inc`: the compiler's op table (`compiler/lower/op-table.json`) as C++, with the
 * rules that the host backend takes over, which are HTP's. Run it after a change of the table.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./terminal.mjs";

export const hostOpTablePath = join(root, "runtime-cpp/host/validate/op_table.inc");

/** The C++ text for a table as op-table.json holds it. */
export function hostOpTable(table) {
  const rules = Object.entries(table).filter(([, rule]) => rule.backends.HTP);
  return [
    "// Made from compiler/lower/op-table.json by compiler/setup/host-op-table.mjs; do not edit.",
    ...rules.map(([type, rule]) => operation(type, rule)),
    "",
  ].join("\n");
}

function operation(type, { inputs, parameters, outputs, backends: { HTP } }) {
  const rows = Object.values(HTP.dtypes ?? {}).flat();
  return [
    `{"${type}",`,
    ` {${inputs.map((tensor, at) => tensorRule(tensor, "in", at, HTP.limits)).join(", ")}},`,
    ` {${parameters.map(paramRule).join(", ")}},`,
    ` {${outputs.map((tensor, at) => tensorRule(tensor, "out", at, HTP.limits)).join(", ")}},`,
    ` ${quoted(HTP.columns.join(" "))},`,
    ` {${rows.map((row) => quoted(row.map((cell) => cell || "-").join(" "))).join(", ")}}},`,
  ].join("\n");
}

/** name, optional, any number, least rank, greatest rank */
function tensorRule({ name, optional, minRank }, side, at, limits) {
  const many = name.includes("..");
  let [low, high] = [minRank ?? 0, 8];
  for (const config of ["All", "all", "FP16"]) {
    const limit = limits?.[config]?.[many ? name : `${side}[${at}]`];
    low = Math.max(low, limit?.rank?.[0] ?? 0);
    high = Math.min(high, limit?.maxRank ?? limit?.rank?.[1] ?? high);
  }
  return `{${quoted(name)}, ${Boolean(optional)}, ${many}, ${low}, ${high}}`;
}

/** name, tensor or scalar, optional, types */
const paramRule = ({ name, kind, optional, dtypes }) =>
  `{${quoted(name)}, ${kind === "tensor"}, ${Boolean(optional)}, ${quoted([dtypes ?? ""].flat().join("|"))}}`;

const quoted = (text) => JSON.stringify(text);

export const readOpTable = () => JSON.parse(readFileSync(join(root, "compiler/lower/op-table.json"), "utf8"));

if (process.argv[1]?.endsWith("host-op-table.mjs")) writeFileSync(hostOpTablePath, hostOpTable(readOpTable()));
