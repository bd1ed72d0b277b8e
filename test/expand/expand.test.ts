/** Expansion against the equations as they stand, and the order in which it takes products. */
import { describe, expect, it } from "vitest";
import { expand } from "../../compiler/expand/expand.ts";
import { initialStates, irEvaluator } from "../../compiler/ir/evaluate.ts";
import { topological } from "../../compiler/ir/ir.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { miniFile, miniSpec } from "../check/mini-spec.ts";
import { relativeDifference } from "../ir/bundled-model.ts";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { operations } from "../passes/small-graph.ts";
import { evaluateTyped, typedInitialStates } from "./evaluate-typed.ts";

const specs: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { L: 2, V: 11, D: 7, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { L: 2, V: 11, D: 7, H: 2, N: 4, F: 12 } },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 11, D: 6, A: 8, F: 7 } },
  { spec: "test/lower/specs/v6-like.rwkv.ts", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, C: 5, R: 3, Q: 4 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 11, H: 3, N: 4, M: 5 } },
];

/** Both give the same numbers for a few tokens; products are only taken in another order (double rounding). */
function compare({ model, constants }: ReturnType<typeof tinyModel>): void {
  const graph = expand(model);
  verifyIr(graph, "expand");
  const step = irEvaluator(graph, constants);
  let [plain, states] = [typedInitialStates(model), initialStates(graph)];
  expect([...states].sort()).toEqual([...plain].sort());
  for (const token of [3, 0, 7, 3]) {
    const expected = evaluateTyped(model, constants, token, plain);
    const actual = step(token, states);
    expect(relativeDifference(actual.logits, expected.logits)).toBeLessThan(1e-10);
    for (const [name, values] of expected.states) {
      expect(relativeDifference(actual.states.get(name)!, values), name).toBeLessThan(1e-10);
    }
    [plain, states] = [expected.states, actual.states];
  }
}

it.each(specs)("$spec means what its equations say", ({ spec, sizes }) =>
  compare(tinyModel(spec, specText(spec), sizes)),
);

/** Indexed equations over r, k: [H, N] and S: [H, N, N], with the result u: [H, N]. */
const equations = [
  "u[h,i] = S[h,i,j] * k[h,j] * r[h,j]",
  "u[h,i] = S[h,j,i] * k[h,j] - r[h,i] * k[h,j] * r[h,j]",
  "u[h,i] = r[h,i] * (k[h,j] * r[h,j] + S[h,i,j])",
  "u[h,i] = (r[h,j] - k[h,j]) * (S[h,i,j] + k[h,i])",
  "u[h,j] = k[h,i] * S[h,i,m] * S[h,m,j]",
  "u[h,i] = r[h,i] * k[h,j] * S[h,j,m]",
  "u[h,i] = -k[h,i] * exp(-S[h,j,i]) / (1 + abs(r[h,j]))",
  "u[h,i] = S[h,i,j] - S[h,j,i] + 2 * k[h,i]",
  "u[h,i] = r[h,i] * 3 * (S[h,m,j] * k[h,m])",
  "u[h,i] = S[h,i,j] * k[h,j] + 3 * r[h,j] * S[h,j,i]",
  "u[h,i] = S[h,i,j] * k[h,j] - r[h,j] * S[h,j,i] * -1",
  "u[h,i] = k[i,h] + r[h,i]",
  "u[h,i] = max(S[h,i,j], S[h,j,i]) * k[h,j]",
];

describe("indexed equations", () => {
  const mini = (line: string) =>
    miniSpec({
      weights: 'rec: mat("rec", "A", "D"), g: tensor("g", "H N"),',
      equations: `xx = layer_norm(x, ln)
       k = key @ shift(xx, prev) : H N
       r = g * (rec @ xx)
       ${line.includes("k[i,h]") ? "t[i,h] = k[h,i]" : ""}
       ${line.replace("k[i,h]", "t[i,h]")}
       S'[h,i,j] = 0.5 * S[h,i,j] + k[h,i] * r[h,j]
       x = x + out @ tanh(u) + down @ relu(up @ xx)`.replace(/\n\s*\n/g, "\n"),
    });
  it.each(equations)("%s", (line) => {
    compare(tinyModel(miniFile, mini(line), { L: 2, V: 11, D: 6, F: 5, H: 2, N: 3 }));
  });
});

describe("products", () => {
  const sizes = { L: 1, V: 11, D: 8, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6 };
  const graph = expand(tinyModel("specs/rwkv-7.rwkv.ts", specText("specs/rwkv-7.rwkv.ts"), sizes).model);
  const large = topological(graph).filter((v) => v.axes.length === 3 && v.op.kind !== "state" && v.name.endsWith("S"));

  it("are spread over the state's axes last", () => {
    // S w, sa (x) (kk a), v (x) k, and two additions: nothing else is as large as the state.
    expect(large.map((v) => v.op.kind === "binary" && v.op.op)).toEqual(["mul", "mul", "sub", "mul", "add"]);
  });

  it("are summed without being spread out", () => {
    // sa, y and bonus, and one for each matrix of weights.
    expect(operations(graph).contract).toBe(3 + 4 + 6 + 2 + 1);
    expect(operations(graph).sum).toBeUndefined();
  });
});
