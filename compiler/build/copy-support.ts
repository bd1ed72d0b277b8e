/**
 * The C++ files that every model library is made of besides its own `model.cpp`, for the artefact's `src/`: the helper layer
 * and the QNN headers that it includes, so that `src/` can be built by hand on any machine.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { supportHeaders, supportSources, type EmittedFile } from "../emit/emit-model.ts";
import { projectRoot } from "./project-paths.ts";

const modelFolder = join(projectRoot, "runtime-cpp", "model");
const qnnFolder = join(projectRoot, "runtime-cpp", "include", "QNN");

export async function supportFiles(embedWeights: boolean): Promise<EmittedFile[]> {
  const names = [...supportSources, ...supportHeaders, ...(embedWeights ? ["weights.S"] : [])];
  const own = await Promise.all(
    names.map(async (name) => ({ path: `src/${name}`, text: await readFile(join(modelFolder, name), "utf8") })),
  );
  const headers = await qnnHeaders(own.flatMap((file) => includes(file.text)));
  return [...own, ...headers].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The QNN headers among `names`, and those that they include. */
async function qnnHeaders(names: readonly string[]): Promise<EmittedFile[]> {
  const done = new Map<string, EmittedFile>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (!/^Qnn\w+\.h$/.test(name) || done.has(name)) continue;
    const text = await readFile(join(qnnFolder, name), "utf8");
    done.set(name, { path: `src/QNN/${name}`, text });
    open.push(...includes(text));
  }
  return [...done.values()];
}

/** Names of included files, without `QNN/` in front. */
const includes = (text: string): string[] =>
  [...text.matchAll(/^\s*#\s*include\s+["<](?:QNN\/)?([^">]+)[">]/gm)].map((match) => match[1]!);
