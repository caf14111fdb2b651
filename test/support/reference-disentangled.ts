import type { Case } from './cases.ts';
import { type Numbers, type Operands, range, softmaxOf, sum } from './formulas.ts';
import type { Definition } from './reference.ts';
import { attention, type EachQuery, weights } from './reference-attention.ts';

interface Tables {
  longest: number;
  lengths: number[];
  heads: number;
  head_dim: number;
  reach?: number;
  given?: readonly ('pos_key' | 'pos_query')[];
  mask?: Case['mask'];
}

const BOTH = ['pos_key', 'pos_query'] as const;
const CASES: readonly Tables[] = [
  { longest: 1, lengths: [1], heads: 1, head_dim: 1 },
  { longest: 7, lengths: [7, 7], heads: 2, head_dim: 4, reach: 6, given: BOTH },
  { longest: 9, lengths: [9], heads: 3, head_dim: 5, reach: 3, given: ['pos_key'], mask: (r) => (r % 3 === 1 ? 0 : 1) },
  { longest: 13, lengths: [13, 4, 0, 9], heads: 2, head_dim: 8, reach: 20, given: ['pos_query'] },
  { longest: 12, lengths: [12, 12, 12], heads: 2, head_dim: 7, mask: (r, b) => Number(r < [12, 5, 0][b]) },
  { longest: 50, lengths: [50, 49], heads: 1, head_dim: 9, reach: 70, given: BOTH, mask: (r) => (r > 20 && r < 40 ? 0 : 1) },
  { longest: 101, lengths: [101], heads: 2, head_dim: 17, reach: 0, given: BOTH },
  { longest: 130, lengths: [130], heads: 1, head_dim: 32, reach: 31, given: BOTH, mask: (r) => (r > 101 ? 0 : 1) },
  { longest: 8, lengths: [8, 8], heads: 3, head_dim: 3, reach: 7, given: BOTH, mask: (r, b) => (r === 5 - b ? 0 : 1) },
  { longest: 0, lengths: [], heads: 1, head_dim: 4, reach: 2, given: BOTH },
];

const casesOf = (names: readonly string[]): Case[] =>
  CASES.map(({ longest, lengths, heads, head_dim, reach = 0, given = [], mask }) => {
    const [batch, hidden] = [lengths.length, heads * head_dim];
    return {
      shapes: {
        ...Object.fromEntries(names.map((name) => [name, [batch, longest, hidden]])),
        ...Object.fromEntries(given.map((name) => [name, [2 * reach + 1, hidden]])),
        ...(mask && { mask: [batch, longest] }),
        starts: [batch + 1],
        places: [batch, longest],
      },
      attrs: { heads, scale: 1 / Math.sqrt(3 * head_dim) },
      lengths,
      mask,
    };
  });

/** The probabilities of the keys of sequence `b` for the query at `row`, and the magnitude of their scores. */
function weigh(operands: Operands, numbers: Numbers, b: number, head: number, row: number): { p: number[]; size: number } {
  const { q, k, pos_key, pos_query, mask, starts, places } = operands;
  const { heads, head_dim, scale, reach } = numbers;
  const keys = range(starts[b + 1] - starts[b]).map((i) => starts[b] + i);
  if (mask?.[row] === 0) return { p: keys.map(() => 1 / keys.length), size: 0 };
  const headOf = (x: ArrayLike<number>, at: number) => range(head_dim).map((d) => x[(at * heads + head) * head_dim + d]);
  const product = (x: number[], y: number[]) => x.map((value, d) => value * y[d] * scale);
  const terms = keys.map((key) => {
    const near = Math.max(-reach, Math.min(reach, places[key] - places[row])) + reach;
    return [
      ...product(headOf(q, row), headOf(k, key)),
      ...(pos_key ? product(headOf(q, row), headOf(pos_key, near)) : []),
      ...(pos_query ? product(headOf(k, key), headOf(pos_query, near)) : []),
    ];
  });
  return {
    p: softmaxOf(keys.map((key, i) => (mask?.[key] === 0 ? -Infinity : sum(terms[i])))),
    size: Math.max(...terms.map((each) => sum(each.map(Math.abs)))),
  };
}

const eachQuery: EachQuery = (operands, numbers, visit) => {
  const { starts } = operands;
  const { batch, heads } = numbers;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++)
      for (let row = starts[b]; row < starts[b + 1]; row++) {
        const { p, size } = weigh(operands, numbers, b, head, row);
        visit({ b, head, row }, p, size);
      }
};

const tolerance = ({ head_dim, longest }: Numbers): number => 2 * head_dim + longest + 16;

export const DISENTANGLED_REFERENCE = {
  disentangled_attention: attention(casesOf(['q', 'k', 'v']), eachQuery, tolerance),
  disentangled_attention_weights: weights(casesOf(['q', 'k']), eachQuery, tolerance),
} satisfies Record<string, Definition>;
