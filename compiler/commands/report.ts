/** Shows diagnostics, and turns whatever was thrown into diagnostics. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

import { specsFolder } from "../build/project-paths.ts";
import { type Diagnostic, DiagnosticError, internalError, type Label } from "../diagnostics/diagnostic.ts";
import { bundledSpecs, specFileIn } from "../frontend/bundled-specs.ts";
import { type CommonOptions, type Io, useColour } from "./io.ts";

/** As text, on standard error. */
export async function reportText(
  io: Io,
  options: CommonOptions,
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  if (diagnostics.length === 0) return;
  const { renderDiagnostics } = await import("../diagnostics/render.ts");
  const colour = useColour(io.stderr, io, options);
  const shown = onDisk(diagnostics, sources);
  io.stderr.write(`${renderDiagnostics(shown.diagnostics, shown.sources, { colour })}\n`);
}

/** As plain data: with lines and columns. */
export async function jsonDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string> = new Map(),
): Promise<readonly unknown[]> {
  if (diagnostics.length === 0) return [];
  const { renderJson } = await import("../diagnostics/render.ts");
  const shown = onDisk(diagnostics, sources);
  return renderJson(shown.diagnostics, shown.sources);
}

export const writeJson = (io: Io, value: unknown, onOneLine = false): void =>
  void io.stdout.write(`${JSON.stringify(value, null, onOneLine ? 0 : 2)}\n`);

/** Bundled specs under the names that they have on this machine, and the text of every file that is spoken of. */
function onDisk(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>) {
  const file = (name: string): string => {
    if (!name.startsWith(bundledSpecs)) return name;
    const path = specFileIn(specsFolder, name);
    const near = relative("", path);
    return near.startsWith("..") ? path : near;
  };
  const rename = (label: Label): Label => ({ ...label, span: { ...label.span, file: file(label.span.file) } });
  const renamed = diagnostics.map((diagnostic) => ({
    ...diagnostic,
    ...(diagnostic.primary && { primary: rename(diagnostic.primary) }),
    ...(diagnostic.secondary && { secondary: diagnostic.secondary.map(rename) }),
  }));
  const named = new Map([...sources].map(([name, text]) => [file(name), text]));
  return { diagnostics: renamed, sources: withFiles(renamed, named) };
}

/** Sources, with the text of files that the diagnostics point into and the stage did not hand on. */
function withFiles(diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string>): Map<string, string> {
  const all = new Map(sources);
  for (const { primary, secondary } of diagnostics) {
    for (const label of [...(primary ? [primary] : []), ...(secondary ?? [])]) {
      const file = label.span.file;
      if (all.has(file)) continue;
      try {
        all.set(file, readFileSync(file, "utf8"));
      } catch {
        // Shown without its text.
      }
    }
  }
  return all;
}

/** A bug of ours, unless it is a known fault of the machine around us. */
export function diagnosticsOf(error: unknown, env: NodeJS.ProcessEnv): readonly Diagnostic[] {
  if (error instanceof DiagnosticError) return error.diagnostics;
  const system = systemFault(error);
  if (system) return [system];
  const { name, message, stack } =
    error instanceof Error ? error : { name: "thrown value", message: String(error), stack: undefined };
  return [
    internalError("internal/uncaught", "rwkvc failed inside itself", {
      notes: [`${name}: ${message}`, ...(env.RWKVC_DEBUG && stack ? [stack] : [])],
      hint: env.RWKVC_DEBUG
        ? "please report this, with the command line and the text above"
        : "please report this, with the command line and what RWKVC_DEBUG=1 adds to this message",
    }),
  ];
}

/** Faults of files and folders that no stage has a better word for. */
function systemFault(error: unknown): Diagnostic | undefined {
  const { code, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  const titles: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    ENOSPC: "no space left on the device",
    EDQUOT: "the disk quota is used up",
    EROFS: "the file system is read-only",
    EMFILE: "too many open files",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "this is a folder, not a file",
    ENOENT: "no such file or folder",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "symbolic links lead in a circle",
    EBUSY: "the file or folder is in use",
    EIO: "the device fails to read or write",
  };
  const title = code === undefined ? undefined : titles[code];
  if (title === undefined || path === undefined) {
    return code === "ENOSPC"
      ? { code: "system/enospc", kind: "missing", severity: "error", title: titles.ENOSPC!, notes: [String(message)] }
      : undefined;
  }
  return {
    code: `system/${code!.toLowerCase()}`,
    kind: "missing",
    severity: "error",
    title: `${path}: ${title}`,
    place: { file: path },
  };
}
