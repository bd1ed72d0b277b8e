/** The pages of docs/passes: one for each pass, in order, with examples that are lines of the golden files. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stageNames } from "../../compiler/pipeline.ts";

const folder = "docs/passes";
const pages = readdirSync(folder).filter((name) => name !== "README.md");
const passes = stageNames.slice(1, -2);

it("there is a page for each pass, and the overview names it", () => {
  expect(pages.sort()).toEqual(passes.map((name, i) => `${String(i + 1).padStart(2, "0")}-${name}.md`));
  const overview = readFileSync(join(folder, "README.md"), "utf8");
  for (const page of pages) expect(overview).toContain(`](${page})`);
});

describe.each(pages)("%s", (page) => {
  const text = readFileSync(join(folder, page), "utf8");

  it("shows lines of golden files", () => {
    const examples = [...text.matchAll(/\]\(\.\.\/\.\.\/(test\/\S+\.txt)\):\n\n```text\n([^`]*)```/g)];
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const [, file, block] of examples) {
      const golden = readFileSync(file!, "utf8").split("\n");
      for (const line of block!.trim().split("\n")) if (line !== "...") expect(golden, file).toContain(line);
    }
  });
});
