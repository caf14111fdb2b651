import { FUNCTIONS } from '../../src/ops/functionnames.ts';
import { type Case, LENGTHS, MATRICES } from './cases.ts';
import { erf, type Numbers, type Operands, range, rowsOf, type Scalar, sum } from './formulas.ts';
import type { Definition } from './reference.ts';

type Pair = (a: number, b: number) => number;

const flag =
  (holds: (a: number, b: number) => boolean): Pair =>
  (a, b) =>
    Number(holds(a, b));

/** Each function of two numbers, and of how many rounding errors it may be wrong. */
export const PAIRS: Record<string, { of: Pair; tolerance?: number }> = {
  add: { of: (a, b) => a + b, tolerance: 1 },
  sub: { of: (a, b) => a - b, tolerance: 1 },
  mul: { of: (a, b) => a * b, tolerance: 1 },
  div: { of: (a, b) => a / b, tolerance: 1 },
  pow: { of: (a, b) => a ** b, tolerance: 2 },
  minimum: { of: Math.min },
  maximum: { of: Math.max },
  floor_divide: { of: (a, b) => Math.floor(a / b), tolerance: 1 },
  remainder: { of: (a, b) => a - Math.floor(a / b) * b, tolerance: 1 },
};

export const COMPARISONS: Record<string, Pair> = {
  eq: flag((a, b) => a === b),
  ne: flag((a, b) => a !== b),
  lt: flag((a, b) => a < b),
  le: flag((a, b) => a <= b),
  gt: flag((a, b) => a > b),
  ge: flag((a, b) => a >= b),
  logical_and: flag((a, b) => a !== 0 && b !== 0),
  logical_or: flag((a, b) => a !== 0 || b !== 0),
  logical_xor: flag((a, b) => (a !== 0) !== (b !== 0)),
};

const nearestEven: Scalar = (x) => {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
};

/** Each function of one number, and of how many rounding errors it may be wrong. */
export const SINGLES: Record<string, { of: Scalar; tolerance?: number }> = {
  abs: { of: Math.abs },
  exp: { of: Math.exp, tolerance: 3 },
  log: { of: Math.log, tolerance: 2 },
  sqrt: { of: Math.sqrt, tolerance: 1 },
  rsqrt: { of: (x) => 1 / Math.sqrt(x), tolerance: 3 },
  erf: { of: erf, tolerance: 8 },
  sin: { of: Math.sin, tolerance: 2 },
  cos: { of: Math.cos, tolerance: 2 },
  floor: { of: Math.floor },
  ceil: { of: Math.ceil },
  round: { of: nearestEven },
  trunc: { of: Math.trunc },
  sign: { of: Math.sign },
};

const spread = (row: number[], freedom: number): number => {
  const mean = sum(row) / row.length;
  return sum(row.map((v) => (v - mean) ** 2)) / freedom;
};

/** Each function of a row. */
export const ROWS: Record<string, (row: number[]) => number> = {
  sum,
  mean: (row) => sum(row) / row.length,
  amax: (row) => Math.max(...row),
  amin: (row) => Math.min(...row),
  var: (row) => spread(row, row.length - 1),
  var_biased: (row) => spread(row, row.length),
};

const nameOf = (number: number): string => Object.keys(FUNCTIONS).find((name) => FUNCTIONS[name] === number) as string;

/** Where the elements of an operand stand for each of the result's, by the strides of its first letter. */
function placesOf(operand: string, numbers: Numbers): number[] {
  const [d0, d1, d2, d3] = range(4).map((d) => numbers[`d${d}`]);
  const strides = range(4).map((d) => numbers[`${operand[0]}${d}`]);
  return range(d0 * d1 * d2 * d3).map((at) => {
    const index = [Math.floor(at / (d1 * d2 * d3)), Math.floor(at / (d2 * d3)) % d1, Math.floor(at / d3) % d2, at % d3];
    return sum(index.map((i, d) => i * strides[d]));
  });
}

const repeated = (operand: string, operands: Operands, numbers: Numbers): number[] =>
  placesOf(operand, numbers).map((at) => operands[operand][at]);

/** Shapes that are repeated to one in every way: not at all, in front, behind, between, both. */
const REPEATED: [a: number[], b: number[]][] = [
  ...LENGTHS.map((n): [number[], number[]] => [[n], [n]]),
  [[2, 3, 5], [5]],
  [
    [7, 9],
    [7, 1],
  ],
  [
    [4, 5, 6],
    [4, 1, 6],
  ],
  [
    [3, 1, 5],
    [1, 4, 1],
  ],
  [
    [2, 1, 3, 1],
    [1, 4, 1, 5],
  ],
  [[], [3, 4]],
  [[13, 17], []],
  [
    [2, 0, 3],
    [2, 1, 3],
  ],
];

const pairCases = (names: readonly string[]): Case[] =>
  names.flatMap((name, i) =>
    REPEATED.filter((_, at) => i === 0 || at % 4 === i % 4 || at > LENGTHS.length).map(([a, b]) => ({
      shapes: { a, b },
      attrs: { function: FUNCTIONS[name] },
    })),
  );

const pairwise = (known: Record<string, { of: Pair; tolerance?: number }>): Definition => ({
  cases: pairCases(Object.keys(known)),
  of: (operands, numbers) => {
    const [a, b] = ['a', 'b'].map((name) => repeated(name, operands, numbers));
    return { values: a.map((value, i) => known[nameOf(numbers.function)].of(value, b[i])) };
  },
  tolerance: ({ function: number }) => known[nameOf(number)].tolerance ?? 0,
});

const asComparisons = Object.fromEntries(Object.entries(COMPARISONS).map(([name, of]) => [name, { of }]));

/** A sum in float64 that may be near 0 where its terms are not. */
const sizeOfSum = (value: number, row: number[]): number => Math.max(Math.abs(value), 2 ** -24 * sum(row.map(Math.abs)));

export const GENERAL_REFERENCE = {
  binary: pairwise(PAIRS),
  compare: pairwise(asComparisons),
  compare_i32: pairwise(asComparisons),
  where: {
    cases: [
      ...REPEATED.map(([a, b]) => ({ shapes: { condition: a, a: b, b: a } })),
      ...REPEATED.map(([a, b]) => ({ shapes: { condition: b, a, b: [] } })),
      { shapes: { condition: [2, 1, 5], a: [1, 3, 1], b: [2, 3, 5] } },
    ],
    of: (operands, numbers) => {
      const [condition, a, b] = ['condition', 'a', 'b'].map((name) => repeated(name, operands, numbers));
      return { values: condition.map((holds, i) => (holds === 0 ? b[i] : a[i])) };
    },
    tolerance: () => 0,
  },
  unary: {
    cases: Object.keys(SINGLES).flatMap((name, i) =>
      LENGTHS.filter((_, at) => i === 0 || at % 3 === i % 3).map((n) => ({
        shapes: { x: [n] },
        attrs: { function: FUNCTIONS[name] },
        gains: { x: [1, 40, 1e4][n % 3] },
      })),
    ),
    of: ({ x }, { function: number }) => ({ values: Array.from(x, SINGLES[nameOf(number)].of) }),
    tolerance: ({ function: number }) => SINGLES[nameOf(number)].tolerance ?? 0,
  },
  to_float32: {
    cases: LENGTHS.map((n) => ({ shapes: { x: [n] } })),
    of: ({ x }) => ({ values: Array.from(x) }),
    tolerance: () => 0,
  },
  to_int32: {
    cases: LENGTHS.map((n) => ({ shapes: { x: [n] }, gains: { x: 100 } })),
    of: ({ x }) => ({ values: Array.from(x, Math.trunc) }),
    tolerance: () => 0,
  },
  reduce: {
    cases: Object.keys(ROWS).flatMap((name) =>
      MATRICES.filter(([, cols]) => cols > 1).map(([rows, cols]) => ({
        shapes: { x: [rows, cols] },
        attrs: { function: FUNCTIONS[name] },
      })),
    ),
    of: ({ x }, { cols, function: number }) => {
      const rows = rowsOf(x, cols);
      const values = rows.map(ROWS[nameOf(number)]);
      return { values, sizes: values.map((value, r) => sizeOfSum(value, rows[r])) };
    },
    tolerance: ({ function: number }) => (['amax', 'amin'].includes(nameOf(number)) ? 0 : 2),
  },
  cumsum: {
    cases: MATRICES.map((shape) => ({ shapes: { x: shape } })),
    of: ({ x }, { cols }) => {
      const parts = rowsOf(x, cols).flatMap((row) => row.map((_, i) => row.slice(0, i + 1)));
      const values = parts.map(sum);
      return { values, sizes: values.map((value, i) => sizeOfSum(value, parts[i])) };
    },
    tolerance: () => 2,
  },
  gather: {
    cases: MATRICES.flatMap(([rows, cols]) => [1, cols, 9].map((count) => ({ shapes: { x: [rows, cols], ids: [rows, count] } }))),
    of: ({ x, ids }, { cols, count }) => ({ values: Array.from(ids, (id, i) => x[Math.floor(i / count) * cols + id]) }),
    tolerance: () => 0,
  },
  topk: {
    cases: MATRICES.flatMap(([rows, cols]) =>
      [...new Set([0, 1, Math.ceil(cols / 2), cols])].flatMap((k) =>
        [0, 1].map((largest) => ({ shapes: { x: [rows, cols] }, attrs: { k, largest } })),
      ),
    ),
    of: ({ x }, { cols, k, largest }) => {
      const sign = largest ? -1 : 1;
      const best = (row: number[]) => [...row.keys()].sort((i, j) => sign * (row[i] - row[j]) || i - j).slice(0, k);
      return { values: rowsOf(x, cols).flatMap(best) };
    },
    tolerance: () => 0,
  },
  expand: {
    cases: [
      [
        [1, 1, 3, 5],
        [1, 2, 3, 5],
      ],
      [
        [2, 1, 3, 1],
        [2, 4, 3, 5],
      ],
      [
        [2, 3, 4, 5],
        [2, 3, 4, 5],
      ],
      [
        [1, 1, 1, 1],
        [3, 1, 2, 9],
      ],
      [
        [1, 3, 1, 1],
        [0, 3, 2, 1],
      ],
    ].map(([x, [d0, d1, d2, d3]]) => ({ shapes: { x }, attrs: { d0, d1, d2, d3 } })),
    of: ({ x }, numbers) => ({ values: placesOf('s', numbers).map((at) => x[at]) }),
    tolerance: () => 0,
  },
} satisfies Record<string, Definition>;
