/**
 * What a model costs, for comparing two: of a spec by compiling it (nothing is built or written), of an artefact from its
 * manifest, whose decode graph counts.
 */
import { DiagnosticError, hasErrors, inputError } from "../diagnostics/diagnostic.ts";
import type { Manifest, ManifestGraph } from "../emit/manifest.ts";
import { elements } from "../ir/constant.ts";
import type { CompileOptions } from "../pipeline.ts";
import { locateQnn } from "../qnn/locate.ts";
import { findTarget, type Precision, type Soc, socs } from "../targets/targets.ts";
import { BuildError } from "./build-model.ts";
import type { Session } from "./command.ts";
import { estimateArtefact, estimateSpec } from "./estimate.ts";
import { runFrontEnd } from "./front-end.ts";
import { bytes } from "./text.ts";

export interface Costs {
  readonly target: string;
  readonly precision: Precision;
  /** Scaling policies that the graph was made with. */
  readonly policies: number;
  readonly sizes: Readonly<Record<string, number>>;
  readonly nodes: number;
  /** Of all static tensors that a token reads. */
  readonly weightBytes: number;
  readonly macs: number;
  readonly stateBytes: number;
}

/** What a spec is compiled for when only its costs are asked for. */
export type CostOptions = Pick<CompileOptions, "target" | "precision" | "embedding" | "scaling">;

const dtypeBytes = { float16: 2, float32: 4, int32: 4, uint16: 2 } as const;

const graphCosts = ({ nodes, weightBytes, macs, states }: ManifestGraph) => ({
  nodes,
  weightBytes,
  macs,
  stateBytes: states.reduce((sum, { shape, dtype }) => sum + elements(shape) * dtypeBytes[dtype], 0),
});

/** Every artefact has a decode graph. */
export function artefactCosts({ graphs, precision, target, dims, policies }: Manifest): Costs {
  const about = { target, precision, policies: policies.length, sizes: dims };
  return { ...about, ...graphCosts(graphs.find(({ kind }) => kind === "decode")!) };
}

/** As the artefact was built. */
export function optionsOf(
  { target, precision, embedding, policies, htp }: Manifest,
  hasPolicies: boolean,
): CostOptions {
  const soc = socs.find(({ name }) => name === htp?.soc);
  return {
    target: { ...findTarget(target)!, ...(soc && { soc }) },
    precision,
    embedding: embedding.placement,
    scaling: policies.length > 0 || !hasPolicies,
  };
}

/** fp16 for the SoC's architecture, or that of the best known phone chips. */
export function usualOptions(soc: Soc | undefined): CostOptions {
  const target = findTarget(soc ? `htp-v${soc.arch}` : "htp-v75")!;
  return { target: soc ? { ...target, soc } : target, precision: "fp16", embedding: "graph", scaling: true };
}

/** Diagnostics: those of the front end and of the compiler. */
export async function specCosts(spec: string, weights: string, options: CostOptions): Promise<Costs> {
  const { model, checkpoint, diagnostics, sources } = await runFrontEnd(spec, weights);
  checkpoint?.close();
  if (!model) throw new BuildError(diagnostics, sources);
  const [{ compile }, { manifestGraph }] = await Promise.all([
    import("../pipeline.ts"),
    import("../emit/make-manifest.ts"),
  ]);
  const compiled = compile(model, { ...options, name: "model" });
  if (!compiled.value || hasErrors(compiled.diagnostics)) throw new BuildError(compiled.diagnostics, sources);
  const { target, precision } = options;
  const policies = options.scaling ? model.policies.length : 0;
  const about = { target: target.name, precision, policies, sizes: Object.fromEntries(model.sizes) };
  return { ...about, ...graphCosts(manifestGraph(compiled.value.graphs[0]!)) };
}

/** What is counted. */
export interface CostRow {
  readonly name: string;
  readonly one: string | number | undefined;
  readonly another: string | number | undefined;
  /** Shown even when both are the same. */
  readonly isAlwaysShown?: boolean;
  readonly write?: (count: number) => string;
}

const grouped = (count: number): string => count.toLocaleString("en");

export function costRows(one: Costs, another: Costs): CostRow[] {
  const row = (
    name: string,
    of: (costs: Costs) => string | number | undefined,
    more: Partial<CostRow> = {},
  ): CostRow => ({
    name,
    one: of(one),
    another: of(another),
    ...more,
  });
  const dims = [...new Set([...Object.keys(one.sizes), ...Object.keys(another.sizes)])];
  const isAlwaysShown = true;
  return [
    row("target", ({ target }) => target),
    row("precision", ({ precision }) => precision),
    row("scaling policies", ({ policies }) => policies),
    ...dims.map((dim) => row(dim, ({ sizes }) => sizes[dim])),
    row("nodes", ({ nodes }) => nodes, { isAlwaysShown, write: grouped }),
    row("weights a token reads", ({ weightBytes }) => weightBytes, { isAlwaysShown, write: bytes }),
    row("MACs a token", ({ macs }) => macs, { isAlwaysShown, write: grouped }),
    row("state", ({ stateBytes }) => stateBytes, { isAlwaysShown, write: bytes }),
  ];
}

/** One side, for Qualcomm's estimate: an artefact's folder, or a spec with its weights. */
export type Estimated = { readonly artefact: string } | { readonly spec: string; readonly weights: string };

/** Both sides' microseconds a token, or why there are none: Qualcomm's library is not installed. */
export async function estimates(
  session: Session,
  sides: readonly [Estimated, Estimated],
  soc: Soc,
): Promise<{ readonly microseconds: readonly [number, number] } | { readonly why: string }> {
  try {
    await locateQnn("htp", session.io.env);
  } catch (error) {
    const first = error instanceof DiagnosticError ? error.diagnostics[0] : undefined;
    if (first?.code !== "qnn/not-installed") throw error;
    return { why: `${first.title}; \`rwkvc qnn install\` brings the library that estimates` };
  }
  // One after the other: each takes both cores and gigabytes.
  return { microseconds: [await estimate(session, sides[0], soc), await estimate(session, sides[1], soc)] };
}

/** Diagnostics: estimate/none. */
async function estimate(session: Session, side: Estimated, soc: Soc): Promise<number> {
  const { decode } =
    "artefact" in side
      ? await estimateArtefact(session, side.artefact, soc)
      : await estimateSpec(session, side.spec, side.weights, soc);
  if (decode) return decode.microseconds;
  throw new DiagnosticError([
    inputError("estimate/none", `the library gave no estimate for ${soc.name}`, {
      hint: "`rwkvc doctor` tells which library is used",
    }),
  ]);
}
