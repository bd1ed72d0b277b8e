/**
 * Policies are exact or refused: any value of any spec, scaled by a power of two, gives the same logits and the same states,
 * or a diagnostic at the equation that prevents it.
 */
import { describe, expect, it } from "vitest";
import type { CheckedModel, CheckedPart, CheckedPolicy } from "../../compiler/check/typed.ts";
import { renderDiagnostics } from "../../compiler/diagnostics/render.ts";
import { expand } from "../../compiler/expand/expand.ts";
import { irEvaluator } from "../../compiler/ir/evaluate.ts";
import { verifyIr } from "../../compiler/ir/verify.ts";
import { applyScaling } from "../../compiler/passes/apply-scaling.ts";
import { miniFile, miniSpec, type MiniSpec } from "../check/mini-spec.ts";
import { checkedModel } from "../ir/bundled-model.ts";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { compare, run } from "./stages.ts";

const tokens = [3, 0, 7, 3, 1];
const v5: Sizes = { L: 3, V: 11, D: 8, H: 2, N: 4, F: 7 };
const v7: Sizes = { L: 2, V: 11, D: 8, H: 2, N: 4, F: 12, Rw: 3, Ra: 5, Rv: 2, Rg: 6 };
const specs: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-4.rwkv.ts", sizes: { L: 2, V: 11, D: 6, A: 8, F: 7 } },
  ...["5.0", "5.0-faaaa", "5.1", "5.1-faaaa", "5.2"].map((v) => ({ spec: `specs/rwkv-${v}.rwkv.ts`, sizes: v5 })),
  { spec: "specs/rwkv-6.rwkv.ts", sizes: { ...v5, L: 2, C: 5, Rm: 3, Rw: 2 } },
  { spec: "specs/rwkv-7.rwkv.ts", sizes: v7 },
  { spec: "specs/rwkv-7a.rwkv.ts", sizes: { ...v7, I: 2, J: 3 } },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 11, D: 6, A: 8, F: 7 } },
  { spec: "test/lower/specs/v6-like.rwkv.ts", sizes: { L: 2, V: 11, D: 8, H: 2, N: 4, C: 5, R: 3, Q: 4 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 11, H: 3, N: 4, M: 5 } },
];

const policy = (part: CheckedPart, value: string, by: number): CheckedPolicy => {
  const { span } = part.equations.find((e) => e.target.name === value)!;
  return { kind: "scale", part: part.name, value, by, span, text: `scale("${part.name}.${value}", ${by})` };
};

/** Every value that a policy may name, and the hidden state. */
function allPolicies(model: CheckedModel): CheckedPolicy[] {
  const parts = model.parts.flatMap((part) => {
    const names = part.equations.flatMap((e) => (e.target.kind === "local" ? [e.target.name] : []));
    return [...new Set(names)].flatMap((name) => [policy(part, name, 1 / 4), policy(part, name, 8)]);
  });
  const { span } = model.parts[0]!.equations[0]!;
  const first = model.embedding.equations.some((e) => e.target.name === "x")
    ? [policy(model.embedding, "x", 1 / 4), policy(model.embedding, "x", 8)]
    : [];
  return [...first, ...parts, { kind: "rescaleHidden", every: 1, by: 1 / 2, span, text: "rescaleHidden" }];
}

describe.each(specs)("$spec", ({ spec, sizes }) => {
  const { model, constants } = tinyModel(spec, specText(spec), sizes);
  const graph = expand(model);
  const expected = run(graph, irEvaluator(graph, constants), tokens);

  it("is the same model under every policy that is taken", () => {
    const policies = allPolicies(model);
    const taken: string[] = [];
    // Alone, and in pairs with the next.
    for (const list of [...policies.map((p) => [p]), ...policies.slice(1).map((p, i) => [policies[i]!, p])]) {
      const { value, diagnostics } = applyScaling(graph, list);
      if (!value) {
        expect(diagnostics.length, list.map((p) => p.text).join()).toBeGreaterThan(0);
        continue;
      }
      verifyIr(value, "apply-scaling");
      compare(run(value, irEvaluator(value, constants), tokens), expected, list.map((p) => p.text).join());
      taken.push(...list.map((p) => p.text));
    }
    expect([...new Set(taken)].sort()).toMatchSnapshot();
  });
});

const cases: readonly { readonly name: string; readonly change: MiniSpec }[] = [
  {
    name: "uncancelled-logits",
    change: {
      head: 'head({ weights: { head: mat("head", "V", "D") }, equations: eq`logits = head @ x` })',
      policies: "rescaleHidden({ every: 1, by: 1 / 2 })",
    },
  },
  {
    name: "non-homogeneous",
    change: {
      equations: `xx = layer_norm(x, ln)
       k = key @ shift(xx, prev) : H N
       S'[h,i,j] = S[h,i,j] + k[h,i] * k[h,j]
       y[h,i] = S'[h,i,j] * k[h,j]
       x = x + out @ (y * sigmoid(k)) + down @ relu(up @ xx)`,
      policies: 'scale("mix.k", 1 / 2)',
    },
  },
  { name: "unequal-sum", change: { also: "z = out @ (l2_norm(y) + y)\nx = x + z", policies: 'scale("mix.y", 1 / 2)' } },
  {
    name: "state",
    change: {
      equations: `xx = layer_norm(x, ln)
       k = key @ shift(xx, prev) : H N
       S'[h,i,j] = S[h,i,j] * k[h,i] + k[h,j]
       y[h,i] = S'[h,i,j] * k[h,j]
       x = x + out @ y + down @ relu(up @ xx)`,
      policies: 'scale("mix.k", 1 / 2)',
    },
  },
  { name: "range", change: { policies: 'scale("mix.k", 1 / 65536)' } },
];

describe("refusals", () => {
  it.each(cases)("scale/$name", async ({ name, change }) => {
    const text = miniSpec(change);
    const model = checkedModel(miniFile, text);
    const { value, diagnostics } = applyScaling(expand(model), model.policies);
    expect(value).toBeUndefined();
    expect(diagnostics.map((d) => d.code)).toContain(`scale/${name}`);
    const rendered = renderDiagnostics(diagnostics, model.sources, { colour: false });
    await expect(`${text}\n----\n${rendered}\n`).toMatchFileSnapshot(`golden/apply-scaling/${name}.txt`);
  });
});
