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

/** Programs that follow from sizes: one trace of them holds at all, whatever constants they make of these. */

const [HEADS, DIM] = [2, 4];
const WIDTH = HEADS * DIM;
const IDS = 23;
const PAD = 1;
const LOWEST = -3.4028234663852886e38;

const WEIGHTS: Holds['weights'] = {
  ...{ words: floats([IDS, WIDTH], 1), places: floats([40, WIDTH], 2), types: floats([2, WIDTH], 3), buckets: floats([6, HEADS], 4) },
  ...{ q: floats([WIDTH, WIDTH], 5), k: floats([WIDTH, WIDTH], 6), v: floats([WIDTH, WIDTH], 7), frequencies: floats([DIM / 2], 8) },
};

/** Ids and a mask of texts of these lengths. */
function given(batch: number, sequence: number): Holds {
  const length = (i: number): number => 1 + ((5 * i + sequence - 1) % sequence);
  const tokens = Array.from({ length: batch * sequence }, (_, i) => [Math.floor(i / sequence), i % sequence]);
  const bits = tokens.map(([text, at]) => Number(at < length(text)));
  const ids = tokens.map(([text, at], i) => (bits[i] ? 2 + ((7 * text + 3 * at) % (IDS - 2)) : PAD));
  return { inputs: { ids: whole([batch, sequence], ids), attention_mask: whole([batch, sequence], bits) }, weights: WEIGHTS };
}

/** Attention over x, whose scores go through `change` before their softmax. */
function attend(
  call: Call,
  x: Value,
  { q, k, v }: Readonly<Record<string, Value>>,
  change: (scores: Value) => Value,
  turn = (y: Value): Value => y,
): Value {
  const [batch, sequence] = [call('size', x, 0), call('size', x, 1)];
  const split = (weight: Value): Value =>
    call('transpose', call('view', call('linear', x, weight, null), [batch, sequence, HEADS, DIM]), 1, 2);
  const [query, key] = [turn(split(q)), turn(split(k))];
  const scores = call('div', call('matmul', query, call('transpose', key, -1, -2)), f(2));
  const context = call('matmul', call('softmax', change(scores), -1), split(v));
  return call('reshape', call('transpose', context, 1, 2), [batch, sequence, WIDTH]);
}

/** The same with one head, over [batch, queries, keys]; `change` is told which keys are padding. */
function attendAlone(
  call: Call,
  x: Value,
  { q, k, v, attention_mask }: Readonly<Record<string, Value>>,
  change: (scores: Value, hidden: Value) => Value,
): Value {
  const [query, key, value] = [q, k, v].map((weight) => call('linear', x, weight, null));
  const scores = call('mul', call('matmul', query, call('transpose', key, 1, 2)), f(0.25));
  const hidden = call('unsqueeze', call('eq', attention_mask, 0), 1);
  return call('matmul', call('softmax', change(scores, hidden), -1), value);
}

/** How far a key stands behind its query, [queries, keys]. */
const distances = (call: Call, sequence: Value): Value =>
  call('sub', call('unsqueeze', call('arange', sequence), 0), call('unsqueeze', call('arange', sequence), 1));

const words = (call: Call, { ids, words: table }: Readonly<Record<string, Value>>): Value => call('embedding', table, ids);

const PROGRAMS: Readonly<Record<string, { program: Program; ops: string[] }>> = {
  'positions and types of one row': {
    program: (call, all) => {
      const sequence = call('size', all.ids, 1);
      const row = call('unsqueeze', call('arange', sequence), 0);
      const sum = call('add', words(call, all), call('embedding', all.places, row));
      return call('add', sum, call('embedding', all.types, call('to', call('zeros', [1, sequence]), 4)));
    },
    ops: ['embedding', 'embedding', 'add', 'embedding', 'add'],
  },
  'positions that padding is not counted in': {
    program: (call, all) => {
      const real = call('to', call('ne', all.ids, PAD), 4);
      const at = call('add', call('to', call('mul', call('cumsum', real, 1), real), 4), PAD);
      return call('add', words(call, all), call('embedding', all.places, at));
    },
    ops: ['embedding', 'embedding', 'add'],
  },
  'padding in attention of one head, in three dimensions': {
    program: (call, all) => attendAlone(call, words(call, all), all, (scores, hidden) => call('masked_fill', scores, hidden, f(-1e9))),
    ops: ['embedding', 'linear', 'linear', 'linear', 'attention'],
  },
  'padding added to scores of one head': {
    program: (call, all) =>
      attendAlone(call, words(call, all), all, (scores, hidden) => call('add', scores, call('mul', call('to', hidden, 6), f(-1e4)))),
    ops: ['embedding', 'linear', 'linear', 'linear', 'attention'],
  },
  'a causal mask and one of padding': {
    program: (call, all) => {
      const x = words(call, all);
      const [batch, sequence] = [call('size', all.ids, 0), call('size', all.ids, 1)];
      const before = call('le', distances(call, sequence), 0);
      const real = call('view', all.attention_mask, [batch, 1, 1, sequence]);
      const seen = call('__and__', before, call('gt', real, 0));
      return attend(call, x, all, (scores) => call('add', scores, call('where', seen, f(0), f(LOWEST))));
    },
    ops: ['embedding', 'linear', 'linear', 'linear', 'relative_attention'],
  },
  'a window': {
    program: (call, all) => {
      const near = call('le', call('abs', distances(call, call('size', all.ids, 1))), 2);
      return attend(call, words(call, all), all, (scores) => call('where', near, scores, f(LOWEST)));
    },
    ops: ['embedding', 'linear', 'linear', 'linear', 'relative_attention'],
  },
  'padding among ids': {
    program: (call, all) => {
      const [batch, sequence] = [call('size', all.ids, 0), call('size', all.ids, 1)];
      const hidden = call('view', call('eq', all.ids, PAD), [batch, 1, 1, sequence]);
      return attend(call, words(call, all), all, (scores) => call('masked_fill', scores, hidden, f(LOWEST)));
    },
    ops: ['embedding', 'linear', 'linear', 'linear', 'attention'],
  },
  'a bias by distance': {
    program: (call, all) => {
      const far = call('minimum', call('abs', distances(call, call('size', all.ids, 1))), 2);
      const side = call('mul', call('to', call('gt', distances(call, call('size', all.ids, 1)), 0), 4), 3);
      const bias = call('unsqueeze', call('permute', call('embedding', all.buckets, call('add', far, side)), [2, 0, 1]), 0);
      return attend(call, words(call, all), all, (scores) => call('add', scores, bias));
    },
    ops: ['embedding', 'linear', 'linear', 'linear', 'embedding', 'strided', 'relative_attention'],
  },
  'rotary positions': {
    program: (call, all) => {
      const x = words(call, all);
      const at = call('unsqueeze', call('arange', call('size', all.ids, 1)), 1);
      const angles = call('unsqueeze', call('mul', at, all.frequencies), 0);
      const [cos, sin] = ['cos', 'sin'].map((op) => call('unsqueeze', call(op, call('cat', [angles, angles], -1)), 1));
      const turn = (y: Value): Value => {
        const halves = [call('neg', call('slice', y, 3, DIM / 2, DIM, 1)), call('slice', y, 3, 0, DIM / 2, 1)];
        return call('add', call('mul', y, cos), call('mul', call('cat', halves, -1), sin));
      };
      return attend(call, x, all, (scores) => scores, turn);
    },
    ops: ['embedding', 'linear', 'rotations', 'rotary', 'linear', 'rotary', 'linear', 'attention'],
  },
};

describe.each(Object.entries(PROGRAMS))('a program with %s', (_, { program, ops }) => {
  test('is the ops that it means', () => {
    for (const [batch, sequence] of [
      [1, 1],
      [2, 5],
    ]) {
      const got = difference(program, given(batch, sequence));
      expect(got.worst).toBeLessThan(3e-6);
      expect([...got.ops].sort()).toEqual([...ops].sort());
    }
  });

  test('is one trace for all sizes', async () => {
    const holds = given(2, 5);
    const ids = ['ids', 'attention_mask'] as const;
    const module = new Running(program, holds);
    Object.defineProperty(module, 'input_names', { value: ids, enumerable: false });
    const dynamic = { batch: [1, 4], sequence: [1, 9] } as const;
    const traced = await jit.trace(module as never, Object.values(holds.inputs) as never, { dynamic, exact_padding: true } as never);
    for (const [batch, sequence] of [
      [1, 1],
      [4, 1],
      [1, 9],
      [3, 7],
    ]) {
      const other = given(batch, sequence);
      const [answer] = [(traced as unknown as (...inputs: Tensor[]) => Tensor)(...Object.values(other.inputs))].flat();
      const meant = valuesOf(byDefinition(program, other));
      expect(Math.max(...meant.map((value, i) => Math.abs(value - (answer as Tensor<'float32'>).data[i])))).toBeLessThan(1e-5);
    }
  });
});
