/** A folder as people download it: the checkpoint in it, by the names that Hugging Face gives, else the only one. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { failInput, quote } from "./checkpoint-error.ts";

/** In the order of preference. */
const usualNames = [
  "model.safetensors.index.json",
  "model.safetensors",
  "pytorch_model.bin.index.json",
  "pytorch_model.bin",
];

/** Whether one of the usual names is in the folder. */
export const holdsCheckpoint = (folder: string): boolean => usualNames.some((name) => existsSync(join(folder, name)));

/** The path itself where it is no folder. Diagnostic: checkpoint/folder. */
export function findInFolder(path: string): string {
  if (!isFolder(path)) return path;
  const names = list(path);
  const usual = usualNames.find((name) => names.includes(name));
  if (usual !== undefined) return join(path, usual);
  const files = names.filter((name) => /\.(pth|pt|safetensors|safetensors\.index\.json)$/.test(name)).sort();
  if (files.length === 1) return join(path, files[0]!);
  const found = files.slice(0, 8).map((name) => quote(name));
  return failInput(path, "checkpoint/folder", `folder ${path} is not one checkpoint`, {
    notes: [
      files.length === 0
        ? `Expected in it: ${usualNames.join(", ")}, or one .pth or .safetensors file.`
        : `It has ${files.length} files that could be meant: ${found.join(", ")}${files.length > 8 ? ", ..." : ""}.`,
    ],
    hint: "name the .pth or .safetensors file itself, or the index of a checkpoint in several files",
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Opening it will say why.
    return false;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    return failInput(path, "checkpoint/folder", `folder ${path} cannot be read`, {
      notes: [`The system reports ${(error as NodeJS.ErrnoException).code ?? "an error"}.`],
      hint: "name the .pth or .safetensors file itself",
    });
  }
}
