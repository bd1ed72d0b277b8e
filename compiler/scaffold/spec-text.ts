/**
 * The text of a new spec: an extension of another one with nothing changed yet, or a copy of it under a new name. In: the
 * tree of the spec that it is made from. Out: TypeScript. Pure.
 */
import type { PartAst, SpecAst } from "../frontend/ast.ts";
import { targetsOf } from "../frontend/equation-address.ts";
import { namedBlocks } from "../frontend/extend-spec.ts";

/** `specifier`: how the new file imports the base. */
export function extensionText(name: string, base: SpecAst, specifier: string): string {
  const lines = [
    `import { extend } from "rwkvc/spec";`,
    `import base from ${JSON.stringify(specifier)};`,
    "",
    `/** What is not said here is as in ${base.name.value}. */`,
    "export default extend(base, {",
    `  name: ${JSON.stringify(name)},`,
    "",
    "  // What the base defines, and what edits can therefore name:",
    ...[base.embedding, ...base.layers.parts, base.head].flatMap((part) => describePart(part, base)),
    "  //",
    "  // To put equations in, replace or remove them, import the functions and write, for example:",
    "  //",
    `  // import { eq, extend, replace } from "rwkvc/spec";`,
    "  //",
    ...exampleOf(base),
    "});",
  ];
  return `${lines.join("\n")}\n`;
}

/** The key under which an extension changes the part. */
function keyOf({ name }: PartAst, { layers }: SpecAst): string {
  const isNamed = (namedBlocks as readonly string[]).includes(name.value);
  const isBlock = !isNamed && layers.parts.some((part) => part.name.value === name.value);
  return isBlock ? `blocks: { ${name.value} }` : name.value;
}

const widest = 116;

function describePart(part: PartAst, base: SpecAst): string[] {
  const lines: string[] = [];
  let line = `  //   ${keyOf(part, base)}:`;
  for (const address of addressesOf(part)) {
    const word = ` ${address},`;
    if (line.length + word.length > widest) {
      lines.push(line);
      line = "  //    ";
    }
    line += word;
  }
  return [...lines, line.replace(/,$/, "")];
}

function addressesOf({ equations }: PartAst): string[] {
  const names = equations.flatMap(targetsOf);
  return equations.flatMap((equation) =>
    targetsOf(equation).map((name) => {
      const condition = equation.kind === "equation" ? equation.condition : undefined;
      const isAlone = names.filter((other) => other === name).length === 1;
      return isAlone || !condition ? name : `${name} when layer ${condition.op} ${condition.layer.value}`;
    }),
  );
}

/** An edit that changes nothing: the first equation of the first part, replaced by itself. */
function exampleOf(base: SpecAst): string[] {
  const [part] = base.layers.parts;
  const [first] = part?.equations ?? [];
  if (!part || first?.kind !== "equation") return [];
  const edit = `equations: [replace("${addressesOf(part)[0]}", eq\`${first.text}\`)],`;
  const isBlock = keyOf(part, base) !== part.name.value;
  return isBlock
    ? [`  // blocks: { ${part.name.value}: {`, `  //   ${edit}`, "  // } },"]
    : [`  // ${part.name.value}: {`, `  //   ${edit}`, "  // },"];
}

/** `specifierOf` gives each relative import its path from the new file. Undefined: the name is not written in the file. */
export function copyText(
  name: string,
  text: string,
  spec: SpecAst,
  specifierOf: (specifier: string) => string,
): string | undefined {
  const { span } = spec.name;
  if (span.file !== spec.file || !/^(["'`])[^"'`]*\1$/.test(text.slice(span.start, span.end))) return undefined;
  const named = text.slice(0, span.start) + JSON.stringify(name) + text.slice(span.end);
  return named.replace(/(\bfrom\s*)(["'])(\.\.?\/[^"'\n]+)\2/g, (_whole, from: string, quote: string, path: string) => {
    return `${from}${quote}${specifierOf(path)}${quote}`;
  });
}
