/** Rows of a block, a multiple of what the kernels take at once. */
export const BLOCK_ROWS = 256;

/** Bytes of a block before its rows: a float64 for each, their lengths. */
export const LENGTHS_BYTES = 8 * BLOCK_ROWS;

/** Bytes of a hit: its score, a float64, and its row. A list of hits begins with as many bytes, the first four of which count them. */
export const HIT_BYTES = 16;

/** Rows lie at multiples of so many bytes, zeros behind their numbers. */
export const ROW_STEP = 16;

/** How rows are compared: numbers by which kernels know it. */
export const FLOATS = 0;
export const SIGNED = 1;
export const UNSIGNED = 2;
export const BITS = 3;
export const SIGNED_BY_FLOATS = 4;
export const UNSIGNED_BY_FLOATS = 5;
