/** Encodings held against the tensors of the graph that they are for: names, and the counts that weights' sizes ask for. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { Encoding } from "./encoding.ts";
import type { EncodingPlaces, Place } from "./encodings-file.ts";
import type { GraphTensors, ParamTensor } from "./graph-tensors.ts";
import type { LoadedEncodings } from "./load-encodings.ts";
import { faultAt } from "./read-encodings.ts";

/** A person reads that many; looking for the nearest name takes time, too. */
const mostListed = 20;

/**
 * Tensors of the graph that the file does not name are none of its faults. Diagnostics: encodings/unknown-tensor, encodings/wrong-section,
 * encodings/count.
 */
export function checkNames(file: LoadedEncodings, tensors: GraphTensors): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const add = (code: string, title: string, place: Place, hint?: string) =>
    void diagnostics.push(faultAt(file.file, file.text, code, title, place, hint));
  const known = new Set([...tensors.activations, ...tensors.params.keys()]);
  const unknown = unknownNames(file.places, known);
  for (const { name, place } of unknown.slice(0, mostListed)) {
    const nearest = suggest(name, known);
    add(
      "encodings/unknown-tensor",
      `there is no tensor ${name} in the graph`,
      place,
      nearest && `did you mean \`${nearest}\`?`,
    );
  }
  if (unknown.length > mostListed) {
    const { place } = unknown[mostListed]!;
    add(
      "encodings/unknown-tensor",
      `${unknown.length - mostListed} more names are those of no tensor in the graph`,
      place,
    );
  }
  for (const [name, place] of file.places.activations) {
    if (tensors.params.has(name))
      add("encodings/wrong-section", `${name} is a constant, and stands among the activations`, place);
  }
  for (const [name, place] of file.places.params) {
    if (tensors.activations.has(name))
      add("encodings/wrong-section", `${name} is computed, and stands among the parameters`, place);
    const problem = countProblem(file.encodings.params.get(name)!, tensors.params.get(name));
    if (problem !== undefined) add("encodings/count", `${name} ${problem}`, place);
  }
  return diagnostics;
}

function unknownNames(places: EncodingPlaces, known: ReadonlySet<string>) {
  const all = [...places.activations, ...places.params];
  return all.filter(([name]) => !known.has(name)).map(([name, place]) => ({ name, place }));
}

function countProblem(encoding: Encoding, param: ParamTensor | undefined): string | undefined {
  const weight = param?.weight;
  if (!weight || encoding.kind === "float") return undefined;
  const { channels, inputs } = weight;
  const { scales } = encoding;
  if (scales.length !== channels && !(encoding.kind === "integer" && scales.length === 1))
    return `has ${channels} output channels, and ${scales.length} scales`;
  if (encoding.kind !== "blocks") return undefined;
  if (inputs % encoding.block !== 0) return `has ${inputs} inputs, which blocks of ${encoding.block} do not divide`;
  const blocks = (channels * inputs) / encoding.block;
  return encoding.blockScales.length === blocks
    ? undefined
    : `has ${blocks} blocks of ${encoding.block} inputs, and ${encoding.blockScales.length} block scales`;
}
