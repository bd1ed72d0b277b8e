/** Parsers of flag values: each gives the value, or a usage diagnostic that says what the flag takes. */
import { DiagnosticError, usageError } from "../diagnostics/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";

const fail = (flag: string, wanted: string, text: string, hint?: string): never => {
  throw new DiagnosticError([
    usageError("usage/bad-value", `${flag} takes ${wanted}, not "${text}"`, hint === undefined ? {} : { hint }),
  ]);
};

export interface Range {
  readonly min?: number;
  readonly max?: number;
  /** The value must be above it. */
  readonly above?: number;
}

const describeRange = ({ min, max, above }: Range): string => {
  if (above !== undefined) return max === undefined ? ` above ${above}` : ` above ${above}, up to ${max}`;
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` up to ${max}`;
};

const inRange = (value: number, { min, max, above }: Range): boolean =>
  (min === undefined || value >= min) && (max === undefined || value <= max) && (above === undefined || value > above);

export const integer =
  (flag: string, range: Range) =>
  (text: string): number => {
    const value = Number(text);
    const valid = /^[+-]?\d+$/.test(text.trim()) && Number.isSafeInteger(value) && inRange(value, range);
    return valid ? value : fail(flag, `an integer${describeRange(range)}`, text);
  };

export const decimal =
  (flag: string, range: Range) =>
  (text: string): number => {
    const value = Number(text);
    const valid = text.trim() !== "" && Number.isFinite(value) && inRange(value, range);
    return valid ? value : fail(flag, `a number${describeRange(range)}`, text);
  };

export const choice =
  <T extends string>(flag: string, values: readonly T[]) =>
  (text: string): T => {
    const found = values.find((value) => value === text.toLowerCase());
    return found ?? fail(flag, `one of ${values.join(", ")}`, text, didYouMean(text, values));
  };
