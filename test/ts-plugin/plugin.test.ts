/** The language-service plugin in a real tsserver: what an author sees while a spec is written. */
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { miniSpec } from "../check/mini-spec.ts";
import { TsServer } from "./ts-server.ts";

const server = new TsServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

const messages = async (name: string): Promise<string[]> =>
  (await server.diagnostics(name)).map(({ text }) => text.split("\n")[0]!);

interface QuickInfo {
  readonly displayString: string;
  readonly documentation: string;
}

async function hover(name: string, marked: string): Promise<string> {
  const info = await server.request<QuickInfo | undefined>("quickinfo", server.at(name, marked));
  return info ? `${info.displayString}\n${info.documentation}`.trim() : "";
}

describe("diagnostics", () => {
  test("a good spec has none, neither of ours nor of TypeScript's", async () => {
    await server.open("good.rwkv.ts", readFileSync("specs/rwkv-7.rwkv.ts", "utf8"));
    expect(await server.diagnostics("good.rwkv.ts")).toEqual([]);
  });

  test("so has one that extends a bundled spec; what it breaks there is shown at the import", async () => {
    const name = "extension.rwkv.ts";
    await server.open(name, readFileSync("docs/variants/rwkv-7b.rwkv.ts", "utf8"));
    expect(await server.diagnostics(name)).toEqual([]);
    await server.edit(name, "state: {", "state: { S: remove(),");
    await server.edit(name, "replace, vec", "remove, replace, vec");
    const [found] = await server.diagnostics(name);
    expect(found!.text).toContain("`S` is not defined");
    expect(server.textAt({ file: server.path(name), ...found! })).toContain('«"rwkvc/specs/rwkv-7.rwkv.ts"»');
  });

  test("a mistake in an equation is marked at its place, with the other places that matter, until it is mended", async () => {
    const name = "mistake.rwkv.ts";
    await server.open(name, miniSpec({ also: "z = xx + x - k" }));
    const [found, unused, ...others] = await server.diagnostics(name);
    expect(others).toEqual([]);
    expect(unused).toMatchObject({ category: "warning", reportsUnnecessary: {} });
    expect(found!.text).toMatchInlineSnapshot(`
      "shape/mismatch: \`-\` cannot combine [D] with [H, N]
      neither shape contains the other"
    `);
    expect(server.textAt({ file: server.path(name), ...found! })).toMatchInlineSnapshot(
      `"mistake.rwkv.ts: z = xx + x «-» k"`,
    );
    expect(found).toMatchObject({ category: "error", source: "rwkvc" });
    expect(found!.relatedInformation!.map(({ message, span }) => `${span!.start.line}: ${message}`))
      .toMatchInlineSnapshot(`
      [
        "24: [D]",
        "24: [H, N]",
        "20: D comes from \`xx\`, computed here as [D]",
        "21: H comes from \`k\`, computed here as [H, N]",
      ]
    `);

    await server.edit(name, "z = xx + x - k", "z = xx + x");
    expect(await messages(name)).toEqual(["name/unused-value: the value `z` is not used"]);
    await server.edit(name, "z = xx + x", "");
    expect(await messages(name)).toEqual([]);
  });

  test("a line that does not parse leaves the others alone", async () => {
    const name = "line.rwkv.ts";
    await server.open(name, miniSpec({ also: "z = (xx +" }));
    expect(await messages(name)).toMatchInlineSnapshot(`
      [
        "equation/syntax: \`(\` is never closed",
      ]
    `);
    expect(await hover(name, "k = key @ shift(x|x, prev)")).toContain("(value) xx: [D]");
  });

  test("a template that is never closed is TypeScript's to say; it comes back when it is closed", async () => {
    const name = "template.rwkv.ts";
    await server.open(name, miniSpec().replace("up @ xx)\n      `,", "up @ xx)\n      ,"));
    expect((await messages(name)).filter((text) => text.includes("/"))).toEqual([]);
    await server.edit(name, "up @ xx)\n      ,", "up @ xx)\n      `,");
    expect(await messages(name)).toEqual([]);
    expect(await hover(name, "k = key @ shift(x|x, prev)")).toContain("(value) xx: [D]");
  });
});

describe("hover", () => {
  const name = "hover.rwkv.ts";
  beforeAll(() => server.open(name, readFileSync("specs/rwkv-7.rwkv.ts", "utf8")));

  test.each([
    "r  = rec|eptance @",
    "layer_norm(x, l|n1)",
    "dx = shift(xx, x_pr|ev) - xx",
    "S|'[h,i,j] = S[h,i,j]",
    "S'[h,i,j] = S|[h,i,j]",
    "v       = vx + (v_f|irst",
    "v       = vx + (v_first - v|x)",
    "x = x + output @ ((group_norm(y|, ln_x",
    "bonus *| v",
    "receptance @| (xx",
    "x = x + output @ ((group_|norm",
    "sa[h,i]   = S[h,i,j|] * kk",
    "emb[tok|en]",
    'A: dim("width of the time mix", "H| N")',
  ])("%s", async (marked) => {
    expect(await hover(name, marked)).toMatchSnapshot();
  });
});
