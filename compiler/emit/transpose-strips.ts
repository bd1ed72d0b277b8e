/**
 * Transposes a tensor that is never held whole: the result is made in strips of consecutive elements, each in one pass over
 * the source, window by window. A source that fits into a strip is read once.
 */

interface Elements {
  readonly length: number;
  [index: number]: number;
  subarray(from: number, to: number): this;
  set(source: this, offset?: number): void;
}

const windowElements = 2 ** 18;
/** Columns that are scattered at a time, so that the lines they go to stay in the cache. */
const blockColumns = 32;

/**
 * @param read elements of the source
 * @param shape the source's
 * @param perm axis `i` of the result is axis `perm[i]` of the source
 * @param stripElements elements that may be held at a time
 */
export function transposeReader<T extends Elements>(
  read: (start: number, out: T) => void,
  shape: readonly number[],
  perm: readonly number[],
  make: (elements: number) => T,
  stripElements: number,
): (start: number, out: T) => void {
  const total = shape.reduce((n, extent) => n * extent, 1);
  const layout = layoutOf(shape, perm);
  let strip: T | undefined;
  let window: T | undefined;
  let begin = 0;
  let end = 0;
  const moveTo = (start: number) => {
    strip ??= make(Math.min(total, stripElements));
    window ??= make(Math.min(total, Math.max(layout.columns, windowElements)));
    begin = start;
    end = Math.min(total, start + strip.length);
    fillStrip(read, layout, window, strip, begin, end);
  };
  return (start, out) => {
    for (let done = 0; done < out.length;) {
      const position = start + done;
      if (position < begin || position >= end) moveTo(position);
      const count = Math.min(end - position, out.length - done);
      out.set(strip!.subarray(position - begin, position - begin + count), done);
      done += count;
    }
  };
}

/** The source as rows along its last axis, and where their elements go. */
interface Layout {
  readonly rows: number;
  readonly columns: number;
  /** Elements of the result between neighbours of a row. */
  readonly columnStride: number;
  /** Extents of the other axes, and elements of the result between neighbours along them. */
  readonly extents: readonly number[];
  readonly strides: readonly number[];
}

function layoutOf(shape: readonly number[], perm: readonly number[]): Layout {
  const strides = new Array<number>(shape.length).fill(1);
  let stride = 1;
  for (let i = perm.length - 1; i >= 0; i--) {
    strides[perm[i]!] = stride;
    stride *= shape[perm[i]!]!;
  }
  // A trailing axis of extent 1 would make rows of one element.
  let last = shape.length - 1;
  while (last > 0 && shape[last] === 1) last--;
  const columns = shape[last] ?? 1;
  return {
    rows: stride / columns,
    columns,
    columnStride: strides[last] ?? 1,
    extents: shape.slice(0, Math.max(last, 0)),
    strides: strides.slice(0, Math.max(last, 0)),
  };
}

function fillStrip<T extends Elements>(
  read: (start: number, out: T) => void,
  layout: Layout,
  window: T,
  strip: T,
  begin: number,
  end: number,
): void {
  const { rows, columns, columnStride } = layout;
  const rowsAtOnce = Math.max(1, Math.floor(window.length / columns));
  const targets = new Float64Array(rowsAtOnce);
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - first);
    let from = columns;
    let to = 0;
    for (let i = 0; i < count; i++) {
      const target = targetOfRow(first + i, layout);
      targets[i] = target;
      from = Math.min(from, firstColumn(begin, target, columnStride));
      to = Math.max(to, Math.min(columns, firstColumn(end, target, columnStride)));
    }
    if (from >= to) continue;
    const values = window.subarray(0, count * columns);
    read(first * columns, values);
    for (let block = from; block < to; block += blockColumns) {
      for (let i = 0; i < count; i++) {
        const target = targets[i]! - begin;
        const stop = Math.min(block + blockColumns, columns, firstColumn(end, targets[i]!, columnStride));
        for (let c = Math.max(block, firstColumn(begin, targets[i]!, columnStride)); c < stop; c++) {
          strip[target + c * columnStride] = values[i * columns + c]!;
        }
      }
    }
  }
}

/** First column of a row that starts at `target` whose element lies at or behind `position`. */
const firstColumn = (position: number, target: number, stride: number): number =>
  position <= target ? 0 : Math.ceil((position - target) / stride);

function targetOfRow(row: number, { extents, strides }: Layout): number {
  let target = 0;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const extent = extents[axis]!;
    target += (row % extent) * strides[axis]!;
    row = Math.floor(row / extent);
  }
  return target;
}
