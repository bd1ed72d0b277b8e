/**
 * What the oracle computes with: values in double precision, row-major over labelled axes. Labels are the equation's own
 * (`check/typed.ts`); a value that passes from equation to equation is relabelled by position.
 */
export interface Tensor {
  readonly labels: readonly string[];
  readonly sizes: readonly number[];
  /** Matrices of the checkpoint stay float32, which is exact; all that is computed is float64. */
  readonly data: Float64Array | Float32Array;
}

export const countOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** Elements between neighbours along `label`; 0 where the tensor lacks it, which broadcasts. */
export function strideOf({ labels, sizes }: Tensor, label: string): number {
  const at = labels.indexOf(label);
  return at < 0 ? 0 : countOf(sizes.slice(at + 1));
}

/** The extent of `label` in the first operand that has it. */
export function extentOf(label: string, operands: readonly Tensor[]): number {
  for (const { labels, sizes } of operands) {
    const at = labels.indexOf(label);
    if (at >= 0) return sizes[at]!;
  }
  throw new Error(`oracle: no operand has the axis ${label}`);
}

/** One loop of a nest: its extent, and how far each of three arrays moves per step. */
export interface Loop {
  readonly extent: number;
  readonly steps: readonly [number, number, number];
}

/** Calls `body` with the three arrays' offsets for every index of the nest, the last loop fastest. */
export function nest(loops: readonly Loop[], body: (a: number, b: number, c: number) => void): void {
  const run = (depth: number, a: number, b: number, c: number): void => {
    const loop = loops[depth];
    if (!loop) return body(a, b, c);
    const [x, y, z] = loop.steps;
    for (let i = 0; i < loop.extent; i++) run(depth + 1, a + i * x, b + i * y, c + i * z);
  };
  run(0, 0, 0, 0);
}

/** The same values with their axes in another order. */
export function arranged(value: Tensor, labels: readonly string[]): Tensor {
  if (labels.every((label, i) => label === value.labels[i])) return value;
  const sizes = labels.map((label) => extentOf(label, [value]));
  const data = new Float64Array(value.data.length);
  const loops = labels.map((label, i): Loop => {
    return { extent: sizes[i]!, steps: [countOf(sizes.slice(i + 1)), strideOf(value, label), 0] };
  });
  nest(loops, (to, from) => (data[to] = value.data[from]!));
  return { labels, sizes, data };
}
