import type { Case } from './cases.ts';
import { type Numbers, type Operands, range, softmaxOf, sum } from './formulas.ts';
import type { Definition } from './reference.ts';
import { attention, type EachQuery, weights } from './reference-attention.ts';

const FAR = 2 ** 31 - 1;

interface Distances {
  longest: number;
  lengths: number[];
  heads: number;
  groups?: number;
  head_dim: number;
  before?: number;
  after?: number;
  reach?: number;
  mask?: Case['mask'];
  /** Rows of each sequence of keys, where these are of other sequences than queries. */
  keyLengths?: number[];
}

const CASES: readonly Distances[] = [
  { longest: 1, lengths: [1], heads: 1, head_dim: 1 },
  { longest: 7, lengths: [7, 7], heads: 2, head_dim: 4, before: 2, after: 2, reach: 3 },
  { longest: 9, lengths: [9, 9], heads: 1, groups: 3, head_dim: 5, after: 0, reach: 2, mask: () => 1 },
  { longest: 13, lengths: [13, 4, 0, 9], heads: 2, groups: 2, head_dim: 8, reach: 5 },
  { longest: 50, lengths: [50, 49], heads: 1, groups: 2, head_dim: 9, before: 20, after: 20, mask: (r) => (r % 5 === 3 ? 0 : 1) },
  { longest: 67, lengths: [67], heads: 3, head_dim: 17, before: 8, after: 0, reach: 1 },
  { longest: 130, lengths: [130], heads: 1, head_dim: 32, before: 16, after: 16 },
  { longest: 101, lengths: [101, 60], heads: 2, head_dim: 12, before: 4, after: FAR, reach: 40, mask: (r) => (r % 7 === 2 ? 0 : 1) },
  { longest: 40, lengths: [40, 23], heads: 2, head_dim: 8, before: 3, after: 3, mask: (r) => (r < 11 ? 1 : 0) },
  { longest: 40, lengths: [40, 23], heads: 1, groups: 2, head_dim: 8, after: 0, mask: (r, b) => (r > 12 && r < 30 - b ? 1 : 0) },
  { longest: 0, lengths: [], heads: 1, head_dim: 4 },
];

const CROSS_CASES: readonly Distances[] = [
  { longest: 1, lengths: [1], keyLengths: [3], heads: 1, head_dim: 1 },
  { longest: 7, lengths: [7, 7], keyLengths: [9, 9], heads: 2, head_dim: 4, before: 2, after: 2, reach: 3 },
  { longest: 9, lengths: [9, 9], keyLengths: [1, 1], heads: 1, groups: 3, head_dim: 5, after: 0, reach: 2, mask: () => 1 },
  { longest: 13, lengths: [13, 4, 0, 9], keyLengths: [7, 17, 2, 5], heads: 2, groups: 2, head_dim: 8, reach: 5 },
  { longest: 50, lengths: [50, 49], keyLengths: [67, 67], heads: 1, groups: 2, head_dim: 9, mask: (r) => (r % 5 === 3 ? 0 : 1) },
  { longest: 67, lengths: [67], keyLengths: [8], heads: 3, head_dim: 17, before: 80, after: 0, reach: 1 },
  { longest: 3, lengths: [3, 1], keyLengths: [130, 101], heads: 2, head_dim: 12, mask: (r, b) => (r < 101 - 40 * b ? 1 : 0) },
  { longest: 0, lengths: [], keyLengths: [], heads: 1, head_dim: 4 },
];

const APART_CASES: readonly Distances[] = [
  ...CROSS_CASES.filter(({ groups }) => groups === undefined),
  { longest: 1, lengths: [1, 1, 1], keyLengths: [4, 0, 9], heads: 2, head_dim: 8 },
  { longest: 1, lengths: [1, 1], keyLengths: [13, 13], heads: 2, head_dim: 5, mask: (r, b) => (b === 0 || r > 3 ? 1 : 0) },
];

const longestOf = (lengths: number[]): number => Math.max(0, ...lengths);

const casesOf = (names: readonly string[], cases = CASES): Case[] =>
  cases.map(({ longest, lengths, heads, groups = 1, head_dim, before = FAR, after = FAR, reach, mask, keyLengths }) => {
    const batch = lengths.length;
    const widths: Record<string, number> = { q: heads * groups * head_dim, k: heads * head_dim, v: heads * head_dim };
    const keys = keyLengths ? longestOf(keyLengths) : longest;
    return {
      shapes: {
        ...Object.fromEntries(names.map((name) => [name, [batch, name === 'q' ? longest : keys, widths[name]]])),
        ...(mask && { mask: [batch, keys] }),
        starts: [batch + 1],
        places: [batch, longest],
        ...(keyLengths && { key_starts: [batch + 1], key_places: [batch, keys] }),
        ...(reach !== undefined && { bias: [heads * groups, 2 * reach + 1] }),
      },
      attrs: { heads, groups, scale: 1 / Math.sqrt(head_dim), before, after },
      lengths,
      keyLengths,
      mask,
    };
  });

/** Whether the key at `key` may be seen from the query at `row`. */
function sees(operands: Operands, { before, after }: Numbers, row: number, key: number): boolean {
  const { places, key_places = places, mask } = operands;
  const distance = key_places[key] - places[row];
  return distance >= -before && distance <= after && mask?.[key] !== 0;
}

/** Of each query; one that may see no key weighs all alike. */
const eachQuery: EachQuery = (operands, numbers, visit) => {
  const { q, k, starts, places, key_starts = starts, key_places = places, bias } = operands;
  const { batch, heads, groups, head_dim, scale, reach } = numbers;
  for (let b = 0; b < batch; b++)
    for (let head = 0; head < heads * groups; head++)
      for (let row = starts[b]; row < starts[b + 1]; row++) {
        const keys = range(key_starts[b + 1] - key_starts[b]).map((i) => key_starts[b] + i);
        const terms = keys.map((key) =>
          range(head_dim).map(
            (d) => q[(row * heads * groups + head) * head_dim + d] * k[(key * heads + Math.floor(head / groups)) * head_dim + d] * scale,
          ),
        );
        const added = keys.map((key) => {
          const near = Math.max(-reach, Math.min(reach, key_places[key] - places[row]));
          return bias ? bias[head * (2 * reach + 1) + near + reach] : 0;
        });
        const size = Math.max(...terms.map((each, i) => sum(each.map(Math.abs)) + Math.abs(added[i])));
        const seen = keys.map((key) => sees(operands, numbers, row, key));
        const scores = keys.map((_, i) => (seen[i] ? sum(terms[i]) + added[i] : seen.includes(true) ? -Infinity : 0));
        visit({ b, head, row }, softmaxOf(scores), size);
      }
};

const tolerance = ({ head_dim, longest }: Numbers): number => 2 * head_dim + longest + 14;

const attending = (cases: Case[]): Definition => attention(cases, eachQuery, tolerance);
const weighing = (cases: Case[]): Definition => weights(cases, eachQuery, tolerance);

/** Attention over other sequences where distances do not matter. */
function apart(cases: Case[]): Definition {
  const { of, tolerance } = attending(cases);
  const near = ({ length }: ArrayLike<number>) => new Array(length).fill(0);
  return {
    cases: cases.map(({ shapes: { places: _, key_places: __, bias: ___, ...shapes }, attrs = {}, ...rest }) => ({
      ...rest,
      shapes,
      attrs: { heads: attrs.heads, scale: attrs.scale },
    })),
    of(operands, numbers, attrs) {
      const places = { places: near(operands.q), key_places: near(operands.k) };
      const { values, sizes } = of({ ...operands, ...places }, { ...numbers, groups: 1, before: FAR, after: FAR }, attrs);
      return { values, sizes: sizes?.map((size) => size || 0) };
    },
    tolerance,
  };
}

export const RELATIVE_REFERENCE = {
  relative_attention: attending(casesOf(['q', 'k', 'v'])),
  relative_attention_weights: weighing(casesOf(['q', 'k'])),
  cross_attention: attending(casesOf(['q', 'k', 'v'], CROSS_CASES)),
  attention_apart: apart(casesOf(['q', 'k', 'v'], APART_CASES)),
  cross_attention_weights: weighing(casesOf(['q', 'k'], CROSS_CASES)),
} satisfies Record<string, Definition>;
