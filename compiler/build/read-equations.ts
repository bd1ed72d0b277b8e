/** Reads an artefact's `equations.json`, whose hash the manifest vouches for. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { DiagnosticError, inputError } from "../diagnostics/diagnostic.ts";
import { type EquationsJson, equationsFile } from "../emit/equations.ts";
import { equationsFault } from "./check-manifest.ts";

/** Diagnostics: artefact/no-equations, for an artefact of another compiler; artefact/bad-equations. */
export async function readEquations(folder: string): Promise<EquationsJson> {
  const file = join(folder, equationsFile);
  const refuse = (code: string, title: string, note: string): never => {
    throw new DiagnosticError([
      inputError(code, title, { place: { file }, notes: [note], hint: "build the artefact again" }),
    ]);
  };
  const purpose = "That file tells which tensor of the graph is which equation of the spec.";
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return refuse("artefact/no-equations", `${folder} has no ${equationsFile}`, purpose);
  let json: Partial<EquationsJson> | null;
  try {
    json = JSON.parse(text) as Partial<EquationsJson> | null;
  } catch {
    return refuse("artefact/bad-equations", `${file} is damaged: it is not JSON`, purpose);
  }
  if (json?.format !== "rwkvc-equations" || json.formatVersion !== 1)
    return refuse("artefact/no-equations", `${folder} has another version of ${equationsFile}`, purpose);
  const fault = equationsFault(json);
  if (fault !== undefined) return refuse("artefact/bad-equations", `${file} is damaged`, `Found: ${fault}.`);
  return json as EquationsJson;
}
