import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as jit from '../../src/jit/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  byDefinition,
  type Call,
  difference,
  f,
  floats,
  type Holds,
  type Program,
  Running,
  type Value,
  whole,
} from '../support/atenprograms.ts';
import { valuesOf } from '../support/dense.ts';

/** Attention whose scores have products with rows of a table by distance, as DeBERTa spells it. */

const [HEADS, DIM, SPAN] = [2, 4, 3];
const WIDTH = HEADS * DIM;

/** Each choice leaves the meaning of a program as it is, but for which terms it has and which rows stand for distances. */
interface Spelling {
  /** Batch and heads in one dimension, with tables repeated for each text; or apart. */
  merged: boolean;
  terms: 'c2p' | 'p2c' | 'both';
  shared: boolean;
  scale: 'query' | 'key' | 'scores';
  /** What terms are multiplied with beside that. */
  ratio: number;
  buckets: boolean;
  /** Whether the table is cut to the rows that a text asks for. */
  cut: boolean;
  mask: boolean;
  flips: [boolean, boolean];
}

const SPELLING: fc.Arbitrary<Spelling> = fc.record({
  merged: fc.boolean(),
  terms: fc.constantFrom('c2p', 'p2c', 'both'),
  shared: fc.boolean(),
  scale: fc.constantFrom('query', 'key', 'scores'),
  ratio: fc.constantFrom(1, 0.5),
  buckets: fc.boolean(),
  cut: fc.boolean(),
  mask: fc.boolean(),
  flips: fc.tuple(fc.boolean(), fc.boolean()),
});

/** How a program goes wrong in a way that looks right. */
type Miss = 'ids by key' | 'ids by sum' | 'not turned' | 'other content' | 'mask of keys' | 'table of a text' | 'heads of a table swapped';

const LOWEST = -3.4028234663852886e38;

function program(spelling: Spelling, miss?: Miss): Program {
  return (call, given) => {
    const { x } = given;
    const [batch, sequence] = [call('size', x, 0), call('size', x, 1)] as number[];
    const lead = spelling.merged ? [batch * HEADS] : [batch, HEADS];
    const headsOf = (rows: Value, count: number): Value => call('permute', call('view', rows, [-1, count, HEADS, DIM]), [0, 2, 1, 3]);
    const side = (name: string): Value => {
      const heads = headsOf(call('linear', x, given[name], null), sequence);
      return spelling.merged ? call('reshape', heads, [...lead, sequence, DIM]) : heads;
    };
    const [q, k, v] = ['q', 'k', 'v'].map(side);
    const [factor, own] = [1 / Math.sqrt(DIM), f(spelling.ratio / Math.sqrt(DIM))];
    const scaled = (value: Value, where: string): Value => (spelling.scale === where ? call('mul', value, f(factor)) : value);
    const scores = scaled(call('matmul', scaled(q, 'query'), call('transpose', scaled(k, 'key'), -1, -2)), 'scores');
    const terms = termsIn(call, given, { spelling, miss, q, k, v, lead, batch, sequence, headsOf });
    const all = terms.map((term) => call('mul', term, own)).reduce((a, b) => call('add', ...(spelling.flips[0] ? [b, a] : [a, b])));
    const sum = call('add', ...(spelling.flips[1] ? [all, scores] : [scores, all]));
    const four = call('view', sum, [batch, HEADS, sequence, sequence]);
    const p = call('softmax', masked(call, four, given.mask, [batch, sequence], spelling, miss), -1);
    const context = call('matmul', call('view', p, [...lead, sequence, sequence]), v);
    return call('reshape', call('permute', call('view', context, [batch, HEADS, sequence, DIM]), [0, 2, 1, 3]), [batch, sequence, WIDTH]);
  };
}

function masked(call: Call, scores: Value, mask: Value, [batch, sequence]: number[], { mask: isMasked }: Spelling, miss?: Miss): Value {
  if (!isMasked) return scores;
  const keys = call('view', mask, [batch, 1, 1, sequence]);
  const both = call('mul', keys, call('view', mask, [batch, 1, sequence, 1]));
  return call('masked_fill', scores, call('eq', miss === 'mask of keys' ? keys : both, 0), f(LOWEST));
}

interface Parts {
  spelling: Spelling;
  miss?: Miss;
  q: Value;
  k: Value;
  v: Value;
  lead: number[];
  batch: number;
  sequence: number;
  headsOf(rows: Value, count: number): Value;
}

function termsIn(call: Call, given: Readonly<Record<string, Value>>, parts: Parts): Value[] {
  const { spelling, miss, q, k, v, lead, batch, sequence, headsOf } = parts;
  const cut = spelling.cut && !spelling.buckets && sequence < SPAN;
  const [from, count] = cut ? [SPAN - sequence, 2 * sequence] : [0, 2 * SPAN];
  const rows = call('slice', given.table, 0, from, from + count, 1);
  const along = (dim: number): Value => call('unsqueeze', call('arange', sequence), dim);
  const straight = miss === 'ids by sum' ? call('add', along(1), along(0)) : call('sub', along(1), along(0));
  const distance = miss === 'ids by key' ? call('mul', along(0), call('add', call('mul', along(1), 0), 1)) : straight;
  const ids = spelling.buckets ? bucketed(call, distance) : distance;
  const at = (value: Value): Value => {
    const picked = call('clamp', call('add', value, count / 2), 0, count - 1);
    return call('expand', picked, [...lead, sequence, sequence]);
  };
  const tableOf = (name: string): Value => {
    const heads = headsOf(call('linear', rows, given[name], null), count);
    const turned =
      miss === 'heads of a table swapped' ? call('cat', [call('slice', heads, 1, 1, 2, 1), call('slice', heads, 1, 0, 1, 1)], 1) : heads;
    if (miss === 'table of a text')
      return call('reshape', call('mul', call('expand', turned, [batch, HEADS, count, DIM]), call('view', given.texts, [batch, 1, 1, 1])), [
        ...lead,
        count,
        DIM,
      ]);
    return spelling.merged ? call('repeat', call('view', turned, [HEADS, count, DIM]), [batch, 1, 1]) : turned;
  };
  const picked = (content: Value, name: string, value: Value): Value =>
    call('gather', call('matmul', content, call('transpose', tableOf(name), -1, -2)), -1, at(value));
  const c2p = (): Value => picked(miss === 'other content' ? v : q, spelling.shared ? 'k' : 'pos_k', ids);
  const p2c = (): Value => {
    const term = picked(miss === 'other content' ? v : k, spelling.shared ? 'q' : 'pos_q', call('neg', ids));
    return miss === 'not turned' ? term : call('transpose', term, -1, -2);
  };
  return [...(spelling.terms === 'p2c' ? [] : [c2p()]), ...(spelling.terms === 'c2p' ? [] : [p2c()])];
}

/** Distances above 2 in buckets. */
function bucketed(call: Call, distance: Value): Value {
  const far = call('abs', distance);
  const bucket = call('add', call('ceil', call('mul', call('log', call('div', far, f(2))), f(1.5))), 2);
  return call('where', call('le', far, 2), distance, call('to', call('mul', bucket, call('sign', distance)), 4));
}

function holds(batch: number, sequence: number, seed = 1): Holds {
  const weight = (i: number) => floats([WIDTH, WIDTH], seed + i);
  const bits = Array.from({ length: batch * sequence }, (_, i) => Number(i % sequence <= (Math.floor(i / sequence) + seed) % sequence));
  return {
    inputs: { x: floats([batch, sequence, WIDTH], seed), mask: whole([batch, sequence], bits), texts: floats([batch], seed + 9) },
    weights: {
      ...{ q: weight(1), k: weight(2), v: weight(3), pos_k: weight(4), pos_q: weight(5) },
      table: floats([2 * SPAN, WIDTH], seed + 6),
    },
  };
}

const SEED = fc.integer({ min: 0, max: 1000 });

describe('attention with products by distance', () => {
  test('is one op however it is spelled, and right', () => {
    fc.assert(
      fc.property(SPELLING, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), SEED, (spelling, batch, sequence, seed) => {
        const { worst, ops } = difference(program(spelling), holds(batch, sequence, seed));
        expect(worst).toBeLessThan(3e-6);
        expect(ops).toContain('disentangled_attention');
        for (const spelled of ['softmax', 'gather', 'matmul']) expect(ops).not.toContain(spelled);
      }),
      { numRuns: 60 },
    );
  });

  test('is not found where something else is meant', () => {
    const misses = fc.constantFrom<Miss>('ids by key', 'ids by sum', 'not turned', 'other content', 'mask of keys', 'table of a text');
    fc.assert(
      fc.property(SPELLING, misses, fc.integer({ min: 2, max: 5 }), SEED, (given, miss, sequence, seed) => {
        const terms = miss === 'not turned' ? 'p2c' : given.terms;
        const spelling: Spelling = { ...given, terms, cut: false, mask: given.mask || miss === 'mask of keys' };
        const { worst, ops } = difference(program(spelling, miss), holds(2, sequence, seed));
        expect(worst).toBeLessThan(3e-6);
        expect(ops).not.toContain('disentangled_attention');
      }),
      { numRuns: 60 },
    );
  });

  test('is right where heads of its table are others than those of queries', () => {
    fc.assert(
      fc.property(SPELLING, fc.integer({ min: 1, max: 4 }), SEED, (spelling, sequence, seed) => {
        expect(difference(program(spelling, 'heads of a table swapped'), holds(2, sequence, seed)).worst).toBeLessThan(3e-6);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['in buckets, over all rows of its table', { merged: true, shared: true, buckets: true, cut: false }, [1, 9]],
    ['over the rows that a text asks for', { merged: false, shared: false, buckets: false, cut: true }, [1, SPAN]],
    ['over some rows and over all', { merged: false, shared: false, buckets: false, cut: true }, [1, 9]],
  ] as const)('is one trace for all sizes, %s', async (_, some, sequence) => {
    const spelling: Spelling = { ...some, terms: 'both', scale: 'key', ratio: 1, mask: true, flips: [false, false] };
    const given = holds(2, 2);
    const module = new Running(program(spelling), given);
    Object.defineProperty(module, 'input_names', { value: Object.keys(given.inputs), enumerable: false });
    const axes = { 0: 'batch', 1: 'sequence' };
    const dynamic_axes = { x: axes, mask: axes, texts: { 0: 'batch' } };
    const how = { dynamic: { batch: [1, 4], sequence }, dynamic_axes, exact_padding: true };
    const traced = await jit.trace(module as never, Object.values(given.inputs) as never, how as never);
    for (const [batch, length] of [
      [1, 1],
      [4, 1],
      [1, sequence[1]],
      [3, Math.min(7, sequence[1])],
    ]) {
      const other = holds(batch, length);
      const [answer] = [(traced as unknown as (...inputs: Tensor[]) => Tensor)(...Object.values(other.inputs))].flat();
      const meant = valuesOf(byDefinition(program(spelling), other));
      expect(Math.max(...meant.map((value, i) => Math.abs(value - (answer as Tensor<'float32'>).data[i])))).toBeLessThan(1e-5);
    }
  });
});
