import { describe, expect, test } from 'vitest';
import type { Argument, AtenTensor } from '../../src/aten/values.ts';
import { started } from '../support/atencalls.ts';
import { f } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

describe('ops that put elements where numbers say', () => {
  test.each<[string, Argument[], [string, Argument][], number[]]>([
    ['scatter', [f(9)], [], [9, 1, 9, 1, 9, 9]],
    ['scatter', [f(3)], [['reduce', 'multiply']], [3, 1, 3, 1, 9, 3].map((x, i) => (i === 4 ? 3 : x))],
  ])('%s of a number', (op, more, named, want) => {
    const { floats, ids, call, numbers } = started();
    const x = floats([2, 3], [1, 1, 1, 1, 1, 1]);
    expect(numbers(call(op, [x, 1, ids([2, 2], [0, 2, 2, 1]), ...more], named))).toEqual(want);
  });

  test.each<[string, [string, Argument][], number[]]>([
    ['scatter', [], [1, 40, 20, 60, 1, 1]],
    ['scatter_add', [], [1, 71, 21, 151, 1, 1].map((x, i) => (i === 1 ? 71 - 20 : x))],
    ['scatter_reduce', [['reduce', 'sum']], [1, 51, 21, 151, 1, 1]],
    ['scatter_reduce', [['reduce', 'amax']], [1, 40, 20, 60, 1, 1]],
    ['scatter_reduce', [['reduce', 'amin']], [1, 1, 1, 1, 1, 1]],
    [
      'scatter_reduce',
      [
        ['reduce', 'amin'],
        ['include_self', false],
      ],
      [1, 10, 20, 40, 1, 1],
    ],
    ['scatter_reduce', [['reduce', 'mean']], [1, 17, 10.5, 37.75, 1, 1]],
    ['scatter_reduce', [['reduce', 'prod']], [1, 400, 20, 120000, 1, 1]],
  ])('%s of elements, %j', (op, named, want) => {
    const { floats, ids, call, numbers } = started();
    const x = floats([2, 3], [1, 1, 1, 1, 1, 1]);
    const at = ids([2, 3], [1, 2, 1, 0, 0, 0]);
    const source = floats([2, 3], op === 'scatter' ? [10, 20, 40, 40, 50, 60] : [10, 20, 40, 40, 50, 60]);
    for (const [i, got] of numbers(call(op, [x, 1, at, source], named)).entries()) expect(got / want[i]).toBeCloseTo(1, 5);
  });

  test('of no number for other parts of it are refused', async () => {
    const { floats, ids, call } = started();
    const x = floats([3, 3], new Array(9).fill(1));
    const error = await problem('op', () => call('scatter', [x, 1, ids([2, 1], [0, 1]), f(1)]));
    expect(error.message).toMatch(/numbers \[3,3\] but for dimension 1/);
    await problem('value', () => call('scatter_reduce', [x, 0, ids([3, 3], new Array(9).fill(0)), x, 'median']));
  });

  test.each<[string, Argument[], number[]]>([
    ['index_add', [], [1, 2, 33, 44, 0, 0].map((_, i) => [10, 20, 44, 66, 5, 6][i])],
    ['index_copy', [], [10, 20, 30, 40, 5, 6]],
  ])('%s', (op, more, want) => {
    const { floats, ids, call, numbers } = started();
    const x = floats([3, 2], op === 'index_add' ? [0, 0, 4, 6, 5, 6] : [1, 2, 3, 4, 5, 6]);
    const source = floats([3, 2], [10, 20, 10, 20, 30, 40]);
    expect(numbers(call(op, [x, 0, ids([3], [0, 1, 1]), source, ...more]))).toEqual(want);
  });

  test('index_put finds parts by one or several numbers, negative ones as well', () => {
    const { floats, ids, call, numbers } = started();
    const x = floats([2, 3], [1, 2, 3, 4, 5, 6]);
    const [rows, columns] = [ids([2], [0, 1]), ids([2], [-1, 0])];
    expect(numbers(call('index_put', [x, [rows, columns], floats([2], [8, 9])]))).toEqual([1, 2, 8, 9, 5, 6]);
    expect(numbers(call('index_put', [x, [rows, columns], floats([2], [8, 9]), true]))).toEqual([1, 2, 11, 13, 5, 6]);
    expect(numbers(call('index_put', [x, [null, columns], f0(call)]))).toEqual([0, 2, 0, 0, 5, 0]);
    expect(numbers(call('index_put', [x, [ids([1], [1])], floats([3], [7, 8, 9])]))).toEqual([1, 2, 3, 7, 8, 9]);
    const each = call('arange', [2]);
    expect(numbers(call('index_put', [x, [each, columns], floats([2], [8, 9])]))).toEqual([1, 2, 8, 9, 5, 6]);
  });

  test('index_fill', () => {
    const { floats, ids, call, numbers } = started();
    expect(numbers(call('index_fill', [floats([2, 3], [1, 2, 3, 4, 5, 6]), 1, ids([2], [0, 2]), f(0)]))).toEqual([0, 2, 0, 0, 5, 0]);
  });
});

const f0 = (call: (op: string, given: Argument[]) => AtenTensor): AtenTensor => call('tensor', [f(0)]);

describe('products along a dimension', () => {
  test('of floats and of whole numbers', () => {
    const { floats, ids, call, numbers } = started();
    const x = floats([2, 3], [2, -3, 4, 0, -1, 5]);
    for (const [i, want] of [-24, 0].entries()) expect(numbers(call('prod', [x, 1]))[i]).toBeCloseTo(want, 4);
    for (const [i, want] of [2, -6, -24, 0, 0, 0].entries()) expect(numbers(call('cumprod', [x, 1]))[i]).toBeCloseTo(want, 4);
    expect(numbers(call('prod', [ids([2, 5], [3, 5, 7, 11, 13, 1, 2, 3, -1, 2]), -1]))).toEqual([15015, -12]);
    expect(call('prod', [x, 1, true]).shape).toEqual([2, 1]);
    expect(numbers(call('prod', [call('slice', [x, 1, 0, 2]) as never]))[0]).toBe(0);
  });
});

describe('ops that look for elements', () => {
  test('count boundaries before them', () => {
    const { floats, call, numbers } = started();
    const [x, edges] = [floats([5], [-1, 0, 0.5, 1, Number.NaN]), floats([2], [0, 1])];
    expect(numbers(call('bucketize', [x, edges]))).toEqual([0, 0, 1, 1, 2]);
    expect(numbers(call('bucketize', [x, edges], [['right', true]]))).toEqual([0, 1, 1, 2, 2]);
    expect(numbers(call('searchsorted', [edges, x], [['side', 'right']]))).toEqual([0, 1, 1, 2, 2]);
    const rows = floats([2, 2], [0, 1, 2, 3]);
    expect(numbers(call('searchsorted', [rows, floats([2, 1], [0.5, 0.5])]))).toEqual([1, 0]);
  });

  test('say whether they are among others', () => {
    const { ids, call, numbers } = started();
    const [x, some] = [ids([4], [1, 2, 3, 4]), ids([2], [2, 4])];
    expect(numbers(call('isin', [x, some]))).toEqual([0, 1, 0, 1]);
    expect(numbers(call('isin', [x, some], [['invert', true]]))).toEqual([1, 0, 1, 0]);
  });
});

describe('bags', () => {
  test('leave out padding, and weigh their rows', () => {
    const { floats, ids, call, numbers } = started();
    const table = floats([3, 1], [9, 2, 4]);
    const rest: Argument[] = [call('arange', [0, 4, 2]), false];
    const bag = (mode: number, weights: AtenTensor | null, padding: number | null): number[] => {
      const given = [table, ids([4], [0, 1, 1, 2]), ...rest, mode, false, weights, false, padding];
      return numbers((call('embedding_bag', given) as unknown as AtenTensor[])[0]);
    };
    expect([bag(0, null, 0), bag(1, null, 0), bag(2, null, 0)]).toEqual([
      [2, 6],
      [2, 3],
      [2, 4],
    ]);
    expect(bag(0, floats([4], [1, 2, 3, 4]), null)).toEqual([13, 22]);
  });
});

describe('writes to every other place', () => {
  test('change what stands there', () => {
    const { floats, call, numbers } = started();
    const x = call('mul', [floats([1, 5], [1, 2, 3, 4, 5]), 1]);
    call('copy_', [call('slice', [x, 1, 1, null as never, 2]), floats([1, 2], [20, 40])]);
    call('fill_', [call('slice', [x, 1, 0, 3, 2]), f(0)]);
    expect(numbers(x)).toEqual([0, 20, 0, 40, 5]);
  });
});
