/** One case per diagnostic of the reader and the checker, kept as rendered, with its source. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import { type DiagnosticCase, diagnosticCases } from "./diagnostic-cases.ts";
import { check, miniSpec } from "./mini-spec.ts";

test.each(diagnosticCases.map((one) => [fileName(one), one] as const))("%s", async (file, one) => {
  const text = one.text ?? miniSpec(one.spec);
  const { diagnostics, sources, model } = check(text, one.checkpoint, one.files);
  const severity = one.isWarning ? "warning" : "error";
  const shown = diagnostics.filter((diagnostic) => diagnostic.severity === severity);
  expect([...new Set(shown.map((diagnostic) => diagnostic.code))]).toEqual([one.code]);
  expect(model === undefined).toBe(!one.isWarning);
  const rendered = renderDiagnostics(shown, sources, { colour: false });
  const source = text.replace(/^.{400,}$/gm, (line) => `${line.slice(0, 60)} ... (${line.length} characters)`);
  await expect(`${source}\n${"=".repeat(80)}\n${rendered}\n`).toMatchFileSnapshot(`golden/diagnostics/${file}`);
});

test("names of cases differ", () => {
  const names = diagnosticCases.map(fileName);
  expect(new Set(names).size).toBe(names.length);
});

test("every code has a case", () => {
  const sources = ["compiler/frontend", "compiler/check"].flatMap((folder) =>
    readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8")),
  );
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/(?:Error|Warning)\(\s*"([\w-]+\/[\w-]+)"/g)].map((m) => m[1]!),
  );
  expect([...new Set(codes)].sort()).toEqual([...new Set(diagnosticCases.map((one) => one.code))].sort());
});

function fileName({ code, of }: DiagnosticCase): string {
  return `${code.replace("/", ".")}${of ? `.${of}` : ""}.txt`;
}
