/**
 * `--quantize "att.*=w8,ffn.{key,value}=w4:32"` and `--keep-float "S,timeMix.w"` as policies. What they name is compared with the model
 * when that is known.
 *
 * Diagnostics (DiagnosticError): usage/quantize, usage/keep-float.
 */
import { blockProblem, blockSizes, weightWidths } from "../check/check-precision.ts";
import { parsePattern } from "../check/name-pattern.ts";
import type { KeepFloatPolicy, PrecisionPolicy, QuantizePolicy } from "../check/typed.ts";
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";

export interface PrecisionOptions {
  readonly quantize?: readonly QuantizePolicy[];
  readonly keepFloat?: KeepFloatPolicy;
}

/** What is kept in float16 counts behind what is quantized. */
export const optionPolicies = ({ quantize = [], keepFloat }: PrecisionOptions): PrecisionPolicy[] => [
  ...quantize,
  ...(keepFloat ? [keepFloat] : []),
];

const form = 'write PATTERN=WIDTH, several with commas between: "*.key=w8,*.value=w4:32"';

export function parseQuantize(text: string): readonly QuantizePolicy[] {
  const policies = splitList(text).map((item): QuantizePolicy => {
    const [, pattern, width, block] = /^([^=]*)=([^=:]*)(?::([^=:]*))?$/.exec(item) ?? [];
    if (pattern === undefined || width === undefined) return fail("quantize", `"${item}" is no PATTERN=WIDTH`, form);
    checkPattern("quantize", pattern);
    const bits = weightWidths[width];
    if (bits === undefined) {
      return fail("quantize", `"${width}" is no width of weights`, "weights are w4, w8 or f16");
    }
    const made = { kind: "quantize", pattern, bits, text: `--quantize ${item}` } as const;
    if (block === undefined) return made;
    const size = blockSizes.find((one) => String(one) === block);
    const problem = blockProblem(bits, size ?? NaN);
    if (size === undefined || problem) return fail("quantize", `${item}: ${problem!.title}`, problem!.hint);
    return { ...made, block: size };
  });
  refuseTwice(
    "quantize",
    policies.map(({ pattern }) => pattern),
  );
  return policies;
}

export function parseKeepFloat(text: string): KeepFloatPolicy {
  const patterns = splitList(text);
  for (const pattern of patterns) checkPattern("keep-float", pattern);
  refuseTwice("keep-float", patterns);
  return { kind: "keepFloat", patterns, text: `--keep-float ${text}` };
}

/** At commas outside braces. */
function splitList(text: string): string[] {
  const items = text.split(/,(?![^{}]*\})/);
  return items.map((item) => item.trim());
}

function checkPattern(option: string, pattern: string): void {
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) fail(option, `"${pattern}" is no pattern of names: ${parsed.problem}`);
}

function refuseTwice(option: string, patterns: readonly string[]): void {
  const twice = patterns.find((pattern, i) => patterns.indexOf(pattern) < i);
  if (twice !== undefined) fail(option, `"${twice}" is named twice`);
}

function fail(option: string, title: string, hint?: string): never {
  throw new DiagnosticError([
    usageError(`usage/${option}`, `--${option}: ${title}`, hint === undefined ? {} : { hint }),
  ]);
}
