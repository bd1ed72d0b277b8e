#!/usr/bin/env node
/**
 * Writes runtime-cpp/src/tokenizer/unicode_tables.inc: the few properties of characters that tokenizers ask for, from the Unicode
 * data of the node that runs this. Tables of our own, and no library: they are all of Unicode that the runtime needs, go where its one file
 * goes (applications, aarch64), and give the same tokens on every machine whatever its ICU or PCRE.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { root, say } from "./terminal.mjs";

const codes = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
const text = (...list) => String.fromCodePoint(...list);
const codesOf = (string) => [...string].map((character) => character.codePointAt(0));
const isHangul = (code) => code >= 0xac00 && code < 0xac00 + 11172;

/**
 * Combining characters and compositions that Unicode got after version 9, whose normalization is what vocabularies with NFC were made
 * with (HuggingFace's library still has it). They are left as they are. What a version has once normalizes the same in all later ones.
 */
const newerThanNormalization = `
  07fd 0897-089f 08ca-08d3 09fe 0c3c 0d3b-0d3c 0eba 1715 1abf-1add 1ae0-1aeb 1df6-1dfa a82c 105c9-105e4
  10d24-10d27 10d69-10d6d 10eab-10eac 10efa-10efb 10efd-10eff 10f46-10f50 10f82-10f85 11070 1133b 11383-113d0
  1145e 11839-1183a 11938-11943 119e0 11a34 11a47 11a99 11d42 11d44-11d45 11d97 11f41-11f42 16121-1612f
  16d68-16d6a 16ff0-16ff1 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef
  1e6f5`
  .trim()
  .split(/\s+/)
  .map((range) => range.split("-").map((code) => parseInt(code, 16)));
const isNewer = (code) => newerThanNormalization.some(([first, last = first]) => code >= first && code <= last);

/** [first, last] of the runs of codes that pass. */
function ranges(passes) {
  const runs = [];
  for (const code of codes.filter(passes)) {
    if (runs.length > 0 && runs.at(-1)[1] === code - 1) runs.at(-1)[1] = code;
    else runs.push([code, code]);
  }
  return runs;
}

/** Ranks of the combining classes, 1 for the least; marks of equal rank keep their order. Found by what normalization reorders. */
function combiningRanks() {
  const isReordered = (a, b) => text(a, b).normalize("NFD") !== text(a).normalize("NFD") + text(b).normalize("NFD");
  // U+0334 has the least class that is not 0, U+0345 the greatest.
  const combines = (code) => isReordered(code, 0x334) || isReordered(0x345, code) || code === 0x334 || code === 0x345;
  const isSimple = (code) => codesOf(text(code).normalize("NFD")).length === 1;
  const marks = codes.filter((code) => /\p{M}/u.test(text(code)) && isSimple(code) && !isNewer(code) && combines(code));
  const classes = [];
  for (const mark of marks) {
    const same = classes.find(([other]) => !isReordered(mark, other) && !isReordered(other, mark));
    if (same) same.push(mark);
    else classes.push([mark]);
  }
  classes.sort(([a], [b]) => (isReordered(a, b) ? 1 : -1));
  const rank = new Map(classes.flatMap((list, i) => list.map((mark) => [mark, i + 1])));
  const runs = [];
  for (const mark of marks.sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === mark - 1 && last[2] === rank.get(mark)) last[1] = mark;
    else runs.push([mark, mark, rank.get(mark)]);
  }
  return runs;
}

/** [code, first, second or 0, whether first and second compose again], first possibly with a decomposition of its own. */
function decompositions() {
  const whole = new Map();
  for (const code of codes) {
    const decomposed = text(code).normalize("NFD");
    if (decomposed !== text(code) && !isHangul(code) && !isNewer(code)) whole.set(code, codesOf(decomposed));
  }
  const named = new Map([...whole].map(([code, list]) => [String(list), code]));
  return [...whole].map(([code, list]) => {
    if (list.length === 1) return [code, list[0], 0, 0];
    const head = list.slice(0, -1);
    const composed = codesOf(text(...head).normalize("NFC"));
    const first = head.length === 1 ? head[0] : composed.length === 1 ? composed[0] : named.get(String(head));
    if (first === undefined) throw new Error(`no decomposition in two steps for U+${code.toString(16)}`);
    return [code, first, list.at(-1), text(...list).normalize("NFC") === text(code) ? 1 : 0];
  });
}

/** [first, last, step, difference to the small letter]. */
function lowercase() {
  const runs = [];
  for (const code of codes) {
    const lower = codesOf(text(code).toLowerCase());
    // The only letter that becomes two, U+0130, is written by hand.
    if (lower.length !== 1 || lower[0] === code) continue;
    const [difference, last] = [lower[0] - code, runs.at(-1)];
    const step = last && code - last[1];
    const continues = last && last[3] === difference && (step === 1 || step === 2);
    if (continues && (last[0] === last[1] || last[2] === step)) [last[1], last[2]] = [code, step];
    else runs.push([code, code, 1, difference]);
  }
  return runs;
}

const cell = (value, i) => (i === 3 || value < 10 ? String(value) : `0x${value.toString(16).toUpperCase()}`);

function table(type, name, rows) {
  const lines = [""];
  for (const row of rows) {
    const entry = `{${row.map(cell).join(", ")}},`;
    if (lines.at(-1).length + entry.length > 96) lines.push("");
    lines[lines.length - 1] += ` ${entry}`;
  }
  return `constexpr ${type} ${name}[] = {\n${lines.map((line) => `   ${line}`).join("\n")}\n};\n`;
}

const file = "runtime-cpp/src/tokenizer/unicode_tables.inc";
const parts = [
  `// Of Unicode ${process.versions.unicode}, normalization of 9.0; written by compiler/setup/unicode-tables.mjs.\n`,
  table(
    "CodeRange",
    "kLetters",
    ranges((code) => /\p{L}/u.test(text(code))),
  ),
  table(
    "CodeRange",
    "kNumbers",
    ranges((code) => /\p{N}/u.test(text(code))),
  ),
  table("CombiningRange", "kCombining", combiningRanks()),
  table("Decomposition", "kDecompositions", decompositions()),
  table("LowercaseRange", "kLowercase", lowercase()),
];
writeFileSync(join(root, file), parts.join("\n"));
say(`${file}: Unicode ${process.versions.unicode}`);
