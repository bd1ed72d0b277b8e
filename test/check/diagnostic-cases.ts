/** The smallest change of the mini spec that gives each diagnostic. `of` tells several cases of one code apart. */
import type { CheckpointTensors } from "../../compiler/check/resolve-dims.ts";
import { miniCheckpoint, type MiniSpec, miniSpec } from "./mini-spec.ts";

export interface DiagnosticCase {
  readonly code: string;
  readonly of?: string;
  readonly spec?: MiniSpec;
  /** Instead of the mini spec. */
  readonly text?: string;
  /** Other files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly checkpoint?: CheckpointTensors;
  readonly isWarning?: boolean;
}

const extendImports = `import { after, eq, extend, mat, remove, replace } from "rwkvc/spec";\nimport base from "./base.rwkv.ts";\n\n`;
const twice: MiniSpec = { also: "v = k when layer == 0\nv = k * 2 when layer > 0\nz = v" };

function extensionText(blocks: string, more: string): string {
  const lines = [more, blocks && `blocks: { ${blocks} },`].filter((line) => line !== "");
  return `${extendImports}export default extend(base, {\n${lines.map((line) => `  ${line}\n`).join("")}});\n`;
}

/** The mini spec with policies about precision. */
const precise = (policies: string, change: MiniSpec = {}): string =>
  miniSpec({ ...change, policies }).replace(
    "layers, mat, model, norm,",
    "keepFloat, layers, mat, model, norm, quantize,",
  );

/** A spec that extends the mini spec. */
function extension(blocks: string, base: MiniSpec = {}, more = ""): Pick<DiagnosticCase, "text" | "files"> {
  return {
    text: extensionText(blocks, [`name: "variant",`, more].filter((line) => line !== "").join("\n  ")),
    files: { "base.rwkv.ts": miniSpec(base) },
  };
}

function manyLayers(count: number): CheckpointTensors {
  const { source, tensors } = miniCheckpoint();
  const copies = [...tensors.values()].flatMap((info) =>
    Array.from({ length: count }, (_, layer) => ({
      ...info,
      name: info.name.replace("blocks.0.", `blocks.${layer}.`),
    })),
  );
  return { source, tensors: new Map(copies.map((info) => [info.name, info])) };
}

export const diagnosticCases: readonly DiagnosticCase[] = [
  // The static subset
  { code: "spec/syntax", text: `export default model({ name: "x", \n` },
  { code: "spec/syntax", of: "prose", text: `This is not a spec, but a note about one.\n` },
  { code: "spec/side-effect", spec: { top: `console.log("hello");` } },
  { code: "spec/not-const", spec: { top: `let width = "D";` } },
  { code: "spec/not-static", of: "function", spec: { top: `function width() {\n  return "D";\n}` } },
  { code: "spec/not-static", of: "arrow", spec: { top: `const width = () => "D";` } },
  { code: "spec/not-static", of: "loop", spec: { top: `for (const x of [1, 2]) {\n}` } },
  { code: "spec/not-static", of: "await", spec: { top: `const width = await 3;` } },
  { code: "spec/not-static", of: "conditional", spec: { top: `const width = true ? "D" : "F";` } },
  { code: "spec/not-static", of: "destructuring", spec: { top: `const { width } = { width: 1 };` } },
  { code: "spec/not-static", of: "tag", spec: { top: "const text = String.raw`a`;" } },
  { code: "spec/call", of: "method", spec: { policies: `scale("mix.k", Math.pow(2, -1))` } },
  { code: "spec/call", of: "slip", spec: { weights: `u: tensr("u", "H N"),` } },
  {
    code: "spec/call",
    of: "not-imported",
    text: miniSpec({ weights: `u: vec("u", "F"),` }).replace("tensor, vec }", "tensor }"),
  },
  { code: "spec/call", of: "value", spec: { top: `const make = vec;` } },
  { code: "spec/import", of: "module", spec: { top: `import { readFileSync } from "node:fs";` } },
  { code: "spec/import", of: "name", spec: { top: `import { matrix } from "rwkvc/spec";` } },
  {
    code: "spec/import",
    of: "export",
    spec: { top: `import { widths } from "./other.rwkv.ts";` },
    files: { "other.rwkv.ts": `export const width = "D";\n` },
  },
  { code: "spec/missing-file", spec: { top: `import base from "./nowhere.rwkv.ts";` } },
  {
    code: "spec/import-cycle",
    spec: { top: `import base from "./other.rwkv.ts";` },
    files: { "other.rwkv.ts": `import base from "./mini.rwkv.ts";\nexport default base;\n` },
  },
  { code: "spec/argument", of: "count", spec: { weights: `u: mat("u", "H"),` } },
  { code: "spec/argument", of: "kind", spec: { weights: `u: vec("u", 3),` } },
  { code: "spec/property", spec: { top: `const base = { width: "D" };\nconst x = base.widht;` } },
  { code: "spec/arithmetic", of: "operands", spec: { top: `const x = "a" * 2;` } },
  { code: "spec/arithmetic", of: "unary", spec: { top: `const x = -"a";` } },
  { code: "spec/arithmetic", of: "hole", spec: { top: "const x = `a${[1]}`;" } },
  { code: "spec/tensor-name", of: "alternative", spec: { weights: `u: tensor("u |", "H N"),` } },
  { code: "spec/tensor-name", of: "empty", spec: { weights: `u: tensor("", "H N"),` } },
  { code: "spec/spread", spec: { top: `const x = { ...[1, 2] };` } },
  { code: "spec/too-deep", text: `export default ${"[".repeat(9999)}${"]".repeat(9999)};\n` },
  { code: "name/undefined", of: "const", spec: { weights: `u: vec("u", widht),`, top: `const width = "D";` } },
  { code: "name/undefined", of: "early", spec: { top: `const a = b;\nconst b = "D";` } },
  { code: "name/duplicate", of: "const", spec: { top: `const a = 1;\nconst a = 2;` } },
  { code: "name/duplicate", of: "key", spec: { weights: `key: mat("other", "A", "D"),` } },

  // Extensions
  { code: "extend/unknown", of: "equation", ...extension('mix: { equations: [after("kk", eq`z = k`)] }') },
  { code: "extend/unknown", of: "condition", ...extension('mix: { equations: [remove("k when layer > 0")] }') },
  { code: "extend/unknown", of: "number", ...extension('mix: { equations: [remove("v #3")] }', twice) },
  { code: "extend/unknown", of: "weight", ...extension("mix: { weights: { kye: remove() } }") },
  { code: "extend/unknown", of: "state", ...extension("mix: { state: { T: remove() } }") },
  { code: "extend/unknown", of: "dim", ...extension("", {}, "dims: { M: remove() },") },
  { code: "extend/unknown", of: "carry", ...extension("", {}, "carry: { y: remove() },") },
  { code: "extend/unknown", of: "block", ...extension("mixx: { weights: {} }") },
  { code: "extend/unknown", of: "part", ...extension("", {}, `timeMix: { weights: {} },`) },
  { code: "extend/unknown", of: "edited-part", ...extension("", {}, `layers: { parts: [remove("more")] },`) },
  { code: "extend/unknown", of: "policy", ...extension("", {}, `policies: [remove("mix.k")],`) },
  { code: "extend/ambiguous", of: "condition", ...extension('mix: { equations: [remove("v")] }', twice) },
  {
    code: "extend/ambiguous",
    of: "number",
    ...extension('mix: { equations: [remove("x")] }', { also: "x = x + out @ y" }),
  },
  { code: "extend/address", ...extension('mix: { equations: [remove("y = k")] }') },
  {
    code: "extend/edited-twice",
    ...extension('mix: { equations: [replace("k", eq`k = key @ shift(xx, prev) : H N`), remove("k")] }'),
  },
  { code: "extend/remove", of: "key", ...extension('mix: { weights: { key: remove("key") } }') },
  { code: "extend/remove", of: "list", ...extension("mix: { equations: [remove()] }") },
  {
    code: "extend/nothing-left",
    ...extension(`mix: { equations: [${["xx", "k", "S'", "y", "x"].map((name) => `remove("${name}")`).join(", ")}] }`),
  },
  {
    code: "spec/type",
    of: "base",
    text: `${extendImports}export default extend({ name: "a" }, { name: "b" });\n`,
    files: { "base.rwkv.ts": miniSpec() },
  },
  { code: "spec/type", of: "edit", ...extension("mix: { equations: [eq`z = k`] }") },
  { code: "spec/type", of: "edits", ...extension('mix: { equations: after("k", eq`z = k`) }') },
  { code: "spec/type", of: "changed-part", ...extension("mix: eq`z = k`") },
  { code: "spec/type", of: "blocks", ...extension("", {}, "blocks: [],") },
  { code: "spec/type", of: "layers", ...extension("", {}, "layers: [],") },
  { code: "spec/argument", of: "content", ...extension('mix: { equations: [after("k", "z = k")] }') },
  { code: "spec/missing-key", of: "extension", text: extensionText("", ""), files: { "base.rwkv.ts": miniSpec() } },
  { code: "spec/unknown-key", of: "extension", ...extension("", {}, "weights: {},") },
  { code: "spec/unknown-key", of: "change", ...extension("mix: { weight: {} }") },
  { code: "spec/unknown-key", of: "changed-layers", ...extension("", {}, "layers: { blocks: [] },") },
  // What an extension breaks in the base is shown there, with the reason in the extension.
  { code: "name/undefined", of: "removed-weight", ...extension("mix: { weights: { key: remove() } }") },
  { code: "name/undefined", of: "removed-value", ...extension('mix: { equations: [remove("y")] }') },
  { code: "shape/contract", of: "redefined-weight", ...extension(`mix: { weights: { up: mat("up", "F", "F") } }`) },
  { code: "equation/syntax", of: "in-the-base", ...extension("", { also: "z = k +" }) },

  // The model's frame
  { code: "spec/no-model", text: `export const width = "D";\n` },
  { code: "spec/type", of: "part", spec: { head: `"head"` } },
  { code: "spec/type", of: "equations", spec: { head: `head({ equations: "logits = x" })` } },
  { code: "spec/type", of: "weight", spec: { weights: `u: "u",` } },
  { code: "spec/type", of: "policy", spec: { policies: `"k"` } },
  { code: "spec/missing-key", spec: { head: `head({ weights: {} })` } },
  {
    code: "spec/unknown-key",
    spec: {
      head: `head({ weights: { out: mat("head", "V", "D") }, note: "none", equations: eq\`logits = out @ x\` })`,
    },
  },
  { code: "spec/dimension-name", spec: { dims: `"2D": dim("twice"),` } },
  { code: "spec/prefix", spec: { prefix: `"blocks"` } },
  {
    code: "spec/part-name",
    spec: {
      head: `{ ...head({ weights: { out: mat("head", "V", "D") }, equations: eq\`logits = out @ x\` }), name: "my head" }`,
    },
  },
  {
    code: "spec/no-hidden-state",
    spec: {
      carry: `h: "D"`,
      embedding: `embedding({ weights: { emb: mat("emb", "V", "D") }, equations: eq\`h = emb[token]\` })`,
      equations: "prev' = h\nS'[h,i,j] = S[h,i,j]\nh = layer_norm(h, ln)",
      head: `head({ weights: { out: mat("head", "V", "D") }, equations: eq\`logits = out @ h\` })`,
    },
  },
  {
    code: "spec/not-set",
    of: "x",
    spec: { embedding: `embedding({ weights: { emb: mat("emb", "V", "D") }, equations: eq\`e = emb[token]\` })` },
  },
  {
    code: "spec/not-set",
    of: "logits",
    spec: { head: `head({ weights: { out: mat("head", "V", "D") }, equations: eq\`result = out @ x\` })` },
  },

  // Equations: form
  { code: "equation/character", spec: { also: "z = xx × key" } },
  { code: "equation/syntax", of: "operand", spec: { also: "z = xx +" } },
  { code: "equation/syntax", of: "several", spec: { also: "z = (xx + k\nq = k *\nr k = 2" } },
  { code: "equation/too-long", spec: { also: `z = xx${" + xx".repeat(500)}` } },
  { code: "equation/empty", spec: { head: "head({ equations: eq`` })" } },
  { code: "equation/number", spec: { also: "z = xx + 1e39" } },
  { code: "equation/number", of: "product", spec: { also: "z = xx + 1e30 * 1e30" } },
  { code: "equation/number", of: "zero", spec: { also: "z = xx / (1 - 1)" } },
  { code: "equation/power", spec: { also: "z = xx^3" } },
  { code: "equation/function", of: "slip", spec: { also: "z = sigmod(xx)" } },
  { code: "equation/function", of: "other-notation", spec: { also: "z = gelu(xx)" } },
  { code: "equation/function", of: "value", spec: { also: "z = key(xx)" } },
  { code: "equation/function-value", spec: { also: "z = xx + exp" } },
  { code: "equation/arguments", of: "count", spec: { also: "z = max(xx)" } },
  { code: "equation/arguments", of: "name", spec: { also: "z = layer_norm(xx, ln, epsilon = 1)" } },
  { code: "equation/eps", of: "missing", spec: { weights: `pair: norm("g", "A"),`, also: "z = group_norm(y, pair)" } },
  { code: "equation/eps", of: "value", spec: { also: "z = layer_norm(xx, ln, eps = k)" } },
  { code: "equation/norm-pair", of: "value", spec: { also: "z = xx * ln" } },
  { code: "equation/norm-pair", of: "single", spec: { weights: `g: vec("g", "D"),`, also: "z = layer_norm(xx, g)" } },
  {
    code: "equation/condition",
    of: "head",
    spec: {
      head: `head({ weights: { out: mat("head", "V", "D") }, equations: eq\`logits = out @ x when layer == 0\` })`,
    },
  },
  { code: "equation/condition", of: "number", spec: { also: "z = xx when layer == 0.5" } },

  // Equations: indices
  { code: "equation/not-indexed", spec: { also: "z[h,i] = k[h,i] * y" } },
  { code: "equation/index-form", of: "letter", spec: { also: "z = k[h,i]" } },
  { code: "equation/index-form", of: "fraction", spec: { also: "z = k[0.5]" } },
  { code: "equation/indexed", of: "at", spec: { also: "z[h,i] = y @ k" } },
  { code: "equation/indexed", of: "norm", spec: { also: "z[h,i] = l2_norm(k)" } },
  { code: "equation/indexed", of: "expression", spec: { also: "z[h,i] = (k + y)[h,i]" } },
  { code: "equation/diagonal", spec: { also: "z[h,i] = S[h,i,i]" } },
  { code: "equation/left-index", of: "absent", spec: { also: "z[h,q] = k[h,i]" } },
  { code: "equation/left-index", of: "twice", spec: { also: "z[h,h] = k[h,i]" } },
  { code: "equation/ambiguous-sum", spec: { also: "z[h,i] = 2 * (k[h,i] + S[h,i,j])" } },
  { code: "equation/token", of: "computed", spec: { also: "z = k[token]" } },
  { code: "shape/index", of: "operands", spec: { also: "z[h,i] = k[h,i] * k[i,h]" } },
  { code: "shape/index", of: "state", spec: { state: `T: "H N",`, also: "T'[i,h] = k[h,i]" } },
  { code: "shape/rank", of: "indexed", spec: { also: "z[h] = k[h,i,j]" } },
  { code: "shape/rank", of: "constant", spec: { also: "z = xx[0,1]" } },

  // Names
  { code: "name/undefined", of: "value", spec: { also: "z = kx * y" } },
  { code: "name/undefined", of: "underscore", spec: { weights: `k_b: vec("b", "D"),`, also: "z = xx + kb" } },
  { code: "name/undefined", of: "dimension", spec: { also: "z = k / N" } },
  { code: "name/undefined", of: "later", spec: { also: "z = q\nq = xx" } },
  { code: "name/reserved", of: "token", spec: { also: "z = token" } },
  { code: "name/reserved", of: "weight", spec: { weights: `exp: vec("e", "D"),` } },
  { code: "name/reserved", of: "value", spec: { also: "shift = xx" } },
  { code: "name/duplicate", of: "value", spec: { also: "k = xx" } },
  { code: "name/duplicate", of: "condition", spec: { also: "z = xx when layer == 0\nz = x when layer <= 1" } },
  { code: "name/duplicate", of: "state", spec: { state: `key: "D",`, also: "key' = xx" } },
  {
    code: "name/duplicate",
    of: "part",
    spec: {
      head: `{ ...head({ weights: { out: mat("head", "V", "D") }, equations: eq\`logits = out @ x\` }), name: "mix" }`,
    },
  },
  { code: "name/assigned", spec: { also: "key = xx" } },
  { code: "name/not-in-every-layer", of: "value", spec: { also: "z = xx when layer == 0\nq = z" } },
  {
    code: "name/not-in-every-layer",
    of: "carry",
    spec: { carry: `x: "D", first: "D"`, also: "z = first\nfirst = xx when layer == 0" },
  },
  { code: "name/unused-weight", isWarning: true, spec: { weights: `u: tensor("u", "H N"),` } },
  { code: "name/unused-value", isWarning: true, spec: { also: "z = xx + 1" } },
  { code: "dim/unused", isWarning: true, spec: { dims: `R: dim("rank"),` } },

  // Shapes
  { code: "shape/mismatch", of: "weights", spec: { weights: `gate: vec("gate", "F"),`, also: "z = xx * gate" } },
  {
    code: "shape/mismatch",
    of: "expressions",
    spec: { also: "z = (xx + 1) * relu(up @ xx)" },
  },
  { code: "shape/contract", of: "vector", spec: { also: "z = xx @ up" } },
  { code: "shape/contract", of: "number", spec: { also: "z = key @ 2" } },
  {
    code: "shape/target",
    of: "carry",
    spec: { equations: "prev' = x\nS'[h,i,j] = S[h,i,j]\nk = key @ layer_norm(x, ln)\nx = k" },
  },
  { code: "shape/target", of: "ascription", spec: { also: "z = up @ xx : H N" } },
  { code: "shape/target", of: "condition", spec: { also: "z = xx when layer == 0\nz = k when layer > 0" } },
  { code: "shape/repeated-dimension", of: "state", spec: { also: "z = S * 2" } },
  { code: "shape/repeated-dimension", of: "target", spec: { state: `T: "H N N",`, also: "T' = k" } },
  { code: "shape/norm", of: "layer", spec: { also: "z = layer_norm(y, ln)" } },
  {
    code: "shape/norm",
    of: "group",
    spec: { weights: `pair: norm("g", "A"),`, also: "z = group_norm(key @ xx, pair, 64e-5)" },
  },
  { code: "shape/norm", of: "number", spec: { also: "z = l2_norm(2)" } },
  { code: "shape/shift", spec: { state: `last: "D",`, also: "z = shift(k, last)" } },
  {
    code: "shape/logits",
    spec: { head: `head({ weights: { out: mat("head", "V", "D") }, equations: eq\`logits = out * x\` })` },
  },
  { code: "shape/table", spec: { weights: `table: mat("table", "F", "D"),`, also: "z = table[token]" } },
  { code: "dim/undefined", spec: { weights: `u: tensor("u", "H M"),` } },
  { code: "dim/undefined", of: "ascription", spec: { also: "z = k : H M" } },
  { code: "dim/circular", spec: { dims: `P: dim("p", "Q"), Q: dim("q", "P D"),` } },

  // States
  { code: "state/undeclared", of: "target", spec: { also: "z' = xx" } },
  { code: "state/undeclared", of: "read", spec: { also: "z = x'" } },
  { code: "state/undeclared", of: "shift", spec: { also: "z = shift(xx, perv)" } },
  { code: "state/unprimed", spec: { state: `T: "D",`, also: "T = xx\nT' = xx" } },
  { code: "state/not-yet", of: "order", spec: { state: `T: "D",`, also: "z = T'\nT' = xx" } },
  { code: "state/not-yet", of: "shift", spec: { also: "z = prev'" } },
  { code: "state/not-updated", spec: { state: `T: "D",` } },
  { code: "state/not-updated", of: "layer", spec: { state: `T: "D",`, also: "T' = xx when layer < 2" } },
  { code: "state/updated-twice", spec: { also: "prev' = xx" } },

  // Policies
  { code: "policy/power-of-two", spec: { policies: `scale("mix.k", 0.3)` } },
  { code: "policy/factor-range", spec: { policies: `scale("mix.k", 1 / 2097152)` } },
  { code: "policy/unknown-value", of: "value", spec: { policies: `scale("mix.kk", 1 / 2)` } },
  { code: "policy/unknown-value", of: "part", spec: { policies: `scale("mxi.k", 1 / 2)` } },
  {
    code: "policy/ambiguous-value",
    spec: {
      head: `head({ weights: { out: mat("head", "V", "D") }, equations: eq\`\n    k = x\n    logits = out @ k\n  \` })`,
      policies: `scale("k", 1 / 2)`,
    },
  },
  { code: "policy/not-a-value", of: "weight", spec: { policies: `scale("mix.key", 1 / 2)` } },
  { code: "policy/not-a-value", of: "hidden", spec: { policies: `scale("x", 1 / 2)` } },
  { code: "policy/every", spec: { policies: `rescaleHidden({ every: 0, by: 1 / 2 })` } },
  { code: "policy/duplicate", spec: { policies: `scale("mix.k", 1 / 2), scale("k", 1 / 4)` } },
  {
    code: "policy/duplicate",
    of: "extension",
    text: extensionText("", `name: "variant",\n  policies: [scale("mix.k", 1 / 4), scale("mix.k", 1 / 8)],`).replace(
      "replace }",
      "replace, scale }",
    ),
    files: { "base.rwkv.ts": miniSpec({ policies: `scale("mix.k", 1 / 2)` }) },
  },

  // Policies about precision
  { code: "policy/pattern", of: "braces", text: precise(`quantize("{key,up", "w8")`) },
  { code: "policy/pattern", of: "comma", text: precise(`keepFloat("mix.k,mix.y")`) },
  { code: "policy/pattern", of: "empty", text: precise(`keepFloat("")`) },
  { code: "policy/pattern", of: "nested", text: precise(`quantize("{key,{up,down}}", "w8")`) },
  { code: "policy/width", text: precise(`quantize("key", "w16")`) },
  { code: "policy/block", of: "size", text: precise(`quantize("key", "w4", { block: 48 })`) },
  { code: "policy/block", of: "width", text: precise(`quantize("key", "w8", { block: 32 })`) },
  { code: "policy/unknown-name", of: "weight", text: precise(`quantize("kye", "w8")`) },
  { code: "policy/unknown-name", of: "choice", text: precise(`quantize("{key,upp}", "w8")`) },
  { code: "policy/unknown-name", of: "beginning", text: precise(`quantize("mxi.*", "w8")`) },
  { code: "policy/unknown-name", of: "value", text: precise(`keepFloat("S", "mix.kk")`) },
  {
    code: "policy/unknown-name",
    of: "layer",
    text: precise(`quantize("blocks.{0,7}.key", "w8")`, { weights: `u: tensor("u", "H N"),`, also: "z = u * k" }),
    checkpoint: miniCheckpoint(),
  },
  { code: "policy/nothing-to-quantize", of: "vector", text: precise(`quantize("ln", "w8")`) },
  { code: "policy/nothing-to-quantize", of: "equation", text: precise(`quantize("mix.y", "w8")`) },
  { code: "policy/nothing-to-quantize", of: "table", text: precise(`quantize("emb", "w8")`) },
  { code: "policy/duplicate", of: "pattern", text: precise(`quantize("key", "w8"), quantize("key", "w4")`) },
  { code: "policy/duplicate", of: "kept", text: precise(`keepFloat("S", "y"), keepFloat("S")`) },
  { code: "spec/argument", of: "none-of-several", text: precise("keepFloat()") },
  { code: "spec/argument", of: "one-of-several", text: precise(`keepFloat("S", 3)`) },
  { code: "spec/unknown-key", of: "quantize", text: precise(`quantize("key", "w4", { block: 32, group: 32 })`) },

  // Checkpoints
  {
    code: "checkpoint/missing-tensor",
    checkpoint: miniCheckpoint({ "blocks.1.key": null, "blocks.1.kye": [6, 8] }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "checkpoint/missing-tensor",
    of: "pair",
    checkpoint: miniCheckpoint({
      "blocks.0.ln.weight": null,
      "blocks.0.ln.bias": null,
      "blocks.1.ln.weight": null,
      "blocks.1.ln.bias": null,
    }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "checkpoint/another-version",
    checkpoint: {
      source: "other.pth",
      tensors: new Map([
        ["wte.weight", { name: "wte.weight", shape: [20, 8], dtype: "float32" }],
        ["h.0.attn", { name: "h.0.attn", shape: [8, 8], dtype: "float32" }],
      ]),
    },
  },
  {
    code: "checkpoint/alternative",
    spec: {
      weights: `u: tensor("u", "H N"),`,
      equations:
        "xx = layer_norm(x, ln)\nk = key @ shift(xx, prev) : H N\nS'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]\nx = x + out @ (u * k) + down @ relu(up @ xx)",
      head: `head({ weights: { out: mat("head | emb", "V", "D") }, equations: eq\`logits = out @ x\` })`,
    },
    checkpoint: miniCheckpoint({ head: null }),
    isWarning: true,
  },
  {
    code: "checkpoint/missing-layer",
    checkpoint: miniCheckpoint({
      "blocks.3.key": [6, 8],
      "blocks.3.out": [8, 6],
      "blocks.3.ln.weight": [8],
      "blocks.3.ln.bias": [8],
      "blocks.3.u": [2, 3],
      "blocks.3.up": [12, 8],
      "blocks.3.down": [8, 12],
    }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "checkpoint/too-many-layers",
    checkpoint: manyLayers(1001),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "checkpoint/unused-tensors",
    isWarning: true,
    checkpoint: miniCheckpoint({ "blocks.0.extra": [3], "blocks.1.extra": [3], rope: [4] }),
    spec: {
      weights: `u: tensor("u", "H N"),`,
      equations:
        "xx = layer_norm(x, ln)\nk = key @ shift(xx, prev) : H N\nS'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]\nx = x + out @ (u * k) + down @ relu(up @ xx)",
    },
  },
  {
    code: "shape/checkpoint",
    of: "size",
    checkpoint: miniCheckpoint({ "blocks.0.key": [6, 9], "blocks.1.key": [6, 9] }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "shape/checkpoint",
    of: "transposed",
    checkpoint: miniCheckpoint({ "blocks.0.out": [6, 8], "blocks.1.out": [6, 8] }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "shape/checkpoint",
    of: "rank",
    checkpoint: miniCheckpoint({ "blocks.0.ln.bias": [2, 2, 2] }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  {
    code: "dim/factors",
    checkpoint: miniCheckpoint({ "blocks.0.u": [2, 4], "blocks.1.u": [2, 4] }),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u * k" },
  },
  { code: "dim/unresolved", checkpoint: miniCheckpoint({ "blocks.0.u": null, "blocks.1.u": null }) },
  {
    code: "shape/index-range",
    checkpoint: miniCheckpoint(),
    spec: { weights: `u: tensor("u", "H N"),`, also: "z = u[2]" },
  },
];
