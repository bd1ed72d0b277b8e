/**
 * The numbers of the dimensions, from a checkpoint. In: the declared weights with their dimension names, and the
 * checkpoint's tensors. Out: a size for every dimension and the number of layers; all mismatches are reported.
 *
 * The layer count comes from the tensors' names. Then every tensor says something about its dimensions; the first to say
 * it is believed, and a later one that disagrees is reported with both places. Products (A = H N) give what is left.
 *
 * Diagnostics: `checkpoint/missing-tensor`, `checkpoint/another-version`, `checkpoint/missing-layer`, `checkpoint/too-many-layers`,
 * `checkpoint/unused-tensors` (warning), `shape/checkpoint`, `dim/factors`, `dim/unresolved`, `shape/index-range`.
 */
import type { TensorInfo } from "../checkpoint/checkpoint.ts";
import {
  type Diagnostic,
  inputError,
  inputWarning,
  type Label,
  type Span,
  unsupportedError,
} from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Dims, ModelScope } from "./scope.ts";
import { pairShapes } from "./unify-shape.ts";

export interface CheckpointTensors {
  /** As the user named the checkpoint. */
  readonly source: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** A declared tensor: its name, with `{layer}` inside the layers, and in which layers equations use it. */
export interface DeclaredTensor {
  readonly tensor: string;
  readonly shape: Dims;
  readonly span: Span;
  readonly isUsedIn: (layer: number) => boolean;
}

export interface ResolvedDims {
  readonly sizes: ReadonlyMap<string, number>;
  readonly layerCount: number;
}

/** What is known of one dimension, and which tensor said so. */
interface Known {
  readonly size: number;
  readonly from?: { readonly tensor: string; readonly span: Span };
}

export function resolveDims(
  declared: readonly DeclaredTensor[],
  prefix: string,
  checkpoint: CheckpointTensors,
  model: ModelScope,
): ResolvedDims {
  const present = findLayers(prefix, checkpoint, model);
  const layerCount = Math.max(0, ...present.map((layer) => layer + 1));
  const known = new Map<string, Known>([[model.layerDim, { size: layerCount }]]);
  const looksRight = reportMissing(declared, present, checkpoint, model);
  unifyAll(declared, present, known, checkpoint, model);
  solveFactors(known, model);
  if (looksRight) {
    reportUnresolved(declared, known, model);
    reportUnused(declared, checkpoint, model);
  }
  for (const { dim, index, span } of model.constantIndices) {
    const size = known.get(dim)?.size;
    if (size === undefined || index < size) continue;
    model.report(
      inputError("shape/index-range", `there is no element ${index}: ${dim} is ${size}`, {
        primary: { span, text: `must be less than ${size}` },
        secondary: origin(dim, known),
      }),
    );
  }
  return { sizes: new Map([...known].map(([dim, { size }]) => [dim, size])), layerCount };
}

const inLayer = (tensor: string, layer: number): string => tensor.replace("{layer}", String(layer));
const isPerLayer = ({ tensor }: DeclaredTensor): boolean => tensor.includes("{layer}");
const extentsText = (extents: readonly number[]): string => `[${extents.join(", ")}]`;
const namesText = (dims: Dims): string => `"${dims.join(" ")}"`;

/** Names that the declaration stands for in these layers, where equations use it. */
function expandNames(declaration: DeclaredTensor, layers: readonly number[]): string[] {
  if (!isPerLayer(declaration)) return declaration.isUsedIn(0) ? [declaration.tensor] : [];
  return layers.filter((layer) => declaration.isUsedIn(layer)).map((layer) => inLayer(declaration.tensor, layer));
}

/** The numbers of the layers that the checkpoint has tensors of, in order. */
function findLayers(prefix: string, { tensors, source }: CheckpointTensors, model: ModelScope): number[] {
  const [before = "", after = ""] = `${prefix}.`.split("{layer}");
  const found = new Set<number>();
  for (const name of tensors.keys()) {
    if (!name.startsWith(before)) continue;
    const digits = /^\d+/.exec(name.slice(before.length))?.[0];
    if (digits !== undefined && name.startsWith(after, before.length + digits.length)) found.add(Number(digits));
  }
  const present = [...found].sort((a, b) => a - b);
  const gap = present.findIndex((layer, i) => layer !== i);
  if (gap < 0) return present.slice(0, limitLayers(present.length, source, model));
  const missing = inLayer(prefix, gap);
  model.report(
    inputError("checkpoint/missing-layer", `the checkpoint has no ${missing}, but ${inLayer(prefix, present[gap]!)}`, {
      place: { file: source, detail: missing },
      hint: "the file may be only a part of the model",
    }),
  );
  // Up to the gap, or after it, the layers are checked as well.
  return present.slice(0, gap > 0 ? gap : maximalLayers);
}

/** Ten times what the deepest models have. */
const maximalLayers = 1000;

function limitLayers(count: number, source: string, model: ModelScope): number {
  if (count > maximalLayers) {
    model.report(
      unsupportedError("checkpoint/too-many-layers", `the checkpoint has ${count} layers`, {
        place: { file: source },
        notes: [`At most ${maximalLayers} are compiled.`],
        hint: "the tensors' names are not what they seem: `rwkvc inspect` shows them",
      }),
    );
  }
  return Math.min(count, maximalLayers);
}

/** False if so much is missing that the checkpoint must be for another spec. */
function reportMissing(
  declared: readonly DeclaredTensor[],
  present: readonly number[],
  { tensors, source }: CheckpointTensors,
  model: ModelScope,
): boolean {
  const missing = declared.flatMap((declaration) => {
    const names = expandNames(declaration, present.length > 0 ? present : [0]);
    const absent = names.filter((name) => !tensors.has(name));
    return absent.length > 0 ? [{ declaration, absent, of: names.length }] : [];
  });
  const whole = missing.filter(({ absent, of }) => absent.length === of);
  const foreign = foreignTemplates(declared, tensors);
  if (whole.length > 3 && whole.length > declared.length / 4) {
    model.report(
      inputError(
        "checkpoint/another-version",
        `this checkpoint looks like another version: ${whole.length} of ${declared.length} declared tensors are missing`,
        {
          primary: { span: whole[0]!.declaration.span, text: `\`${whole[0]!.absent[0]}\` is missing, for one` },
          place: { file: source },
          notes: [
            `Missing: ${listed(whole.map(({ declaration }) => declaration.tensor))}.`,
            ...(foreign.size > 0 ? [`The checkpoint has instead: ${listed([...foreign.keys()])}.`] : []),
          ],
          hint: "choose the spec of the checkpoint's own version",
        },
      ),
    );
    return false;
  }
  // A norm's weight and bias are one declaration.
  for (const [i, { declaration, absent, of }] of missing.entries()) {
    const isSame = (other: (typeof missing)[0]): boolean => other.declaration.span === declaration.span;
    if (missing.findIndex(isSame) < i) continue;
    const name = absent[0]!;
    const others = missing
      .slice(i + 1)
      .filter(isSame)
      .map((other) => `, nor \`${other.absent[0]}\``);
    const more = absent.length > 1 ? `, and in ${absent.length - 1} more of ${of} layers` : "";
    const nearest = nearestTensor(name, [...foreign.values()].flat());
    model.report(
      inputError("checkpoint/missing-tensor", `the checkpoint has no \`${name}\`${others.join("")}${more}`, {
        primary: { span: declaration.span, text: `declared here with ${namesText(declaration.shape)}` },
        place: { file: source, detail: name },
        hint: nearest === undefined ? undefined : `the checkpoint has \`${nearest}\`, which the spec does not use`,
      }),
    );
  }
  return true;
}

/** Tensors of the checkpoint that no declaration names, numbers between dots taken for the layer's: template -> names. */
function foreignTemplates(
  declared: readonly DeclaredTensor[],
  tensors: ReadonlyMap<string, TensorInfo>,
): Map<string, string[]> {
  const exact = new Set(declared.map(({ tensor }) => tensor));
  const templates = new Map<string, string[]>();
  for (const name of tensors.keys()) {
    const template = name.replace(/(?<=^|\.)\d+(?=\.|$)/, "{layer}");
    if (exact.has(name) || exact.has(template)) continue;
    const names = templates.get(template);
    if (names === undefined) templates.set(template, [name]);
    else names.push(name);
  }
  return templates;
}

/** The name that differs in one of its dotted segments, and there by a slip only. */
function nearestTensor(name: string, known: readonly string[]): string | undefined {
  const segments = name.split(".");
  for (const at of segments.keys()) {
    const alike = known.filter((other) => {
      const theirs = other.split(".");
      return theirs.length === segments.length && theirs.every((segment, i) => i === at || segment === segments[i]);
    });
    const nearest = suggest(
      segments[at]!,
      alike.map((other) => other.split(".")[at]!),
    );
    if (nearest !== undefined) return segments.toSpliced(at, 1, nearest).join(".");
  }
  return undefined;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function unifyAll(
  declared: readonly DeclaredTensor[],
  present: readonly number[],
  known: Map<string, Known>,
  checkpoint: CheckpointTensors,
  model: ModelScope,
): void {
  const postponed: { declaration: DeclaredTensor; name: string; ways: readonly (readonly number[])[] }[] = [];
  const conflicts = new Map<DeclaredTensor, { name: string; extents: readonly number[]; dim?: string }[]>();
  const conflict = (declaration: DeclaredTensor, name: string, extents: readonly number[], dim?: string): void => {
    conflicts.set(declaration, [...(conflicts.get(declaration) ?? []), { name, extents, dim }]);
  };
  for (const declaration of declared) {
    for (const name of expandNames(declaration, present)) {
      const extents = checkpoint.tensors.get(name)?.shape;
      if (!extents) continue;
      const ways = pairShapes(declaration.shape, extents);
      if (ways.length === 1) unify(declaration, name, extents, ways[0]!);
      else if (ways.length === 0) conflict(declaration, name, extents);
      else postponed.push({ declaration, name, ways });
    }
  }
  // Several 1s to choose from: now that other tensors have spoken, the way that fits them.
  for (const { declaration, name, ways } of postponed) {
    const fits = ways.find((way) => way.every((size, i) => (known.get(declaration.shape[i]!)?.size ?? size) === size));
    unify(declaration, name, checkpoint.tensors.get(name)!.shape, fits ?? ways[0]!);
  }
  for (const [declaration, found] of conflicts) model.report(shapeConflict(declaration, found, known, checkpoint));

  function unify(declaration: DeclaredTensor, name: string, extents: readonly number[], way: readonly number[]): void {
    const odd = declaration.shape.find((dim, i) => {
      const size = known.get(dim)?.size ?? repeated(declaration.shape, way, i);
      return size !== undefined && size !== way[i];
    });
    if (odd !== undefined) {
      conflict(declaration, name, extents, odd);
      return;
    }
    const from = { tensor: name, span: declaration.span };
    declaration.shape.forEach((dim, i) => {
      if (!known.has(dim)) known.set(dim, { size: way[i]!, from });
    });
  }

  /** The same dimension further left in the same shape. */
  function repeated(shape: Dims, way: readonly number[], at: number): number | undefined {
    const first = shape.indexOf(shape[at]!);
    return first < at ? way[first] : undefined;
  }
}

function shapeConflict(
  declaration: DeclaredTensor,
  found: readonly { readonly name: string; readonly extents: readonly number[]; readonly dim?: string }[],
  known: ReadonlyMap<string, Known>,
  { source }: CheckpointTensors,
): Diagnostic {
  const [{ name, extents, dim }] = found as [(typeof found)[0]];
  const size = dim === undefined ? undefined : known.get(dim);
  const expected = declaration.shape.map((d) => known.get(d)?.size ?? d);
  const because =
    size === undefined
      ? `not ${namesText(declaration.shape)}`
      : `but ${dim} ${size.from ? `was ${size.size} from ${size.from.tensor}` : `is ${size.size}`}`;
  const more = found.length > 1 ? [`The same in ${found.length - 1} more layer${found.length === 2 ? "" : "s"}.`] : [];
  const isReversed = extents.length > 1 && extents.toReversed().every((extent, i) => extent === expected[i]);
  return inputError("shape/checkpoint", `${name} is ${extentsText(extents)}, ${because}`, {
    primary: {
      span: declaration.span,
      text: `declared here with ${namesText(declaration.shape)}, which is [${expected.join(", ")}]`,
    },
    place: { file: source, detail: name },
    secondary: dim === undefined ? [] : origin(dim, known),
    notes: more,
    hint: isReversed ? `the checkpoint stores it as ${namesText(declaration.shape.toReversed())}` : undefined,
  });
}

function origin(dim: string, known: ReadonlyMap<string, Known>): Label[] {
  const { size, from } = known.get(dim) ?? {};
  return from ? [{ span: from.span, text: `${dim} = ${size} comes from ${from.tensor}` }] : [];
}

/** A = H N: checks it where all are known, computes the one that is not. */
function solveFactors(known: Map<string, Known>, { dims, report }: ModelScope): void {
  const checked = new Set<string>();
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const [dim, { factors, span }] of dims) {
      if (!factors || checked.has(dim)) continue;
      const unknown = [...new Set(factors.filter((factor) => !known.has(factor)))];
      const product = factors.reduce((p, factor) => p * (known.get(factor)?.size ?? 1), 1);
      const whole = known.get(dim);
      if (unknown.length > 1 || (unknown.length === 1 && !whole)) continue;
      const times = factors.filter((factor) => factor === unknown[0]).length;
      const rest = whole ? (whole.size / product) ** (1 / Math.max(times, 1)) : product;
      const value = Math.round(rest);
      const isGood = whole === undefined || value ** Math.max(times, 1) * product === whole.size;
      checked.add(dim);
      isNew = true;
      if (!isGood || (unknown.length === 0 && whole && whole.size !== product)) {
        const sizes = factors.map((factor) => `${factor}${known.has(factor) ? ` = ${known.get(factor)!.size}` : ""}`);
        report(
          inputError("dim/factors", `${dim} is ${whole!.size}, which is not ${factors.join(" * ")}`, {
            primary: { span, text: `${sizes.join(", ")}` },
            secondary: [dim, ...factors].flatMap((name) => origin(name, known)),
          }),
        );
      } else if (!whole) known.set(dim, { size: product });
      else if (unknown.length === 1) known.set(unknown[0]!, { size: value });
    }
  }
}

/** Dimensions that are needed and that no tensor speaks of. Missing tensors explain themselves. */
function reportUnresolved(
  declared: readonly DeclaredTensor[],
  known: ReadonlyMap<string, Known>,
  model: ModelScope,
): void {
  const spoken = new Set(declared.flatMap(({ shape }) => shape));
  const said = new Set<string>();
  for (const [dim, { span }] of model.dims) {
    if (known.has(dim) || !model.usedDims.has(dim) || spoken.has(dim)) continue;
    const product = [...model.dims].find(([, { factors }]) => factors?.includes(dim));
    const others = product?.[1].factors?.filter((factor) => factor !== dim && !known.has(factor)) ?? [];
    // Of several unknown factors one is enough: with it, the others are known.
    if (others.some((other) => said.has(other))) continue;
    said.add(dim);
    const about = product ? `only ${product[0]} = ${product[1].factors!.join(" * ")} speaks of it` : undefined;
    model.report(
      inputError("dim/unresolved", `the size of ${dim} cannot be found`, {
        primary: { span, text: about ?? "no weight has this dimension" },
        hint: `give a weight a shape with ${[dim, ...others].join(" or ")} in it`,
      }),
    );
  }
}

function reportUnused(
  declared: readonly DeclaredTensor[],
  { tensors, source }: CheckpointTensors,
  model: ModelScope,
): void {
  const foreign = foreignTemplates(declared, tensors);
  if (foreign.size === 0) return;
  const count = [...foreign.values()].flat().length;
  const shown = [...foreign].map(([template, names]) =>
    names.length > 1 ? `${template} (${names.length})` : names[0]!,
  );
  model.report(
    inputWarning(
      "checkpoint/unused-tensors",
      `the spec does not use ${count} of ${tensors.size} tensors of the checkpoint`,
      {
        place: { file: source },
        notes: [`Unused: ${listed(shown)}.`],
      },
    ),
  );
}
