/** --tokenizer: so far text is bytes, a token for each. */
import { DiagnosticError, unsupportedError } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";

const ids = "turn the text into token ids yourself and use `rwkvc logits ARTEFACT --tokens FILE`";

export function refuseTokenizerFiles(name: string | undefined): void {
  if (name === undefined || name === "bytes") return;
  throw new DiagnosticError([
    unsupportedError("tokenizer/not-yet", "tokenizer files are not supported yet", {
      notes: ['Only "bytes" is: a token for each byte, for models with a vocabulary of 256.'],
      hint: ids,
    }),
  ]);
}

/** A model of bytes needs no word for it; for another one, `bytes` has to be asked for. */
export function checkTokenizer(name: string | undefined, { tokenizer, vocabulary }: Manifest): void {
  if (tokenizer?.kind === "bytes" || (name === "bytes" && vocabulary >= 256)) return;
  throw new DiagnosticError([
    unsupportedError("tokenizer/not-yet", `there is no tokenizer for the model's vocabulary of ${vocabulary} yet`, {
      notes: ['"bytes", a token for each byte, is the only one that there is.'],
      hint: ids,
    }),
  ]);
}
