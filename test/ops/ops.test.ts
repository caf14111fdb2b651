import { describe, expect, test } from 'vitest';
import type { Op } from '../../src/ops/op.ts';
import { OPS, type OpName } from '../../src/ops/table.ts';
import type { Variant } from '../../src/platform/platform.ts';
import type { Case } from '../support/cases.ts';
import { ACTIVATION, UNFUSED } from '../support/formulas.ts';
import {
  bitsOf,
  call,
  cumulative,
  firstError,
  formsOf,
  kernelsOf,
  noise,
  operandsOf,
  runs,
  SMALLEST,
  VARIANTS,
} from '../support/kernels.ts';
import { REFERENCE } from '../support/reference.ts';

const OP_NAMES = Object.keys(OPS) as OpName[];
const SPECIALS = [NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 3e38, -3e38, 88.5, -88.5, 1e-5, -1e-5, 20, -20];

const some = (count: number, seed: number): number[] => Array.from({ length: count }, noise(seed));

/** How a case reads in a test's name. */
const label = ({ shapes, attrs, lengths }: Case): string =>
  [...Object.entries(shapes).map(([name, shape]) => `${name} ${shape.join('x')}`), JSON.stringify({ ...attrs, lengths })].join(', ');

test.each(VARIANTS.filter(runs))('%s: every row has a kernel and every kernel a row', (variant) => {
  expect(
    Object.keys(kernelsOf(variant).exports)
      .filter((name) => typeof kernelsOf(variant).exports[name] === 'function' && !name.startsWith('__'))
      .sort(),
  ).toEqual([...OP_NAMES, 'largest', 'lowering', 'peak', 'peak_integer'].sort());
});

for (const variant of VARIANTS)
  describe.skipIf(!runs(variant))(`${variant}${runs(variant) ? '' : ' (this engine has no relaxed SIMD)'}`, () => {
    describe.each(OP_NAMES)('%s', (op) => {
      const row: Op = OPS[op];
      test.each(REFERENCE[op].cases.map((example) => [label(example), example] as const))('%s', (_, example) => {
        const operands = operandsOf(op, example);
        const result = call(variant, op, operands, example.shapes, example.attrs);
        expect(firstError(op, example, result)).toBeUndefined();
        for (const form of 'form' in row.args ? formsOf(variant) : [])
          expect(bitsOf(call(variant, op, operands, example.shapes, example.attrs, { form })), `form ${form}`).toEqual(bitsOf(result));
        if (row.exact) expect(bitsOf(call('baseline', op, operands, example.shapes, example.attrs))).toEqual(bitsOf(result));
        if (row.inPlace)
          expect(bitsOf(call(variant, op, operands, example.shapes, example.attrs, { inPlace: true }))).toEqual(bitsOf(result));
        expect(bitsOf(call(variant, op, operands, example.shapes, example.attrs, { skew: 12 }))).toEqual(bitsOf(result));
        for (const last of ['out', ...Object.keys(operands)])
          expect(bitsOf(call(variant, op, operands, example.shapes, example.attrs, { last })), `${last} where memory ends`).toEqual(
            bitsOf(result),
          );
      });
    });

    describe('special values', () => {
      const special = (op: OpName, values: number[], attrs = {}) => [...call(variant, op, { x: values }, { x: [values.length] }, attrs)];

      const { none, ...activations } = { ...ACTIVATION, ...UNFUSED };
      test.each(Object.keys(activations))('%s', (name) => {
        const wanted = SPECIALS.map((x) => activations[name](Math.fround(x)));
        special(name as OpName, SPECIALS).forEach((got, i) => {
          if (!Number.isFinite(wanted[i])) expect(got, `at ${SPECIALS[i]}`).toBe(wanted[i]);
          else expect(Math.abs(got - wanted[i]), `at ${SPECIALS[i]}`).toBeLessThanOrEqual(1e-6 * Math.abs(wanted[i]) + SMALLEST);
        });
      });

      test.each(['softmax', 'log_softmax'] as const)('%s', (op) => {
        for (const length of [1, 4, 7]) {
          const row = (value: number) => [...some(length - 1, 1), value];
          for (const value of [NaN, Infinity]) expect(special(op, row(value)).every(Number.isNaN), `${value} of ${length}`).toBe(true);
          expect(special(op, new Array(length).fill(-Infinity)).every(Number.isNaN)).toBe(true);
        }
        expect(special(op, [0, -Infinity, -1000, 0])).toEqual(
          op === 'softmax' ? [0.5, 0, 0, 0.5] : [Math.fround(-Math.LN2), -Infinity, Math.fround(-1000 - Math.LN2), Math.fround(-Math.LN2)],
        );
      });

      test('argmax finds the first of equals, and NaN before all', () => {
        const of = (...x: number[]) => new Int32Array(call(variant, 'argmax', { x }, { x: [x.length] }).buffer)[0];
        expect([of(2, 1, 2), of(-Infinity, -Infinity), of(1, NaN, Infinity, NaN), of(NaN, 1), of(-0, 0), of(1, Infinity)]).toEqual([
          0, 0, 1, 0, 0, 1,
        ]);
      });

      test('topk finds the first of equals first, and NaN above all', () => {
        const of = (k: number, largest: number, ...x: number[]) =>
          [...new Int32Array(call(variant, 'topk', { x }, { x: [x.length] }, { k, largest }).buffer)].slice(0, k);
        const odd = [2, NaN, -0, Infinity, 0, -Infinity, 2, NaN];
        expect(of(8, 1, ...odd)).toEqual([1, 7, 3, 0, 6, 2, 4, 5]);
        expect(of(8, 0, ...odd)).toEqual([5, 2, 4, 0, 6, 3, 1, 7]);
        expect(of(3, 1, ...odd)).toEqual([1, 7, 3]);
        expect(of(3, 0, ...odd)).toEqual([5, 2, 4]);
      });

      test('l2_normalize and layer_norm of zeros, and a NaN that stays in its row', () => {
        expect(special('l2_normalize', [0, 0, 0, 0, 0], { eps: 1e-12 })).toEqual([0, 0, 0, 0, 0]);
        const shapes = { x: [2, 5], weight: [5], bias: [5] };
        const x = [0, 0, 0, 0, 0, NaN, 1, 2, 3, 4];
        const result = call(variant, 'layer_norm', { x, weight: some(5, 1), bias: [1, 2, 3, 4, 5] }, shapes, { eps: 1e-12 });
        expect([...result.subarray(0, 5)]).toEqual([1, 2, 3, 4, 5]);
        expect([...result.subarray(5)].every(Number.isNaN)).toBe(true);
      });

      test('a NaN in x reaches its own row of a product only', () => {
        const x = some(7 * 9, 1);
        x[3 * 9 + 8] = NaN;
        const result = call(variant, 'linear', { x, weight: some(5 * 9, 2) }, { x: [7, 9], weight: [5, 9] }, { activation: 'none' });
        result.forEach((value, i) => {
          expect(Number.isNaN(value)).toBe(Math.floor(i / 5) === 3);
        });
      });
    });

    describe('bit for bit', () => {
      test.each(Object.keys(ACTIVATION).filter((name) => name !== 'none'))('linear with %s is linear, then the op', (activation) => {
        const shapes = { x: [13, 21], weight: [19, 21], bias: [19] };
        const operands = { x: some(13 * 21, 1), weight: some(19 * 21, 2), bias: some(19, 3) };
        const plain = call(variant, 'linear', operands, shapes, { activation: 'none' });
        const apart = call(variant, activation as OpName, { x: plain }, { x: [plain.length] });
        expect(bitsOf(call(variant, 'linear', operands, shapes, { activation }))).toEqual(bitsOf(apart));
      });

      test.each([
        [7, 20],
        [600, 20],
        [1111, 20],
        [800, 200],
      ])('a row of a product of depth %i is the same among %i rows as among fewer', (k, m) => {
        const n = 19;
        const x = some(m * k, 1);
        const others = { weight: some(n * k, 2), bias: some(n, 3) };
        const rowsAt = (first: number, count: number) =>
          bitsOf(
            call(
              variant,
              'linear',
              { x: x.slice(first * k, (first + count) * k), ...others },
              { x: [count, k], weight: [n, k], bias: [n] },
              { activation: 'gelu' },
            ),
          );
        const whole = rowsAt(0, m);
        for (const [first, count] of [
          [0, 1],
          [1, 2],
          [3, 3],
          [5, 4],
          [2, 5],
          [7, 6],
          [1, 13],
          [m - 1, 1],
        ])
          expect(rowsAt(first, count), `rows ${first} to ${first + count}`).toEqual(whole.slice(first * n, (first + count) * n));
      });

      test('add_layer_norm is add, then layer_norm', () => {
        const [x, residual, weight, bias] = [some(5 * 37, 1), some(5 * 37, 2), some(37, 3), some(37, 4)];
        const shapes = { x: [5, 37], residual: [5, 37], weight: [37], bias: [37] };
        const total = call(variant, 'add', { a: x, b: residual }, { a: [5, 37], b: [5, 37] });
        const apart = call(variant, 'layer_norm', { x: total, weight, bias }, shapes, { eps: 1e-5 });
        expect(bitsOf(call(variant, 'add_layer_norm', { x, residual, weight, bias }, shapes, { eps: 1e-5 }))).toEqual(bitsOf(apart));
      });

      test('an element of an activation does not depend on its place', () => {
        const x = some(11, 5);
        const whole = bitsOf(call(variant, 'gelu', { x }, { x: [11] }));
        x.forEach((value, i) => {
          expect(bitsOf(call(variant, 'gelu', { x: [value] }, { x: [1] }))).toEqual(whole.slice(i, i + 1));
        });
      });

      test.each([
        [1, 3],
        [8, 1],
        [9, 5],
        [16, 17],
        [21, 30],
      ])('pack where x is the result, %i rows of %i', (n, k) => {
        const { memory, exports } = kernelsOf(variant);
        const [at, scratch] = [65536, 131072];
        const x = some(n * k, 3);
        const apart = call(variant, 'panels', { x }, { x: [n, k] });
        new Float32Array(memory.buffer, at, n * k).set(x);
        exports.panels(at, at, scratch, n, k);
        expect(bitsOf(new Float32Array(memory.buffer, at, apart.length))).toEqual(bitsOf(apart));
      });

      describe('attention', () => {
        const [heads, head_dim] = [2, 12];
        const hidden = heads * head_dim;
        const lengths = [5, 61, 1, 18];
        const attrs = { heads, scale: 0.25 };
        const tokens = lengths.map((n, b) => ({ q: some(n * hidden, b + 1), k: some(n * hidden, b + 11), v: some(n * hidden, b + 21) }));

        const attend = (of: { q: number[]; k: number[]; v: number[] }[], rows: number[], mask?: number[], longest = Math.max(...rows)) => {
          const batch = rows.length;
          const shape = [batch, longest, hidden];
          const join = (name: 'q' | 'k' | 'v') => of.flatMap((t) => t[name]);
          const shapes = { q: shape, k: shape, v: shape, starts: [batch + 1], ...(mask ? { mask: [batch, longest] } : {}) };
          const starts = cumulative(rows);
          const operands = { q: join('q'), k: join('k'), v: join('v'), starts, ...(mask ? { mask } : {}) };
          const bits = bitsOf(call(variant, 'attention', operands, shapes, attrs));
          return rows.map((n, b) => bits.slice(starts[b] * hidden, (starts[b] + n) * hidden));
        };

        test('a sequence is the same alone and beside others', () => {
          const together = attend(tokens, lengths);
          tokens.forEach((t, b) => {
            expect(attend([t], [lengths[b]])).toEqual([together[b]]);
          });
        });

        test('a sequence is the same whatever stands masked behind it', () => {
          const alone = attend(tokens, lengths);
          const longest = 70;
          const mask = lengths.flatMap((n) => Array.from({ length: longest }, (_, r) => (r < n ? 1 : 0)));
          for (const [first, second] of [some(2, 3), [NaN, Infinity]]) {
            const pad = (x: number[], with_: number) => [...x, ...new Array(longest * hidden - x.length).fill(with_)];
            const padded = tokens.map(({ q, k, v }) => ({ q: pad(q, 1), k: pad(k, first), v: pad(v, second) }));
            const every = lengths.map(() => longest);
            attend(padded, every, mask).forEach((rows, b) => {
              expect(rows.slice(0, lengths[b] * hidden)).toEqual(alone[b]);
            });
          }
        });

        test('the same from qkv side by side, and with weights apart', () => {
          const n = lengths[1];
          const { q, k, v } = tokens[1];
          const row = (x: number[], r: number) => x.slice(r * hidden, (r + 1) * hidden);
          const qkv = Array.from({ length: n }, (_, r) => [...row(q, r), ...row(k, r), ...row(v, r)]).flat();
          const [wanted] = attend([tokens[1]], [n]);
          expect(bitsOf(call(variant, 'attention_qkv', { qkv, starts: [0, n] }, { qkv: [1, n, 3 * hidden], starts: [2] }, attrs))).toEqual(
            wanted,
          );
          const weights = call(
            variant,
            'attention_weights',
            { q, k, starts: [0, n] },
            { q: [1, n, hidden], k: [1, n, hidden], starts: [2] },
            attrs,
          );
          const head = Array.from({ length: n }, (_, r) => v.slice(r * hidden, r * hidden + head_dim));
          const transposed = Array.from({ length: head_dim }, (_, d) => head.map((values) => values[d])).flat();
          const product = call(
            variant,
            'linear',
            { x: weights.subarray(0, n * n), weight: transposed },
            { x: [n, n], weight: [head_dim, n] },
            { activation: 'none' },
          );
          const first = wanted.filter((_, i) => i % hidden < head_dim);
          expect(bitsOf(product)).toEqual(first);
        });

        test('all keys masked gives each the same weight', () => {
          const n = 5;
          const shapes = { q: [1, n, hidden], k: [1, n, hidden], mask: [1, n], starts: [2] };
          const weights = call(
            variant,
            'attention_weights',
            { q: tokens[0].q, k: tokens[0].k, mask: new Array(n).fill(0), starts: [0, n] },
            shapes,
            attrs,
          );
          expect(new Set(weights)).toEqual(new Set([Math.fround(1 / n)]));
        });
      });
    });

    test.each([
      ['embedding', { ids: [2], table: [3, 4] }],
      ['embedding_add', { x: [2, 4], ids: [2], table: [3, 4] }],
      ['embedding_bf16', { ids: [2], table: [3, 4] }],
      ['embedding_f16', { x: [2, 4], ids: [2], table: [3, 4] }],
      ['embedding_i8', { ids: [2], table: [3, 4], scale: [3] }],
      ['embedding_i4', { ids: [2], table: [3, 16], steps: [3, 1], scale: [3] }],
    ] as const)('%s traps on an id outside the table', (op, shapes) => {
      const operands = operandsOf(op, { shapes });
      call(variant, op, { ...operands, ids: [0, 2] }, shapes);
      for (const id of [3, -1, 2 ** 31 - 1])
        expect(() => call(variant, op, { ...operands, ids: [0, id] }, shapes), `${id}`).toThrow(WebAssembly.RuntimeError);
    });
  });

test('the kernels of both binaries over one memory keep out of the host’s part', () => {
  for (const variant of ['baseline', 'relaxed'] satisfies Variant[])
    if (runs(variant)) {
      const { memory, exports } = kernelsOf(variant);
      expect(Object.keys(exports).filter((name) => exports[name] instanceof WebAssembly.Global)).toEqual([]);
      expect(new Uint8Array(memory.buffer, 0, 65536).every((byte) => byte === 0)).toBe(true);
    }
});
