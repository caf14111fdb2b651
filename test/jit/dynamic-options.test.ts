import { describe, expect, test } from 'vitest';
import { F, jit, type ModelOutput, type Tensor, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { BOUNDS, dynamic, inputsOf, ones, traceAs } from '../support/dynamic.ts';
import { Computed, expectSameBits, floats, problem } from '../support/tiny.ts';

describe('options', () => {
  test.each<[string, unknown, RegExp]>([
    ['no bounds', { batch: 3 }, /dynamic: batch: expected \[low, high\]/],
    ['bounds the wrong way', { batch: [4, 2] }, /dynamic: batch: expected \[low, high\]/],
    ['none at all', { batch: [0, 2] }, /dynamic: batch/],
    ['fractions', { batch: [1, 2.5] }, /dynamic: batch/],
    ['a symbol that is nowhere', { width: [1, 4] }, /dynamic: width.*dynamic_axes: \{ input_ids: \{ 0: 'width' \} \}/],
    ['a name that is taken', { tokens: [1, 4] }, /dynamic: tokens: expected a name other than tokens/],
    [
      'a name that every object has',
      { constructor: [1, 4] },
      /dynamic: constructor: expected a name other than tokens, and of no property/,
    ],
    ['a name that is none', { 'a b': [1, 4] }, /dynamic: a b/],
    ['dummies outside', { batch: [3, 4] }, /dummy inputs of batch 2: expected 3 to 4/],
  ])('refuses %s', async (_, bounds, message) => {
    expect((await problem('value', () => traceAs({ dynamic: bounds as never }))).message).toMatch(message);
  });

  test.each<[string, unknown]>([
    ['an input that is none', { ids: { 0: 'batch' } }],
    ['a dimension that is none', { input_ids: { 2: 'batch' } }],
    ['a symbol without bounds', { input_ids: { 0: 'rows' } }],
    ['no symbols', { input_ids: 7 }],
  ])('refuses dynamic_axes with %s', async (_, dynamic_axes) => {
    const error = await problem('value', () => traceAs({ dynamic: { batch: [1, 4] }, dynamic_axes: dynamic_axes as never }));
    expect(error.message).toMatch(/dynamic_axes: (input_)?ids: expected an input, with a symbol of dynamic/);
  });

  test.each([
    ['of one input', { input_0: { 0: 'n', 1: 'n' } }, /input_0: dimension 1, n: expected 3, which n is elsewhere, got 4/],
    ['of two inputs', { input_0: { 0: 'n' }, input_1: { 0: 'n' } }, /input_1: dimension 0, n: expected 3, which n is elsewhere, got 4/],
  ] as const)('refuses dynamic_axes that give one symbol to unequal sizes %s', async (_, dynamic_axes, message) => {
    const both = new Computed((x, y) => F.add(x, F.transpose(y, 0, 1)));
    const tracing = () => jit.trace(both, [floats([3, 4]), floats([4, 3])], { dynamic: { n: [1, 8] }, dynamic_axes });
    expect((await problem('value', tracing)).message).toMatch(message);
  });

  test('bounds of one size fix it', async () => {
    const traced = await traceAs({ dynamic: { batch: [2, 2], sequence: [1, 12] } });
    expect(traced.dynamic).toEqual({ sequence: [1, 12] });
    expectSameBits(traced(inputsOf(ones(2, 3))), dynamic(inputsOf(ones(2, 3))));
    await problem('shape', () => traced(inputsOf(ones(1, 3))));
  });

  test('a symbol may stand at several axes', async () => {
    const square = new Computed((x) => F.add(x, F.transpose(x, 0, 1)));
    const traced = await jit.trace(square, [floats([3, 3])], { dynamic: { n: [1, 8] }, dynamic_axes: { input_0: { 0: 'n', 1: 'n' } } });
    expectSameBits(traced(floats([5, 5])), square(floats([5, 5])) as Tensor);
  });

  test('short inputs are padded to the least size', async () => {
    const traced = await traceAs({ dynamic: { batch: [2, 6], sequence: [4, 12] } });
    const padded = traced.pad({ input_ids: tensor([[1, 2]]) });
    expect(padded.input_ids.shape).toEqual([2, 4]);
    expect(padded.attention_mask.tolist()).toEqual([
      [1, 1, 0, 0],
      [0, 0, 0, 0],
    ]);
    traced(padded);
  });

  test('a trace that runs is quantised behind its runs', async () => {
    const traced = await traceAs({ dynamic: BOUNDS });
    const run = traced.run(inputsOf(ones(6, 12)), { signal: new AbortController().signal });
    const { report } = await quantize(traced, { calibrate: [inputsOf(ones(1, 3))] });
    expect(report).toEqual((await quantize(dynamic, { calibrate: [inputsOf(ones(1, 3))] })).report);
    expectSameBits(await run, dynamic(inputsOf(ones(6, 12))));
  });

  test.each<[string, object, RegExp]>([
    ['a fraction', { sequence: 2.5 }, /plan: sequence: expected a whole number from 1 to 12, got 2\.5/],
    ['more than the bounds', { batch: 7 }, /plan: batch: expected a whole number from 1 to 6, got 7/],
    ['less than the bounds', { batch: 0 }, /plan: batch: expected a whole number from 1 to 6, got 0/],
    ['more tokens than there are', { batch: 2, sequence: 5, tokens: 11 }, /plan: tokens: expected a whole number from 0 to 10, got 11/],
    ['a list', [2, 5], /plan: expected sizes by name, got \[2, 5\]/],
    ['a number', 5 as never, /plan: expected sizes by name, got 5/],
    ['a size of nothing', { width: 3 }, /plan: width: expected one of batch, sequence, tokens, got 3/],
  ])('a plan is refused for %s', async (_, sizes, message) => {
    expect((await problem('value', () => dynamic.plan(sizes as never))).message).toMatch(message);
    for (const fit of [{ batch: 6 }, { batch: 1 }, { batch: 2, sequence: 5, tokens: 10 }])
      expect(dynamic.plan(fit as Record<string, number>).flops).toBeGreaterThan(0);
  });

  test('a plan of a strict trace, none of whose rows are left out, has no sizes', async () => {
    const strict = await traceAs({ exact_padding: true });
    for (const sizes of [{ tokens: 3 }, { batch: 2 }] as Record<string, number>[])
      expect((await problem('value', () => strict.plan(sizes))).message).toMatch(/expected one of no sizes: the trace is strict, got \d/);
    expect(strict.plan({}).flops).toBeGreaterThan(0);
  });

  test('instructions that no wanted output needs are left out', async () => {
    const both = await jit.trace((x: Tensor) => ({ one: F.relu(x), two: F.tanh(F.sigmoid(x)) }), [floats([3])], { fusion: false });
    const running = (...names: string[]) => both.instance.wanted(names).instructions.filter(Boolean).length;
    expect([running('one'), running('two'), running('one', 'two')]).toEqual([1, 2, 3]);
  });

  test('only what is wanted is computed', async () => {
    const inputs = inputsOf(ones(2, 5));
    const all = dynamic(inputs);
    const some = (await dynamic.run(inputs, { outputs: ['sentence_embedding'] })) as ModelOutput;
    expect(some).toHaveLength(1);
    expectSameBits([some.sentence_embedding], [all.sentence_embedding]);
    for (const [outputs, message] of [
      [['logits'], /output "logits": expected one of sentence_embedding, last_hidden_state, got no such output/],
      [['sentence_embedding', 'last'], /output "last": expected one of .*, got no such output/],
      [[], /expected one of sentence_embedding, last_hidden_state, got no names/],
    ] as const)
      expect((await problem('value', () => dynamic.run(inputs, { outputs: [...outputs] }))).message).toMatch(message);
  });
});
