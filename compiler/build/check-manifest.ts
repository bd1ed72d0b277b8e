/**
 * Whether a manifest that was read has the shape of emit/manifest.ts, and a table of equations that of emit/equations.ts, field by
 * field, so that nothing behind it meets a number where text should be. Gives the first fault as a sentence: `graphs[0].nodes: expected a count, found "many"`.
 */
import { precisions } from "../targets/targets.ts";
import type { EquationsJson } from "../emit/equations.ts";

/** A fault inside `value`, which stands at `at`; undefined when there is none. */
type Check = (value: unknown, at: string) => string | undefined;

const expected =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, at) =>
    holds(value) ? undefined : `${at}: expected ${what}, found ${shown(value)}`;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const text = expected("text", (value) => typeof value === "string");
const count = expected("a count", isCount);
const number = expected("a number", (value) => typeof value === "number" && Number.isFinite(value));
/** No manifest leads out of its folder. */
const inside = expected(
  "a path inside the folder",
  (value) =>
    typeof value === "string" && value !== "" && !value.startsWith("/") && !value.split(/[\\/]/).includes(".."),
);
const oneOf = (...values: readonly unknown[]): Check =>
  expected(values.map((value) => JSON.stringify(value)).join(" or "), (value) => values.includes(value));
const nullOr =
  (check: Check): Check =>
  (value, at) =>
    value === null ? undefined : check(value, at);

const list =
  (check: Check): Check =>
  (value, at) =>
    Array.isArray(value)
      ? first(value.map((item, i) => () => check(item, `${at}[${i}]`)))
      : `${at}: expected a list, found ${shown(value)}`;

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every value of an object, whatever its keys. */
const table =
  (check: Check): Check =>
  (value, at) =>
    isTable(value)
      ? first(
          Object.entries(value).map(
            ([key, item]) =>
              () =>
                check(item, join(at, key)),
          ),
        )
      : `${at}: expected an object, found ${shown(value)}`;

/** These keys; others are left alone, since a newer compiler may write more. */
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) =>
    isTable(value)
      ? first(
          Object.entries(fields).map(
            ([key, check]) =>
              () =>
                check(value[key], join(at, key)),
          ),
        )
      : `${at || "the file"}: expected an object, found ${shown(value)}`;

const join = (at: string, key: string): string => (at === "" ? key : `${at}.${key}`);

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check();
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const shape = list(count);
const dtype = oneOf("float16", "float32", "int32", "uint16");
const tensor = object({ name: text, role: oneOf("token", "embedding", "logits"), dtype, shape });
const slice = object({
  name: text,
  shape,
  offset: count,
  strides: list(count),
  scale: number,
  initial: number,
  order: count,
});
const state = object({ input: text, output: text, dtype, shape, slices: list(slice) });
const graph = object({
  name: text,
  kind: oneOf("decode", "prefill"),
  tokens: count,
  inputs: list(tensor),
  outputs: list(tensor),
  states: list(state),
  nodes: count,
  nodesPerLayer: list(count),
  weightBytes: count,
  macs: count,
});
const hostEmbedding = object({ file: inside, dtype: oneOf("float16", "float32"), shape });

const tokenizer: Check = (value, at) =>
  object({ kind: oneOf("bytes", "abc", "world", "huggingface") })(value, at) ??
  (["world", "huggingface"].includes((value as { kind: string }).kind)
    ? object({ file: inside })(value, at)
    : undefined);

const manifest = object({
  name: text,
  compilerVersion: text,
  spec: object({ name: text, file: text, path: inside, from: text, sha256: text }),
  checkpoint: object({ source: text, dtype: text }),
  dims: table(count),
  layers: count,
  vocabulary: count,
  precision: oneOf(...precisions),
  target: text,
  htp: nullOr(object({ soc: text, socModel: count, arch: count, vtcmMb: count })),
  policies: list(text),
  tokenizer: nullOr(tokenizer),
  embedding: (value, at) =>
    object({ placement: oneOf("graph", "host") })(value, at) ??
    ((value as { placement: string }).placement === "host" ? hostEmbedding(value, at) : undefined),
  weights: nullOr(inside),
  libraries: table(inside),
  graphs: list(graph),
  files: list(object({ path: inside, bytes: count, sha256: text })),
});

const estimate = object({
  microseconds: number,
  cycles: number,
  lowerCycles: number,
  upperCycles: number,
  opsWithoutCost: number,
  bytes: object({ inputFill: number, intermediateFill: number, intermediateSpill: number, outputSpill: number }),
  nodesWithoutCost: table(number),
});

const contextManifest = object({
  file: inside,
  bytes: count,
  sha256: text,
  soc: text,
  socModel: count,
  model: text,
  library: object({ buildId: text, coreApi: text, backendApi: text }),
  finalizeSeconds: number,
  estimates: table(nullOr(estimate)),
});

const place = object({
  part: text,
  name: text,
  file: count,
  line: count,
  column: count,
  start: count,
  end: count,
  text,
});
const tensorEntry: Check = (value, at) =>
  Array.isArray(value) && (value.length === 3 || value.length === 4)
    ? (text(value[0], `${at}[0]`) ??
      count(value[1], `${at}[1]`) ??
      nullOr(count)(value[2], `${at}[2]`) ??
      (value.length === 4 ? count(value[3], `${at}[3]`) : undefined))
    : `${at}: expected a tensor, an equation, a layer and perhaps a step, found ${shown(value)}`;
const valueEntry = object({
  tensor: text,
  equation: count,
  layer: nullOr(count),
  axes: list(text),
  shape: list(count),
  scale: number,
});
const equations = object({
  files: list(inside),
  equations: list(place),
  graphs: list(object({ name: text, tensors: list(tensorEntry), values: list(valueEntry) })),
});

/** Places that lead nowhere. */
function danglingPlace({ files, equations, graphs }: EquationsJson): string | undefined {
  const lost = (kind: string, at: number, list: readonly unknown[]) =>
    at < list.length ? undefined : `${kind} ${at} of ${list.length}`;
  return first([
    ...equations.map((e) => () => lost("file", e.file, files)),
    ...graphs.flatMap(({ tensors, values }) => [
      ...tensors.map(
        ([, at]) =>
          () =>
            lost("equation", at, equations),
      ),
      ...values.map(
        ({ equation }) =>
          () =>
            lost("equation", equation, equations),
      ),
    ]),
  ]);
}

/** Each axis has its extent. */
function wrongAxes({ graphs }: EquationsJson): string | undefined {
  const wrong = graphs.flatMap(({ values }) => values).find(({ axes, shape }) => axes.length !== shape.length);
  return wrong && `${wrong.tensor} has ${wrong.axes.length} axes, and ${wrong.shape.length} extents`;
}

/** `format` and `formatVersion` are the caller's to check. */
export const equationsFault = (value: object): string | undefined =>
  equations(value, "") ?? danglingPlace(value as EquationsJson) ?? wrongAxes(value as EquationsJson);

export const manifestFault = (value: object): string | undefined => manifest(value, "");
export const contextManifestFault = (value: object): string | undefined => contextManifest(value, "");
