/** Reads an artefact's `equations.json`, whose hash the manifest vouches for. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import { type EquationsJson, equationsFile } from "../emit/equations.ts";

/** Diagnostics: artefact/no-equations, for an artefact of an older compiler. */
export async function readEquations(folder: string): Promise<EquationsJson> {
  const file = join(folder, equationsFile);
  const text = await readFile(file, "utf8").catch(() => undefined);
  const json = text === undefined ? undefined : (JSON.parse(text) as EquationsJson);
  if (json?.format === "rwkvc-equations" && json.formatVersion === 1) return json;
  const found = json === undefined ? "has no" : "has another version of";
  throw new DiagnosticError([
    inputError("artefact/no-equations", `${folder} ${found} ${equationsFile}`, {
      place: { file },
      notes: ["That file tells which tensor of the graph is which equation of the spec."],
      hint: "build the artefact again",
    }),
  ]);
}
