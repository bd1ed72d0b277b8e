/**
 * node_modules/rwkvc leads to this folder: tsserver looks for the plugin of tsconfig.json there, so that the repository's own
 * specs are checked in editors too. Imports do not need it.
 */
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { root } from "./terminal.mjs";

export function linkSelf() {
  const link = join(root, "node_modules/rwkvc");
  if (lstatSync(link, { throwIfNoEntry: false })) return;
  mkdirSync(join(root, "node_modules"), { recursive: true });
  try {
    symlinkSync(root, link, "junction");
  } catch {
    // A file system without links, or another set-up that was faster: only editors would miss it.
  }
}
