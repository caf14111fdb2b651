import { describe, expect, test } from 'vitest';
import { type DType, type ErrorCode, F, jit, ones, Tensor, tensor, zeros } from '../../src/index.ts';
import { Computed, expectSameBits, problem, tinyBert } from '../support/tiny.ts';

const model = tinyBert();
/** A tensor [2, 4]. */
const batch = (values: (number | bigint)[], options: { dtype?: DType } = {}) => tensor(values, options).reshape([2, 4]);

const input_ids = batch([1, 2, 3, 4, 5, 6, 7, 8]);
const token_type_ids = batch([0, 0, 1, 1, 0, 1, 1, 1]);
const attention_mask = batch([1, 1, 1, 0, 1, 1, 1, 1]);
const position_ids = batch([0, 1, 2, 3, 3, 2, 1, 0]);
const all = { input_ids, token_type_ids, attention_mask, position_ids };
const traced = await jit.trace(model, all, { fusion: false, exact_padding: true });
// biome-ignore lint/suspicious/noExplicitAny: calls that the types forbid
type Called = (...args: any[]) => unknown;
const both: [string, Called][] = [
  ['eager', model as Called],
  ['traced', traced as Called],
];

test('eager and traced answer alike, by position, list and object', () => {
  const want = model(input_ids, token_type_ids, attention_mask, position_ids);
  for (const [, call] of both) {
    expectSameBits(call(...Object.values(all)), want);
    expectSameBits(call(Object.values(all)), want);
    expectSameBits(call(all), want);
    expectSameBits(call({ position_ids, attention_mask, input_ids, token_type_ids }), want);
  }
});

describe.each([
  ['strict', {}],
  ['dynamic', { dynamic: { batch: [1, 3], sequence: [2, 6] } } as const],
])('inputs left out of a call of a %s trace', (_, options) => {
  const defaults = {
    token_type_ids: zeros([2, 4], { dtype: 'int32' }),
    attention_mask: ones([2, 4], { dtype: 'int32' }),
    position_ids: batch([0, 1, 2, 3, 0, 1, 2, 3]),
  };

  test.each([
    ['token_type_ids'],
    ['attention_mask'],
    ['position_ids'],
    ['token_type_ids', 'attention_mask', 'position_ids'],
  ] as (keyof typeof defaults)[][])('%s', async (...names) => {
    const own = await jit.trace(model, all, options);
    const given = Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name as keyof typeof defaults)));
    const whole = { ...given, ...Object.fromEntries(names.map((name) => [name, defaults[name]])) };
    expectSameBits(own(given), own(whole));
    expectSameBits(await own.run(given), own(whole));
    expectSameBits(own({ ...given, ...Object.fromEntries(names.map((name) => [name, null])) }), own(whole));
    if (names.length === 3) expectSameBits(own(input_ids), model(input_ids));
  });

  test('before those that are given', async () => {
    const own = await jit.trace(model, { attention_mask, token_type_ids, input_ids }, options);
    expectSameBits(
      own({ input_ids }),
      own({ attention_mask: defaults.attention_mask, token_type_ids: defaults.token_type_ids, input_ids }),
    );
  });

  test('none stands for floats, or for inputs of other names', async () => {
    const own = await jit.trace(new Computed((a, b) => F.add(a, b)), { input_ids: ones([2, 4]), attention_mask: ones([2, 4]) });
    expect((await problem('value', () => own(ones([2, 4])))).message).toContain('input "attention_mask": expected float32 [2,4]');
  });
});

test('an input is not left out where nothing else says how large it is', async () => {
  const body = (x: Tensor, token_type_ids: Tensor) => ({ x: F.relu(x), types: F.embedding(token_type_ids, ones([2, 3])) });
  const inputs = { x: ones([2, 4]), token_type_ids: batch([0, 0, 1, 1, 0, 1, 1, 1]) };
  const traced = await jit.trace(body, inputs, {
    dynamic: { m: [1, 4], n: [1, 4] },
    dynamic_axes: { x: { 0: 'm' }, token_type_ids: { 0: 'n' } },
  });
  expect((await problem('value', () => traced({ x: ones([1, 4]) }))).message).toMatch(
    /input "token_type_ids": expected int32 \[n,4\], as when it was traced, got nothing/,
  );
});

describe.each(both)('%s', (name, call) => {
  const inputs = (change: Record<string, unknown>) => ({ ...all, ...change });

  test.each<[string, unknown[], ErrorCode, RegExp]>([
    [
      'a wrong name',
      [inputs({ ids: input_ids })],
      'value',
      /input "ids": expected one of input_ids, token_type_ids, attention_mask, position_ids/,
    ],
    ['a name of Object', [inputs({ constructor: input_ids })], 'value', /input "constructor"/],
    ['too many inputs', [...Object.values(all), input_ids], 'value', /expected at most 4 inputs \(input_ids, .*\), got 5/],
    ['too many in a list', [[...Object.values(all), input_ids]], 'value', /at most 4 inputs/],
    ['none', [], 'value', /input_ids.*got nothing/],
    ['none in a list', [[]], 'value', /input_ids.*got nothing/],
    ['no ids', [inputs({ input_ids: null })], 'value', /input_ids.*got nothing/],
    ['numbers', [[[1, 2, 3]]], 'value', /input "input_ids": expected a tensor, got 1.*Make one with tensor/],
    ['a text for ids', [inputs({ input_ids: 'a' })], 'value', /input "input_ids": expected a tensor, got "a".*tokenizer\(texts/],
    ['a number for a mask', [inputs({ attention_mask: 1 })], 'value', /input "attention_mask": expected a tensor, got 1/],
    [
      'float ids',
      [inputs({ input_ids: batch([1, 2, 3, 4, 5, 6, 7, 8], { dtype: 'float32' }) })],
      'dtype',
      /input_ids.*expected int32, int64, uint8 or bool, got float32.*dtype: 'int32'/,
    ],
    ['float64 ids', [inputs({ input_ids: zeros([2, 4], { dtype: 'float64' }) })], 'dtype', /got float64/],
    [
      'a mask of NaN',
      [inputs({ attention_mask: batch([Number.NaN, 1, 1, 1, 1, 1, 1, 1], { dtype: 'float32' }) })],
      'value',
      /attention_mask.*\[0\]: expected 0 or 1, got NaN/,
    ],
    [
      'a mask of halves',
      [inputs({ attention_mask: batch([1, 0, 0.5, 1, 1, 1, 1, 1], { dtype: 'float32' }) })],
      'value',
      /attention_mask.*\[2\]: expected 0 or 1, got 0\.5/,
    ],
    ['a float64 mask', [inputs({ attention_mask: ones([2, 4], { dtype: 'float64' }) })], 'dtype', /attention_mask.*got float64/],
    ['float token types', [inputs({ token_type_ids: ones([2, 4]) })], 'dtype', /token_type_ids.*ones\(\[1, 14\], \{ dtype: 'int32' \}\)/],
    [
      'ids beyond int32',
      [inputs({ input_ids: batch([1n, 2n, 3n, 2n ** 40n, 1n, 1n, 1n, 1n]) })],
      'value',
      /input_ids.*\[3\]: expected a whole number below 2³¹, got 1099511627776/,
    ],
    [
      'an id beyond the vocabulary',
      [inputs({ input_ids: batch([1, 2, 40, 4, 5, 6, 7, 8]) })],
      'value',
      /ids.*\[2\]: expected a whole number from 0 to 39, got 40/,
    ],
    [
      'a negative id',
      [inputs({ input_ids: batch([1, 2, 3, 4, 5, 6, 7, -1]) })],
      'value',
      /\[7\]: expected a whole number from 0 to 39, got -1/,
    ],
    [
      'a mask of 2',
      [inputs({ attention_mask: batch([1, 2, 1, 1, 1, 1, 1, 1]) })],
      'value',
      /mask.*\[1\]: expected a whole number from 0 to 1, got 2/,
    ],
    ['a mask of -1', [inputs({ attention_mask: batch([1, 1, 1, 1, -1, 1, 1, 1]) })], 'value', /mask.*\[4\].*got -1/],
    [
      'a token type too large',
      [inputs({ token_type_ids: batch([0, 0, 0, 2, 0, 0, 0, 0]) })],
      'value',
      /\[3\]: expected a whole number from 0 to 1, got 2/,
    ],
    [
      'a position too large',
      [inputs({ position_ids: batch([0, 1, 2, 12, 0, 1, 2, 3]) })],
      'value',
      /\[3\]: expected a whole number from 0 to 11, got 12/,
    ],
    ['an empty batch', [{ input_ids: zeros([0, 4], { dtype: 'int32' }), token_type_ids, attention_mask, position_ids }], 'shape', /0/],
    ['an empty sequence', [{ input_ids: zeros([2, 0], { dtype: 'int32' }), token_type_ids, attention_mask, position_ids }], 'shape', /0/],
    ['ids of one dimension', [inputs({ input_ids: tensor([1, 2, 3, 4]) })], 'shape', /\[4\]/],
    ['a mask of another shape', [inputs({ attention_mask: ones([2, 3], { dtype: 'int32' }) })], 'shape', /3/],
    ['positions of another shape', [inputs({ position_ids: ones([2, 3], { dtype: 'int32' }) })], 'shape', /3/],
  ])('refuses %s', async (_, args, code, message) => {
    const error = await problem(code, () => call(...args));
    expect(error.message).toMatch(message);
  });

  test.each<[string, Tensor]>([
    ['int64', batch([1n, 1n, 1n, 0n, 1n, 1n, 1n, 1n])],
    ['float32', batch([1, 1, 1, 0, 1, 1, 1, 1], { dtype: 'float32' })],
    ['bool', new Tensor('bool', [2, 4], Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1))],
    ['uint8', new Tensor('uint8', [2, 4], Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1))],
    ['int8', new Tensor('int8', [2, 4], Int8Array.of(1, 1, 1, 0, 1, 1, 1, 1))],
  ])('takes %s', (_, mask) => {
    expectSameBits(call(inputs({ attention_mask: mask })), call(all), name);
  });

  test('answers as before after a refusal', async () => {
    const before = call(all);
    await problem('value', () => call(inputs({ input_ids: batch([1, 2, 40, 4, 5, 6, 7, 8]) })));
    expectSameBits(call(all), before);
  });
});
