import { describe, expect, test } from 'vitest';
import { Aten } from '../../src/aten/aten.ts';
import { type Argument, type AtenTensor, Float } from '../../src/aten/values.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { whole } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

const SITE = { file: 'code/model.py', line: 3, path: '' };
const f = (value: number): Float => new Float(value);

function started() {
  const aten = new Aten();
  let count = 0;
  const floats = (shape: readonly number[], data: readonly number[]): AtenTensor =>
    aten.input(`x${count++}`, new Tensor('float32', shape, Float32Array.from(data)));
  const ids = (shape: readonly number[], data: readonly number[]): AtenTensor =>
    aten.input(`i${count++}`, whole([...shape], [...data]), 'int64');
  const call = (op: string, given: Argument[], named: [string, Argument][] = []): AtenTensor =>
    aten.call(op, given, new Map(named), SITE) as AtenTensor;
  const numbers = (value: AtenTensor): number[] => Array.from(aten.lower(value).data as Float32Array, Number);
  return { aten, floats, ids, call, numbers };
}

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

describe('windows and diagonals', () => {
  test('see what stands beside one another', () => {
    const { floats, call, numbers } = started();
    const x = floats([1, 1, 5], [1, 5, 2, 4, 3]);
    expect(numbers(call('unfold', [x, 2, 2, 2]))).toEqual([1, 5, 2, 4]);
    expect(numbers(call('max_pool1d', [x, [2], [1], [1]]))).toEqual([1, 5, 5, 4, 4, 3]);
    expect(numbers(call('avg_pool1d', [x, [2]]))).toEqual([3, 3]);
    expect(numbers(call('adaptive_avg_pool1d', [x, [1]]))).toEqual([3]);
  });

  test('of convolutions are any, but transposed', async () => {
    const { floats, call, numbers } = started();
    const x = floats([1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
    const weight = floats([1, 2, 2], [1, 10, 100, 1000]);
    const conv = (...given: Argument[]): number[] => numbers(call('conv1d', [x, weight, ...given]));
    expect(conv()).toEqual([6521, 7632, 8743]);
    expect(conv(null, [2])).toEqual([6521, 8743]);
    expect(conv(null, [1], [1], [2])).toEqual([6020, 7531, 8642, 703]);
    expect(conv(null, [1], 'same')).toEqual([6521, 7632, 8743, 804]);
    const mode = call('_convolution_mode', [x, weight, null, [1], 'valid', [1], 1]);
    expect(numbers(mode)).toEqual([6521, 7632, 8743]);
    expect(numbers(call('conv1d', [x, floats([2, 1, 2], [1, 10, 2, 20]), floats([2], [0.5, 0]), [1], [0], [1], 2]))).toEqual([
      21.5, 32.5, 43.5, 130, 152, 174,
    ]);
    await problem('op', () => call('convolution', [x, weight, null, [1], [0], [1], true, [0], 1]));
  });

  test('stand in two dimensions', () => {
    const { floats, call, numbers } = started();
    const x = floats([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(numbers(call('diagonal', [x]))).toEqual([1, 5]);
    expect(numbers(call('diagonal', [x, 1]))).toEqual([2, 6]);
    expect(numbers(call('diagonal', [x, -1]))).toEqual([4]);
    expect(numbers(call('trace', [x]))).toEqual([6]);
    expect(numbers(call('diag_embed', [floats([2], [3, 4])]))).toEqual([3, 0, 0, 4]);
    expect(numbers(call('fill_diagonal_', [call('mul', [x, 1]), f(0)]))).toEqual([0, 2, 3, 4, 0, 6]);
  });

  test.each<[string, number[]]>([
    ['reflect', [2, 1, 2, 3, 2]],
    ['replicate', [1, 1, 2, 3, 3]],
    ['circular', [3, 1, 2, 3, 1]],
  ])('are filled up by %s', (mode, want) => {
    const { floats, call, numbers } = started();
    expect(numbers(call('pad', [floats([1, 1, 3], [1, 2, 3]), [1, 1], mode]))).toEqual(want);
  });
});

describe('einsum', () => {
  const SQUARE = [1, 2, 3, 4];

  test.each<[string, number[][], number[]]>([
    [
      'bi,ij,bj->b',
      [
        [1, 2],
        [2, 2],
        [1, 2],
      ],
      [1 + 4 + 6 + 16],
    ],
    ['ii->i', [[2, 2]], [1, 4]],
    ['ij->j', [[2, 2]], [4, 6]],
    [
      '...j,jk->...k',
      [
        [2, 2],
        [2, 2],
      ],
      [7, 10, 15, 22],
    ],
    [
      'ij,kl->',
      [
        [2, 2],
        [2, 2],
      ],
      [100],
    ],
    [
      'ij,jk',
      [
        [2, 2],
        [2, 2],
      ],
      [7, 10, 15, 22],
    ],
  ])('%s', (equation, shapes, want) => {
    const { floats, call, numbers } = started();
    const tensors = shapes.map((shape) => floats(shape, SQUARE.slice(0, shape[0] * shape[1])));
    expect(numbers(call('einsum', [equation, tensors]))).toEqual(want);
  });

  test('without a letter for each dimension is refused', async () => {
    const { floats, call } = started();
    await problem('op', () => call('einsum', ['ij,j->i', [floats([2], [1, 2]), floats([2], [1, 2])]]));
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

describe('losses', () => {
  test('are how far answers are from what was wanted', () => {
    const { floats, ids, call, numbers } = started();
    const [x, y] = [floats([2, 2], [0, 1, 3, 1]), floats([2, 2], [0, 0, 1, 1])];
    const one = (op: string, ...given: Argument[]): number => numbers(call(op, [x, ...given]))[0];
    expect(one('mse_loss', y)).toBeCloseTo(5 / 4, 5);
    expect(one('l1_loss', y, 2)).toBeCloseTo(3, 5);
    expect(one('smooth_l1_loss', y, 2)).toBeCloseTo(2, 5);
    expect(one('huber_loss', y, 2, f(0.5))).toBeCloseTo(0.5 * (1 - 0.25) + 0.5 * (2 - 0.25), 5);
    const softplus = (value: number): number => Math.log1p(Math.exp(value));
    expect(one('binary_cross_entropy_with_logits', y, null, null, 2)).toBeCloseTo(
      softplus(0) + softplus(1) + softplus(-3) + softplus(-1),
      5,
    );
    const rows = [softplus(1), softplus(-2)];
    const wanted = ids([2], [0, 0]);
    expect(one('cross_entropy_loss', wanted)).toBeCloseTo((rows[0] + rows[1]) / 2, 5);
    expect(one('cross_entropy_loss', ids([2], [-100, 0]))).toBeCloseTo(rows[1], 5);
    expect(one('cross_entropy_loss', wanted, floats([2], [3, 1]), 2)).toBeCloseTo(3 * (rows[0] + rows[1]), 5);
    expect(one('kl_div', y, 2)).toBeCloseTo(-(3 + 1), 5);
  });
});

describe('whole numbers', () => {
  test('that are hashed are exact beyond what floats hold', () => {
    const { ids, call, numbers } = started();
    const values = [0, 1, 30521, 250001, 16777215];
    const hashed = (factor: number, more: number, by: number): number[] =>
      numbers(call('remainder', [call('add', [call('mul', [ids([5], values), factor]), more]), by]));
    for (const [factor, more, by] of [
      [7919, 13, 1009],
      [2654435761, 0, 100003],
      [-31, 7, 50021],
      [1000003, 2 ** 40, 4194301],
    ]) {
      const want = values.map((value) => {
        const sum = (BigInt(value) * BigInt(factor) + BigInt(more)) % BigInt(by);
        return Number(sum < 0n ? sum + BigInt(by) : sum);
      });
      expect(hashed(factor, more, by), `${factor} ${more} ${by}`).toEqual(want);
    }
  });

  test('are shifted and masked', () => {
    const { ids, call, numbers } = started();
    const x = ids([4], [5, 8, 255, 6]);
    expect(numbers(call('__rshift__', [x, 1]))).toEqual([2, 4, 127, 3]);
    expect(numbers(call('bitwise_left_shift', [x, 2]))).toEqual([20, 32, 1020, 24]);
    expect(numbers(call('__and__', [x, 3]))).toEqual([1, 0, 3, 2]);
  });
});
