import type { Split } from './op.ts';

/** How rows of the op table are split over threads. */

/** Elements that fill a line of the cache: threads that write to one line slow each other down. */
const LINE = 16;

/** A split by rows of `cols` floats, in `out` and the operands named. */
export const byRows =
  (...operands: string[]) =>
  ({ cols }: Record<string, number>): Split => ({
    over: ['rows'],
    strides: Object.fromEntries(['out', ...operands].map((name) => [name, 4 * cols])),
  });

/** A split by rows of `cols` floats, each for an id. */
export const byIds =
  (...operands: string[]) =>
  (ints: Record<string, number>): Split => {
    const { over, strides } = byRows(...operands)(ints);
    return { over, strides: { ...strides, ids: 4 } };
  };

/** A split by elements. */
export const byElements = (...operands: string[]): Split => ({
  over: ['n'],
  step: LINE,
  strides: Object.fromEntries(['out', ...operands].map((name) => [name, 4])),
});

/** Of x [m, k] · wᵀ: by columns of the result, whose weights have strides of their own, or by rows. */
export const byProduct = ({ n, k }: Record<string, number>, weights: Readonly<Record<string, number>>, columns: boolean): Split =>
  columns ? { over: ['n'], step: LINE, strides: { out: 4, bias: 4, ...weights } } : { over: ['m'], strides: { out: 4 * n, x: 4 * k } };

/** Products of matrices one after another: by matrix, or by rows of the only one. */
export const byMatrices = ({ batch, m, n, k }: Record<string, number>): Split =>
  batch > 1
    ? { over: ['batch'], strides: { out: 4 * m * n, a: 4 * m * k, b: 4 * k * n } }
    : { over: ['m'], strides: { out: 4 * n, a: 4 * k } };

/** Rows of an integer product that make a tile, at most, and that read the weights often enough for a part. */
const FEWEST_ROWS = 6;
const PART_ROWS = 32;

/** Integer products round the rows of x first, so they are split by rows as long as each thread has a whole tile. */
export function byIntegerProduct(ints: Record<string, number>, parts: number, weights: Readonly<Record<string, number>>): Split {
  const columns = ints.m < FEWEST_ROWS * parts;
  const split = byProduct(ints, { scale: 4, sums: 4, ...weights }, columns);
  return columns ? split : { ...split, step: Math.min(PART_ROWS, Math.ceil(ints.m / parts)) };
}

/** By heads, which lie side by side, or by sequences where these are more. */
export const byHeads =
  (...operands: string[]) =>
  ({ batch, heads, head_dim }: Record<string, number>, parts: number): Split =>
    heads < parts && heads < batch
      ? { over: ['batch'], strides: { starts: 4 } }
      : { over: ['heads'], strides: Object.fromEntries(['out', ...operands].map((name) => [name, 4 * head_dim])) };

/** Probabilities of heads follow one another by sequence, as does the mask of all tokens beside rows of some. */
export const byWeights = ({ batch, heads, head_dim, longest, compact }: Record<string, number>): Split => {
  const out = 4 * longest * longest;
  if (batch > 1) return { over: ['batch'], strides: { starts: 4, out: heads * out, mask: compact ? 4 * longest : 0 } };
  return { over: ['heads'], strides: { q: 4 * head_dim, k: 4 * head_dim, out } };
};
