/** Numbers and tables as text. */
import { specName } from "../frontend/spec-file.ts";

/** 1536 -> "1.5 KiB" */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${count} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Three digits, small ones as 3.5e-7; null stands for what is not finite. */
export function shortNumber(value: number | null): string {
  if (value === null) return "not finite";
  const rounded = Number(value.toPrecision(3));
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}

/** A difference: +0.00123, -3.5e-7; 0 where there is none. */
export function signedNumber(change: number): string {
  if (!Number.isFinite(change)) return "not finite";
  return change > 0 ? `+${shortNumber(change)}` : shortNumber(change);
}

/** Left-aligned columns, two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** How a table names lines of a spec: `line 12`; where the spec is in several files, `rwkv-7:12`. */
export function linePlaces(files: readonly string[]): (file: string, line: number) => string {
  if (new Set(files).size === 1) return (_file, line) => `line ${line}`;
  return (file, line) => `${specName(file)}:${line}`;
}
