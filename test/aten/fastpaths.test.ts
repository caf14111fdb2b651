import { expect, test } from 'vitest';
import { Aten } from '../../src/aten/aten.ts';
import { type Argument, type AtenTensor, Float } from '../../src/aten/values.ts';
import { floats, whole } from '../support/atenprograms.ts';

const SITE = { file: 'code/model.py', line: 3, path: '' };
const EPS = new Float(1e-5);
const [BATCH, LENGTH, WIDTH, HEADS, WIDE] = [2, 3, 4, 2, 6];

function started() {
  const aten = new Aten();
  const call = (op: string, ...given: Argument[]): AtenTensor => aten.call(op, given, new Map(), SITE) as AtenTensor;
  const all = (op: string, ...given: Argument[]): AtenTensor[] => aten.call(op, given, new Map(), SITE) as unknown as AtenTensor[];
  const weight = (shape: readonly number[], seed: number): AtenTensor => aten.stored(floats(shape, seed));
  const x = aten.input('x', floats([BATCH, LENGTH, WIDTH], 1));
  const projections = [weight([3 * WIDTH, WIDTH], 2), weight([3 * WIDTH], 3), weight([WIDTH, WIDTH], 4), weight([WIDTH], 5)];
  const rest = [[WIDTH], [WIDTH], [WIDTH], [WIDTH], [WIDE, WIDTH], [WIDE], [WIDTH, WIDE], [WIDTH]].map((shape, i) => weight(shape, 6 + i));
  const numbers = (value: AtenTensor): number[] => Array.from(aten.lower(value).data as Float32Array, Number);
  /** Attention in the ops that it is made of; `hidden` says which keys are not seen. */
  const attention = (of: AtenTensor, hidden?: AtenTensor): AtenTensor => {
    const parts = all('chunk', call('linear', of, projections[0], projections[1]), 3, -1);
    const [q, k, v] = parts.map((part) => call('transpose', call('view', part, [BATCH, LENGTH, HEADS, WIDTH / HEADS]), 1, 2));
    const scores = call('div', call('matmul', q, call('transpose', k, 2, 3)), new Float(Math.sqrt(WIDTH / HEADS)));
    const seen = hidden ? call('masked_fill', scores, hidden, new Float(-Infinity)) : scores;
    const joined = call('reshape', call('transpose', call('matmul', call('softmax', seen, -1), v), 1, 2), [BATCH, LENGTH, WIDTH]);
    return call('linear', joined, projections[2], projections[3]);
  };
  return { aten, call, all, x, projections, rest, numbers, attention };
}

const close = (got: number[], want: number[]): void => {
  expect(got.length).toBe(want.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(want[i], 5);
};

test('attention without gradients is what it stands for, with a mask of keys as well', () => {
  const { aten, all, call, x, projections, numbers, attention } = started();
  const [plain, weights] = all('_native_multi_head_attention', x, x, x, WIDTH, HEADS, ...projections);
  close(numbers(plain), numbers(attention(x)));
  expect(weights.shape).toEqual([BATCH, LENGTH, LENGTH]);
  const padding = call('eq', aten.input('mask', whole([BATCH, LENGTH], [1, 1, 1, 1, 1, 0]), 'int64'), 0);
  const [masked, none] = all('_native_multi_head_attention', x, x, x, WIDTH, HEADS, ...projections, padding, false, true, 1);
  close(numbers(masked), numbers(attention(x, call('unsqueeze', call('unsqueeze', padding, 1), 1))));
  expect(none).toBe(null);
});

test.each([false, true])('a layer is attention and two linear ones, norms first: %s', (first) => {
  const { call, x, projections, rest, numbers, attention } = started();
  const [w1, b1, w2, b2, up, up_bias, down, down_bias] = rest;
  const norm = (of: AtenTensor, w: AtenTensor, b: AtenTensor): AtenTensor => call('layer_norm', of, [WIDTH], w, b, EPS);
  const feed = (of: AtenTensor): AtenTensor => call('linear', call('relu', call('linear', of, up, up_bias)), down, down_bias);
  const got = call('_transformer_encoder_layer_fwd', x, WIDTH, HEADS, ...projections, false, first, EPS, ...rest);
  const half = first ? call('add', x, attention(norm(x, w1, b1))) : norm(call('add', x, attention(x)), w1, b1);
  const want = first ? call('add', half, feed(norm(half, w2, b2))) : norm(call('add', half, feed(half)), w2, b2);
  close(numbers(got), numbers(want));
});

test('rows that PyTorch leaves out are seen by none, and are padding again', () => {
  const { aten, call, x, projections, rest, numbers } = started();
  const mask = call('ne', aten.input('mask', whole([BATCH, LENGTH], [1, 1, 1, 1, 1, 0]), 'int64'), 0);
  const layer = (of: AtenTensor, ...more: Argument[]): AtenTensor =>
    call('_transformer_encoder_layer_fwd', of, WIDTH, HEADS, ...projections, true, false, EPS, ...rest, ...more);
  const nested = layer(call('_nested_tensor_from_mask', x, mask, false));
  const got = numbers(call('to_padded_tensor', nested, new Float(0), [BATCH, LENGTH, WIDTH]));
  const want = numbers(layer(x, call('logical_not', mask), 1));
  close(
    got,
    want.map((value, i) => (i >= (BATCH * LENGTH - 1) * WIDTH ? 0 : value)),
  );
});

test('bags of ids are sums, means or the largest of their rows', () => {
  const { aten, all, call, numbers } = started();
  const table = aten.stored(floats([5, 2], 9));
  const ids = aten.input('ids', whole([2, 3], [1, 2, 3, 4, 0, 1]), 'int64');
  const offsets = call('arange', 0, 6, 3);
  for (const [mode, op] of [
    [0, 'sum'],
    [1, 'mean'],
    [2, 'amax'],
  ] as const) {
    // biome-ignore format: pairs
    const [bags] = all('embedding_bag', table, call('reshape', ids, [-1]), offsets, false, mode);
    close(numbers(bags), numbers(call(op, call('embedding', table, ids), [1])));
  }
});

test('norms over channels are what their numbers say', () => {
  const { aten, call, numbers, x } = started();
  const [weight, bias, mean] = [1, 2, 3].map((seed) => aten.stored(floats([LENGTH], seed)));
  const variance = call('add', call('abs', aten.stored(floats([LENGTH], 4))), 1);
  const column = (of: AtenTensor): AtenTensor => call('view', of, [LENGTH, 1]);
  const got = call('batch_norm', x, weight, bias, mean, variance, false, new Float(0.1), EPS, true);
  const normal = call('div', call('sub', x, column(mean)), call('sqrt', call('add', column(variance), EPS)));
  close(numbers(got), numbers(call('add', call('mul', normal, column(weight)), column(bias))));
  close(numbers(call('group_norm', x, LENGTH, null, null, EPS)), numbers(call('layer_norm', x, [WIDTH], null, null, EPS)));
});
