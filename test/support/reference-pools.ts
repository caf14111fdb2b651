import { sequenceCases } from './cases.ts';
import { range, sum } from './formulas.ts';
import type { Definition } from './reference.ts';

const POOLED = sequenceCases((b, s, h) => ({ x: [b, s, h] })).map(({ attrs, ...rest }) => rest);

/** One row a sequence: each element the sum of the terms that `termsOf` makes of a column and of the rows of it that the mask lets through. */
function pooling(termsOf: (column: number[], kept: number[]) => number[]): Definition {
  return {
    cases: POOLED,
    of: ({ x, mask, starts }, { batch, cols }) => {
      const values: number[] = [];
      const sizes: number[] = [];
      for (let b = 0; b < batch; b++) {
        const rows = range(starts[b + 1] - starts[b]);
        const kept = rows.filter((r) => mask?.[starts[b] + r] !== 0);
        for (const c of range(cols)) {
          const terms = termsOf(
            rows.map((r) => x[(starts[b] + r) * cols + c]),
            kept,
          );
          values.push(sum(terms));
          sizes.push(sum(terms.map(Math.abs)));
        }
      }
      return { values, sizes };
    },
    tolerance: ({ longest }) => longest + 3,
  };
}

/** Ops that take a whole number of each sequence: of the first or the last of its rows that the mask lets through. */
const pickingInts = (at: 0 | -1): Definition => ({
  cases: POOLED.map(({ shapes: { x, ...shapes }, ...rest }) => ({ shapes: { x: x.slice(0, 2), ...shapes }, ...rest })),
  of: ({ x, mask, starts }, { batch }) => ({
    values: range(batch).map((b) => {
      const rows = range(starts[b + 1] - starts[b]).map((r) => starts[b] + r);
      const row = rows.filter((r) => mask?.[r] !== 0).at(at);
      return row === undefined ? 0 : Math.trunc(x[row]);
    }),
  }),
  tolerance: () => 0,
});

/** Ops that make one row of each sequence. */
export const POOL_REFERENCE = {
  mean_pool: pooling((column, kept) => kept.map((r) => column[r] / kept.length)),
  mean_sqrt_pool: pooling((column, kept) => kept.map((r) => column[r] / Math.sqrt(kept.length))),
  weighted_mean_pool: {
    ...pooling((column, kept) => {
      const [first] = kept;
      const total = sum(kept.map((r) => r - first + 1));
      return kept.map((r) => (column[r] * (r - first + 1)) / total);
    }),
    cases: POOLED.map(({ shapes, ...rest }) => ({ shapes: { ...shapes, ...(shapes.mask && { origin: shapes.mask }) }, ...rest })),
  },
  max_pool: { ...pooling((column, kept) => (kept.length ? [Math.max(...kept.map((r) => column[r]))] : [])), tolerance: () => 0 },
  first_pool: { ...pooling((column, kept) => kept.slice(0, 1).map((r) => column[r])), tolerance: () => 0 },
  first_int: pickingInts(0),
  last_int: pickingInts(-1),
  last_pool: { ...pooling((column, kept) => kept.slice(-1).map((r) => column[r])), tolerance: () => 0 },
};
