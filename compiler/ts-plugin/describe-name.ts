/** What an editor shows where the pointer rests: a line in the manner of TypeScript's own, and an explanation. */
import { functionDocs, usageOf } from "../check/builtins.ts";
import type { BinaryOperator } from "../frontend/ast.ts";
import type { NameIndex, Occurrence, Operation, SpecName } from "./index-names.ts";

export interface Description {
  readonly title: string;
  /** Markdown. */
  readonly text: string;
}

export const kindWords: Readonly<Record<SpecName["kind"], string>> = {
  weight: "weight",
  state: "state",
  carry: "carried value",
  value: "value",
  dim: "dimension",
  index: "index",
  function: "function",
  token: "token",
};

export function describeOccurrence(
  { name, primed, resultShape }: Pick<Occurrence, "name" | "primed" | "resultShape">,
  index: NameIndex,
): Description {
  const shape = resultShape ?? name.shape;
  const paragraphs = [explain(name, primed), ...(name.kind === "index" ? [] : [axesText(shape ?? [], index)])];
  return { title: titleOf(name, primed, shape, index), text: paragraphs.filter((text) => text !== "").join("\n\n") };
}

export function describeOperation({ op, left, right, result }: Operation, index: NameIndex): Description {
  const shapes = left && right && result;
  return {
    title: `(operator) ${op}${shapes ? `: ${shapeText(left)} ${op} ${shapeText(right)} = ${shapeText(result)}` : ""}`,
    text: [operatorTexts[op], axesText(result ?? [], index)].filter((text) => text !== "").join("\n\n"),
  };
}

const elementByElement = "Element by element; axes meet by name, and what one side lacks is repeated.";
const operatorTexts: Readonly<Record<BinaryOperator, string>> = {
  "+": elementByElement,
  "-": elementByElement,
  "*": elementByElement,
  "/": elementByElement,
  "@": "Sum of products: the last axis on the left meets the first on the right.",
};

function titleOf(name: SpecName, primed: boolean, shape: readonly string[] | undefined, index: NameIndex): string {
  const known = shape ? `: ${shapeText(shape)}` : "";
  switch (name.kind) {
    case "weight":
      return `(${name.isPair ? "norm" : "weight"}) ${name.name}${known}`;
    case "state":
      return primed ? `(next state) ${name.name}'${known}` : `(state) ${name.name}${known}`;
    case "dim":
      return `(dimension) ${name.name}${name.factors ? ` = ${name.factors.join(" * ")}` : ""}`;
    case "index": {
      const [dim] = shape ?? [];
      const meaning = dim === undefined ? undefined : meaningOf(dim, index);
      return `(index) ${name.name}${dim === undefined ? "" : `: ${dim}`}${meaning ? `, ${meaning}` : ""}`;
    }
    case "function":
      return `(function) ${usageOf(name.name)}${known}`;
    case "carry":
    case "value":
    case "token":
      return `(${kindWords[name.kind]}) ${name.name}${known}`;
  }
}

function explain(name: SpecName, primed: boolean): string {
  switch (name.kind) {
    case "weight":
      return name.isPair
        ? `Tensors \`${name.tensor}.weight\` and \`${name.tensor}.bias\` of the checkpoint.`
        : `Tensor \`${name.tensor}\` of the checkpoint.`;
    case "state":
      return primed
        ? `The next value of the state \`${name.name}\`: what the next token will find there.`
        : `A state of ${name.part}, ${name.initial} before the first token: here as the previous token left it.`;
    case "carry":
      return "Handed on from part to part and from layer to layer.";
    case "value":
      return name.equations.map((text) => `    ${text}`).join("\n");
    case "dim":
      return name.meaning;
    case "index":
      return name.isSummed ? "Not on the left: the term is summed over it." : "";
    case "function":
      return functionDocs.get(name.name) ?? "";
    case "token":
      return "The token's id: `emb[token]` is its row of a table.";
  }
}

/** A line for each dimension, once. */
function axesText(shape: readonly string[], index: NameIndex): string {
  return [...new Set(shape)]
    .flatMap((dim) => {
      const declared = index.dims.get(dim);
      if (declared?.kind !== "dim") return [];
      const factors = declared.factors ? ` = ${declared.factors.join(" * ")}` : "";
      return [`* \`${dim}\`${factors}: ${declared.meaning}`];
    })
    .join("\n");
}

function meaningOf(dim: string, index: NameIndex): string | undefined {
  const declared = index.dims.get(dim);
  return declared?.kind === "dim" ? declared.meaning : undefined;
}

const shapeText = (shape: readonly string[]): string => (shape.length === 0 ? "a number" : `[${shape.join(", ")}]`);
