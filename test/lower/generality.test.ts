/** Any sizes, and specs that are no RWKV version: every stage checks clean and computes what expansion gave. */
import { describe, expect, it } from "vitest";
import { type Sizes, specText, tinyModel } from "../ir/tiny-model.ts";
import { compareStages } from "../passes/stages.ts";

const tokens = [3, 0, 36, 3, 17];
const v7 = { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50, Rw: 5, Ra: 3, Rv: 2, Rg: 7 };
const v5 = { L: 2, V: 37, D: 48, H: 3, N: 16, F: 50 };
const v6 = { L: 2, V: 37, D: 24, H: 3, N: 8, C: 5, R: 3, Q: 4 };

const cases: readonly { readonly spec: string; readonly sizes: Sizes }[] = [
  { spec: "specs/rwkv-7.rwkv.ts", sizes: v7 },
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { ...v7, L: 1, D: 40, N: 32 } },
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { ...v7, H: 1, N: 11, D: 13, Rv: 1, Rg: 1 } },
  { spec: "specs/rwkv-7.rwkv.ts", sizes: { ...v7, L: 3, D: 16, H: 5, N: 2, F: 1 } },
  { spec: "specs/rwkv-7a.rwkv.ts", sizes: { ...v7, I: 4, J: 4 } },
  { spec: "specs/rwkv-7a.rwkv.ts", sizes: { ...v7, D: 40, I: 7, J: 3 } },
  { spec: "specs/rwkv-7a.rwkv.ts", sizes: { ...v7, L: 1, I: 1, J: 1 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: v5 },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { ...v5, L: 13, D: 24, N: 8 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { ...v5, L: 1, D: 29, H: 2, N: 32, F: 3 } },
  { spec: "specs/rwkv-5.2.rwkv.ts", sizes: { ...v5, L: 1, D: 7, H: 1, N: 5, F: 9 } },
  { spec: "specs/rwkv-4.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 20, F: 31 } },
  { spec: "specs/rwkv-4.rwkv.ts", sizes: { L: 7, V: 37, D: 13, A: 24, F: 1 } },
  ...["5.0", "5.0-faaaa", "5.1", "5.1-faaaa"].map((v) => ({ spec: `specs/rwkv-${v}.rwkv.ts`, sizes: v5 })),
  { spec: "specs/rwkv-6.rwkv.ts", sizes: { ...v5, C: 5, Rm: 3, Rw: 7 } },
  { spec: "specs/rwkv-6.rwkv.ts", sizes: { L: 7, V: 37, D: 24, H: 1, N: 11, F: 9, C: 5, Rm: 1, Rw: 1 } },
  { spec: "test/lower/specs/v4-like.rwkv.ts", sizes: { L: 2, V: 37, D: 20, A: 24, F: 31 } },
  { spec: "test/lower/specs/v6-like.rwkv.ts", sizes: v6 },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 37, H: 3, N: 4, M: 5 } },
  { spec: "test/lower/specs/operations.rwkv.ts", sizes: { L: 2, V: 37, H: 1, N: 8, M: 8 } },
];

const title = (sizes: Sizes): string => Object.entries(sizes).flat().join(" ");

describe.each(cases.map((c) => ({ ...c, title: title(c.sizes) })))("$spec, $title", ({ spec, sizes }) => {
  const tiny = tinyModel(spec, specText(spec), sizes);
  it("computes the same after every stage", () => {
    compareStages(tiny, tokens, { scaling: false });
  });
  it.runIf(tiny.model.policies.length > 0)("and with its policies", () => {
    compareStages(tiny, tokens, { scaling: true });
  });
  it("and with the embedding on the host", () => {
    compareStages(tiny, tokens, { scaling: true, embedding: "host" });
    expect(tiny.model.resolved).toBe(true);
  });
});
