import { describe, expect, test } from 'vitest';
import { Aten } from '../../src/aten/aten.ts';
import type { Argument, AtenTensor } from '../../src/aten/values.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { f, whole } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

const SITE = { file: 'code/model.py', line: 3, path: '' };
const X = [-3, -0.75, 0.25, 0.5, 2, 30];

function started(values: readonly number[] = X, shape: readonly number[] = [values.length]) {
  const aten = new Aten();
  const x = aten.input('x', new Tensor('float32', shape, Float32Array.from(values)));
  const call = (op: string, ...given: Argument[]): AtenTensor => aten.call(op, given, new Map(), SITE) as AtenTensor;
  const all = (op: string, ...given: Argument[]): AtenTensor[] => aten.call(op, given, new Map(), SITE) as unknown as AtenTensor[];
  const numbers = (value: AtenTensor): number[] => Array.from(aten.lower(value).data as Float32Array, Number);
  const floats = (shape_: readonly number[], data: readonly number[]): AtenTensor =>
    aten.input(`y${data.length}`, new Tensor('float32', shape_, Float32Array.from(data)));
  return { aten, x, call, all, numbers, floats };
}

const softplus = (x: number): number => Math.log1p(Math.exp(x));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x));

describe('ops by element are what they are defined as', () => {
  test.each<[string, Argument[], (x: number) => number]>([
    ['elu', [], (x) => elu(x, 1)],
    ['elu', [f(0.5)], (x) => elu(x, 0.5)],
    ['selu', [], (x) => 1.0507009873554805 * elu(x, 1.6732632423543772)],
    ['celu', [f(2)], (x) => Math.max(0, x) + Math.min(0, 2 * Math.expm1(x / 2))],
    ['leaky_relu', [f(0.1)], (x) => (x > 0 ? x : 0.1 * x)],
    ['softplus', [], (x) => (x > 20 ? x : softplus(x))],
    ['softplus', [2, 1], (x) => (2 * x > 1 ? x : softplus(2 * x) / 2)],
    ['mish', [], (x) => x * Math.tanh(softplus(x))],
    ['hardtanh', [], (x) => clamp(x, -1, 1)],
    ['relu6', [], (x) => clamp(x, 0, 6)],
    ['hardsigmoid', [], (x) => clamp(x + 3, 0, 6) / 6],
    ['hardswish', [], (x) => (x * clamp(x + 3, 0, 6)) / 6],
    ['log_sigmoid', [], (x) => -softplus(-x)],
    ['threshold', [f(0.3), f(7)], (x) => (x > 0.3 ? x : 7)],
    ['softshrink', [f(0.5)], (x) => (x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0)],
    ['hardshrink', [f(0.5)], (x) => (Math.abs(x) > 0.5 ? x : 0)],
    ['expm1', [], Math.expm1],
    ['sinh', [], Math.sinh],
    ['cosh', [], Math.cosh],
    ['tan', [], Math.tan],
    ['exp2', [], (x) => 2 ** x],
    ['frac', [], (x) => x - Math.trunc(x)],
    ['erfc', [], (x) => 1 - erf(x)],
    ['fmod', [f(0.7)], (x) => x % 0.7],
    ['deg2rad', [], (x) => (x * Math.PI) / 180],
  ])('%s(%j)', (op, more, meant) => {
    const { call, numbers, x } = started();
    const want = X.map(meant);
    const scale = Math.max(1, ...want.map(Math.abs));
    for (const [i, got] of numbers(call(op, x, ...more)).entries()) expect(Math.abs(got - want[i])).toBeLessThan(1e-5 * scale);
  });

  test('log1p, log2, log10 and logit', () => {
    const { call, numbers, x } = started([0.1, 0.5, 0.9]);
    for (const [op, of] of [
      ['log1p', Math.log1p],
      ['log2', Math.log2],
      ['log10', Math.log10],
    ] as const)
      for (const [i, got] of numbers(call(op, x)).entries()) expect(got).toBeCloseTo(of([0.1, 0.5, 0.9][i]), 5);
    for (const [i, got] of numbers(call('logit', x)).entries()) expect(sigmoid(got)).toBeCloseTo([0.1, 0.5, 0.9][i], 5);
  });

  test('of numbers that are none', () => {
    const { call, numbers, x } = started([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(numbers(call('isinf', x))).toEqual([0, 0, 1, 1]);
    expect(numbers(call('isfinite', x))).toEqual([1, 0, 0, 0]);
    expect(numbers(call('nan_to_num', x, f(0), f(5), f(-5)))).toEqual([1, 0, 5, -5]);
    expect(numbers(call('div', call('relu', x), 0))[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test('sums of booleans are 1 at most', () => {
    const { call, numbers, x } = started([-1, 0.5, 3]);
    const [some, more] = [call('gt', x, 0), call('gt', x, 1)];
    expect(numbers(call('add', some, more))).toEqual([0, 1, 1]);
    expect(call('add', some, more).dtype).toBe('bool');
    expect(numbers(call('__xor__', some, more))).toEqual([0, 1, 0]);
  });

  test('floats become whole numbers by what stands before the point', () => {
    const { call, numbers, x } = started([-1.7, 0.6, 2.2]);
    expect(numbers(call('to', x, 4))).toEqual([-1, 0, 2]);
  });
});

/** By its series, in float64. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 * sum) / Math.sqrt(Math.PI);
}

describe('ops along dimensions', () => {
  const TABLE = [3, 1, 2, 5, 5, 4];

  test('order elements, the first of equals first', () => {
    const { all, call, numbers, x } = started(TABLE, [2, 3]);
    const [values, places] = all('topk', x, 2);
    expect([numbers(values), numbers(places), places.dtype]).toEqual([[3, 2, 5, 5], [0, 2, 0, 1], 'int64']);
    expect(numbers(all('topk', x, 1, 0, false)[1])).toEqual([0, 0, 0]);
    expect(numbers(all('sort', x, 1, true)[0])).toEqual([3, 2, 1, 5, 5, 4]);
    expect(numbers(call('argsort', x))).toEqual([1, 2, 0, 2, 0, 1]);
    expect(numbers(all('kthvalue', x, 2)[0])).toEqual([2, 5]);
    expect(numbers(all('median', x, 1)[1])).toEqual([2, 0]);
    expect(numbers(call('median', x))).toEqual([3]);
    const gaps = started([3, Number.NaN, 2, 5, Number.NaN, Number.NaN, 5, 6, 4, 2, 1, 3], [3, 4]);
    const [middle, at] = gaps.all('median', gaps.x, 1);
    expect([gaps.numbers(middle), gaps.numbers(at)]).toEqual([
      [Number.NaN, Number.NaN, 2],
      [1, 0, 1],
    ]);
  });

  test('order a number alone, and no elements', async () => {
    const { all, call, numbers, x } = started(TABLE, [2, 3]);
    const [value, place] = all('topk', call('sum', x), 1);
    expect([numbers(value), numbers(place), value.shape]).toEqual([[20], [0], []]);
    expect(all('topk', x, 0)[0].shape).toEqual([2, 0]);
    expect((await problem('shape', () => call('topk', x, 4))).message).toMatch(/k from 0 to 3, got 4.*line 3/);
  });

  test('ask whether any or all are something, and add up powers', () => {
    const { call, numbers, x } = started([0, 0, 1, 2, 3, 4], [2, 3]);
    expect([numbers(call('any', x, 1)), numbers(call('all', x, 1)), numbers(call('any', x))]).toEqual([[1, 1], [0, 1], [1]]);
    const meant = [
      [0, 0, 1],
      [2, 3, 4],
    ].map((row) => Math.log(row.reduce((sum, each) => sum + Math.exp(each), 0)));
    for (const [i, got] of numbers(call('logsumexp', x, [1])).entries()) expect(got).toBeCloseTo(meant[i], 5);
    expect(numbers(call('norm', x, f(Number.POSITIVE_INFINITY), [1]))).toEqual([1, 4]);
    expect(numbers(call('norm', x, 0, [1]))).toEqual([1, 3]);
  });
});

describe('ops that put parts together', () => {
  const ROWS = [1, 2, 3, 4, 5, 6];

  test.each<[string, Argument[], number[]]>([
    ['flip', [[0]], [4, 5, 6, 1, 2, 3]],
    ['flip', [[0, 1]], [6, 5, 4, 3, 2, 1]],
    ['roll', [[1], [1]], [3, 1, 2, 6, 4, 5]],
    ['roll', [[-1], [1]], [2, 3, 1, 5, 6, 4]],
    ['roll', [[2]], [5, 6, 1, 2, 3, 4]],
    ['pad', [[1, 0], 'constant', 9], [9, 1, 2, 3, 9, 4, 5, 6]],
    ['pad', [[-1, -1]], [2, 5]],
    ['constant_pad_nd', [[0, 0, 0, 1], 7], [1, 2, 3, 4, 5, 6, 7, 7, 7]],
    ['tile', [[2]], [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]],
    ['repeat_interleave', [2, 1], [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]],
    ['movedim', [0, 1], [1, 4, 2, 5, 3, 6]],
    ['glu', [0], [1 * sigmoid(4), 2 * sigmoid(5), 3 * sigmoid(6)]],
  ])('%s(%j)', (op, more, want) => {
    const { call, numbers, x } = started(ROWS, [2, 3]);
    for (const [i, got] of numbers(call(op, x, ...more)).entries()) expect(got).toBeCloseTo(want[i], 5);
  });

  test('index tensors stand where they stand side by side, else first', () => {
    const { aten, call, numbers, x } = started(ROWS, [1, 2, 3]);
    const at = aten.stored(whole([2], [2, 0]), 'int64');
    expect(numbers(call('index', x, [null, null, at]))).toEqual([3, 1, 6, 4]);
    const [none, one] = [aten.stored(whole([1], [0]), 'int64'), aten.stored(whole([1], [1]), 'int64')];
    expect(call('index', x, [null, one, at]).shape).toEqual([1, 2]);
    expect(call('index', x, [none, null, at]).shape).toEqual([2, 2]);
  });

  test('a number for each text finds its row, the last one as -1 as well', () => {
    const { aten, call, numbers, x } = started(ROWS, [3, 2, 1]);
    const texts = call('arange', 3);
    expect(numbers(call('index', x, [texts, aten.input('at', whole([3], [1, -1, 0]), 'int64')]))).toEqual([2, 4, 5]);
  });

  test('a mask says where a number is put', async () => {
    const { call, numbers, x } = started(ROWS, [2, 3]);
    expect(numbers(call('index_put', x, [call('gt', x, 4)], call('tensor', f(0))))).toEqual([1, 2, 3, 4, 0, 0]);
    await problem('op', () => call('index_put', x, [call('gt', x, 4)], x));
  });

  test('a mask that is known chooses among what one row is repeated for', () => {
    const { x, call, numbers } = started([7]);
    const [yes, no] = ['ones', 'zeros'].map((op) => call('to', call(op, [3]), 11));
    const zeros = call('zeros', [3]);
    expect([numbers(call('where', yes, zeros, x)), numbers(call('where', no, zeros, x))]).toEqual([
      [0, 0, 0],
      [7, 7, 7],
    ]);
  });

  test('one_hot has a number of classes', async () => {
    const { aten, call, numbers } = started();
    const ids = aten.input('ids', whole([2], [2, 0]), 'int64');
    expect(numbers(call('one_hot', ids, 3))).toEqual([0, 0, 1, 1, 0, 0]);
    await problem('tracing', () => call('one_hot', ids));
  });
});

describe('writes through views', () => {
  test('change what they are views of', () => {
    const { call, numbers, x } = started([1, 2, 3, 4, 5, 6], [2, 3]);
    const y = call('mul', x, 1);
    call('add_', call('select', y, 1, -1), 10);
    call('fill_', call('slice', y, 1, 0, 1, 1), f(0));
    call('mul_', call('transpose', call('view', y, [3, 2]), 0, 1), 2);
    expect(numbers(y)).toEqual([0, 4, 26, 0, 10, 32]);
  });

  test('shift ids as decoders do', () => {
    const { aten, call, numbers } = started();
    const ids = aten.input('ids', whole([2, 3], [5, 6, 7, 8, 9, 4]), 'int64');
    const shifted = call('zeros_like', ids);
    call('copy_', call('slice', shifted, 1, 1, 2 ** 62, 1), call('slice', ids, 1, 0, -1, 1));
    call('fill_', call('select', shifted, 1, 0), 2);
    expect(numbers(shifted)).toEqual([2, 5, 6, 2, 8, 9]);
  });

  test.each([
    ['reshape', [-1]],
    ['flatten', 0, -1],
  ] as const)('leave nothing known of what %s may have copied', async (op, ...given) => {
    const { call, numbers, x } = started([1, 2, 3, 4, 5, 6], [2, 3]);
    const y = call('mul', x, 1);
    const rows = call(op, call('transpose', y, 0, 1), ...(given as never[]));
    call('add_', rows, 1);
    expect(numbers(rows)).toEqual([2, 5, 3, 6, 4, 7]);
    await problem('tracing', () => call('add', y, 1));
  });

  test('leave nothing known of other views', async () => {
    const { call, x } = started([1, 2, 3, 4, 5, 6], [2, 3]);
    const y = call('mul', x, 2);
    const other = call('select', y, 0, 0);
    call('add_', call('select', y, 0, 0), 1);
    await problem('tracing', () => call('add', other, 1));
  });
});
