/** The tokens that `verify`, `ranges` and `logits` run: a text's, a file's, or made up. */
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import type { Session } from "./command.ts";
import type { OpenArtefact } from "./model-run.ts";
import { readTokenIds } from "./token-ids.ts";
import { textTokens } from "./tokenizer.ts";

export interface TokenFlags {
  readonly text?: string;
  readonly tokens?: string;
  readonly tokenizer?: string;
  readonly limit?: number;
}

/** Diagnostics: usage/two-inputs. */
export function checkTokenFlags({ text, tokens }: TokenFlags): void {
  if (text === undefined || tokens === undefined) return;
  throw new DiagnosticError([
    usageError("usage/two-inputs", "--text and --tokens exclude each other", { hint: "leave one of them out" }),
  ]);
}

/** The tokens that are given, or some that are made up. Diagnostics: as givenTokens. */
export async function verifyTokens(
  flags: TokenFlags & { readonly limit: number },
  artefact: OpenArtefact,
  session: Session,
): Promise<readonly number[]> {
  if (flags.tokens === undefined && flags.text === undefined) return madeUp(artefact.manifest, flags.limit);
  return givenTokens(flags, artefact, session);
}

/** Of a text or of a file of ids, one of which is there. Diagnostics: those of textTokens and of readTokenIds. */
export async function givenTokens(
  { text = "", tokens, tokenizer, limit }: TokenFlags,
  artefact: OpenArtefact,
  session: Session,
): Promise<readonly number[]> {
  if (tokens === undefined) return textTokens({ text, tokenizer, limit }, artefact, session);
  return (await readTokenIds(tokens, artefact.manifest.vocabulary, session.io)).slice(0, limit);
}

const sentence = "The quick brown fox jumps over the lazy dog, and 42 sleepy cats look on. ";

/** For a model of bytes a sentence; else ids spread over the vocabulary by steps of the golden section. */
function madeUp({ tokenizer, vocabulary }: Manifest, count: number): number[] {
  const bytes = Buffer.from(sentence);
  return Array.from({ length: count }, (_, i) =>
    tokenizer?.kind === "bytes" ? bytes[i % bytes.length]! : Math.floor(((i * 0.6180339887) % 1) * vocabulary),
  );
}
