/**
 * Writes an artefact's folder: generated sources and side files, weights, the model library, and last the manifest that
 * lists them. Built aside and renamed (see `replace-folder.ts`). The library is compiled while the weights are written.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { emitModel, weightsFile, type EmittedFile } from "../emit/emit-model.ts";
import { emitEncodings } from "../emit/encodings.ts";
import { emitEquations } from "../emit/equations.ts";
import { emitHtpConfigs } from "../emit/htp-config.ts";
import { embeddingFile, makeManifest, type ManifestInputs } from "../emit/make-manifest.ts";
import type { Manifest, ManifestFile } from "../emit/manifest.ts";
import { emitNetJson } from "../emit/net-json.ts";
import { emitSpec } from "../emit/spec-files.ts";
import { planWeights, type WeightEntry, weightsId, type WeightPlan } from "../emit/plan-weights.ts";
import { writeEmbedding, writeWeights, type WrittenFile } from "../emit/write-constant.ts";
import type { Encoding } from "../encodings/encoding.ts";
import { type Rounding, roundingFor } from "../quantize/round-weight.ts";
import { buildLibrary, hostTriple, libraryPath, type Triple } from "./build-library.ts";
import { supportFiles } from "./copy-support.ts";
import { hashFile, manifestFile, readManifest } from "./read-artefact.ts";
import { beginReplacement } from "./replace-folder.ts";

export interface ArtefactPlan extends ManifestInputs {
  /** The spec's `reference`, for the header of the generated source. */
  readonly reference?: string;
  readonly embedWeights?: boolean;
  /** Of quantized weights. */
  readonly rounding?: Rounding;
  /** The vocabulary file, which becomes `tokenizer.file`. */
  readonly vocabularyFile?: string | null;
  /** Systems to build the library for; this machine when absent. */
  readonly triples?: readonly Triple[];
}

export interface WriteOptions {
  /** Called while weights are written: bytes so far, bytes in all. */
  readonly onProgress?: (written: number, total: number) => void;
  /** Adds to the artefact before it is moved to its place (context binaries); files it adds are not in the manifest. */
  readonly finish?: (folder: string, manifest: Manifest) => Promise<void>;
}

export interface WrittenArtefact {
  readonly manifest: Manifest;
  /** Warnings about values that the weights' dtype cannot hold. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Fails with a DiagnosticError; the place is as it was then. */
export async function writeArtefact(
  place: string,
  plan: ArtefactPlan,
  checkpoint: Checkpoint,
  options: WriteOptions = {},
): Promise<WrittenArtefact> {
  const replacement = await beginReplacement(place, isArtefact);
  try {
    const written = await fillFolder(replacement.folder, place, plan, checkpoint, options);
    await options.finish?.(replacement.folder, written.manifest);
    await replacement.commit();
    return written;
  } catch (error) {
    await replacement.abandon();
    throw error;
  }
}

const isArtefact = (folder: string): Promise<boolean> =>
  readManifest(folder).then(
    () => true,
    () => false,
  );

async function fillFolder(
  folder: string,
  place: string,
  plan: ArtefactPlan,
  checkpoint: Checkpoint,
  options: WriteOptions,
): Promise<WrittenArtefact> {
  const weights = planWeights(plan.graphs);
  const id = weightsId(weights, checkpoint);
  const files: ManifestFile[] = [];
  for (const file of [...emitTexts(plan, weights, id), ...(await supportFiles(plan.embedWeights === true))]) {
    files.push(await writeText(folder, file));
  }
  files.push(...(await copyVocabulary(folder, plan)));
  const params = new Map<string, Encoding>();
  const writing = () => writeData(folder, plan, weights, id, checkpoint, params, options);
  const building = () => buildLibraries(folder, plan);
  let data: DataFile[];
  if (plan.embedWeights) {
    data = await writing();
    await building();
    await rm(join(folder, weightsFile));
    data = data.filter((file) => file.path !== weightsFile);
  } else {
    data = await both(writing(), building());
  }
  files.push(await writeText(folder, emitEncodings(plan.graphs, plan.rounding && params)));
  files.push(...data.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })));
  const libraries: Record<string, string> = {};
  for (const triple of plan.triples ?? [hostTriple]) {
    const path = libraryPath(plan.name, triple);
    libraries[triple] = path;
    files.push({ path, ...(await hashFile(join(folder, path))) });
  }
  const manifest = makeManifest(plan, checkpoint, {
    place,
    weights: plan.embedWeights ? null : weightsFile,
    libraries,
    files,
  });
  await writeText(folder, { path: manifestFile, text: `${JSON.stringify(manifest, null, 2)}\n` });
  return { manifest, diagnostics: data.flatMap((file) => file.warnings) };
}

function emitTexts(plan: ArtefactPlan, weights: WeightPlan, id: string): EmittedFile[] {
  const spec = { ...plan.spec, ...(plan.reference === undefined ? {} : { reference: plan.reference }) };
  const options = {
    name: plan.name,
    compilerVersion: plan.compilerVersion,
    spec,
    sources: plan.sources,
    precision: plan.precision,
    target: plan.target.name,
    weightsId: id,
    embedWeights: plan.embedWeights === true,
  };
  return [
    ...emitModel(plan.graphs, weights, options),
    emitEquations(plan.graphs, plan),
    ...plan.graphs.map((graph) =>
      emitNetJson(graph, plan.graphs.length === 1 ? plan.name : graph.name, plan.compilerVersion),
    ),
    ...emitSpec(plan),
    ...emitHtpConfigs(plan.graphs, plan.target),
  ];
}

async function copyVocabulary(folder: string, { tokenizer, vocabularyFile }: ArtefactPlan): Promise<ManifestFile[]> {
  if (!vocabularyFile || !tokenizer || !("file" in tokenizer)) return [];
  const path = join(folder, tokenizer.file);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(vocabularyFile, path);
  return [{ path: tokenizer.file, ...(await hashFile(path)) }];
}

async function writeText(folder: string, file: EmittedFile): Promise<ManifestFile> {
  const path = join(folder, file.path);
  await mkdir(dirname(path), { recursive: true });
  const data = Buffer.from(file.text, "utf8");
  await writeFile(path, data);
  return { path: file.path, bytes: data.length, sha256: createHash("sha256").update(data).digest("hex") };
}

interface DataFile extends WrittenFile {
  readonly path: string;
}

async function writeData(
  folder: string,
  plan: ArtefactPlan,
  weights: WeightPlan,
  id: string,
  checkpoint: Checkpoint,
  params: Map<string, Encoding>,
  { onProgress }: WriteOptions,
): Promise<DataFile[]> {
  const table = plan.hostEmbedding;
  const tableBytes = table ? table.table.shape.reduce((n, extent) => n * extent, table.dtype === "float16" ? 2 : 4) : 0;
  const total = weights.bytes + tableBytes;
  const report = (before: number) => (bytes: number) => onProgress?.(before + bytes, total);
  const quantizing = {
    roundingFor: (entry: WeightEntry) => roundingFor(entry, plan.rounding ?? { compensate: false }),
    onEncoding: (name: string, encoding: Encoding) => void params.set(name, encoding),
  };
  const path = join(folder, weightsFile);
  const written = await writeWeights(path, weights, id, checkpoint, report(0), quantizing);
  const files: DataFile[] = [{ path: weightsFile, ...written }];
  if (table) {
    const rows = await writeEmbedding(join(folder, embeddingFile), table, checkpoint, report(weights.bytes));
    files.push({ path: embeddingFile, ...rows });
  }
  return files;
}

async function buildLibraries(folder: string, plan: ArtefactPlan): Promise<void> {
  for (const triple of plan.triples ?? [hostTriple]) {
    await buildLibrary({ artefact: folder, name: plan.name, triple, embedWeights: plan.embedWeights === true });
  }
}

/** Waits for both, also when one fails, so that nothing writes into a folder that is being removed. */
async function both<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return a.value;
}
