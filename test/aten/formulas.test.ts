import { describe, expect, test } from 'vitest';
import { Aten } from '../../src/aten/aten.ts';
import type { Argument, AtenTensor } from '../../src/aten/values.ts';
import * as jit from '../../src/jit/index.ts';
import '../../src/kernels/sets/index.ts';
import { Module } from '../../src/nn/module.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { f, floats } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

/** Programs over inputs of floats that are one trace for all sizes. */

const SITE = { file: 'code/test.py', line: 1, path: '' };
const WIDTH = 4;

type Call = (op: string, ...given: Argument[]) => AtenTensor;

class Running extends Module<Tensor[], Tensor> {
  formulates = false;
  readonly #program: (call: Call, ...given: AtenTensor[]) => AtenTensor;

  constructor(program: (call: Call, ...given: AtenTensor[]) => AtenTensor) {
    super();
    this.#program = program;
    Object.defineProperty(this, 'input_names', { value: ['x0', 'x1'], enumerable: false });
  }

  forward(...given: Tensor[]): Tensor {
    const aten = new Aten(this.formulates);
    const call: Call = (op, ...values) => aten.call(op, values, new Map(), SITE) as AtenTensor;
    return aten.lower(this.#program(call, ...given.map((tensor, i) => aten.input(`x${i}`, tensor))));
  }
}

type Lengths = readonly [batch: number, source: number, target: number];

const inputsOf = ([batch, source, target]: Lengths): Tensor[] => [
  floats([batch, source, WIDTH], source),
  floats([batch, target, WIDTH], 9 + target),
];

async function tracedAt(module: Running, lengths: Lengths) {
  const traced = await jit.trace(module as never, inputsOf(lengths) as never, {
    dynamic: { batch: [1, 4], source: [1, 9], target: [1, 9] },
    dynamic_axes: { x0: { 0: 'batch', 1: 'source' }, x1: { 0: 'batch', 1: 'target' } },
    exact_padding: true,
  });
  return traced as unknown as (...inputs: Tensor[]) => Tensor;
}

const size = (call: Call, x: AtenTensor, dim: number): number => call('size', x, dim) as unknown as number;
const places = (call: Call, x: AtenTensor): AtenTensor => call('arange', size(call, x, 1));
const scores = (call: Call, x: AtenTensor, y: AtenTensor): AtenTensor => call('matmul', x, call('transpose', y, 1, 2));

/** Scores without the keys behind their query, as numbers that attention is not found in. */
function behind(call: Call, x: AtenTensor, y: AtenTensor): AtenTensor {
  const after = call('gt', places(call, y), call('unsqueeze', places(call, x), 1));
  return call('sum', call('masked_fill', scores(call, x, y), after, f(-2)), [-1]);
}

function heads(call: Call, x: AtenTensor): AtenTensor {
  return call('transpose', call('view', x, [size(call, x, 0), size(call, x, 1), 2, WIDTH / 2]), 1, 2);
}

const PROGRAMS: Readonly<Record<string, (call: Call, x: AtenTensor, y: AtenTensor) => AtenTensor>> = {
  'attention over another sequence': (call, x, y) => {
    const keys = heads(call, y);
    const attended = call('scaled_dot_product_attention', heads(call, x), keys, keys);
    return call('reshape', call('transpose', attended, 1, 2), [size(call, x, 0), size(call, x, 1), WIDTH]);
  },
  'places that are added': (call, x, y) => call('add', behind(call, x, y), places(call, x)),
  'waves over places': (call, x) => call('add', x, call('unsqueeze', call('sin', call('mul', places(call, x), f(0.5))), 1)),
  'places from the last': (call, x, y) => call('add', call('flip', x, [1]), call('mean', y, [1], true)),
  'elements put behind others': (call, x, y) => call('cat', [call('slice', x, 1, 0, 1, 1), y], 1),
};

describe.each(Object.entries(PROGRAMS))('%s', (_, program) => {
  test('is one trace for all sizes', async () => {
    const module = new Running(program);
    const traced = await tracedAt(module, [2, 5, 3]);
    for (const lengths of [
      [2, 5, 3],
      [1, 4, 4],
      [3, 1, 9],
      [4, 9, 1],
      [1, 1, 1],
    ] as const) {
      const [got, want] = [traced(...inputsOf(lengths)), module(...inputsOf(lengths))];
      const [answer] = [got].flat();
      expect(answer.shape).toEqual(want.shape);
      for (const [i, value] of Array.from(want.data as Float32Array).entries())
        expect(Math.abs(Number(answer.data[i]) - value), `${lengths} ${i}`).toBeLessThan(2e-5);
    }
    expect(module.formulates).toBe(false);
  });
});

test('sizes of two symbols that are one in the dummy inputs are told apart, or refused', async () => {
  const module = new Running(PROGRAMS['attention over another sequence']);
  const error = await problem('tracing', () => tracedAt(module, [2, 4, 4]));
  expect(error.message).toMatch(/dummy inputs whose sizes differ/);
});

test('what depends on a size in another way is refused as before', async () => {
  const module = new Running((call, x) => call('mul', x, f(Math.exp(-size(call, x, 1)))));
  const error = await problem('tracing', () => tracedAt(module, [2, 5, 3]));
  expect(error.message).toMatch(/factor=0\.006/);
});
