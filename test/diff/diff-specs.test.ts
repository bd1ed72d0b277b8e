/** What two specs say differently, and how people are told. */
import { expect, test } from "vitest";

import { describeDifference } from "../../compiler/diff/describe-diff.ts";
import { diffSpecs, isSame } from "../../compiler/diff/diff-specs.ts";
import type { SpecAst } from "../../compiler/frontend/ast.ts";
import { readSpec } from "../../compiler/frontend/read-spec.ts";
import { type MiniSpec, miniSpec } from "../check/mini-spec.ts";

function read(file: string, text: string): SpecAst {
  const { value, diagnostics } = readSpec(file, (path) => (path === file ? text : undefined));
  expect(diagnostics).toEqual([]);
  return value!;
}

const mini = (change: MiniSpec = {}, edit = (text: string) => text): SpecAst =>
  read("other.rwkv.ts", edit(miniSpec(change)));

/** The lines that tell how a changed mini spec differs. */
function told(change: MiniSpec, edit?: (text: string) => string): string {
  const [left, right] = [read("mini.rwkv.ts", miniSpec()), mini(change, edit)];
  const lines = describeDifference(diffSpecs(left, right), { left: left.sources, right: right.sources });
  expect(isSame(diffSpecs(left, right))).toBe(lines.length === 0);
  return lines.join("\n");
}

const equations = `xx = layer_norm(x, ln)
     k = key @ shift(xx, prev) : H N
     S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
     y[h,i] = S'[h,i,j] * k[h,j]
     x = x + out @ y + down @ relu(up @ xx)`;

test.each<[string, MiniSpec]>([
  ["itself", {}],
  ["blanks and comments", { equations: `# a comment\n${equations.replace("xx = ", "xx   =   ")}` }],
  ["parentheses that change nothing", { equations: equations.replace("x + out @ y", "(x + (out @ y))") }],
  ["a number written otherwise", { equations: equations.replace("(x, ln)", "(x, ln, eps = 1e-5)") }],
])("nothing: %s", (what, change) => {
  if (what.startsWith("a number")) {
    const left = mini({ equations: equations.replace("(x, ln)", "(x, ln, eps = 0.00001)") });
    expect(isSame(diffSpecs(left, mini(change)))).toBe(true);
  } else expect(told(change)).toBe("");
});

test("the order of products is a difference", () => {
  expect(told({ equations: equations.replace("x + out @ y", "out @ y + x") })).not.toBe("");
  expect(told({ equations: equations.replace("x + out @ y +", "x + (out @ y +").replace(/$/, ")") })).not.toBe("");
});

test("the name", () => {
  expect(told({}, (text) => text.replace('name: "mini"', 'name: "other"'))).toMatchInlineSnapshot(`
    "name
      - mini    mini:4
      + other   other:4"
  `);
});

test("dimensions: one more, other factors", () => {
  expect(told({ dims: 'R: dim("rank"),' }, (text) => text.replace('together", "H N"', 'side by side", "N H"')))
    .toMatchInlineSnapshot(`
    "dims
      - A: heads together = H N       mini:8
      + A: heads side by side = N H   other:8
      + R: rank                       other:9"
  `);
});

test("carried values, the number of layers and their prefix", () => {
  const edit = (text: string) => text.replace('layers("L"', 'layers("H"');
  expect(told({ carry: 'x: "D", first: "H N"', prefix: '"b.{layer}"' }, edit)).toMatchInlineSnapshot(`
    "carry
      + first: [H, N]   other:10
    layers
      - count: L                 mini:12
      + count: H                 other:12
      - prefix: blocks.{layer}   mini:12
      + prefix: b.{layer}        other:12"
  `);
});

test("weights: another shape, another tensor, a vector for a norm, gone, new", () => {
  expect(
    told({ weights: 'u: tensor("u", "H N"),' }, (text) =>
      text
        .replace('mat("key", "A", "D")', 'mat("key", "D", "A")')
        .replace('mat("up", "F", "D")', 'mat("above", "F", "D")')
        .replace('norm("ln", "D")', 'vec("ln", "D")')
        .replace('down: mat("down", "D", "F"),', ""),
    ),
  ).toMatchInlineSnapshot(`
    "mix
      weights
        - ln: ln.weight and .bias [D]   mini:15
        + ln: ln [D]                    other:15
        - key: key [A, D]               mini:15
        + key: key [D, A]               other:15
        - up: up [F, D]                 mini:16
        + up: above [F, D]              other:16
        - down: down [D, F]             mini:16
        + u: u [H, N]                   other:17"
  `);
});

test("states: another shape, another initial value, new", () => {
  const edit = (text: string) => text.replace('prev: "D", S: "H N N"', 'prev: state("D", -1), S: "H N"');
  expect(told({ state: 'more: "F"' }, edit)).toMatchInlineSnapshot(`
    "mix
      state
        - prev: [D]           mini:18
        + prev: [D] from -1   other:18
        - S: [H, N, N]        mini:18
        + S: [H, N]           other:18
        + more: [F]           other:18"
  `);
});

test("equations: put in, replaced, taken away, moved", () => {
  expect(
    told({
      equations: `xx = layer_norm(x, ln)
        k = key @ shift(xx, prev) : H N
        S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
        more = tanh(xx)
        y[h,i] = S'[h,i,j] * k[h,j]
        x = x + out @ y + down @ relu(up @ more)`,
    }),
  ).toMatchInlineSnapshot(`
    "mix
      equations
          mini:22  other:22  S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
        +          other:23  more = tanh(xx)
          mini:23  other:24  y[h,i] = S'[h,i,j] * k[h,j]
        - mini:24            x = x + out @ y + down @ relu(up @ xx)
        +          other:25  x = x + out @ y + down @ relu(up @ more)"
  `);
  expect(
    told({
      equations: `k = key @ x : H N
        xx = layer_norm(x, ln)
        S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
        x = x + down @ relu(up @ xx)`,
    }),
  ).toMatchInlineSnapshot(`
    "mix
      equations
        +          other:20  k = key @ x : H N
          mini:20  other:21  xx = layer_norm(x, ln)
        - mini:21            k = key @ shift(xx, prev) : H N
          mini:22  other:22  S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
        - mini:23            y[h,i] = S'[h,i,j] * k[h,j]
        - mini:24            x = x + out @ y + down @ relu(up @ xx)
        +          other:23  x = x + down @ relu(up @ xx)"
  `);
});

test("an ascribed shape, a factor", () => {
  expect(told({ equations: equations.replace("(xx, prev) : H N", "(xx, prev) : A").replace("x + out", "x + 1 * out") }))
    .toMatchInlineSnapshot(`
    "mix
      equations
          mini:20  other:20  xx = layer_norm(x, ln)
        - mini:21            k = key @ shift(xx, prev) : H N
        +          other:21  k = key @ shift(xx, prev) : A
          mini:22  other:22  S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
          mini:23  other:23  y[h,i] = S'[h,i,j] * k[h,j]
        - mini:24            x = x + out @ y + down @ relu(up @ xx)
        +          other:24  x = x + 1 * out @ y + down @ relu(up @ xx)"
  `);
});

test("a block more is told with all that it says; the parts are in the order of the spec", () => {
  const more = `block("more", { weights: { w: mat("w", "D", "D") }, state: {}, equations: eq\`x = x + w @ x\` }),\n  ]),\n  head:`;
  const edit = (text: string) => text.replace("]),\n  head:", more).replace("x = emb[token]", "x = 2 * emb[token]");
  expect(told({}, edit)).toMatchInlineSnapshot(`
    "layers
      - parts: mix         mini:12
      + parts: mix, more   other:12
    embedding
      equations
        - mini:11            x = emb[token]
        +          other:11  x = 2 * emb[token]
    more
      weights
        + w: w [D, D]   other:27
      equations
        +   other:27  x = x + w @ x"
  `);
});

test("policies", () => {
  expect(told({ policies: 'scale("mix.k", 1 / 2), rescaleHidden({ every: 6, by: 1 / 2 })' })).toMatchInlineSnapshot(`
    "policies
      + mix.k: by 0.5                          other:29
      + rescaleHidden: by 0.5 every 6 layers   other:29"
  `);
  const [one, two] = [mini({ policies: 'scale("mix.k", 1 / 2)' }), mini({ policies: 'scale("mix.k", 0.5)' })];
  expect(isSame(diffSpecs(one, two))).toBe(true);
});

test("policies about precision", () => {
  const precise = (policies: string) =>
    read("mini.rwkv.ts", miniSpec({ policies }).replace("layers, mat,", "keepFloat, quantize, layers, mat,"));
  const left = precise('keepFloat("S", "mix.k"), quantize("key", "w8")');
  const right = precise('keepFloat("S"), quantize("key", "w4", { block: 32 })');
  const lines = describeDifference(diffSpecs(left, right), { left: left.sources, right: right.sources });
  expect(lines.join("\n")).toMatchInlineSnapshot(`
    "policies
      - keepFloat mix.k: float16           mini:29
      - quantize key: w8                   mini:29
      + quantize key: w4 in blocks of 32   mini:29"
  `);
});

test("each side's lines are those of its own text", () => {
  const left = read("mini.rwkv.ts", miniSpec());
  const right = read("mini.rwkv.ts", `// a line more\n${miniSpec().replace("x = emb[token]", "x = 3 * emb[token]")}`);
  const lines = describeDifference(diffSpecs(left, right), { left: left.sources, right: right.sources });
  expect(lines).toMatchInlineSnapshot(`
    [
      "embedding",
      "  equations",
      "    - mini:11           x = emb[token]",
      "    +          mini:12  x = 3 * emb[token]",
    ]
  `);
});
