/** For a whole run: the folder of the artefacts that several tests want (end-to-end/artefacts.ts). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    sharedArtefacts: string;
  }
}

export default function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "rwkvc-test-shared-"));
  provide("sharedArtefacts", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
