/**
 * Only `specs/` knows a version of RWKV: no name and no text in compiler/**.ts is a version's, or a tensor's that versions have, so a new
 * version needs no compiler code. Comments may give examples, and so may what only a person reads: hints and the texts of `--help`.
 */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { expect, it } from "vitest";

/** `rwkv-7`, `v5.2`, `v7a`, but not `v75`, an architecture of Hexagon; and the versions' given names. */
const version = /rwkv[-_ ]?v?[4-9]|(?<![a-z])v[4-9](?:[._]\d+|[a-z])?(?![a-z\d])|eagle|finch|goose|deep_?embed/i;
/** Of the tensors' names what is no ordinary word. */
const tensor = /\b(?:att|ffn)\\?\.|time_(?:mix|maa|decay|first|faaaa)|\bln(?:[0-9]|_out|_x)|\b(?:emb|head)\\?\.weight/;

/** Calls whose arguments are texts of `--help`. */
const helpCalls = ["defineCommand", "addHelpText", "requireOption"];

it("nothing in compiler/ names a version or a version's tensors", () => {
  const found = readdirSync("compiler", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => namesIn(`compiler/${file}`, readFileSync(`compiler/${file}`, "utf8")));
  expect(found).toEqual([]);
});

it.each([
  ["const isRwkv7 = true;", "isRwkv7"],
  ['if (spec.name === "rwkv-5.2") split();', "rwkv-5.2"],
  ['case "v6": return 5;', "v6"],
  ["const loaders = { v7a: read };", "v7a"],
  ["`${layer}.att.time_maa_x`", ".att.time_maa_x"],
  ["const isOld = /time_first$/.test(name);", "/time_first$/"],
  ['tensors.get("emb.weight")', "emb.weight"],
  ['command(rwkv7()).addHelpText("after", "")', "rwkv7"],
  ['title("not a spec of rwkv-7")', "not a spec of rwkv-7"],
])("finds it in %s", (code, name) => expect(namesIn("a.ts", code)).toEqual([`a.ts:1: ${name}`]));

it.each([
  "// as in rwkv-7\n/** `time_maa_x` */ const a = 1;",
  'inputError("a/b", "title", { hint: "such as specs/rwkv-7.rwkv.ts" });',
  'defineCommand("build", "summary", ["rwkvc build specs/rwkv-7.rwkv.ts"]);',
  "const rootHelp = `rwkvc build specs/rwkv-7.rwkv.ts`;",
  'const target = "htp-v75"; const file = "rwkvc_model.h"; const v68 = line(1, "timeMix");',
])("passes %s", (code) => expect(namesIn("a.ts", code)).toEqual([]));

function namesIn(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isHintOrHelp(node)) return;
    const name =
      ts.isIdentifier(node) || ts.isLiteralExpression(node) || ts.isTemplateLiteralToken(node) ? node.text : "";
    if (version.test(name) || tensor.test(name)) {
      found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${name}`);
    }
    if (isHelpCall(node)) visit(node.expression);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const isHintOrHelp = (node: ts.Node): boolean =>
  (ts.isPropertyAssignment(node) && node.name.getText() === "hint") ||
  (ts.isVariableDeclaration(node) && /Help$/.test(node.name.getText()));

function isHelpCall(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node)) return false;
  const { expression } = node;
  return helpCalls.includes(ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText());
}
