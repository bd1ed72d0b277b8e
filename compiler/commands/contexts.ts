/** The context binaries of an artefact: `context/<soc>/context.json` and the file that it names. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { contextManifestFault } from "../build/check-manifest.ts";
import { contentHash } from "../build/read-artefact.ts";
import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import type { ContextManifest } from "../emit/manifest.ts";

export interface FoundContext {
  readonly path: string;
  readonly manifest: ContextManifest;
  /** Made from the model.json that stands there now. */
  readonly isCurrent: boolean;
}

/** Diagnostics (DiagnosticError): artefact/bad-context, artefact/hash-mismatch. */
export async function findContexts(folder: string): Promise<FoundContext[]> {
  const root = join(folder, "context");
  if (!existsSync(root)) return [];
  const model = createHash("sha256")
    .update(readFileSync(join(folder, "model.json")))
    .digest("hex");
  const found: FoundContext[] = [];
  for (const soc of readdirSync(root).sort()) {
    const place = join(root, soc, "context.json");
    if (!existsSync(place)) continue;
    const manifest = readContextManifest(place);
    const path = join(root, soc, manifest.file);
    await verify(path, manifest);
    found.push({ path, manifest, isCurrent: manifest.model === model });
  }
  return found;
}

function readContextManifest(place: string): ContextManifest {
  let fault: string | undefined;
  try {
    const value = JSON.parse(readFileSync(place, "utf8")) as Partial<ContextManifest> | null;
    if (value?.format === "rwkvc-context" && value.formatVersion === 1) {
      fault = contextManifestFault(value);
      if (fault === undefined) return value as ContextManifest;
    }
  } catch {
    // Said below.
  }
  throw new DiagnosticError([
    inputError("artefact/bad-context", `${place} is not a context manifest of this compiler`, {
      place: { file: place },
      ...(fault === undefined ? {} : { notes: [`Found: ${fault}.`] }),
      hint: "build the artefact again",
    }),
  ]);
}

/** QNN keeps no checksum of its own: flipped bytes load without a word. */
async function verify(path: string, manifest: ContextManifest): Promise<void> {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes === manifest.bytes && (await contentHash(path)) === manifest.sha256) return;
  const what = bytes === undefined ? "is missing" : "is not the file that was built: its hash differs";
  throw new DiagnosticError([
    inputError("artefact/hash-mismatch", `${path} ${what}`, {
      place: { file: path },
      hint: "build the artefact again, or copy it again from where it came",
    }),
  ]);
}
