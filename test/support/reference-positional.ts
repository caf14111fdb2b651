import type { Case } from './cases.ts';
import { type Numbers, range, softmaxOf, sum } from './formulas.ts';
import type { Definition } from './reference.ts';
import { attention, type EachQuery, weights } from './reference-attention.ts';

const FAR = 2 ** 31 - 1;

interface Placed {
  longest: number;
  lengths: number[];
  heads: number;
  head_dim: number;
  reach: number;
  before?: number;
  after?: number;
  mask?: Case['mask'];
}

const CASES: readonly Placed[] = [
  { longest: 1, lengths: [1], heads: 1, head_dim: 1, reach: 0 },
  { longest: 7, lengths: [7, 7], heads: 2, head_dim: 4, reach: 7 },
  { longest: 1, lengths: [1, 1], heads: 2, head_dim: 3, reach: 1, mask: () => 0 },
  { longest: 9, lengths: [9, 9], heads: 3, head_dim: 5, reach: 9, after: 0, mask: () => 1 },
  { longest: 13, lengths: [13, 4, 0, 9], heads: 2, head_dim: 8, reach: 5 },
  { longest: 50, lengths: [50, 49], heads: 2, head_dim: 9, reach: 50, mask: (r) => (r % 5 === 3 ? 0 : 1) },
  { longest: 67, lengths: [67], heads: 3, head_dim: 17, reach: 67, before: 0, after: 0 },
  { longest: 101, lengths: [101, 60], heads: 1, head_dim: 12, reach: 3, before: 40, after: 70, mask: (r) => (r % 7 === 2 ? 0 : 1) },
  { longest: 130, lengths: [130], heads: 1, head_dim: 32, reach: 130 },
  { longest: 0, lengths: [], heads: 1, head_dim: 4, reach: 2 },
];

const casesOf = (names: readonly string[]): Case[] =>
  CASES.map(({ longest, lengths, heads, head_dim, reach, before = FAR, after = FAR, mask }) => {
    const batch = lengths.length;
    const hidden = heads * head_dim;
    return {
      shapes: {
        ...Object.fromEntries(names.map((name) => [name, [batch, longest, hidden]])),
        q_pos: [batch, longest, hidden],
        pos: [2 * reach + 1, hidden],
        types: [batch, longest],
        same: [batch, longest, heads],
        ...(mask && { mask: [batch, longest] }),
        starts: [batch + 1],
        places: [batch, longest],
      },
      attrs: { heads, scale: 1 / Math.sqrt(head_dim), before, after },
      lengths,
      mask,
    };
  });

const eachQuery: EachQuery = (operands, { batch, heads, head_dim, scale, reach, before, after }, visit) => {
  const { q, k, q_pos, pos, types, same, mask, starts, places } = operands;
  const hidden = heads * head_dim;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads; head++)
      for (let row = starts[b]; row < starts[b + 1]; row++) {
        const keys = range(starts[b + 1] - starts[b]).map((i) => starts[b] + i);
        const terms = keys.map((key) => {
          const near = Math.max(-reach, Math.min(reach, places[key] - places[row])) + reach;
          const products = range(head_dim).flatMap((d) => {
            const at = head * head_dim + d;
            return [q[row * hidden + at] * k[key * hidden + at], q_pos[row * hidden + at] * pos[near * hidden + at]];
          });
          return [...products, types[key] === types[row] ? same[row * heads + head] : 0].map((term) => term * scale);
        });
        const scores = keys.map((key, i) => {
          const behind = places[key] - places[row];
          const seen = behind >= -before && behind <= after && (key === row || mask?.[key] !== 0);
          return seen ? sum(terms[i]) : -Infinity;
        });
        visit({ b, head, row }, softmaxOf(scores), Math.max(...terms.map((each) => sum(each.map(Math.abs)))));
      }
};

const tolerance = ({ head_dim, longest }: Numbers): number => 4 * head_dim + longest + 16;

export const POSITIONAL_REFERENCE = {
  positional_attention: attention(casesOf(['q', 'k', 'v']), eachQuery, tolerance),
  positional_attention_weights: weights(casesOf(['q', 'k']), eachQuery, tolerance),
} satisfies Record<string, Definition>;
