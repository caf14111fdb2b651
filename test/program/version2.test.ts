import { describe, expect, test } from 'vitest';
import { fromVersion2 } from '../../src/program/version2.ts';

describe('a program of version 2', () => {
  test('comes in the words of version 3', () => {
    const old = {
      ops: ['linear', 'unpack'],
      values: [{ dtype: 'float32', shape: [3, 2], dims: [[[1, 'rows']], 2], place: { arena: 0 } }],
      constants: [{ dtype: 'float32', shape: [2, 2], layout: 'packed', parts: ['w'] }],
      symbols: { batch: [1, 4] },
      derived: [{ value: 0, rule: 'index', grid: [[[1, 'batch']], 3], packed: true }],
      words: [{ word: 3, dim: [[2, 'batch', 'rows'], [1]] }],
      arena: 64,
    };
    expect(fromVersion2(old)).toEqual({
      ops: ['linear', 'scatter'],
      values: [{ dtype: 'float32', shape: [3, 2], dims: [[[1, 'tokens']], 2], place: { arena: 0 } }],
      constants: [{ dtype: 'float32', shape: [2, 2], layout: 'panels', parts: ['w'] }],
      symbols: { batch: [1, 4] },
      hostValues: [{ value: 0, rule: 'index', grid: [[[1, 'batch']], 3], masked: true }],
      words: [{ word: 3, dim: [[2, 'batch', 'tokens'], [1]] }],
      arena: 64,
    });
  });

  test.each([[{}], [{ ops: 3, values: null, constants: 'x', derived: {}, words: [1, null] }], [{ values: [{ dims: 2 }], ops: [null] }]])(
    'that is damaged stays so: %j',
    (damaged) => expect(() => fromVersion2(damaged)).not.toThrow(),
  );
});
