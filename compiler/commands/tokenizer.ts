/**
 * --tokenizer: how text becomes tokens. The tokenizers themselves are the runtime's (`runtime-cpp/src/tokenizer/`); here a name becomes
 * what the runtime opens, and a text becomes ids by running it.
 */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import {
  type Diagnostic,
  DiagnosticError,
  inputError,
  missingError,
  unsupportedError,
} from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Manifest } from "../emit/manifest.ts";
import type { Session } from "./command.ts";
import { type OpenArtefact, readReport, runNative, withScratch } from "./model-run.ts";

export const tokenizerOption = [
  "--tokenizer <name>",
  "how text becomes tokens: bytes, abc, world, a vocabulary or a tokenizer.json (default: the artefact's own)",
] as const;

const names = ["bytes", "abc", "world"];

/** Names that RWKV's world vocabulary is published under. */
const worldFiles = ["rwkv_vocab_v20230424.txt", "b_rwkv_vocab_v20230424.txt"];
const published =
  "The vocabulary of RWKV's world models is published as tokenizer/rwkv_vocab_v20230424.txt of the repository BlinkDL/ChatRWKV, and is in the Python package rwkv.";

/**
 * What the runtime opens: "bytes", "abc", or a file that is there. `world` is its published file, in one of the `near` folders, in that of one of the `near`
 * files, or in the current one. Diagnostics: tokenizer/not-found.
 */
export function resolveTokenizer(name: string, near: readonly string[] = []): string {
  if (name === "bytes" || name === "abc") return name;
  if (name === "world") {
    const folders = [...new Set([...near.map(folderOf), "."])];
    const found = folders.flatMap((folder) => worldFiles.map((file) => join(folder, file))).find(isFile);
    if (found !== undefined) return found;
    throw new DiagnosticError([
      missingError("tokenizer/not-found", "the vocabulary of the world tokenizer is not to be found", {
        notes: [
          `Looked for ${worldFiles.join(" and ")} in ${folders.map((folder) => (folder === "." ? "the current folder" : folder)).join(" and ")}.`,
          published,
        ],
        hint: `name the file: --tokenizer path/to/${worldFiles[0]!}`,
      }),
    ]);
  }
  if (isFile(name)) return name;
  const nearest = suggest(name, names);
  const isFolder = statSync(name, { throwIfNoEntry: false }) !== undefined;
  throw new DiagnosticError([
    (isFolder ? inputError : missingError)(
      "tokenizer/not-found",
      `--tokenizer: ${name || '""'} ${isFolder ? "is no file" : "does not exist"}`,
      {
        notes: [`It takes ${names.join(", ")}, or a vocabulary file.`],
        ...(nearest === undefined ? {} : { hint: `did you mean \`${nearest}\`?` }),
      },
    ),
  ]);
}

const folderOf = (path: string): string =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path);

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

export interface BuiltTokenizer {
  /** As the manifest says it. */
  readonly tokenizer: Manifest["tokenizer"];
  /** The vocabulary file to copy, for the kinds that have one. */
  readonly source: string | null;
}

/** Models of bytes need no word for it. */
const byteVocabulary = 256;
/** ABC notation is ASCII. */
const leastIds = { bytes: byteVocabulary, abc: 128 };

/**
 * The tokenizer that a model of `vocabulary` ids is built with. Its file is read by the runtime, so that a fault shows now and not when the
 * artefact runs. Diagnostics: tokenizer/vocabulary-too-small, runtime/tokenizer/*, those of resolveTokenizer.
 */
export async function tokenizerForBuild(
  name: string | undefined,
  vocabulary: number,
  weights: string,
  session: Session,
): Promise<BuiltTokenizer> {
  if (name === undefined) {
    return { tokenizer: vocabulary === byteVocabulary ? { kind: "bytes" } : null, source: null };
  }
  const resolved = resolveTokenizer(name, [weights]);
  if (resolved === "bytes" || resolved === "abc") {
    if (vocabulary >= leastIds[resolved]) return { tokenizer: { kind: resolved }, source: null };
    throw new DiagnosticError([
      inputError("tokenizer/vocabulary-too-small", `--tokenizer ${resolved} has more ids than the model`, {
        notes: [`It has the ids 0 to ${leastIds[resolved] - 1}; the model's are 0 to ${vocabulary - 1}.`],
      }),
    ]);
  }
  const kind = await withScratch(async (folder) => {
    const report = join(folder, "tokenizer.json");
    const args = ["--tokenizer", resolved, "--vocabulary", String(vocabulary), "--report", report];
    await runNative(session, "rwkv-run", ["tokenize", ...args]);
    return readReport<{ kind: "world" | "huggingface" }>(report).kind;
  });
  const file = kind === "world" ? "tokenizer/vocabulary.txt" : "tokenizer/tokenizer.json";
  return { tokenizer: { kind, file }, source: resolved };
}

/** Whether there is a tokenizer. Gives the arguments of rwkv-run that name it. Diagnostics: tokenizer/none, those of resolveTokenizer. */
export function tokenizerArgs(name: string | undefined, { folder, manifest }: OpenArtefact): string[] {
  if (name !== undefined) return ["--tokenizer", resolveTokenizer(name, [folder])];
  if (manifest.tokenizer) return [];
  throw new DiagnosticError([
    unsupportedError("tokenizer/none", `there is no tokenizer for the ${manifest.vocabulary} ids of this model`, {
      notes: ["A model does not say how text becomes its ids; only one of 256 ids is taken to read bytes.", published],
      hint: `build it with one, or name it now: --tokenizer path/to/${worldFiles[0]!} (or a tokenizer.json, or bytes, or abc)`,
    }),
  ]);
}

export interface TextFlags {
  readonly text: string;
  readonly tokenizer?: string | undefined;
  readonly limit?: number | undefined;
}

/** The first `limit` ids of a text file. Diagnostics: text/not-found, text/empty, runtime/tokenizer/*, those of tokenizerArgs. */
export async function textTokens(flags: TextFlags, artefact: OpenArtefact, session: Session): Promise<number[]> {
  checkText(flags.text);
  const named = tokenizerArgs(flags.tokenizer, artefact);
  return withScratch(async (folder) => {
    const [out, report] = [join(folder, "ids.txt"), join(folder, "report.json")];
    const args = ["--artefact", artefact.folder, ...named, "--text", flags.text, "--out", out, "--report", report];
    if (flags.limit !== undefined) args.push("--limit", String(flags.limit));
    await runNative(session, "rwkv-run", ["tokenize", ...args]);
    return readFileSync(out, "utf8").trim().split("\n").map(Number);
  });
}

/** Diagnostics: text/not-found, text/empty. */
export function checkText(file: string): void {
  const fault = textFault(file);
  if (fault) throw new DiagnosticError([fault]);
}

function textFault(file: string): Diagnostic | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  const place = { file };
  if (!stat)
    return missingError("text/not-found", `${file || '""'} does not exist`, { place, hint: "name a file of text" });
  if (stat.isDirectory())
    return inputError("text/not-found", `${file} is a folder`, { place, hint: "name a file of text" });
  if (stat.isFile() && stat.size === 0)
    return inputError("text/empty", `${file} is empty`, {
      place,
      hint: "give a text of some hundreds of tokens or more",
    });
  return undefined;
}

/** "world (vocab.txt)": for people. */
export const tokenizerText = ({ tokenizer }: Manifest): string =>
  tokenizer === null
    ? "none"
    : "file" in tokenizer
      ? `${tokenizer.kind} (${basename(tokenizer.file)})`
      : tokenizer.kind;
