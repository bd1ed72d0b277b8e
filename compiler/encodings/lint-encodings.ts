/** What Qualcomm's HTP backend would refuse of encodings, or compute wrongly, by the architecture of the NPU. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Soc } from "../targets/targets.ts";
import type { BlockEncoding, Encoding, IntegerEncoding } from "./encoding.ts";
import { type Place, symmetricOffset } from "./encodings-file.ts";
import type { GraphTensors } from "./graph-tensors.ts";
import type { LoadedEncodings } from "./load-encodings.ts";
import { faultAt } from "./read-encodings.ts";

export interface LintFinding {
  readonly code: string;
  readonly problem: string;
  readonly hint?: string;
}

/** Of one kind of fault; the others are counted. */
const mostListed = 5;

/**
 * `tensors`: of the graph that the file is for; without it a constant of 16 bits and one scale may be a weight or an operand, and is passed.
 * Diagnostics: lint/asymmetric-per-channel, lint/asymmetric-weight, lint/wide-weight, lint/bit-width, lint/block-size, lint/blocks,
 * lint/wide-blocks, lint/activation, lint/scale, lint/float16.
 */
export function lintEncodings(file: LoadedEncodings, soc: LintSoc, tensors?: GraphTensors): readonly Diagnostic[] {
  const byCode = new Map<string, { diagnostics: Diagnostic[]; more: number; next?: Place }>();
  for (const section of ["activations", "params"] as const) {
    for (const [name, encoding] of file.encodings[section]) {
      const found =
        section === "params"
          ? lintParam(encoding, soc, tensors?.params.get(name)?.isWeight)
          : lintActivation(encoding, soc);
      if (!found) continue;
      const kind = byCode.get(found.code) ?? { diagnostics: [], more: 0 };
      byCode.set(found.code, kind);
      const place = file.places[section].get(name)!;
      if (kind.diagnostics.length < mostListed)
        kind.diagnostics.push(
          faultAt(file.file, file.text, found.code, `${name}: ${found.problem}`, place, found.hint),
        );
      else {
        kind.more++;
        kind.next ??= place;
      }
    }
  }
  return [...byCode].flatMap(([code, { diagnostics, more, next }]) =>
    next === undefined
      ? diagnostics
      : [...diagnostics, faultAt(file.file, file.text, code, `${more} more encodings with this fault`, next)],
  );
}

/** What no build makes anything of, whatever the NPU: lint/activation, lint/bit-width, lint/scale. Up to a number that a person reads. */
export function refusedEncodings(file: LoadedEncodings): readonly Diagnostic[] {
  const found = (["activations", "params"] as const).flatMap((section) =>
    [...file.encodings[section]].flatMap(([name, encoding]) => {
      if (encoding.kind === "float") return [];
      const finding = section === "activations" ? lintGrid(encoding) : lintLarge(encoding);
      return finding ? [{ name, place: file.places[section].get(name)!, ...finding }] : [];
    }),
  );
  return found
    .slice(0, mostListed)
    .map(({ name, place, code, problem, hint }) =>
      faultAt(file.file, file.text, code, `${name}: ${problem}`, place, hint),
    );
}

type LintSoc = Pick<Soc, "arch" | "fp16" | "name">;

/** Of a tensor that nodes compute, or of an input. */
export function lintActivation(encoding: Encoding, soc: LintSoc): LintFinding | undefined {
  return encoding.kind === "float" ? lintFloat(encoding.bits, soc) : lintGrid(encoding);
}

/** float16's least number above 0, and its largest. What a grid cannot tell from 0, or not from what has no float16, is no range of a model. */
const leastFloat16 = 2 ** -24;
const mostFloat16 = 65504;

function lintSmall({ bits, scales }: IntegerEncoding | BlockEncoding): LintFinding | undefined {
  if (scales.some((scale) => scale * 2 ** bits >= leastFloat16)) return undefined;
  return {
    code: "lint/scale",
    problem: `with a scale of ${scales[0]} all its numbers are 0 in float16`,
    hint: "calibrate again",
  };
}

/** Small ones are in order for constants that are 0. */
function lintLarge({ scales }: IntegerEncoding | BlockEncoding): LintFinding | undefined {
  const large = scales.find((scale) => scale > mostFloat16);
  if (large === undefined) return undefined;
  return {
    code: "lint/scale",
    problem: `with a scale of ${large} the next number to 0 is beyond float16`,
    hint: "calibrate again",
  };
}

function lintGrid(encoding: IntegerEncoding | BlockEncoding): LintFinding | undefined {
  if (encoding.kind === "blocks" || encoding.scales.length > 1)
    return { code: "lint/activation", problem: "HTP takes one scale for an activation", hint: "use PER_TENSOR" };
  if (encoding.bits === 8 || encoding.bits === 16) return lintSmall(encoding) ?? lintLarge(encoding);
  return {
    code: "lint/bit-width",
    problem: `HTP has no activations of ${encoding.bits} bits`,
    hint: "use 16 bits, or 8",
  };
}

/** Of a constant: a weight, a bias, an operand. `isWeight`: see ParamTensor; undefined: not known. */
export function lintParam(encoding: Encoding, soc: LintSoc, isWeight?: boolean): LintFinding | undefined {
  if (encoding.kind === "float") return lintFloat(encoding.bits, soc);
  if (encoding.kind === "blocks") return lintBlocks(encoding, soc);
  const { bits, scales, offsets, symmetric } = encoding;
  const isSymmetric = symmetric || offsets.every((offset) => offset === symmetricOffset(bits));
  if (![4, 8, 16, 32].includes(bits))
    return {
      code: "lint/bit-width",
      problem: `HTP has no constants of ${bits} bits`,
      hint: "weights have 4, 8 or 16 bits, biases 32",
    };
  const absurd = lintLarge(encoding);
  if (absurd) return absurd;
  // What an element-wise operation reads is as an activation.
  if (bits === 16 && scales.length === 1 && isWeight !== true) return undefined;
  if (bits === 16 && soc.arch < 73) {
    return {
      ...{ code: "lint/wide-weight", problem: `weights of 16 bits need HTP v73, and ${soc.name} is v${soc.arch}` },
      hint: "use 8 bits, or keep it float16",
    };
  }
  if (isSymmetric) return undefined;
  if (scales.length > 1)
    return {
      code: "lint/asymmetric-per-channel",
      problem: "scales per channel are for symmetric weights only",
      hint: "use a symmetric encoding: is_sym true",
    };
  if (bits === 8) return undefined;
  return {
    code: "lint/asymmetric-weight",
    problem: `constants of ${bits} bits are symmetric on HTP`,
    hint: "use a symmetric encoding: is_sym true",
  };
}

function lintBlocks({ block, scales, blockScales }: BlockEncoding, soc: LintSoc): LintFinding | undefined {
  if (soc.arch < 73) {
    return {
      ...{ code: "lint/blocks", problem: `weights in blocks (LPBQ) need HTP v73, and ${soc.name} is v${soc.arch}` },
      hint: "use 4 bits per channel, or 8",
    };
  }
  if (![16, 32, 64].includes(block)) {
    return {
      code: "lint/block-size",
      problem: `HTP has no blocks of ${block} inputs`,
      hint: "use blocks of 16, 32 or 64",
    };
  }
  const [outputs, inputs] = [scales.length, (blockScales.length / scales.length) * block];
  if (outputs <= inputs) return undefined;
  return {
    code: "lint/wide-blocks",
    problem: `with ${outputs} outputs of ${inputs} inputs HTP computes blocks wrongly, without an error`,
    hint: "use 4 bits per channel, or 8",
  };
}

function lintFloat(bits: 16 | 32, soc: LintSoc): LintFinding | undefined {
  if (bits === 32) return { code: "lint/float16", problem: "HTP has no float32", hint: "use float16: bw 16" };
  if (soc.fp16) return undefined;
  return { code: "lint/float16", problem: `${soc.name} has no float16 on its HTP`, hint: "use 16-bit integers" };
}
