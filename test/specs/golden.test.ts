/**
 * What each stage makes of every bundled spec, at a size that can be read: `test/specs/golden/SPEC/`. A change there is read in review as
 * code is. What single passes do: test/passes/golden.
 *
 *     ast.txt          what the reader finds, with line and column
 *     typed.txt        what the checker makes of it
 *     ir-expanded.txt  the IR as expanded
 *     ir-final.txt     after all passes, for htp-v75 at fp16, as all that follows
 *     qnn.txt          lowered
 *     model.cpp        emitted
 *     encodings.json
 */
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { printModel } from "../../compiler/check/print-typed.ts";
import { checkSpec } from "../../compiler/check/check-spec.ts";
import { emitEncodings } from "../../compiler/emit/encodings.ts";
import { emitModel } from "../../compiler/emit/emit-model.ts";
import { planWeights } from "../../compiler/emit/plan-weights.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { printSpec } from "../frontend/print-ast.ts";
import { specText, tinyModel } from "../ir/tiny-model.ts";
import { stagesOf } from "../passes/stages.ts";
import { tinySizes } from "./tiny-sizes.ts";

const here = "test/specs/golden";
const accept = "npx vitest run test/specs -u writes it; read the difference";
const specs = readdirSync("specs").flatMap((file) => (file.endsWith(".rwkv.ts") ? [file.replace(".rwkv.ts", "")] : []));

describe.each(specs)("%s", (name) => {
  const spec = `specs/${name}.rwkv.ts`;

  it("is small: its dimensions have sizes", () => {
    const unsized = [...checked(spec).dims].flatMap(([dim, factors]) => (factors || tinySizes[dim] ? [] : [dim]));
    expect(unsized, `dimensions of ${spec} that test/specs/tiny-sizes.ts has to give sizes`).toEqual([]);
  });

  it("has these stages", async () => {
    const files = stages(name, spec);
    for (const [file, text] of files) {
      const path = `${here}/${name}/${file}`;
      const said = `${path} ${existsSync(path) ? "is no longer what the compiler makes" : "is not there"}; ${accept}`;
      await expect(text, said).toMatchFileSnapshot(`golden/${name}/${file}`);
    }
    const there = existsSync(`${here}/${name}`) ? readdirSync(`${here}/${name}`) : [];
    expect(there.filter((file) => !files.has(file))).toEqual([]);
  });

  it("says nothing of the machine", () => {
    const absolutePath = /(?<![\w.)\]/])\/\w[\w.-]*\/[\w./-]*/;
    expect(`"${process.cwd()}/spec"`).toMatch(absolutePath);
    for (const [file, text] of stages(name, spec)) expect(absolutePath.exec(text)?.[0], file).toBeUndefined();
  });
});

it("no directory is without a spec", () => {
  const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).filter((name) => !specs.includes(name))).toEqual([]);
});

function checked(spec: string) {
  const { value } = checkSpec(readSpec(spec, specText).value!);
  return value!;
}

function stages(name: string, spec: string): ReadonlyMap<string, string> {
  const { model } = tinyModel(spec, specText(spec), tinySizes);
  const { prints, qnn } = stagesOf(model, { target: "htp-v75", precision: "fp16", scaling: true });
  const [source] = emitModel([qnn], planWeights([qnn]), {
    name: "tiny",
    compilerVersion: "0.0.0",
    spec: { name, file: spec },
    sources: model.sources,
    precision: "fp16",
    target: "htp-v75",
    weightsId: "00".repeat(32),
  });
  const printed = [...prints.values()];
  return new Map([
    ["ast.txt", printSpec(readSpec(spec, specText).value!)],
    ["typed.txt", printModel(checked(spec))],
    ["ir-expanded.txt", printed[0]!],
    ["ir-final.txt", printed.at(-2)!],
    ["qnn.txt", printed.at(-1)!],
    ["model.cpp", source!.text],
    ["encodings.json", emitEncodings([qnn]).text],
  ]);
}
