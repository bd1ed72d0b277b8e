/** The templates, compiled once. They hold layout only; `strict` makes a missing field an error, the output is not HTML. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import Handlebars from "handlebars";

import { projectRoot } from "../build/project-paths.ts";

export type TemplateName = "model.cpp" | "CMakeLists.txt";

let compiled: ReadonlyMap<TemplateName, Handlebars.TemplateDelegate> | undefined;

export function render(name: TemplateName, view: unknown): string {
  compiled ??= load();
  return compiled.get(name)!(view);
}

function load(): ReadonlyMap<TemplateName, Handlebars.TemplateDelegate> {
  const engine = Handlebars.create();
  const options: CompileOptions = { strict: true, noEscape: true, preventIndent: true };
  const text = (name: string) => readFileSync(join(projectRoot, "templates", `${name}.hbs`), "utf8");
  for (const partial of ["function", "table"]) engine.registerPartial(partial, engine.compile(text(partial), options));
  const names: TemplateName[] = ["model.cpp", "CMakeLists.txt"];
  return new Map(names.map((name) => [name, engine.compile(text(name), options)]));
}
