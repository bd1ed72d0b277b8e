/**
 * Inputs of a linear layer with very many are taken in blocks, as if inputs of different blocks were independent: second-order
 * statistics grow with the square of their number, and the work of rounding with the cube.
 */
export const mostInputs = 1024;

/** Bounds of `count` blocks, alike in size up to one; `rwkv-run calibrate` divides in the same way. */
export const inputBlocks = (size: number, count: number): readonly (readonly [from: number, to: number])[] =>
  Array.from(
    { length: count },
    (_, i) => [Math.floor((i * size) / count), Math.floor(((i + 1) * size) / count)] as const,
  );
