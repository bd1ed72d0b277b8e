/** Folders for what tests write; they are gone after the test file (test/setup.ts). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** A new folder. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "rwkvc-test-"));
  made.push(folder);
  return folder;
}

export function clearScratch(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
