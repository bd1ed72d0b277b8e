/** Text on models whose vocabulary is not bytes: built with a vocabulary file, run by name, and what goes wrong. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import type { Session } from "../../compiler/commands/command.ts";
import { tokenizerForBuild } from "../../compiler/commands/tokenizer.ts";
import type { Manifest } from "../../compiler/emit/manifest.ts";
import { scratch } from "../scratch.ts";
import { problems, rwkvc } from "./command-line.ts";

const folder = scratch();
const spec = "specs/rwkv-7.rwkv.ts";
/** Random, with 300 ids. */
const weights = "models/rwkv7-random/model.pth";
const [artefact, plain] = [join(folder, "model"), join(folder, "plain")];
const [vocabulary, text] = [join(folder, "vocab.txt"), join(folder, "text.txt")];

/** All bytes, then words in each form of literal. */
const words: readonly (readonly [literal: string, word: string])[] = [
  ["'the'", "the"],
  ['" the"', " the"],
  [`"'s"`, "'s"],
  ["'\\n\\n'", "\n\n"],
  ["'\\u00e9t'", "\u00e9t"],
  ["b'\\xe2\\x82'", "\u20ac"],
];
const vocabularyText = [
  ...Array.from({ length: 256 }, (_, byte) => `${byte + 1} b'\\x${byte.toString(16).padStart(2, "0")}' 1`),
  ...words.map(
    ([literal, word], i) => `${257 + i} ${literal} ${literal.startsWith("b") ? 2 : Buffer.byteLength(word)}`,
  ),
].join("\n");

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await rwkvc([...args, "--json"]);
  expect(code, stdout + stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

const build = (out: string, ...more: string[]) => ["build", spec, "--weights", weights, "--out", out, ...more];

beforeAll(async () => {
  writeFileSync(vocabulary, `${vocabularyText}\n`);
  writeFileSync(text, "the \u00e9t\u00e9's the\n\n\u20ac");
  const built = await json<object>(...build(artefact, "--tokenizer", vocabulary));
  expect(built).toMatchObject({ tokenizer: { kind: "world", file: "tokenizer/vocabulary.txt" } });
  expect(await json<object>(...build(plain))).toMatchObject({ tokenizer: null });
});

test("the vocabulary travels with the artefact, listed with its hash", () => {
  const manifest = JSON.parse(readFileSync(join(artefact, "model.json"), "utf8")) as Manifest;
  expect(manifest.files.map(({ path }) => path)).toContain("tokenizer/vocabulary.txt");
  expect(readFileSync(join(artefact, "tokenizer/vocabulary.txt"), "utf8")).toBe(readFileSync(vocabulary, "utf8"));
});

test("a text and its ids give the same logits", async () => {
  const ids = join(folder, "ids.txt");
  // the, space, \u00e9t, \u00e9, 's, the, newlines, two bytes of the euro sign, its third
  writeFileSync(ids, [257, 33, 261, 0xc3 + 1, 0xa9 + 1, 259, 258, 260, 262, 0xac + 1].join(" "));
  const outputs = await Promise.all(
    ["--text", "--tokens"].map(async (flag) => {
      const out = join(folder, `logits${flag}`);
      await json("logits", artefact, flag, flag === "--text" ? text : ids, "--out", out);
      return readFileSync(out);
    }),
  );
  expect(outputs[0]!.length).toBe(10 * 300 * 4);
  expect(outputs[0]!.equals(outputs[1]!)).toBe(true);
});

test("run, eval, ranges and verify read text", async () => {
  const run = await json<{ text: string; promptTokens: number }>(
    ...["run", artefact, "--prompt", "the the", "--tokens", "30"],
  );
  expect(run.promptTokens).toBe(2);
  const report = await json<{ tokens: number; nll: number; bytes: number; bitsPerByte: number }>(
    ...["eval", artefact, "--text", text],
  );
  expect(report).toMatchObject({ tokens: 10, bytes: readFileSync(text).length - 3 });
  expect(report.bitsPerByte).toBeCloseTo((report.nll * 9) / Math.LN2 / report.bytes, 6);
  expect(await json<object>("ranges", artefact, "--text", text)).toMatchObject({ tokens: 10 });
  const verified = ["verify", spec, "--weights", weights, "--artefact", artefact, "--text", text, "--limit", "3"];
  expect(await json<object>(...verified)).toMatchObject({ diagnostics: [] });
});

test("an artefact without a tokenizer says how to have one; a file named on the spot does", async () => {
  const prompt = ["run", plain, "--prompt", "the", "--tokens", "4"];
  expect(await problems(prompt)).toEqual({ code: 1, codes: ["tokenizer/none"] });
  expect((await rwkvc(prompt)).stderr).toMatch(
    /there is no tokenizer for the 300 ids of this model[^]*--tokenizer path/,
  );
  expect(await json<object>(...prompt, "--tokenizer", vocabulary)).toMatchObject({ promptTokens: 1 });
  expect(await json<object>(...prompt, "--tokenizer", "bytes")).toMatchObject({ promptTokens: 3 });
  expect(await json<object>(...prompt, "--tokenizer", "abc")).toMatchObject({ promptTokens: 4 });
});

test("`world` is the published file beside the checkpoint", async () => {
  const home = join(folder, "home");
  mkdirSync(home);
  copyFileSync(weights, join(home, "model.pth"));
  const args = ["build", spec, "--weights", join(home, "model.pth"), "--out", join(folder, "world")];
  const missing = await rwkvc([...args, "--tokenizer", "world"]);
  expect(missing.code).toBe(3);
  expect(missing.stderr).toMatch(/tokenizer\/not-found[^]*published as[^]*name the file/);
  copyFileSync(vocabulary, join(home, "rwkv_vocab_v20230424.txt"));
  expect(await json<object>(...args, "--tokenizer", "world")).toMatchObject({ tokenizer: { kind: "world" } });
});

test.each([
  ["ids beyond the model's", "12 'a' 1\n300 'b' 1\n", /vocab\.txt:2: id 300 is not among the model's 300 ids/],
  ["a wrong length", "12 'a' 7\n", /vocab\.txt:1: the token has 1 bytes, the line says "7"/],
  ["no vocabulary at all", "\u0000\u0001PK\n", /vocab\.txt:1: expected ID LITERAL LENGTH/],
])("a build is refused for %s, and leaves nothing", async (what, content, message) => {
  const place = join(folder, what);
  mkdirSync(place);
  writeFileSync(join(place, "vocab.txt"), content);
  const { code, stderr } = await rwkvc(build(join(place, "out"), "--tokenizer", join(place, "vocab.txt")));
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(existsSync(join(place, "out"))).toBe(false);
});

test.each([
  [["--tokenizer", "wrold"], 3, /wrold does not exist[^]*did you mean `world`\?/],
  [["--tokenizer", folder], 1, /is no file/],
  [["--tokenizer", ""], 3, /"" does not exist/],
])("%s names no tokenizer", async (more, exit, message) => {
  for (const args of [build(join(folder, "none"), ...more), ["run", artefact, "--prompt", "a", ...more]]) {
    const { code, stderr } = await rwkvc(args);
    expect(code).toBe(exit);
    expect(stderr).toMatch(message);
  }
});

/** Words for the ids 0 to 299, as the models of MIDI files have them. */
const wordTokenizer = {
  added_tokens: [{ id: 0, content: "<pad>", special: true }],
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "WhitespaceSplit" },
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(Array.from({ length: 300 }, (_, id) => [id === 0 ? "<pad>" : `t${id}`, id])),
    unk_token: "<pad>",
  },
};

test("a tokenizer.json of words", async () => {
  const file = join(folder, "words.json");
  writeFileSync(file, JSON.stringify(wordTokenizer));
  const out = join(folder, "words");
  const built = await json<object>(...build(out, "--tokenizer", file));
  expect(built).toMatchObject({ tokenizer: { kind: "huggingface", file: "tokenizer/tokenizer.json" } });
  const prompt = ["run", out, "--prompt", "<pad> t12 T7", "--tokens", "5"];
  const run = await json<{ text: string; promptTokens: number; tokens: number; ended: boolean }>(...prompt);
  expect(run.promptTokens).toBe(3);
  const written = run.tokens - (run.ended ? 1 : 0);
  expect(run.text).toMatch(new RegExp(`^( t\\d+){${written}}$`));
});

test("a tokenizer.json with a part that there is not", async () => {
  const file = join(folder, "digits.json");
  writeFileSync(file, JSON.stringify({ ...wordTokenizer, pre_tokenizer: { type: "Digits" } }));
  const { code, stderr } = await rwkvc(build(join(folder, "digits"), "--tokenizer", file));
  expect(code).toBe(1);
  expect(stderr).toMatch(/digits\.json: pre_tokenizer: "Digits" is not supported[^]*ByteLevel, WhitespaceSplit/);
});

test.each([
  ["bytes", 255, /--tokenizer bytes has more ids/],
  ["abc", 127, /--tokenizer abc has more ids/],
])("%s on a model of %d ids", async (name, ids, message) => {
  await expect(tokenizerForBuild(name, ids, weights, {} as Session)).rejects.toThrow(message);
});

test("a vocabulary that was changed is told before the model runs", async () => {
  const changed = join(folder, "changed");
  await json(...build(changed, "--tokenizer", vocabulary));
  const file = join(changed, "tokenizer/vocabulary.txt");
  writeFileSync(file, readFileSync(file, "utf8").replace("'the'", "'tha'"));
  expect((await problems(["run", changed, "--prompt", "a"])).codes).toEqual(["artefact/hash-mismatch"]);
});
