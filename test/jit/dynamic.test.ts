import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type BertModel, F, jit, type ModelOutput, nn, SentenceEmbedder, Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Specialiser } from '../../src/runtime/specialise.ts';
import { Computed, expectSameBits, fileOf, floats, problem, tinyBert, tinyConfig } from '../support/tiny.ts';

const BOUNDS = { batch: [1, 6], sequence: [1, 12] } as const;

const ints = (shape: readonly number[], element: (i: number) => number): Tensor =>
  new Tensor(
    'int32',
    shape,
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => element(i)),
  );

/** Inputs of a batch whose masks are given. */
function inputsOf(masks: readonly (readonly number[])[]): Record<string, Tensor> {
  const shape = [masks.length, masks[0].length];
  return {
    input_ids: ints(shape, (i) => (i * 7 + 3) % 40),
    token_type_ids: ints(shape, (i) => i % 2),
    attention_mask: tensor(masks as number[][]),
  };
}

const ones = (batch: number, sequence: number): number[][] => Array.from({ length: batch }, () => new Array(sequence).fill(1));
const model = new SentenceEmbedder(tinyConfig({ num_hidden_layers: 2 }), { seed: 5 });
const traceAs = (options: jit.TraceOptions, at = inputsOf(ones(2, 5))): Promise<TracedModule> => jit.trace(model, at, options) as never;
const dynamic = await traceAs({ dynamic: BOUNDS });
const [int8, int4] = await Promise.all(([8, 4] as const).map(async (bits) => (await quantize(dynamic, { bits })).traced));

/** The kept tokens of row `b` alone, as a batch of one without padding. */
function alone(inputs: Record<string, Tensor>, b: number): { inputs: Record<string, Tensor>; kept: number[] } {
  const [, sequence] = inputs.input_ids.shape;
  const kept = Array.from({ length: sequence }, (_, i) => i).filter((i) => inputs.attention_mask.data[b * sequence + i]);
  const picked = (name: string): Tensor => tensor([kept.map((i) => Number(inputs[name].data[b * sequence + i]))]);
  return { inputs: Object.fromEntries(Object.keys(inputs).map((name) => [name, picked(name)])), kept };
}

const rowOf = ({ data, shape }: Tensor, at: number): Uint8Array => {
  const width = shape[shape.length - 1];
  return new Uint8Array((data as Float32Array).slice(at * width, (at + 1) * width).buffer);
};

test('sizes are bound once while they are among the last 32 that were used', async () => {
  const traced = await jit.load(await fileOf(dynamic));
  const bound = vi.spyOn(Specialiser.prototype, 'specialise');
  const [first, second, ...others] = Array.from({ length: 34 }, (_, i) => inputsOf(ones(1 + (i % 6), 1 + Math.floor(i / 6))));
  const bindings = (inputs: Record<string, Tensor>): number => {
    bound.mockClear();
    traced(inputs);
    return bound.mock.calls.length;
  };
  for (const inputs of [first, second, ...others.slice(0, 29)]) bindings(inputs);
  expect([bindings(second), bindings(first)]).toEqual([0, 0]);
  expect(others.slice(29).map(bindings)).toEqual([1, 1, 1]);
  expect([others[2], first, second, others[1]].map(bindings)).toEqual([0, 0, 0, 1]);
  bound.mockRestore();
});

describe('a trace with dynamic sizes', () => {
  test('answers any of them with the bits of a trace made for it', async () => {
    for (const [batch, sequence] of [
      [1, 1],
      [1, 12],
      [6, 1],
      [3, 7],
      [6, 12],
    ]) {
      const inputs = inputsOf(ones(batch, sequence));
      const strict = await traceAs({}, inputs);
      expectSameBits(dynamic(inputs), strict(inputs), `[${batch}, ${sequence}]`);
      expect(dynamic(inputs).sentence_embedding.shape).toEqual([batch, 16]);
    }
  });

  test('takes less memory for fewer tokens, also for fewer than the dummies had', () => {
    const arenas = [[1, 1], [2, 4], [2, 5], [2, 6], [6, 12]].map(([batch, sequence]) => dynamic.plan({ batch, sequence }).arena); // biome-ignore format: one row
    expect(arenas).toEqual([...arenas].sort((a, b) => a - b));
    expect(new Set(arenas).size).toBe(5);
  });

  test('comes back from its file, quantised or not', async () => {
    const inputs = inputsOf(ones(3, 9));
    for (const traced of [dynamic, int8, int4]) {
      const file = await fileOf(traced);
      const loaded = (await jit.load(file)) as TracedModule;
      expect(loaded.dynamic).toEqual(BOUNDS);
      expectSameBits(loaded(inputs), traced(inputs));
      expect(Buffer.from(await fileOf(loaded)).equals(Buffer.from(file))).toBe(true);
      expect(loaded.verify('baseline').exact).toBe(true);
    }
  });

  test('says its symbols in signature and listing', () => {
    expect(dynamic.inputs[0]).toMatchObject({ name: 'input_ids', shape: [2, 5], dims: [[[1, 'batch']], [[1, 'sequence']]] });
    expect(dynamic.graph).toContain('%input_ids: i32[batch, sequence]');
    expect(dynamic.graph).toMatch(/f32\[tokens, 48\] = linear/);
    expect(dynamic.graph).toContain('last_hidden_state: f32[batch, sequence, 16]');
  });

  test.each<[string, number, number, RegExp]>([
    ['a longer sequence', 1, 13, /input "input_ids" \[1,13\]: sequence: expected 1 to 12, the bounds of sequence in this trace, got 13/],
    ['a larger batch', 7, 2, /batch: expected 1 to 6/],
    ['no token', 1, 0, /sequence: expected 1 to 12.*got 0/],
  ])('refuses %s, naming symbol and bounds', async (_, batch, sequence, message) => {
    const inputs = Object.fromEntries(Object.keys(inputsOf([[1]])).map((name) => [name, ints([batch, sequence], () => 1)]));
    expect((await problem('shape', () => dynamic(inputs))).message).toMatch(message);
  });

  test('refuses inputs that do not fit one another', async () => {
    const { input_ids, token_type_ids } = inputsOf(ones(2, 4));
    const error = await problem('shape', () => dynamic({ input_ids, token_type_ids, attention_mask: ints([2, 5], () => 1) }));
    expect(error.message).toMatch(/input "attention_mask", dimension 1: expected sequence = 4, as the inputs before it, got 5/);
  });

  test('keeps its answers right while sizes change, and its memory once it has seen the largest', async () => {
    const traced = await traceAs({ dynamic: BOUNDS });
    const largest = inputsOf(ones(6, 12));
    traced(largest);
    const { byteLength } = traced.instance.memory.buffer;
    for (let i = 0; i < 60; i++) {
      const inputs = inputsOf(ones(1 + (i % 6), 1 + ((i * 5) % 12)));
      expectSameBits(traced(inputs), dynamic(inputs));
    }
    expect(traced.instance.memory.buffer.byteLength).toBe(byteLength);
  });

  test('answers what the host writes, which nothing reads', async () => {
    const body = (ids: Tensor) => ({ places: F.positions(ids), rows: F.embedding(ids, ones(9, 2)) });
    const traced = await jit.trace(body, [tensor([[5, 4, 3]])], { dynamic: { batch: [1, 4], sequence: [1, 6] } });
    for (const ids of [tensor([[1, 2, 3, 4]]), tensor([[1, 2], [3, 4], [5, 6]])]) expectSameBits(traced(ids), body(ids)); // biome-ignore format: one row
  });

  test('takes symbols where dynamic_axes says they stand', async () => {
    const dense = new nn.Linear(6, 3);
    const traced = await jit.trace(new Computed((x, y) => F.add(F.gelu(dense(x)), y)), [floats([2, 6]), floats([2, 3])], {
      dynamic: { n: [1, 9] },
      dynamic_axes: { input_0: { 0: 'n' }, input_1: { 0: 'n' } },
    });
    const [x, y] = [floats([7, 6], 2), floats([7, 3], 3)];
    expectSameBits(traced(x, y), F.add(F.gelu(dense(x)), y));
  });
});

describe('tokens that the mask rules out', () => {
  const masks = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 12 }))
    .chain(([batch, sequence]) =>
      fc.array(fc.array(fc.constantFrom(0, 1, 1), { minLength: sequence, maxLength: sequence }), { minLength: batch, maxLength: batch }),
    );

  test.each([
    ['float32', dynamic],
    ['int8', int8],
    ['int4', int4],
  ])('are zeros; others have the bits of their sequence alone, whatever is beside it: %s', (_, traced) => {
    let compared = 0;
    fc.assert(
      fc.property(masks, (rows) => {
        const inputs = inputsOf(rows);
        const { last_hidden_state, sentence_embedding } = traced(inputs) as ModelOutput;
        rows.forEach((mask, b) => {
          const { inputs: own, kept } = alone(inputs, b);
          mask.forEach((real, i) => {
            if (!real) expect(rowOf(last_hidden_state, b * mask.length + i).every((byte) => byte === 0)).toBe(true);
          });
          if (kept.length === 0) return;
          if (!kept.every((at, i) => at === i)) return;
          compared++;
          const want = traced(own) as ModelOutput;
          kept.forEach((at) => {
            expect(rowOf(last_hidden_state, b * mask.length + at)).toEqual(rowOf(want.last_hidden_state, at));
          });
          expect(rowOf(sentence_embedding, b)).toEqual(rowOf(want.sentence_embedding, 0));
        });
      }),
      { numRuns: 60 },
    );
    expect(compared).toBeGreaterThan(10);
  });

  test('keep their positions where they lie between others', async () => {
    const strict = await traceAs({}, inputsOf(ones(2, 5)));
    const exact = await traceAs({ exact_padding: true, kernels: 'baseline' }, inputsOf(ones(2, 5)));
    const inputs = inputsOf([
      [1, 0, 1, 1, 0],
      [0, 0, 1, 1, 1],
    ]);
    const [got, want] = [strict(inputs), exact(inputs)];
    for (const at of [0, 2, 3, 7, 8, 9])
      for (let c = 0; c < 16; c++)
        expect(got.last_hidden_state.data[at * 16 + c]).toBeCloseTo(Number(want.last_hidden_state.data[at * 16 + c]), 5);
  });

  test('are none at all in a batch of padding alone', () => {
    const { last_hidden_state, sentence_embedding } = dynamic(
      inputsOf([
        [0, 0],
        [0, 0],
      ]),
    );
    expect(new Set([...last_hidden_state.data, ...sentence_embedding.data])).toEqual(new Set([0]));
  });

  test('are computed as PyTorch does where that was asked for', async () => {
    const exact = await traceAs({ exact_padding: true, dynamic: BOUNDS });
    for (const rows of [[[1, 1, 0, 0]], [[0, 0, 0]], ones(3, 4)]) {
      const inputs = inputsOf(rows);
      expectSameBits(exact(inputs), model(inputs));
    }
  });

  test('take part where a model attends without the mask', async () => {
    const bert = tinyBert();
    const mixed = new Computed((ids, attention_mask) => F.mean_pool((bert as BertModel)(ids)[0], attention_mask));
    const inputs = { input_0: tensor([[1, 2, 3, 4]]), attention_mask: tensor([[1, 1, 0, 0]]) };
    const traced = await jit.trace(mixed as never, inputs);
    expectSameBits(traced(inputs), F.mean_pool(bert(inputs.input_0)[0], inputs.attention_mask));
  });

  test('cost nothing: operations follow the real ones', async () => {
    const strict = await traceAs({}, inputsOf(ones(1, 12)));
    const full = strict.plan({ tokens: 12 });
    const few = strict.plan({ tokens: 3 });
    expect(few.flops).toBeLessThan(0.27 * full.flops);
  });
});

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
