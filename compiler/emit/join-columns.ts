/**
 * Matrices side by side, read piece by piece: of each operand the rows that a piece touches are read into a buffer, and go from there to
 * their places. In: the operands' widths and readers. Out: a reader of the joined matrix.
 */
import type { Reader } from "./evaluate-constant.ts";

interface Elements<T> {
  readonly length: number;
  subarray(from: number, to: number): T;
  set(values: T, at: number): void;
}

export function columnsReader<T extends Elements<T>>(
  widths: readonly number[],
  readers: readonly Reader<T>[],
  make: (count: number) => T,
): Reader<T> {
  const width = widths.reduce((sum, w) => sum + w, 0);
  const buffers = widths.map(() => make(0));
  return (start, out) => {
    const first = Math.floor(start / width);
    const end = Math.ceil((start + out.length) / width);
    let left = 0;
    widths.forEach((own, i) => {
      if (buffers[i]!.length < (end - first) * own) buffers[i] = make((end - first) * own);
      const rows = buffers[i]!.subarray(0, (end - first) * own);
      readers[i]!(first * own, rows);
      for (let row = first; row < end; row++) {
        const place = row * width + left - start;
        // A piece may begin and end inside a row.
        const from = Math.max(0, -place);
        const to = Math.min(own, out.length - place);
        const at = (row - first) * own;
        if (from < to) out.set(rows.subarray(at + from, at + to), place + from);
      }
      left += own;
    });
  };
}
