/** `rwkvc new`: a spec of one's own, made from another one, that an editor understands at once. */
import { lstatSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import type { Command } from "commander";

import { makeFolder } from "../build/make-folder.ts";
import { projectRoot, specsFolder } from "../build/project-paths.ts";
import { readSpecText } from "../build/spec-text.ts";
import { DiagnosticError, inputError, unsupportedError, usageError } from "../diagnostics/diagnostic.ts";
import type { SpecAst } from "../frontend/ast.ts";
import { specEnding } from "../frontend/spec-file.ts";
import { editorConfig } from "../scaffold/editor-config.ts";
import { specNamed } from "./bundled.ts";
import { type CommandLine, defineCommand, requireOption, runs } from "./command.ts";
import { assertSpecFile } from "./front-end.ts";

interface NewFlags {
  readonly from: string;
  readonly out?: string;
  readonly copy?: boolean;
}

export function newCommand(line: CommandLine): Command {
  const command = defineCommand("new", "begin a spec of your own from another one", [
    "rwkvc new my-model --from rwkv-7",
    "rwkvc new my-model --from specs/mine.rwkv.ts --out specs/my-model.rwkv.ts",
    "rwkvc new my-model --from rwkv-7 --copy",
  ])
    .argument("<name>", "the model's name; letters, digits, dots, - and _")
    .option("--out <file>", "the spec's file (default: NAME.rwkv.ts)")
    .option("--copy", "a full copy, instead of an extension that says only what differs");
  requireOption(command, "--from <spec>", "name of a bundled spec, such as rwkv-7, or a spec file");
  return runs(line, command, async (_session, flags: NewFlags, name: string) => {
    const out = checkNames(name, flags.out ?? `${name}${specEnding}`);
    const base = specNamed(flags.from);
    const spec = await readBase(base);
    const text = await newText(name, base, spec, out, flags.copy === true);
    makeFolder(dirname(resolve(out)));
    writeFileSync(out, text, { flag: "wx" });
    const { config, note } = configure(dirname(out));
    const next = [`rwkvc check ${out}`, `rwkvc diff ${flags.from} ${out}`, `rwkvc build ${out} --weights model.pth`];
    const made = config === undefined ? out : `${out}, and ${config} by which editors understand it`;
    return {
      json: { spec: out, from: base, copy: flags.copy === true, tsconfig: config ?? null, next },
      text: [`Written: ${made}.`, ...note, "Next:", ...next.map((command) => `  ${command}`), ""].join("\n"),
    };
  });
}

/** Gives the file to write. Diagnostics: usage/bad-value, new/exists. */
function checkNames(name: string, out: string): string {
  if (!/^[A-Za-z][\w.-]{0,99}$/.test(name)) {
    throw new DiagnosticError([
      usageError("usage/bad-value", `"${name}" cannot be the name of a model`, {
        notes: ["A name is a letter, then letters, digits, dots, - and _; at most 100 characters."],
        hint: `for example ${
          /[A-Za-z]/.test(name)
            ? name
                .replace(/^[^A-Za-z]+/, "")
                .replace(/[^\w.-]+/g, "-")
                .slice(0, 100)
            : "my-model"
        }`,
      }),
    ]);
  }
  if (!out.endsWith(specEnding)) {
    throw new DiagnosticError([
      usageError("usage/bad-value", `--out ${out || '""'} is not the name of a spec`, {
        hint: `a spec's file ends in ${specEnding}`,
      }),
    ]);
  }
  // A link that leads nowhere is there too.
  if (lstatSync(out, { throwIfNoEntry: false })) {
    throw new DiagnosticError([
      inputError("new/exists", `${out} is there already; it is not written over`, {
        place: { file: out },
        hint: "choose another name, or --out",
      }),
    ]);
  }
  return out;
}

/** Diagnostics: spec/not-found, and those of the spec: what is made from a faulty one would be faulty. */
async function readBase(path: string): Promise<SpecAst> {
  assertSpecFile(path);
  if (!path.endsWith(specEnding)) {
    throw new DiagnosticError([
      usageError("usage/bad-value", `--from ${path} is not a spec`, { hint: `a spec's file ends in ${specEnding}` }),
    ]);
  }
  const { readSpec } = await import("../frontend/read-spec.ts");
  const { value, diagnostics } = readSpec(path, readSpecText);
  if (!value?.complete) throw new DiagnosticError(diagnostics);
  return value;
}

/** Diagnostics: new/cannot-copy. */
async function newText(name: string, base: string, spec: SpecAst, out: string, isCopy: boolean): Promise<string> {
  const { copyText, extensionText } = await import("../scaffold/spec-text.ts");
  if (!isCopy) return extensionText(name, spec, specifierOf(base, out));
  const text = readSpecText(base) ?? "";
  const copy = copyText(name, text, spec, (specifier) => specifierOf(join(dirname(base), specifier), out));
  if (copy !== undefined) return copy;
  throw new DiagnosticError([
    unsupportedError("new/cannot-copy", `${base} cannot be copied under another name`, {
      primary: { span: spec.name.span, text: "its name is not a literal in that file" },
      hint: "leave --copy out, or copy the file by hand",
    }),
  ]);
}

/** How the new spec imports a spec's file. */
function specifierOf(file: string, out: string): string {
  const inside = relative(specsFolder, resolve(file));
  const isBundled = !inside.startsWith("..") && !inside.includes(sep) && dirname(resolve(out)) !== resolve(specsFolder);
  if (isBundled) return `rwkvc/specs/${inside}`;
  const path = relative(dirname(resolve(out)), resolve(file))
    .split(sep)
    .join("/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** Writes a tsconfig.json where one is needed and none is; says what one that is there needs. */
function configure(folder: string): { readonly config?: string; readonly note: readonly string[] } {
  const { text, settings } = editorConfig(folder, projectRoot);
  if (text === undefined) return { note: [] };
  const config = join(folder, "tsconfig.json");
  if (!statSync(config, { throwIfNoEntry: false })) {
    writeFileSync(config, text, { flag: "wx" });
    return { config, note: [] };
  }
  if (readFileSync(config, "utf8").includes("rwkvc/")) return { note: [] };
  return { note: [`${config} is left as it is. Editors understand the spec if it has:`, JSON.stringify(settings)] };
}
