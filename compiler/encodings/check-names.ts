/** Encodings held against the tensors of the graph that they are for: names, and the counts that weights' sizes ask for. */
import { type Diagnostic, inputError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { Encoding } from "./encoding.ts";
import type { EncodingPlaces, Place } from "./encodings-file.ts";
import type { GraphTensors, ParamTensor } from "./graph-tensors.ts";
import type { LoadedEncodings } from "./load-encodings.ts";
import { faultAt } from "./read-encodings.ts";

/** Of one kind of fault; the others are counted. */
const mostListed = 5;

/** A fault whose hint is looked for only when it is shown: finding the nearest name takes time. */
interface NameFault {
  readonly title: string;
  readonly place: Place;
  readonly hint?: () => string | undefined;
}

/**
 * Tensors of the graph that the file does not name are none of its faults. Diagnostics: encodings/other-model (before the rest),
 * encodings/unknown-tensor, encodings/wrong-section, encodings/count.
 */
export function checkNames(file: LoadedEncodings, tensors: GraphTensors): readonly Diagnostic[] {
  const known = new Set([...tensors.activations, ...tensors.params.keys()]);
  const unknown = unknownNames(file.places, known).map(({ name, place }): NameFault => ({
    title: `there is no tensor ${name} in the graph`,
    place,
    hint: () => didYouMean(name, known),
  }));
  const swapped: NameFault[] = [];
  const counts: NameFault[] = [];
  for (const [name, place] of file.places.activations) {
    if (tensors.params.has(name))
      swapped.push({ title: `${name} is a constant, and stands among the activations`, place });
  }
  for (const [name, place] of file.places.params) {
    if (tensors.activations.has(name))
      swapped.push({ title: `${name} is computed, and stands among the parameters`, place });
    const problem = countProblem(file.encodings.params.get(name)!, tensors.params.get(name));
    if (problem !== undefined) counts.push({ title: `${name} ${problem}`, place });
  }
  const listed = (code: string, faults: readonly NameFault[], rest: string): Diagnostic[] => {
    const shown = faults.slice(0, mostListed);
    const more = faults.length - shown.length;
    const last = more > 0 ? [{ title: `${more} more ${rest}`, place: faults[mostListed]!.place }] : [];
    return [...shown, ...last].map(({ title, place, hint }: NameFault) =>
      faultAt(file.file, file.text, code, title, place, hint?.()),
    );
  };
  return [
    ...otherModel(file, unknown.length, counts.length),
    ...listed("encodings/unknown-tensor", unknown, "names are those of no tensor in the graph"),
    ...listed("encodings/wrong-section", swapped, "names stand in the wrong section"),
    ...listed("encodings/count", counts, "weights have another size than their encodings"),
  ];
}

/** Where most names are unknown, or most weights of another size, the single ones are no slips. */
function otherModel({ file, places }: LoadedEncodings, unknown: number, sizes: number): Diagnostic[] {
  const all = places.activations.size + places.params.size;
  const why =
    unknown > mostListed && unknown > all / 2
      ? `${unknown} of its ${all} names are those of no tensor in the graph`
      : sizes > mostListed && sizes > places.params.size / 2
        ? `${sizes} of its ${places.params.size} weights have another size in the graph`
        : undefined;
  if (why === undefined) return [];
  return [
    inputError("encodings/other-model", `${file} is of another model: ${why}`, {
      place: { file },
      hint: "give the spec and the checkpoint that it was made for, or calibrate this model: `rwkvc calibrate`",
    }),
  ];
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
