/** The whole way from a spec and a checkpoint to an artefact folder: what `build` and `estimate SPEC` do. */
import packageJson from "../../package.json" with { type: "json" };
import type { Triple } from "../build/build-library.ts";
import type { Statistics } from "../calibrate/statistics.ts";
import { unknownNames } from "../check/check-precision.ts";
import type { CheckedModel, PrecisionPolicy } from "../check/typed.ts";
import { type Diagnostic, DiagnosticError, hasErrors, inputWarning } from "../diagnostics/diagnostic.ts";
import type { Manifest } from "../emit/manifest.ts";
import type { checkWidths } from "../encodings/check-widths.ts";
import type { LoadedEncodings } from "../encodings/load-encodings.ts";
import {
  findTarget,
  hasFixedActivations,
  isQuantized,
  type Precision,
  type Target,
  usesCalibration,
} from "../targets/targets.ts";
import type { BuildEncodings } from "./build-encodings.ts";
import type { Session } from "./command.ts";
import { runFrontEnd } from "./front-end.ts";

export interface BuildRequest {
  readonly spec: string;
  readonly weights: string;
  readonly target: Target;
  readonly precision: Precision;
  /** See CompileOptions. */
  readonly form?: Precision;
  /** Of quantized builds. */
  readonly quantization?: BuildEncodings | undefined;
  /** false: weights are rounded to the nearest even where there are second-order statistics. */
  readonly compensate?: boolean;
  readonly embedding: "graph" | "host";
  readonly scaling: boolean;
  readonly embedWeights: boolean;
  /** Of the command line: they count behind the spec's. */
  readonly precisionPolicies?: readonly PrecisionPolicy[];
  /** As --tokenizer names it. */
  readonly tokenizer?: string | undefined;
  /** Tokens of graphs for prompts; see CompileOptions. */
  readonly prefill?: readonly number[];
  /** Systems to build the model library for; this machine when absent. */
  readonly triples?: readonly Triple[];
  readonly name: string;
  readonly out: string;
  readonly onStage?: (stage: string, print: () => string) => void;
  /** Adds to the artefact before it is moved to its place: context binaries. */
  readonly finish?: (folder: string, manifest: Manifest) => Promise<void>;
}

export interface Built {
  readonly manifest: Manifest;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
  /** Stages and their milliseconds, in order. */
  readonly times: readonly (readonly [string, number])[];
}

/** Diagnostics with the sources that they point into. */
export class BuildError extends DiagnosticError {
  constructor(
    diagnostics: readonly Diagnostic[],
    readonly sources: ReadonlyMap<string, string>,
  ) {
    super(diagnostics);
  }
}

export async function buildModel(request: BuildRequest, session: Session): Promise<Built> {
  const times: [string, number][] = [];
  const stage = async <T>(name: string, body: () => Promise<T> | T): Promise<T> => {
    session.progress.update(`${name} ...`);
    const start = performance.now();
    const value = await body();
    times.push([name, performance.now() - start]);
    return value;
  };
  const front = await stage("check", () => runFrontEnd(request.spec, request.weights));
  const { model, checkpoint, sources } = front;
  try {
    if (!model || !checkpoint) throw new BuildError(front.diagnostics, sources);
    checkPolicyNames(request.precisionPolicies ?? [], model);
    const vocabulary = vocabularySize(model);
    const { tokenizerForBuild } = await import("./tokenizer.ts");
    const { tokenizer, source } = await tokenizerForBuild(request.tokenizer, vocabulary, request.weights, session);
    const compiled = await stage("compile", async () => {
      const { compile } = await import("../pipeline.ts");
      return compile(model, { ...request, encodings: request.quantization?.encodings });
    });
    const { file, statistics } = request.quantization ?? {};
    const named = file ? await checkEncodingNames({ file, statistics }, model, request) : [];
    const diagnostics = [
      ...front.diagnostics,
      ...(request.quantization?.diagnostics ?? []),
      ...named,
      ...(file && !hasErrors(named) ? await otherWidths(file, compiled.value?.graphs ?? []) : []),
      ...compiled.diagnostics,
    ];
    if (hasErrors(diagnostics)) throw new BuildError(diagnostics, sources);
    if (!compiled.value) throw new BuildError(diagnostics, sources);
    const { graphs, hostEmbedding, policies } = compiled.value;
    const { writeArtefact } = await import("../build/write-artefact.ts");
    const plan = {
      name: request.name,
      compilerVersion: packageJson.version,
      spec: { name: model.name, file: model.file },
      sources,
      dims: Object.fromEntries(model.sizes),
      vocabulary,
      precision: request.precision,
      target: request.target,
      policies,
      tokenizer,
      vocabularyFile: source,
      graphs,
      hostEmbedding,
      ...(isQuantized(request.precision) && {
        rounding: {
          encodings: request.quantization?.encodings,
          file: request.quantization?.file?.file,
          statistics: request.quantization?.statistics,
          compensate: request.compensate !== false,
        },
        calibration: request.quantization?.source ?? null,
      }),
      embedWeights: request.embedWeights,
      ...(request.triples ? { triples: request.triples } : {}),
      reference: front.reference,
    };
    const { finish } = request;
    let finishing = 0;
    const written = await stage("write and build", () =>
      writeArtefact(request.out, plan, checkpoint, {
        onProgress: (done, total) => session.progress.update(`weights ${Math.floor((100 * done) / total)} % ...`),
        finish: async (folder, manifest) => {
          const start = performance.now();
          await finish?.(folder, manifest);
          finishing = performance.now() - start;
        },
      }),
    );
    times.at(-1)![1] -= finishing;
    if (finishing > 1) times.push(["context binary", finishing]);
    return { manifest: written.manifest, diagnostics: [...diagnostics, ...written.diagnostics], sources, times };
  } finally {
    checkpoint?.close();
  }
}

/**
 * Names in a file of encodings, held against those of the graph that it is for, and what no NPU takes; see checkNames, refusedEncodings.
 * Beside float16 activations, those of activations are not read: encodings/nothing-read (warning).
 */
async function checkEncodingNames(
  { file, statistics }: { readonly file: LoadedEncodings; readonly statistics: Statistics | undefined },
  model: CheckedModel,
  request: BuildRequest,
): Promise<readonly Diagnostic[]> {
  const [
    { compile },
    { graphTensors, sortByTensors, integerWeightsOnly },
    { checkNames },
    { checkStatistics },
    { refusedEncodings },
  ] = await Promise.all([
    import("../pipeline.ts"),
    import("../encodings/graph-tensors.ts"),
    import("../encodings/check-names.ts"),
    import("../encodings/check-statistics.ts"),
    import("../encodings/lint-encodings.ts"),
  ]);
  const { name, embedding, scaling, precision, prefill } = request;
  const target = findTarget("host")!;
  const form = compile(model, {
    name,
    embedding,
    scaling,
    target,
    prefill: prefill ?? [],
    precision: "fp32",
    form: precision,
  });
  if (!form.value) return form.diagnostics;
  const tensors = graphTensors(form.value.graphs);
  const sorted = file.version === "2.0.0" ? sortByTensors(file, tensors) : file;
  const read = isQuantized(precision) && !hasFixedActivations(precision) ? integerWeightsOnly(sorted) : sorted;
  const readsStatistics = statistics !== undefined && usesCalibration(precision);
  const others = readsStatistics ? [...checkStatistics(statistics, form.value.graphs)] : [];
  if (!readsStatistics && read.places.activations.size + read.places.params.size === 0)
    others.push(nothingRead(file.file, precision));
  return [...checkNames(read, tensors), ...refusedEncodings(read), ...others];
}

async function otherWidths(...args: Parameters<typeof checkWidths>): Promise<readonly Diagnostic[]> {
  return (await import("../encodings/check-widths.ts")).checkWidths(...args);
}

const nothingRead = (file: string, precision: Precision): Diagnostic =>
  inputWarning("encodings/nothing-read", `at ${precision} activations stay float16: nothing of ${file} is read`, {
    place: { file },
    notes: ["It has no weights of 8 bits or fewer."],
    hint: "leave --encodings out, or use --precision a16w8",
  });

/**
 * Policies of the command line, before the time of a calibration is spent. Diagnostics: those of the front end, policy/unknown-name,
 * policy/nothing-to-quantize.
 */
export async function checkPolicies(
  policies: readonly PrecisionPolicy[],
  spec: string,
  weights: string,
): Promise<void> {
  if (policies.length === 0) return;
  const { model, checkpoint, diagnostics, sources } = await runFrontEnd(spec, weights);
  checkpoint?.close();
  if (!model) throw new BuildError(diagnostics, sources);
  checkPolicyNames(policies, model);
}

function checkPolicyNames(policies: readonly PrecisionPolicy[], model: CheckedModel): void {
  const found = unknownNames(policies, model);
  if (found.length > 0) throw new DiagnosticError(found);
}

/** The one axis of `logits`, which the checker has seen to. */
function vocabularySize(model: CheckedModel): number {
  const logits = model.head.equations.find(({ target }) => target.kind === "carry" && target.name === "logits");
  const size = model.sizes.get(logits?.axes[0]?.dim ?? "");
  if (size === undefined) throw new Error("the axis of logits has no size");
  return size;
}
