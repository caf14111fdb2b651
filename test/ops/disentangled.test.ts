import { describe, expect, test } from 'vitest';
import { OPS } from '../../src/ops/table.ts';
import { bitsOf, call, cumulative, noise, runs, VARIANTS } from '../support/kernels.ts';

const some = (count: number, seed: number): number[] => Array.from({ length: count }, noise(seed));
const [heads, head_dim] = [2, 12];
const hidden = heads * head_dim;
const attrs = { heads, scale: 0.2 };
const REACH = 80;
const tables = { pos_key: some((2 * REACH + 1) * hidden, 7), pos_query: some((2 * REACH + 1) * hidden, 8) };
const rowsOf = (n: number, seed: number) => ({ q: some(n * hidden, seed), k: some(n * hidden, seed + 10), v: some(n * hidden, seed + 20) });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

interface Given {
  of: { q: number[]; k: number[]; v: number[] }[];
  lengths: number[];
  mask?: number[];
  places?: number[];
  reach?: number;
}

for (const variant of VARIANTS)
  describe.skipIf(!runs(variant))(variant, () => {
    /** The bits of each sequence, with the rows of the tables that reach so far. */
    function attend({ of, lengths, mask, places, reach = REACH }: Given): Uint32Array[] {
      const [batch, longest] = [lengths.length, Math.max(...lengths)];
      const starts = cumulative(lengths);
      const join = (name: 'q' | 'k' | 'v') => of.flatMap((each) => each[name]);
      const middle = (table: number[]) => table.slice((REACH - reach) * hidden, (REACH + reach + 1) * hidden);
      const operands = {
        ...{ q: join('q'), k: join('k'), v: join('v'), starts, places: places ?? lengths.flatMap(upTo) },
        ...{ pos_key: middle(tables.pos_key), pos_query: middle(tables.pos_query), ...(mask && { mask }) },
      };
      const shapes = {
        ...Object.fromEntries(['q', 'k', 'v'].map((name) => [name, [batch, longest, hidden]])),
        ...{ pos_key: [2 * reach + 1, hidden], pos_query: [2 * reach + 1, hidden], starts: [batch + 1], places: [batch, longest] },
        ...(mask && { mask: [batch, longest] }),
      };
      const bits = bitsOf(call(variant, 'disentangled_attention', operands, shapes, attrs));
      return lengths.map((n, b) => bits.slice(starts[b] * hidden, (starts[b] + n) * hidden));
    }

    test('a sequence is the same alone, beside others, and however far the tables reach behind it', () => {
      const lengths = [5, 61, 1, 18];
      const of = lengths.map((n, b) => rowsOf(n, b + 1));
      const together = attend({ of, lengths });
      for (const [b, n] of lengths.entries())
        for (const reach of [n - 1, n, REACH])
          expect(attend({ of: [of[b]], lengths: [n], reach }), `${n} within ${reach}`).toEqual([together[b]]);
    });

    test('a sequence is the same whatever stands masked behind it, whose rows weigh all alike', () => {
      const [n, longest] = [18, 70];
      const alone = rowsOf(n, 3);
      const [want] = attend({ of: [alone], lengths: [n] });
      for (const filling of [1, NaN, Infinity]) {
        const pad = (x: number[], value: number) => [...x, ...new Array(longest * hidden - x.length).fill(value)];
        const padded = { q: pad(alone.q, 1), k: pad(alone.k, filling), v: pad(alone.v, filling) };
        const [got] = attend({ of: [padded], lengths: [longest], mask: upTo(longest).map((r) => Number(r < n)) });
        expect(got.slice(0, n * hidden)).toEqual(want);
        const behind = new Float32Array(Uint32Array.from(got.slice(-hidden)).buffer);
        behind.forEach((value, c) => {
          const mean = upTo(longest).reduce((sum, r) => sum + padded.v[r * hidden + c] / longest, 0);
          if (Number.isFinite(mean)) expect(value).toBeCloseTo(mean, 5);
          else expect(value).toBe(mean);
        });
      }
    });

    test('rows that stand apart are rows among others that are masked', () => {
      const [n, longest] = [23, 60];
      const places = upTo(n).map((r) => r + Math.floor(r / 3) + (r > 11 ? 20 : 0));
      const apart = rowsOf(n, 5);
      const spread = (x: number[]) => {
        const out = new Array(longest * hidden).fill(0.5);
        places.forEach((place, r) => {
          out.splice(place * hidden, hidden, ...x.slice(r * hidden, (r + 1) * hidden));
        });
        return out;
      };
      const whole = { q: spread(apart.q), k: spread(apart.k), v: spread(apart.v) };
      const [got] = attend({ of: [whole], lengths: [longest], mask: upTo(longest).map((place) => Number(places.includes(place))) });
      const [want] = attend({ of: [apart], lengths: [n], places });
      const numbers = (bits: Uint32Array) => new Float32Array(bits.buffer);
      const kept = numbers(Uint32Array.from(places.flatMap((place) => [...got.slice(place * hidden, (place + 1) * hidden)])));
      numbers(want).forEach((value, i) => {
        expect(kept[i]).toBeCloseTo(value, 5);
      });
    });

    test('places that fall, in a file that lies, write nowhere else and give the same bits twice', () => {
      const n = 60;
      const given = { of: [rowsOf(n, 6)], lengths: [n], places: upTo(n).map((r) => (r * 2654435761) | 0) };
      expect(attend(given)).toEqual(attend(given));
    });

    test('without tables and mask it is attention', () => {
      const n = 51;
      const { q, k, v } = rowsOf(n, 4);
      const shapes = { q: [1, n, hidden], k: [1, n, hidden], v: [1, n, hidden], starts: [2], places: [1, n] };
      const operands = { q, k, v, starts: [0, n] };
      const plain = call(variant, 'attention', operands, shapes, attrs);
      expect(bitsOf(call(variant, 'disentangled_attention', { ...operands, places: upTo(n) }, shapes, attrs))).toEqual(bitsOf(plain));
    });
  });

test('what it holds beside its result grows with the length of texts and of tables, not with their product', () => {
  const scratchOf = (longest: number, distances: number): number => {
    const rows = [1, longest, hidden];
    const shapes = {
      q: rows,
      k: rows,
      v: rows,
      pos_key: [distances, hidden],
      pos_query: [distances, hidden],
      starts: [2],
      places: [1, longest],
    };
    return OPS.disentangled_attention.infer(shapes, attrs).scratch as number;
  };
  expect(scratchOf(4096, 8191)).toBeLessThan(2.1 * scratchOf(2048, 4095));
  expect(scratchOf(4096, 8191)).toBeLessThan(4096 * 4096);
});
