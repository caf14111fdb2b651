import { describe, expect, test } from 'vitest';
import type { OpName } from '../../src/ops/table.ts';
import type { Half } from '../../src/tensor/half.ts';
import { asHalf, halfValues } from '../support/halves.ts';
import { bitsOf, call, kernelsOf, noise, runs, VARIANTS } from '../support/kernels.ts';

const OPS: [Half, product: OpName, lookup: OpName][] = [
  ['bfloat16', 'linear_bf16', 'embedding_bf16'],
  ['float16', 'linear_f16', 'embedding_f16'],
];

const some = (count: number, seed: number): number[] => Array.from({ length: count }, noise(seed));

/** Values of every size that float16 has, those below its normal ones and zeros of both signs included. */
const spread = (count: number, seed: number): number[] => {
  const random = noise(seed);
  return Array.from({ length: count }, (_, i) => (i % 11 === 0 ? (i % 2 === 0 ? 0 : -0) : random() * 2 ** -(i % 26)));
};

for (const variant of VARIANTS.filter(runs))
  describe.each(OPS)(`${variant}: %s`, (dtype, product, lookup) => {
    test.each([
      [1, 8, 2],
      [1, 19, 384],
      [2, 3, 6],
      [3, 13, 514],
      [4, 16, 32],
      [5, 24, 1030],
      [6, 9, 130],
      [7, 67, 74],
      [14, 64, 1536],
      [29, 40, 96],
      [200, 61, 802],
    ])('a product %i x %i x %i has the bits of the same numbers in float32', (m, n, k) => {
      const shapes = { x: [m, k], weight: [n, k], bias: [n] };
      for (const weights of [some(n * k, 2), spread(n * k, 4)]) {
        const operands = { x: some(m * k, 1), weight: asHalf(dtype, weights), bias: some(n, 3) };
        for (const activation of ['none', 'gelu'])
          expect(bitsOf(call(variant, product, operands, shapes, { activation }))).toEqual(
            bitsOf(call(variant, 'linear', operands, shapes, { activation })),
          );
      }
    });

    test.each([
      [3, 1],
      [5, 7],
      [2, 64],
      [9, 131],
    ])('a lookup of %i rows of %i has them too, also added', (rows, cols) => {
      const table = asHalf(dtype, spread(4 * cols, 5));
      const ids = Array.from({ length: rows }, (_, r) => (r * 3 + 1) % 4);
      const shapes = { ids: [rows], table: [4, cols] };
      expect(bitsOf(call(variant, lookup, { ids, table }, shapes))).toEqual(bitsOf(call(variant, 'embedding', { ids, table }, shapes)));
      const [x, added] = [some(rows * cols, 6), { x: [rows, cols], ...shapes }];
      expect(bitsOf(call(variant, lookup, { x, ids, table }, added))).toEqual(
        bitsOf(call(variant, 'embedding_add', { x, ids, table }, added)),
      );
    });

    test('a lookup widens every bit pattern to its value', () => {
      const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
      const { memory, exports } = kernelsOf(variant);
      const [ids, table, out] = [65536, 65600, 262144];
      new Int32Array(memory.buffer, ids, 1)[0] = 0;
      new Uint16Array(memory.buffer, table, patterns.length).set(patterns);
      exports[lookup](out, 0, ids, table, 1, patterns.length, 1);
      const widened = new Uint32Array(memory.buffer, out, patterns.length).slice();
      expect(Buffer.compare(new Uint8Array(widened.buffer), new Uint8Array(halfValues(dtype, patterns).buffer))).toBe(0);
    });

    test('so does a product, of what it takes', () => {
      const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
      const held = [...halfValues(dtype, patterns)].filter((value) =>
        dtype === 'float16' ? Math.abs(value) < 128 : Number.isFinite(value),
      );
      const k = 64;
      const weight = held.slice(0, held.length - (held.length % k));
      const n = weight.length / k;
      const rows = Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0));
      const result = call(variant, product, { x: rows, weight }, { x: [k, k], weight: [n, k] }, { activation: 'none' });
      expect(result.every((value, i) => value === weight[(i % n) * k + Math.floor(i / n)])).toBe(true);
    });
  });
