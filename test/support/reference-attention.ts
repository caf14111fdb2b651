import type { Case } from './cases.ts';
import { type Numbers, type Operands, sum } from './formulas.ts';
import type { Definition } from './reference.ts';

/** Calls `visit` with the probabilities of each query, and the magnitude of its scores. */
export type EachQuery = (
  operands: Operands,
  numbers: Numbers,
  visit: (at: { b: number; head: number; row: number }, p: number[], size: number) => void,
) => void;

type Kind = (cases: Case[], eachQuery: EachQuery, tolerance: (numbers: Numbers) => number) => Definition;

/** Values weighed by probabilities; several heads of queries share one of values where there are `groups`. */
export const attention: Kind = (cases, eachQuery, tolerance) => ({
  cases,
  of(operands, numbers) {
    const { q, v, starts, key_starts = starts } = operands;
    const { heads, groups = 1, head_dim } = numbers;
    const values: number[] = new Array(q.length);
    const sizes: number[] = new Array(q.length);
    eachQuery(operands, numbers, ({ b, head, row }, p, size) => {
      for (let d = 0; d < head_dim; d++) {
        const terms = p.map((weight, j) => weight * v[((key_starts[b] + j) * heads + Math.floor(head / groups)) * head_dim + d]);
        const at = (row * heads * groups + head) * head_dim + d;
        values[at] = sum(terms);
        sizes[at] = sum(terms.map(Math.abs)) * (1 + 2 * size);
      }
    });
    return { values, sizes };
  },
  tolerance,
});

/** The probabilities themselves. */
export const weights: Kind = (cases, eachQuery, tolerance) => ({
  cases,
  of(operands, numbers) {
    const { batch, longest, queries = longest, heads, groups = 1 } = numbers;
    const values: number[] = new Array(batch * heads * groups * queries * longest).fill(0);
    const sizes = [...values];
    eachQuery(operands, numbers, ({ b, head, row }, p, size) => {
      p.forEach((weight, j) => {
        const at = ((b * heads * groups + head) * queries + row - operands.starts[b]) * longest + j;
        values[at] = weight;
        sizes[at] = weight * (1 + 2 * size);
      });
    });
    return { values, sizes };
  },
  tolerance,
});
