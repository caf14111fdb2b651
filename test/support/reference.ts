import type { OpName } from '../../src/ops/table.ts';
import { type Case, LENGTHS, LONG_SEQUENCES, LOOKUPS, MATRICES, NORMS, ROWWISE, SEQUENCES, sequenceCases } from './cases.ts';
import {
  ACTIVATION,
  attend,
  eachQuery,
  LEFT_OUT,
  type Numbers,
  normalise,
  type Operands,
  packed,
  range,
  rowsOf,
  type Scalar,
  softmaxOf,
  sum,
  UNFUSED,
} from './formulas.ts';
import { DISENTANGLED_REFERENCE } from './reference-disentangled.ts';
import { GENERAL_REFERENCE } from './reference-general.ts';
import { INTEGER_REFERENCE } from './reference-integers.ts';
import { POOL_REFERENCE } from './reference-pools.ts';
import { POSITIONAL_REFERENCE } from './reference-positional.ts';
import { RELATIVE_REFERENCE } from './reference-relative.ts';
import { ROTARY_REFERENCE } from './reference-rotary.ts';
import { TOKEN_REFERENCE } from './reference-tokens.ts';

/**
 * An op by its definition, in float64. `tolerance` counts rounding errors of float32 (2^-24), each as large as `sizes` says: the
 * magnitudes that meet in an element, or where left out the element itself.
 */
export interface Definition {
  cases: Case[];
  of(operands: Operands, numbers: Numbers, attrs: Record<string, number | string>): { values: number[]; sizes?: number[] };
  tolerance(numbers: Numbers): number;
}

const exact = () => 0;

function elementwise(name: string, tolerance: number, size?: Scalar): Definition {
  return {
    cases: LENGTHS.map((n) => ({ shapes: { x: [n] } })),
    of: ({ x }) => ({ values: Array.from(x, ACTIVATION[name] ?? UNFUSED[name]), sizes: size && Array.from(x, size) }),
    tolerance: () => tolerance,
  };
}

function binary(apply: (a: number, b: number) => number): Definition {
  return {
    cases: [...LENGTHS.map((n) => ({ shapes: { a: [n], b: [n] } })), ...MATRICES.map(([r, c]) => ({ shapes: { a: [2, r, c], b: [c] } }))],
    of: ({ a, b }) => ({ values: Array.from(a, (v, i) => apply(v, b[i % b.length])) }),
    tolerance: () => 1,
  };
}

const attentionTolerance = ({ head_dim, longest }: Numbers): number => 2 * head_dim + longest + 12;

const EMBEDDING: Definition = {
  cases: LOOKUPS.map(([rows, vocab, cols]) => ({ shapes: { ids: [rows], table: [vocab, cols] } })),
  of: ({ ids, table }, { cols }) => ({ values: Array.from(ids).flatMap((id) => range(cols).map((c) => table[id * cols + c])) }),
  tolerance: exact,
};

const EMBEDDING_ADD: Definition = {
  cases: LOOKUPS.map(([rows, vocab, cols]) => ({ shapes: { x: [rows, cols], ids: [rows], table: [vocab, cols] } })),
  of: ({ x, ids, table }, { cols }) => ({
    values: Array.from(x, (v, i) => v + table[ids[Math.floor(i / cols)] * cols + (i % cols)]),
  }),
  tolerance: () => 1,
};

/** A lookup with and without something that it is added to. */
const EMBEDDING_HALF: Definition = {
  cases: [...EMBEDDING.cases, ...EMBEDDING_ADD.cases],
  of: (operands, ...rest) => (operands.x ? EMBEDDING_ADD : EMBEDDING).of(operands, ...rest),
  tolerance: () => 1,
};

const linearOf = (sizes: [m: number, n: number, k: number][]): Definition => ({
  cases: sizes.flatMap(([m, n, k], i) => {
    const activation = Object.keys(ACTIVATION)[i % 7];
    const plain = { x: [m, k], weight: [n, k] };
    return [
      { shapes: plain, attrs: { activation: 'none' } },
      { shapes: { ...plain, bias: [n] }, attrs: { activation } },
    ];
  }),
  of: ({ x, weight, bias }, { m, n, k }, { activation }) => {
    const values: number[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let total = bias ? bias[j] : 0;
        let size = Math.abs(total);
        for (let c = 0; c < k; c++) {
          const product = x[i * k + c] * weight[j * k + c];
          total += product;
          size += Math.abs(product);
        }
        values.push(ACTIVATION[activation](total));
        sizes.push(2 * size);
      }
    return { values, sizes };
  },
  tolerance: ({ k }) => k + 8,
});

const LINEAR = linearOf([
  [1, 1, 1],
  [0, 3, 4],
  [3, 4, 0],
  [5, 0, 3],
  [2, 3, 5],
  [4, 8, 7],
  [6, 9, 16],
  [7, 13, 9],
  [11, 16, 31],
  [13, 5, 67],
  [1, 64, 130],
  [12, 7, 513],
  [14, 24, 1030],
  [200, 64, 800],
  [200, 61, 800],
]);

/** Rows of an even number of columns. */
const LINEAR_HALF = linearOf([
  [1, 1, 2],
  [0, 3, 4],
  [3, 4, 0],
  [5, 0, 2],
  [2, 3, 6],
  [4, 8, 14],
  [6, 9, 16],
  [7, 13, 10],
  [11, 16, 34],
  [13, 5, 74],
  [1, 64, 130],
  [12, 7, 514],
  [14, 24, 1030],
  [200, 64, 800],
  [200, 61, 802],
]);

export const REFERENCE: Record<OpName, Definition> = {
  embedding: EMBEDDING,
  embedding_add: EMBEDDING_ADD,
  embedding_bf16: EMBEDDING_HALF,
  embedding_f16: EMBEDDING_HALF,
  ...INTEGER_REFERENCE,
  linear: LINEAR,
  linear_bf16: LINEAR_HALF,
  linear_f16: LINEAR_HALF,
  attention: {
    cases: sequenceCases((b, s, h) => ({ q: [b, s, h], k: [b, s, h], v: [b, s, h] }), [...SEQUENCES, ...LONG_SEQUENCES]),
    of: (operands, numbers) => attend(operands.q, operands.k, operands.v, numbers.heads * numbers.head_dim, operands, numbers),
    tolerance: attentionTolerance,
  },
  attention_qkv: {
    cases: sequenceCases((b, s, h) => ({ qkv: [b, s, 3 * h] })),
    of: (operands, numbers) => {
      const hidden = numbers.heads * numbers.head_dim;
      const part = (i: number) => Array.from(operands.qkv).slice(i * hidden);
      return attend(part(0), part(1), part(2), 3 * hidden, operands, numbers);
    },
    tolerance: attentionTolerance,
  },
  attention_weights: {
    cases: sequenceCases((b, s, h) => ({ q: [b, s, h], k: [b, s, h] })),
    of: (operands, numbers) => {
      const { batch, longest, heads, head_dim } = numbers;
      const values: number[] = new Array(batch * heads * longest * longest).fill(0);
      const sizes = [...values];
      eachQuery(operands.q, operands.k, heads * head_dim, operands, numbers, (b, h, row, p, size) => {
        p.forEach((weight, j) => {
          const at = ((b * heads + h) * longest + row - operands.starts[b]) * longest + j;
          values[at] = weight;
          sizes[at] = weight * (1 + 2 * size);
        });
      });
      return { values, sizes };
    },
    tolerance: attentionTolerance,
  },
  attention_scores: {
    cases: sequenceCases((b, s, h) => ({ q: [b, s, h], k: [b, s, h] })),
    of: (operands, numbers) => {
      const { batch, longest, heads, head_dim } = numbers;
      const values: number[] = new Array(batch * heads * longest * longest).fill(0);
      const sizes = [...values];
      eachQuery(operands.q, operands.k, heads * head_dim, operands, numbers, (b, h, row, _, size, scores) => {
        for (const j of range(longest)) {
          const at = ((b * heads + h) * longest + row - operands.starts[b]) * longest + j;
          values[at] = scores[j] ?? LEFT_OUT;
          sizes[at] = values[at] === LEFT_OUT ? 0 : 2 * size;
        }
      });
      return { values, sizes };
    },
    tolerance: ({ head_dim }) => head_dim + 4,
  },
  ...RELATIVE_REFERENCE,
  ...DISENTANGLED_REFERENCE,
  ...TOKEN_REFERENCE,
  ...ROTARY_REFERENCE,
  layer_norm: {
    cases: NORMS,
    of: ({ x, weight, bias }, { cols, eps }) => normalise(rowsOf(x, cols), rowsOf(Array.from(x, Math.abs), cols), weight, bias, eps),
    tolerance: ({ cols }) => cols / 8 + 16,
  },
  add_layer_norm: {
    cases: NORMS.map(({ shapes, attrs }) => ({ shapes: { ...shapes, residual: shapes.x }, attrs })),
    of: ({ x, residual, weight, bias }, { cols, eps }) => {
      const total = Array.from(x, (v, i) => v + residual[i]);
      const size = Array.from(x, (v, i) => Math.abs(v) + Math.abs(residual[i]));
      return normalise(rowsOf(total, cols), rowsOf(size, cols), weight, bias, eps);
    },
    tolerance: ({ cols }) => cols / 8 + 18,
  },
  rms_norm: {
    cases: NORMS.map(({ shapes: { x, weight }, attrs }, i) => ({ shapes: { x, weight }, attrs: { ...attrs, offset: i % 3 } })),
    of({ x, weight }, { cols, eps, offset }) {
      const terms = rowsOf(x, cols).flatMap((row) => {
        const scale = 1 / Math.sqrt(sum(row.map((v) => v * v)) / cols + eps);
        return row.map((v, c) => ({ value: v * scale * (offset + weight[c]), size: Math.abs(v * scale) * (offset + Math.abs(weight[c])) }));
      });
      return { values: terms.map(({ value }) => value), sizes: terms.map(({ size }) => size) };
    },
    tolerance: ({ cols }) => cols / 16 + 8,
  },
  matmul: {
    cases: [
      [1, 1, 1, 1],
      [0, 2, 3, 4],
      [2, 3, 4, 0],
      [3, 0, 2, 5],
      [2, 2, 3, 5],
      [1, 4, 8, 7],
      [3, 6, 9, 16],
      [2, 7, 13, 31],
      [1, 13, 5, 67],
      [2, 3, 17, 530],
    ].flatMap(([batch, m, n, k]) => [{ shapes: { a: [batch, m, k], b: [batch, k, n] } }, { shapes: { a: [batch, m, k], b: [k, n] } }]),
    of: ({ a, b }, { batch, m, n, k }) => {
      const terms = range(batch * m * n).map((at) => {
        const [matrix, row, col] = [Math.floor(at / (m * n)), Math.floor(at / n), at % n];
        return range(k).map((c) => a[row * k + c] * b[(matrix * k + c) * n + col]);
      });
      return { values: terms.map(sum), sizes: terms.map((each) => 2 * sum(each.map(Math.abs))) };
    },
    tolerance: ({ k }) => k + 8,
  },
  argmax: {
    cases: ROWWISE,
    of: ({ x }, { cols }) => ({ values: rowsOf(x, cols).map((row) => row.indexOf(Math.max(...row))) }),
    tolerance: exact,
  },
  softmax: {
    cases: ROWWISE,
    of: ({ x }, { cols }) => {
      const rows = rowsOf(x, cols);
      const values = rows.flatMap(softmaxOf);
      return { values, sizes: rows.flatMap((row) => row.map((v) => Math.max(...row) - v + 1)).map((d, i) => d * values[i]) };
    },
    tolerance: ({ cols }) => cols / 4 + 12,
  },
  log_softmax: {
    cases: ROWWISE,
    of: ({ x }, { cols }) => {
      const rows = rowsOf(x, cols);
      const parts = rows.map((row) => {
        const peak = Math.max(...row);
        return { peak, log: Math.log(sum(row.map((v) => Math.exp(v - peak)))) };
      });
      return {
        values: rows.flatMap((row, r) => row.map((v) => v - parts[r].peak - parts[r].log)),
        sizes: rows.flatMap((row, r) => row.map((v) => 1 + parts[r].peak - v + parts[r].log)),
      };
    },
    tolerance: ({ cols }) => cols / 4 + 10,
  },
  gelu: elementwise('gelu', 8),
  gelu_new: elementwise('gelu_new', 8, Math.abs),
  relu: elementwise('relu', 0),
  silu: elementwise('silu', 6),
  tanh: elementwise('tanh', 6),
  sigmoid: elementwise('sigmoid', 6),
  quick_gelu: elementwise('quick_gelu', 8),
  mish: elementwise('mish', 8),
  relu6: elementwise('relu6', 0),
  gelu_10: elementwise('gelu_10', 8),
  add: binary((a, b) => a + b),
  mul: binary((a, b) => a * b),
  scale: {
    cases: LENGTHS.map((n) => ({ shapes: { x: [n] }, attrs: { factor: 0.3 } })),
    of: ({ x }, { factor }) => ({ values: Array.from(x, (v) => v * Math.fround(factor)) }),
    tolerance: () => 1,
  },
  strided: {
    cases: [
      { shapes: { x: [24] }, attrs: { offset: 0, d0: 1, d1: 1, d2: 4, d3: 6, s0: 0, s1: 0, s2: 1, s3: 4 } },
      { shapes: { x: [3, 5, 7] }, attrs: { offset: 2, d0: 1, d1: 3, d2: 5, d3: 4, s0: 0, s1: 35, s2: 7, s3: 1 } },
      { shapes: { x: [2, 3, 4, 5] }, attrs: { offset: 0, d0: 2, d1: 4, d2: 3, d3: 5, s0: 60, s1: 5, s2: 20, s3: 1 } },
      { shapes: { x: [2, 3, 4, 5] }, attrs: { offset: 0, d0: 5, d1: 4, d2: 3, d3: 2, s0: 1, s1: 5, s2: 20, s3: 60 } },
      { shapes: { x: [3] }, attrs: { offset: 1, d0: 2, d1: 2, d2: 2, d3: 3, s0: 0, s1: 0, s2: 0, s3: 0 } },
      { shapes: { x: [5] }, attrs: { offset: 4, d0: 1, d1: 1, d2: 1, d3: 1, s0: 9, s1: 9, s2: 9, s3: 9 } },
    ],
    of: ({ x }, { offset, d0, d1, d2, d3, s0, s1, s2, s3 }) => ({
      values: range(d0 * d1 * d2 * d3).map((at) => {
        const l = at % d3;
        const k = Math.floor(at / d3) % d2;
        const j = Math.floor(at / d3 / d2) % d1;
        const i = Math.floor(at / d3 / d2 / d1);
        return x[offset + i * s0 + j * s1 + k * s2 + l * s3];
      }),
    }),
    tolerance: exact,
  },
  concat: {
    cases: [
      [0, 1, 1],
      [1, 1, 1],
      [3, 2, 5],
      [4, 8, 4],
      [2, 0, 3],
      [5, 7, 0],
      [3, 16, 17],
    ].map(([rows, a, b]) => ({
      shapes: { a: [rows, a], b: [rows, b] },
    })),
    of: ({ a, b }, { rows, a_cols, b_cols }) => ({
      values: range(rows).flatMap((r) => [
        ...Array.from(a).slice(r * a_cols, (r + 1) * a_cols),
        ...Array.from(b).slice(r * b_cols, (r + 1) * b_cols),
      ]),
    }),
    tolerance: exact,
  },
  columns: {
    cases: [
      [0, 5, 1, 2],
      [3, 7, 2, 4],
      [4, 16, 8, 8],
      [5, 9, 0, 9],
      [2, 33, 32, 1],
      [3, 4, 4, 0],
    ].map(([rows, cols, from, count]) => ({ shapes: { x: [rows, cols] }, attrs: { from, count } })),
    of: ({ x }, { cols, from, count }) => ({ values: rowsOf(x, cols).flatMap((row) => row.slice(from, from + count)) }),
    tolerance: exact,
  },
  ...POOL_REFERENCE,
  ...GENERAL_REFERENCE,
  ...TOKEN_REFERENCE,
  ...POSITIONAL_REFERENCE,
  scatter: {
    cases: [
      [0, 3, 2, 3],
      [1, 1, 1, 1],
      [5, 7, 2, 3],
      [17, 16, 3, 11],
    ].map(([rows, cols, batch, sequence]) => ({ shapes: { x: [rows, cols], index: [rows] }, attrs: { batch, sequence } })),
    of: ({ x, index }, { cols, total }) => {
      const values = new Array(total * cols).fill(0);
      Array.from(index).forEach((at, r) => {
        for (const c of range(cols)) values[at * cols + c] = x[r * cols + c];
      });
      return { values };
    },
    tolerance: exact,
  },
  l2_normalize: {
    cases: MATRICES.map(([r, c]) => ({ shapes: { x: [r, c] }, attrs: { eps: 1e-12 } })),
    of: ({ x }, { cols, eps }) => ({
      values: rowsOf(x, cols).flatMap((row) => row.map((v) => v / Math.max(Math.hypot(...row), eps))),
    }),
    tolerance: ({ cols }) => cols / 16 + 6,
  },
  panels: {
    cases: [
      [1, 1],
      [8, 1],
      [3, 5],
      [7, 4],
      [8, 8],
      [9, 3],
      [16, 17],
      [21, 30],
    ].map((shape) => ({ shapes: { x: shape } })),
    of: ({ x }, { n, k }) => ({ values: packed(x, n, k) }),
    tolerance: exact,
  },
};
